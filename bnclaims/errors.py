"""The error a person can act on."""


class BnclaimsError(Exception):
    """One sentence that names the file or option, its value and the remedy.

    Everything that comes from outside is checked before work starts and reported with this; the
    plugin turns it into a usage error and the command line into exit code 2, without a traceback.
    """
