"""The debug lines of Pulumi's SDK: four a resource, each a call whose answer the program waits for."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS


def leave_out_debug_lines() -> None:
    """Send the engine no debug lines from here on; warnings, errors and everything else go there as ever.

    Pulumi shows them with `--debug` alone, which a program isn't told of, and of a preview of many resources they are a good part
    (measured: `python bench/measure.py bare`).
    """
    engine = SETTINGS.engine
    if engine is not None:
        SETTINGS.engine = _WithoutDebugLines(engine)


class _WithoutDebugLines:
    """Pulumi's engine as the SDK speaks to it (https://github.com/pulumi/pulumi/blob/master/proto/pulumi/engine.proto)."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802  (the call's name)
        if request.severity != engine_pb2.DEBUG:
            self._engine.Log(request)
