"""From the steps of `pulumi preview --json` to one value an object, whatever the number of its steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from foundry.model import UNKNOWN, FoundryError, unpacked

# How Pulumi writes an unknown and the key of a secret's envelope in JSON (Pulumi: resource property signatures).
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "[secret]"  # noqa: S105 - what stands in a secret's place

# Pulumi's words for an input that a provider's check refused; the value in them is the provider's own, empty struct.
_REFUSED_PROPERTY: Final = re.compile(r"\S+ resource '[^']*': property (\S+) value \{.*?\} has a problem: ")

_REQUEST: Final = re.compile(r"request id [^\s,;)]+")
_OURS: Final = "foundry."
_DYNAMIC: Final = "pulumi-python:dynamic/foundry:"
_VERSIONED: Final = f"{_DYNAMIC}Versioned"


class Kind(StrEnum):
    """What an object is, in the order in which a review shows them."""

    AGENT = "Agent"
    VECTOR_STORE = "VectorStore"
    FILE = "File"
    SEARCH_INDEX = "SearchIndex"
    SEARCH_OBJECT = "SearchObject"
    INDEX_ASSET = "IndexAsset"
    MEMORY_STORE = "MemoryStore"
    TOOLBOX = "Toolbox"
    SKILL = "Skill"
    EVALUATION = "Evaluation"
    EVALUATION_RULE = "EvaluationRule"
    PLATFORM = "platform"


class Verb(StrEnum):
    """What the update does with an object."""

    CREATE = "create"
    RECREATE = "create again"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RELEASE = "release"
    GONE = "gone"
    SAME = "same"


@dataclass(frozen=True)
class Object:
    """One object and the three sides of it; a side is None where there is none.

    `recorded` holds the inputs of the last update, with the definition that was applied; `live` what a refresh found;
    `declared` what the program asks for. `touched` are the property paths that the provider itself names.
    `needs` are the URNs that the definition takes values from. `drift_since` is when drift that is only reported was seen first.
    `newest` is the newest version of what the service keeps in versions, empty for everything else. `left_over` is the id of
    what was replaced before, by a run that didn't come to deleting it; its URN is that of another object then, or of none.
    """

    urn: str
    kind: Kind
    type: str
    name: str
    verb: Verb
    recorded: Mapping[str, Any] | None = None
    live: Mapping[str, Any] | None = None
    declared: Mapping[str, Any] | None = None
    touched: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    drift_since: datetime | None = None
    newest: str = ""
    left_over: str = ""

    @property
    def dialect(self) -> str:
        """The dialect of an agent, store or file, whose types tell it; empty for everything else."""
        if self.kind not in (Kind.AGENT, Kind.VECTOR_STORE, Kind.FILE):
            return ""
        return "versioned" if self.type.startswith(_VERSIONED) else "classic"


@dataclass(frozen=True)
class Diagnostic:
    """A message of the preview. `subjects` names the objects it was told of; severity is Pulumi's word."""

    severity: str
    message: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A preview, read. `names` maps ids of the service to what people call the object.

    `components` counts what isn't a thing of the cloud, the stack and the program's components: those that are there already and stay,
    and those that come or go. Engines count them among their resources.
    """

    project: str | None
    stack: str | None
    objects: tuple[Object, ...]
    diagnostics: tuple[Diagnostic, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    components: tuple[int, int] = (0, 0)

    @property
    def failed(self) -> bool:
        """Whether the preview stopped before its end, so that what it doesn't name isn't known."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


def read(preview: Mapping[str, Any]) -> Reading:
    """Reads the JSON of a preview by either engine. Raises FoundryError when it is something else."""
    steps, diagnostics = _mapping(preview).get("steps"), _mapping(preview).get("diagnostics")
    if not isinstance(steps, list) and not isinstance(diagnostics, list):
        raise FoundryError(
            "this isn't the JSON of a preview: it has neither steps nor diagnostics",
            fix="write it with `fac preview --json > preview.json` or `pulumi preview --json > preview.json`",
        )
    known = [step for step in steps or [] if isinstance(step, Mapping) and isinstance(step.get("urn"), str)]
    project, stack = _whose(known)
    told = tuple(_diagnostics(diagnostics or []))
    has_ended = not any(one.severity == "error" for one in told)
    objects = tuple(_objects(known, has_ended=has_ended))
    return Reading(project, stack, objects, told, _names(known), _components(known))


