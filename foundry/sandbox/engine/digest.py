"""A run as JSON, in the CLI's shapes: one document for `preview --json`, a line per event for `up --json` and its kin.

(Source: pulumi/pulumi, pkg/display/json.go and sdk/go/common/apitype/events.go.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundry.sandbox.engine import urn as urns
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
from foundry.sandbox.engine.state import Resource, to_json
from foundry.sandbox.engine.steps import Op, Step
from foundry.sandbox.engine.values import SECRET, SIGNATURE, UNKNOWN, map_secrets, masked

_PREFIXES = {"error": "error: ", "warning": "warning: ", "debug": "debug: "}
_HALVES = (
    Op.CREATE_REPLACEMENT,
    Op.DELETE_REPLACED,
    Op.READ_REPLACEMENT,
    Op.DISCARD_REPLACED,
    Op.REMOVE_PENDING_REPLACE,
)
_NANOSECONDS = 1_000_000_000


def is_root(resource: Resource | None) -> bool:
    """Whether it is the stack itself."""
    return resource is not None and resource.type == urns.STACK_TYPE


def _state(resource: Resource | None, *, is_preview_of_new: bool = False) -> dict[str, Any] | None:
    if resource is None:
        return None
    shown = resource.copy()
    if is_preview_of_new and shown.id == UNKNOWN:
        shown.id = ""
    return to_json(shown, properties={"inputs": masked(resource.inputs), "outputs": masked(resource.outputs)})


def _details(step: Step) -> dict[str, Any] | None:
    if step.detailed is None:
        return None
    return {k: {"kind": d.kind, "inputDiff": d.input} for k, d in step.detailed.items()}


def preview_step(event: StepStarted | StepFinished) -> dict[str, Any]:
    """One step as `preview --json` shows it."""
    step = event.step
    result: dict[str, Any] = {"op": event.op, "urn": event.urn}
    resource = event.new or event.old
    if resource is not None and resource.provider:
        result["provider"] = resource.provider
    for key, state in (("oldState", event.old), ("newState", event.new)):
        if state is not None:
            result[key] = _state(state)
    if step.diff and step.diff.changed:
        result["diffReasons"] = list(step.diff.changed)
    if step.keys:
        result["replaceReasons"] = list(step.keys)
    result["detailedDiff"] = _details(step)
    return result


def is_shown(event: StepStarted | StepFinished, *, sames: bool = False, halves: bool = False) -> bool:
    """Whether the document has the step: no sames but the stack's and changes of protection, no halves of replacements."""
    if event.op is Op.SAME:
        protection_changed = (
            event.old is not None and event.new is not None and event.old.protect != event.new.protect
        )
        return sames or protection_changed or is_root(event.new)
    return halves or event.op not in _HALVES


