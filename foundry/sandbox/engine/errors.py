"""What can go wrong in a run, as texts a person can act on. Nothing here is ever shown with a traceback."""

from __future__ import annotations


class EngineError(Exception):
    """The run can't go on. The text is one message, complete in itself; `exit_code` is what the process ends with."""

    exit_code = 1


class NotSupportedError(EngineError):
    """The program or the command line asks for something that this engine leaves to the Pulumi CLI."""

    def __init__(self, feature: str) -> None:
        super().__init__(f"{feature} is not supported by the embedded engine; use the Pulumi CLI for it")
        self.feature = feature


class StateError(EngineError):
    """The state can't be read, or breaks a rule that every state keeps."""


class NoStackError(EngineError):
    """The backend has no stack of that name."""

    exit_code = 6


class StackLockedError(EngineError):
    """Another run holds the stack."""


class ProviderError(EngineError):
    """A provider answered a call with an error. `text` is the provider's own."""


class ProviderGoneError(ProviderError):
    """A provider ended in the middle of a call: whether the call was acted upon isn't known."""


class ProtectedError(EngineError):
    """A step would take a resource away that is marked for protection."""
