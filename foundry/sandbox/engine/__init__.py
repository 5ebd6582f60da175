"""An embedded Pulumi engine for machines without the Pulumi CLI.

It runs an unmodified Python program and speaks Pulumi's own protocols to it and to providers; state, secrets and locks are those of the
CLI's file backend, so that either engine may take a stack over from the other. It knows nothing of the programs it runs, and refuses by
name what it leaves to the CLI.

`run` is the way in; `python -m foundry.sandbox.engine` the command line with the CLI's own names.
"""

from foundry.sandbox.engine.errors import EngineError, NotSupportedError, StackLockedError, StateError
from foundry.sandbox.engine.events import (
    Diagnostic,
    Event,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
    StillUnderWay,
)
from foundry.sandbox.engine.runner import Operation, Options, Outcome, run
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.steps import Op, Step

__all__ = [
    "Diagnostic",
    "EngineError",
    "Event",
    "NotSupportedError",
    "Op",
    "Operation",
    "Options",
    "Outcome",
    "Resource",
    "RunFinished",
    "RunStarted",
    "StackLockedError",
    "StateError",
    "Step",
    "StepFailed",
    "StepFinished",
    "StepStarted",
    "StillUnderWay",
    "run",
]
