"""The form in which states, previews and events of two engines are compared.

Left out, because they differ between runs or engines by nature: times, the manifest, source positions, stack traces. Provider ids are
random: they are numbered in the order of their appearance.
"""

from __future__ import annotations

import json
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_DROPPED = ("created", "modified", "sourcePosition", "stackTrace")


def state(deployment: dict[str, Any]) -> dict[str, Any]:
    """The `deployment` part of an export → resources and pending operations in normal form (resources sorted by URN)."""
    ids: dict[str, str] = {}
    resources = [_resource(r, ids) for r in deployment.get("resources") or []]
    pending = [
        {"type": p["type"], "resource": _resource(p["resource"], ids)}
        for p in deployment.get("pending_operations") or []
    ]
    return json.loads(_renamed(json.dumps({"resources": resources, "pending": pending}), ids))


def _resource(resource: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    id_ = resource.get("id", "")
    if resource["type"].startswith("pulumi:providers:") and id_ not in ("", UNKNOWN):
        ids.setdefault(id_, f"provider-{len(ids) + 1}")
    kept = {k: v for k, v in resource.items() if k not in _DROPPED}
    return kept


def _renamed(text: str, ids: dict[str, str]) -> str:
    for old, new in ids.items():
        text = text.replace(old, new)
    return text


def preview(document: dict[str, Any]) -> dict[str, Any]:
    """`preview --json` → steps in order, change summary, texts of diagnostics."""
    ids: dict[str, str] = {}
    steps = []
    for step in document.get("steps") or []:
        kept = dict(step)
        for side in ("oldState", "newState"):
            if kept.get(side):
                kept[side] = _resource(kept[side], ids)
        reference = kept.get("provider") or ""
        id_ = reference.rpartition("::")[2]
        if id_ not in ("", UNKNOWN):
            ids.setdefault(id_, f"provider-{len(ids) + 1}")
        steps.append(kept)
    summary = {"steps": steps, "changeSummary": document.get("changeSummary") or {}}
    return json.loads(_renamed(json.dumps(summary), ids))


def events(stream: list[dict[str, Any]]) -> dict[str, Any]:
    """`up --json` events → operations begun, those finished or failed, and the counts."""
    begun = []
    ended = []
    counts: dict[str, int] = {}
    for event in stream:
        if pre := event.get("resourcePreEvent"):
            begun.append([pre["metadata"]["op"], pre["metadata"]["urn"]])
        elif done := event.get("resOutputsEvent"):
            ended.append([done["metadata"]["op"], done["metadata"]["urn"]])
        elif failed := event.get("resOpFailedEvent"):
            ended.append([failed["metadata"]["op"] + " failed", failed["metadata"]["urn"]])
        elif summary := event.get("summaryEvent"):
            counts = summary.get("resourceChanges") or {}
    return {"begun": begun, "ended": ended, "counts": counts}


def errors(stream: list[dict[str, Any]]) -> list[list[str]]:
    """Error and warning diagnostics as [severity, urn, text]."""
    found = []
    for event in stream:
        diagnostic = event.get("diagnosticEvent")
        if diagnostic and diagnostic["severity"] in ("error", "warning"):
            found.append([diagnostic["severity"], diagnostic.get("urn", ""), diagnostic["message"]])
    return found
