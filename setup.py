"""What pyproject.toml cannot say: a wheel carries claims/ as bnclaims/claims, of which git has no copy."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["bnclaims*"]), "bnclaims.claims"],
    package_dir={"bnclaims.claims": "claims"},
)