@dataclass
class PreviewDocument:
    """Gathers a preview's events into the document of `preview --json`; the flags are those of the command line."""

    shows_sames: bool = False
    shows_replacement_steps: bool = False
    shows_outputs: bool = True
    _steps: list[dict[str, Any]] = field(default_factory=list)
    _diagnostics: list[dict[str, Any]] = field(default_factory=list)
    _end: RunFinished | None = None
    _config: Mapping[str, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One more event."""
        match event:
            case RunStarted(config=config):
                self._config = config
            case StepStarted() if self._is_shown(event):
                self._steps.append(self._step(event))
            case StepFinished() if event.step.op is Op.REFRESH and self._is_shown(event):
                self._refreshed(event)
            case Diagnostic(severity=severity, is_status=False) if severity != "debug":
                text = _PREFIXES.get(severity, "") + event.text
                found = {"urn": event.urn, "message": text + "\n", "severity": severity}
                self._diagnostics.append({k: v for k, v in found.items() if v})
            case RunFinished():
                self._end = event
            case _:
                return

    def _is_shown(self, event: StepStarted | StepFinished) -> bool:
        return is_shown(event, sames=self.shows_sames, halves=self.shows_replacement_steps)

    def _step(self, event: StepStarted | StepFinished) -> dict[str, Any]:
        result = preview_step(event)
        if not self.shows_outputs and urns.qualified_type(event.urn) == urns.STACK_TYPE:
            for state in (result.get("oldState"), result.get("newState")):
                if state:
                    state.pop("inputs", None)
                    state.pop("outputs", None)
        return result

    def _refreshed(self, event: StepFinished) -> None:
        """What a refresh found takes the place of the refresh, where the CLI has it so."""
        if event.op is Op.DELETE or (event.op is Op.UPDATE and event.step.detailed is not None):
            self._steps = [self._step(event) if s["urn"] == event.urn else s for s in self._steps]

    def text(self) -> str:
        """The document."""
        document: dict[str, Any] = {}
        if self._config:
            document["config"] = dict(self._config)
        if self._steps:
            document["steps"] = self._steps
        if self._diagnostics:
            document["diagnostics"] = self._diagnostics
        if self._end is not None:
            document["duration"] = int(self._end.seconds * _NANOSECONDS)
            if self._end.counts:
                document["changeSummary"] = dict(self._end.counts)
        return json.dumps(document, indent=4, ensure_ascii=False)


class EventLines:
    """Writes each event as one line of JSON, as `up --json` does."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._sequence = 0

    def take(self, event: Event) -> None:
        """One more event."""
        content = self._content(event)
        if content is None:
            return
        line = {"sequence": self._sequence, "timestamp": int(time.time()), **content}
        self._sequence += 1
        self._write(json.dumps(line, separators=(",", ":"), ensure_ascii=False))

    @staticmethod
    def _content(event: Event) -> dict[str, Any] | None:
        match event:
            case RunStarted(config=config):
                return {"preludeEvent": {"config": dict(config)}}
            case StepStarted():
                return {
                    "resourcePreEvent": {
                        "metadata": _metadata(event.step, event.op, event.urn, event.old, event.new)
                    }
                }
            case StepFinished():
                return {
                    "resOutputsEvent": {
                        "metadata": _metadata(event.step, event.op, event.urn, event.old, event.new)
                    }
                }
            case StepFailed(step=step, op=op, urn=urn):
                return {
                    "resOpFailedEvent": {
                        "metadata": _metadata(step, op, urn, step.old, step.new),
                        "status": 2,
                        "steps": 0,
                    }
                }
            case Diagnostic(severity=severity, text=text, urn=urn, is_status=is_status):
                content = {
                    "urn": urn,
                    "prefix": _PREFIXES.get(severity, ""),
                    "message": text + "\n",
                    "color": "never",
                    "severity": severity,
                    "ephemeral": is_status,
                }
                return {"diagnosticEvent": {k: v for k, v in content.items() if v}}
            case StillUnderWay():
                return None
            case RunFinished():
                return {
                    "summaryEvent": {
                        "maybeCorrupt": False,
                        "durationSeconds": round(event.seconds),
                        "resourceChanges": dict(event.counts),
                        "isPreview": event.is_preview,
                        "result": "succeeded" if event.succeeded else "failed",
                    }
                }


def _metadata(step: Step, op: Op, urn: str, old: Resource | None, new: Resource | None) -> dict[str, Any]:
    resource = new or old
    provider = resource.provider if resource else ""
    result: dict[str, Any] = {
        "op": op,
        "urn": urn,
        "type": resource.type if resource else "",
        "old": _event_state(old),
        "new": _event_state(new),
        "detailedDiff": _details(step),
        "logical": step.is_logical,
        "provider": provider,
    }
    if step.keys:
        result["keys"] = list(step.keys)
    if step.diff and step.diff.changed:
        result["diffs"] = list(step.diff.changed)
    return result


def _blinded(properties: dict[str, Any]) -> Any:
    return map_secrets(properties, lambda _: {SIGNATURE: SECRET, "ciphertext": "[secret]"})


def _event_state(resource: Resource | None) -> dict[str, Any] | None:
    if resource is None:
        return None
    state: dict[str, Any] = {
        "type": resource.type,
        "urn": resource.urn,
        "id": "" if resource.id == UNKNOWN else resource.id,
        "parent": resource.parent,
        "inputs": _blinded(resource.inputs),
        "outputs": _blinded(resource.outputs),
        "provider": resource.provider,
    }
    flags = {
        "custom": resource.custom,
        "delete": resource.delete,
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
    }
    return state | {k: v for k, v in flags.items() if v}
