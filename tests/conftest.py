"""What every test needs: properties that do not fail because a machine is busy."""

from hypothesis import settings

settings.register_profile("busy machines", deadline=None)
settings.load_profile("busy machines")
