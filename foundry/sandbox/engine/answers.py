"""What a provider answers beside values: why a call failed, and what a change means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from foundry.sandbox.engine import diff as diffs
from foundry.sandbox.engine.diff import Diff, PropertyDiff

_KINDS = {
    provider_pb2.PropertyDiff.ADD: diffs.ADD,
    provider_pb2.PropertyDiff.ADD_REPLACE: diffs.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE: diffs.DELETE,
    provider_pb2.PropertyDiff.DELETE_REPLACE: diffs.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE: diffs.UPDATE,
    provider_pb2.PropertyDiff.UPDATE_REPLACE: diffs.UPDATE_REPLACE,
}
_CHANGES = {provider_pb2.DiffResponse.DIFF_SOME: True, provider_pb2.DiffResponse.DIFF_NONE: False}


class CallError(Exception):
    """A failed call, with what its details say."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.text = error.details() or str(self.code)
        self.partial: provider_pb2.ErrorResourceInitFailed | None = None
        self.missing: list[str] = []
        metadata: Any = error.trailing_metadata()  # grpc-stubs take it for one pair
        for key, value in metadata or ():
            if key == "grpc-status-details-bin":
                self._read_details(value)

    def _read_details(self, data: Any) -> None:
        for detail in status_pb2.Status.FromString(data).details:
            if detail.Is(provider_pb2.ErrorResourceInitFailed.DESCRIPTOR):
                self.partial = provider_pb2.ErrorResourceInitFailed()
                detail.Unpack(self.partial)
            elif detail.Is(provider_pb2.ConfigureErrorMissingKeys.DESCRIPTOR):
                missing = provider_pb2.ConfigureErrorMissingKeys()
                detail.Unpack(missing)
                self.missing += [
                    f'missing required configuration key "{k.name}": {k.description}'
                    for k in missing.missingKeys
                ]


def diff_of(reply: provider_pb2.DiffResponse) -> Diff:
    """A provider's word on a change, in the engine's own values."""
    detailed: Mapping[str, PropertyDiff] | None = None
    if reply.hasDetailedDiff:
        detailed = {
            k: PropertyDiff(kind=_KINDS[d.kind], input=d.inputDiff) for k, d in reply.detailedDiff.items()
        }
    return Diff(
        changes=_CHANGES.get(reply.changes),
        replaces=tuple(reply.replaces),
        stables=tuple(reply.stables),
        changed=tuple(reply.diffs),
        detailed=detailed,
        delete_before_replace=reply.deleteBeforeReplace,
    )
