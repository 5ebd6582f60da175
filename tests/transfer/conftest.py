"""The emulator of the reconcilers' tests, and a stack in miniature on a project of its own."""

from tests.cases.conftest import search_endpoint, serving, stack, standard_setup, world

__all__ = ["search_endpoint", "serving", "stack", "standard_setup", "world"]
