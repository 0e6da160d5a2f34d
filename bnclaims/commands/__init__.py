"""The sub-commands of `bnclaims`, one module each; heavy imports wait until a command runs."""
