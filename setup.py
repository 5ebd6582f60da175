"""Packages whose folder in the repository isn't their place in the wheel; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["foundry", "foundry.*"]), "foundry.components", "foundry.schemas"],
    package_dir={"foundry.components": "components", "foundry.schemas": "schemas"},
    package_data={"foundry.schemas": ["*.json"], "foundry.cli": ["starter/**"]},
)
