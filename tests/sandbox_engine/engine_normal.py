"""The form in which states, previews and events of two engines are compared.

Left out, because they differ between runs or engines by nature: times, the manifest, source positions, stack traces. Provider ids are
random: each becomes the provider's name with a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_DROPPED = ("created", "modified", "sourcePosition", "stackTrace")


def state(deployment: dict[str, Any]) -> dict[str, Any]:
    """The `deployment` part of an export → resources and pending operations in normal form."""
    pending = deployment.get("pending_operations") or deployment.get("pending") or []
    found = {
        "resources": [_resource(r) for r in deployment.get("resources") or []],
        "pending": [{"type": p["type"], "resource": _resource(p["resource"])} for p in pending],
    }
    return _with_named_providers(found)


def _resource(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in resource.items() if k not in _DROPPED}
    if "dependencies" in kept:  # the SDK sends sets
        kept["dependencies"] = sorted(kept["dependencies"])
    if "propertyDependencies" in kept:
        kept["propertyDependencies"] = {
            k: sorted(v) if v else v for k, v in kept["propertyDependencies"].items()
        }
    return kept


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """(URN, id) of every provider that is mentioned."""
    if isinstance(value, dict):
        if str(value.get("type", "")).startswith("pulumi:providers:") and value.get("id"):
            yield value["urn"], value["id"]
        if isinstance(value.get("provider"), str) and value["provider"]:
            urn, _, id_ = value["provider"].rpartition("::")
            yield urn, id_
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _with_named_providers(document: dict[str, Any]) -> dict[str, Any]:
    names: dict[tuple[str, str], str] = {}
    for urn, id_ in _references(document):
        if id_ != UNKNOWN and (urn, id_) not in names:
            number = 1 + sum(u == urn for u, _ in names)
            names[urn, id_] = f"{urn.rpartition('::')[2]}#{number}"

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            result = {k: renamed(v) for k, v in value.items()}
            if (value.get("urn"), value.get("id")) in names:
                result["id"] = names[value["urn"], value["id"]]
            if isinstance(value.get("provider"), str) and value["provider"]:
                urn, _, id_ = value["provider"].rpartition("::")
                result["provider"] = f"{urn}::{names.get((urn, id_), id_)}"
            return result
        return [renamed(v) for v in value] if isinstance(value, list) else value

    result: dict[str, Any] = renamed(document)
    return result


def by_identity(state: dict[str, Any]) -> dict[tuple[str, bool, str], dict[str, Any]]:
    """The resources of `state` by what tells them apart: their order differs where things happen at once."""
    found = {}
    for resource in state["resources"]:
        key = (resource["urn"], resource.get("delete", False), resource.get("id", ""))
        assert key not in found
        found[key] = resource
    return found


def preview(document: dict[str, Any]) -> dict[str, Any]:
    """`preview --json` → steps in order, change summary."""
    steps = []
    for step in document.get("steps") or []:
        kept = {k: v for k, v in step.items() if v is not None or k == "detailedDiff"}
        for side in ("oldState", "newState"):
            if kept.get(side):
                kept[side] = _resource(kept[side])
        steps.append(kept)
    return _with_named_providers({"steps": steps, "changeSummary": document.get("changeSummary") or {}})


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
    """Error and warning diagnostics as [severity, urn, text], tracebacks without their frames."""
    found = []
    for event in stream:
        diagnostic = event.get("diagnosticEvent")
        if diagnostic and diagnostic["severity"] in ("error", "warning"):
            lines = diagnostic["message"].splitlines()
            kept = [lines[0], lines[-1]] if "Traceback" in diagnostic["message"] else lines
            found.append([diagnostic["severity"], diagnostic.get("urn", ""), "\n".join(kept)])
    return found


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """What is different between two values, a line each; empty where they are equal."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = sorted({*ours, *theirs}, key=str)
        return [
            line
            for k in keys
            for line in differences(ours.get(k, "(absent)"), theirs.get(k, "(absent)"), f"{path}/{k}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for n, (a, b) in pairs for line in differences(a, b, f"{path}[{n}]")]
    return [] if ours == theirs else [f"{path}: ours {ours!r}, theirs {theirs!r}"]