def _components(steps: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    ops: dict[str, set[str]] = {}
    for step in steps:
        state = _mapping(step.get("newState")) or _mapping(step.get("oldState"))
        if state.get("custom") is False and not _token(step["urn"]).startswith("pulumi:providers:"):
            ops.setdefault(step["urn"], set()).add(str(step.get("op")))
    moving = sum(bool(of_urn - {"same", "refresh"}) for of_urn in ops.values())
    return len(ops) - moving, moving


def _whose(steps: Sequence[Mapping[str, Any]]) -> tuple[str | None, str | None]:
    for step in steps:
        parts = step["urn"].split("::")
        if len(parts) >= 4:
            return parts[1], parts[0].removeprefix("urn:pulumi:")
    return None, None


def _objects(steps: Sequence[Mapping[str, Any]], *, has_ended: bool) -> Iterator[Object]:
    looks = [step for step in steps if step.get("op") == "refresh" and _is_shown(step)]
    refreshed = {step["urn"]: step for step in looks if not _is_left_over(step)}
    acting: dict[str, list[Mapping[str, Any]]] = {}
    seen: set[str] = set()
    for step in steps:
        if step.get("op") == "refresh" or not _is_shown(step):
            continue
        acting.setdefault(step["urn"], []).append(step)
        seen.update({step["urn"], str(_mapping(step.get("oldState")).get("urn"))})
    for urn, of_urn in acting.items():
        former = next(
            (str(old["urn"]) for step in of_urn if (old := _mapping(step.get("oldState"))).get("urn")), urn
        )
        yield _object(urn, of_urn, refreshed.get(former) or refreshed.get(urn))
    # Without `--show-sames` an object with no step but its refresh may be unchanged or gone; with it, it's gone, unless the preview
    # stopped before it got there.
    says_same = has_ended and any(step.get("op") == "same" and _is_shown(step) for step in steps)
    for urn, step in refreshed.items():
        if urn not in seen:
            yield _object(urn, [], step, silent=Verb.GONE if says_same else Verb.SAME)
    for step in filter(_is_left_over, looks):
        state = _mapping(step.get("oldState"))
        verb = Verb.RELEASE if _stays(state) else Verb.DELETE
        yield replace(_object(step["urn"], [], step, silent=verb), live=None, left_over=str(state.get("id")))


def _is_left_over(look: Mapping[str, Any]) -> bool:
    """Whether the state has the object only to be deleted. Engines tell of its deletion as a half of a replacement, which they leave out."""
    return _mapping(look.get("oldState")).get("delete") is True


def _object(
    urn: str,
    steps: Sequence[Mapping[str, Any]],
    refreshed: Mapping[str, Any] | None,
    silent: Verb = Verb.SAME,
) -> Object:
    token = _token(urn)
    before = next((_mapping(step["oldState"]) for step in steps if step.get("oldState")), None)
    after = next((_mapping(step["newState"]) for step in reversed(steps) if step.get("newState")), None)
    recorded = _mapping(refreshed.get("oldState")) if refreshed else before
    # An object that doesn't change has no step where those aren't asked for: then its refresh is all that tells of it.
    seen = before or _mapping((refreshed or {}).get("newState"))
    ops = {str(step.get("op")) for step in steps}
    verb = _verb(ops, was_there=refreshed is not None, before=before) if ops else silent
    dependencies = _mapping((after or {}).get("propertyDependencies"))
    return Object(
        urn=urn,
        kind=_kind(token),
        type=token,
        name=urn.split("::", 3)[-1],
        verb=verb,
        recorded=_inputs(recorded, applied=True) if recorded else None,
        live=_live(seen) if seen and verb is not Verb.RECREATE else None,
        declared=_inputs(after) if after and verb not in (Verb.DELETE, Verb.RELEASE) else None,
        touched=tuple(str(path) for step in steps for path in _mapping(step.get("detailedDiff"))),
        reasons=tuple(dict.fromkeys(str(key) for step in steps for key in step.get("replaceReasons") or ())),
        needs=tuple(str(one) for key in ("definition", "references") for one in dependencies.get(key) or ()),
        drift_since=_since(seen),
        newest=_newest(token, before),
    )


def _since(state: Mapping[str, Any] | None) -> datetime | None:
    try:
        return datetime.fromisoformat(str(_side(state or {}, "outputs").get("driftSince")))
    except ValueError:
        return None


def _newest(token: str, state: Mapping[str, Any] | None) -> str:
    outputs = _side(state or {}, "outputs")
    in_versions = token == f"{_VERSIONED}Agent" or _kind(token) in (Kind.TOOLBOX, Kind.SKILL)
    return str(outputs.get("latestVersion") or outputs.get("version") or "") if in_versions else ""


def _verb(ops: set[str], *, was_there: bool, before: Mapping[str, Any] | None) -> Verb:
    if ops & {"replace", "create-replacement", "delete-replaced"}:
        return Verb.REPLACE
    if ops & {"create", "import"}:
        return Verb.RECREATE if was_there else Verb.CREATE
    if ops & {"delete", "discard"}:
        return Verb.RELEASE if _stays(before or {}) else Verb.DELETE
    return Verb.UPDATE if "update" in ops else Verb.SAME


def _stays(state: Mapping[str, Any]) -> bool:
    """Whether removing the declaration leaves the object at the service."""
    on_remove = _mapping(_mapping(state.get("inputs")).get("lifecycle")).get("onRemove")
    adopted = _side(state, "outputs").get("adopted") is True
    return bool(state.get("retainOnDelete")) or on_remove == "retain" or (adopted and on_remove != "delete")


def _kind(token: str) -> Kind:
    # Objects of the versioned dialect are types of their own and the same kinds.
    name = token.removeprefix(_DYNAMIC).removeprefix("Versioned")
    return Kind(name) if token.startswith(_DYNAMIC) and name in set(Kind) else Kind.PLATFORM


def _token(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _is_shown(step: Mapping[str, Any]) -> bool:
    """Providers, the stack itself and components aren't things of the cloud."""
    state = _mapping(step.get("newState")) or _mapping(step.get("oldState"))
    parts = step["urn"].split("::")
    if len(parts) < 4 or state.get("custom") is False:
        return False
    return not _token(step["urn"]).startswith("pulumi:")


def _inputs(state: Mapping[str, Any], *, applied: bool = False) -> Mapping[str, Any]:
    """The inputs in a state. A refresh that was saved has overwritten them, so what the outputs say was applied goes first."""
    inputs = dict(_side(state, "inputs"))
    outputs = _side(state, "outputs") if applied else {}
    if isinstance(outputs.get("applied"), Mapping):
        inputs["definition"] = outputs["applied"]
    if "appliedDefault" in outputs:
        inputs["defaultVersion"] = outputs["appliedDefault"]
    return inputs


def _live(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is live, from the state after a look: in the inputs, but where drift is only reported, which leaves those as declared."""
    inputs = dict(_inputs(state))
    if _mapping(inputs.get("lifecycle")).get("onDrift") == "report":
        outputs = _side(state, "outputs")
        inputs |= {key: outputs[key] for key in inputs if key in outputs and key != "lifecycle"}
    return inputs


def _side(state: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """The inputs or outputs in a state, as they are spoken of."""
    props, token = _mapping(plain(state.get(side))), _token(str(state.get("urn") or "::::"))
    return unpacked(props, token.removeprefix(_DYNAMIC)) if token.startswith(_DYNAMIC) else props


def plain(value: Any) -> Any:
    """JSON with unknowns as `UNKNOWN`, secrets as `SECRET`, whole floats as integers, and without Pulumi's own fields."""
    if isinstance(value, Mapping):
        if _SIGNATURE_KEY in value:
            return SECRET
        return {str(key): plain(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and _UNKNOWN_TEXT in value:
        return UNKNOWN
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _names(steps: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for step in steps:
        urn = step["urn"]
        for state in (_mapping(step.get("newState")), _mapping(step.get("oldState"))):
            ident = state.get("id")
            if isinstance(ident, str) and ident and _UNKNOWN_TEXT not in ident and _is_shown(step):
                found[ident] = str(state.get("urn") or urn).split("::", 3)[-1]
    return found


def _diagnostics(items: Sequence[Any]) -> Iterator[Diagnostic]:
    grouped: dict[tuple[str, str], dict[str, None]] = {}
    told: dict[tuple[str, str], str] = {}
    for item in items:
        message = str(_mapping(item).get("message") or "").strip()
        severity = str(_mapping(item).get("severity") or "info")
        if message and severity in ("error", "warning"):
            text = _without_prefix(message)
            # The same refusal of several requests is one thing to put right.
            key = severity, _REQUEST.sub("", text)
            told.setdefault(key, text)
            subjects = grouped.setdefault(key, {})
            if urn := _mapping(item).get("urn"):
                subjects[str(urn).split("::", 3)[-1]] = None
    causes = [key for key in grouped if key[0] == "error" and not _is_echo(told[key])]
    for key, subjects in grouped.items():
        if key[0] != "error" or not causes or not _is_echo(told[key]):
            yield Diagnostic(key[0], told[key], tuple(sorted(subjects)))


def _without_prefix(message: str) -> str:
    """The message without the words that engines put before it, the name of a Python error class among them."""
    text = message
    for prefix in ("error: ", "warning: ", "Preview failed: "):
        text = text.removeprefix(prefix)
    if refused := _REFUSED_PROPERTY.match(text):
        return f"{refused[1]}: {text[refused.end() :]}"
    first, colon, rest = text.partition(": ")
    is_class = first.replace(".", "").isidentifier() and (first.endswith("Error") or first.startswith(_OURS))
    return rest if colon and is_class else text


def _is_echo(message: str) -> bool:
    """Whether an error only says that there was one."""
    return message == "preview failed" or message.startswith("an unhandled error occurred: program exited")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
