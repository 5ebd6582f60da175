"""Each object as a part of the review in Markdown, with what a reviewer should know of what happens to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from foundry.report.changes import ABSENT, Change, Files, Names, Text, Tool, Value, introduction
from foundry.report.fitting import Block
from foundry.report.markdown import code, line_diff, listed
from foundry.report.reading import Kind, Object, Verb
from foundry.report.reviewing import Told

TITLES: Final = {
    Kind.AGENT: "Agents",
    Kind.VECTOR_STORE: "Vector stores",
    Kind.FILE: "Files",
    Kind.SEARCH_INDEX: "Search indexes",
    Kind.SEARCH_OBJECT: "Beside search indexes",
    Kind.INDEX_ASSET: "Index assets",
    Kind.MEMORY_STORE: "Memory stores",
    Kind.TOOLBOX: "Toolboxes",
    Kind.SKILL: "Skills",
    Kind.EVALUATION: "Evals",
    Kind.EVALUATION_RULE: "Evaluation rules",
    Kind.PLATFORM: "Platform",
}
_NOUNS: Final = {
    Kind.AGENT: "agent",
    Kind.VECTOR_STORE: "vector store",
    Kind.FILE: "file",
    Kind.SEARCH_INDEX: "search index",
    Kind.SEARCH_OBJECT: "search object",
    Kind.INDEX_ASSET: "index asset",
    Kind.MEMORY_STORE: "memory store",
    Kind.TOOLBOX: "toolbox",
    Kind.SKILL: "skill",
    Kind.EVALUATION: "eval",
    Kind.EVALUATION_RULE: "evaluation rule",
}
# Their names are their ids: made again, they have the same.
_NAMED_BY_US: Final = (
    Kind.SEARCH_INDEX,
    Kind.SEARCH_OBJECT,
    Kind.MEMORY_STORE,
    Kind.TOOLBOX,
    Kind.SKILL,
    Kind.EVALUATION_RULE,
    Kind.PLATFORM,
)
_OFFLINE: Final = ("analyzers", "tokenizers", "tokenFilters", "charFilters")
_RELEASE_NOTE: Final = "no longer managed by this stack; it stays at the service"


def blocks(told: Sequence[Told], names: Names) -> Iterator[Block]:
    """The parts of a review, in its order: what changes, by kind, then drift."""
    mentioned = set(_mentioned(told))
    for kind, title in TITLES.items():
        of_kind = sorted((item for item in told if item.one.kind is kind), key=_order)
        for item in of_kind:
            if item.one.verb in (Verb.SAME, Verb.RECREATE, Verb.GONE) or item.is_only_drift:
                continue
            if kind is Kind.PLATFORM:
                yield _platform(item)
            elif kind is not Kind.FILE:
                yield _object(item, names, _namesake(item.one, of_kind))
            elif item.one.name not in mentioned or item.one.left_over:
                yield Block(title, f"- {_verb_of_file(item.one)} {code(item.one.name)}", "")
    for item in sorted(told, key=_order):
        if item.drift or item.one.verb in (Verb.RECREATE, Verb.GONE):
            yield _drift(item)


def _order(item: Told) -> tuple[int, str]:
    return list(Verb).index(item.one.verb), item.one.name


def _mentioned(told: Sequence[Told]) -> Iterator[str]:
    for item in told:
        for change in item.edits:
            if isinstance(change, Files):
                yield from (*change.added, *change.changed, *change.removed)
        if item.one.kind is Kind.VECTOR_STORE and item.one.verb is not Verb.UPDATE:
            for side in (item.one.declared, item.one.live):
                files = ((side or {}).get("definition") or {}).get("files") or []
                yield from (str(file.get("path")) for file in files if isinstance(file, Mapping))


def _verb_of_file(one: Object) -> str:
    if one.left_over:
        return "old content removed, left over from a run that was interrupted:"
    return {Verb.CREATE: "added", Verb.DELETE: "removed", Verb.RELEASE: "let go"}.get(one.verb, "changed")


def _namesake(one: Object, others: Sequence[Told]) -> Object | None:
    """What goes while something new comes that is the same but for its name: most likely a rename."""
    if one.verb is not Verb.CREATE:
        return None
    wanted = _unnamed(one.declared)
    same = [
        other.one
        for other in others
        if other.one.verb is Verb.DELETE
        and other.one.type == one.type
        and not other.one.left_over
        and _unnamed(other.one.recorded) == wanted
    ]
    return same[0] if wanted and len(same) == 1 else None


def _unnamed(side: Mapping[str, Any] | None) -> dict[str, Any]:
    definition = (side or {}).get("definition")
    return (
        {key: definition[key] for key in definition if key != "name"}
        if isinstance(definition, Mapping)
        else {}
    )


def _rename_note(one: Object, goes: Object) -> str:
    keeps = f"`lifecycle: {{previous_names: [{goes.name}]}}`"
    if one.dialect == "versioned" and one.kind is Kind.AGENT:
        keeps = f"`service_name: {goes.name}` and {keeps}"
    return f"Is it {code(goes.name)}, renamed? That one is deleted; {keeps} would keep it."


def _object(item: Told, names: Names, namesake: Object | None) -> Block:
    one = item.one
    heading = f"#### {item.title}: {one.verb}"
    if one.verb is Verb.CREATE:
        shown = introduction(one, names)
        note = [_rename_note(one, namesake)] if namesake is not None else []
        body = "\n\n".join([*note, listed(shown)])
    elif one.left_over:
        shown, body = (), f"{_left_over(one)}."
    elif one.verb is Verb.DELETE:
        shown, body = (), ""
    elif one.verb is Verb.RELEASE:
        shown, body = (), f"It was adopted or is to be retained: {_RELEASE_NOTE}."
    else:
        shown = item.edits
        body = "\n\n".join(
            [
                *_replacement_note(one),
                *_downtime_note(item),
                *_version_note(item),
                listed(shown) or _nothing_visible(item),
            ]
        )
    return Block(TITLES[one.kind], f"{heading}\n\n{body}".rstrip(), f"{heading}\n\n{_left_out(shown)}")


def _replacement_note(one: Object) -> Iterator[str]:
    if one.verb is Verb.REPLACE:
        reasons = f" because of {', '.join(code(reason) for reason in one.reasons)}" if one.reasons else ""
        what = {
            Kind.AGENT: "callers that hold its id need the new one",
            Kind.VECTOR_STORE: "it is filled before agents turn to it",
            Kind.EVALUATION: "its rule turns to the new one, and the old one is deleted with its runs",
            Kind.SEARCH_INDEX: "a second index is made and filled, and what stands for it turned to that one",
        }
        yield f"It gets a new id{reasons}" + (f": {what[one.kind]}." if one.kind in what else ".")


def _version_note(item: Told) -> Iterator[str]:
    if item.one.newest and item.one.verb is Verb.UPDATE:
        yield (
            f"It makes a new version; the newest now is {item.one.newest}."
            if item.makes_version
            else f"It makes no new version; the newest stays {item.one.newest}."
        )


def _downtime_note(item: Told) -> Iterator[str]:
    """What Azure AI Search documents of new analyzers and filters: they are added while the index is offline."""
    one = item.one
    if one.kind is not Kind.SEARCH_INDEX or one.verb is not Verb.UPDATE:
        return
    added = [
        change.path
        for change in item.edits
        if isinstance(change, Value | Text)
        and change.path.partition("[")[0] in _OFFLINE
        and (change.old is ABSENT or change.old == "")
    ]
    if added:
        yield (
            f"**Downtime:** the index is offline for at least some seconds while {code(', '.join(added))} "
            "is added; queries and uploads fail meanwhile."
        )


def _left_over(one: Object) -> str:
    last = one.left_over.rpartition("/")[2]
    return (
        f"{code(last)} was replaced by a run that was interrupted before this; what replaced it isn't touched"
    )


def _nothing_visible(item: Told) -> str:
    if item.one.verb is Verb.REPLACE:
        return "Nothing else changes."
    return "What is recorded of it is brought up to date; the object itself stays as it is."


def _left_out(shown: Sequence[Change]) -> str:
    parts = []
    for change in shown:
        if isinstance(change, Text):
            _, added, removed = line_diff(change.old, change.new)
            parts.append(f"{change.path} (+{added} −{removed} lines)")  # noqa: RUF001
        elif isinstance(change, Tool):
            parts.append(f"tool {change.name} {change.what}")
        elif isinstance(change, Files):
            parts.append(f"{len(change.added) + len(change.changed) + len(change.removed)} {change.path}")
        else:
            parts.append(change.path)
    shortened = parts[:8] + ([f"{len(parts) - 8} more"] if len(parts) > 8 else [])
    return f"*Left out for length: {code(', '.join(shortened))}*" if parts else ""


def _platform(item: Told) -> Block:
    one = item.one
    title = f"- {one.verb} {_type(one)} {code(one.name)}"
    reasons = f" because of {', '.join(code(reason) for reason in one.reasons)}" if one.reasons else ""
    body = _indented(listed(item.edits)) if one.verb in (Verb.UPDATE, Verb.REPLACE) else ""
    note = f": {_RELEASE_NOTE}" if one.verb is Verb.RELEASE else reasons
    if one.left_over:
        note = f": {_left_over(one)}"
    full = f"{title}{note}" + (f"\n{body}" if body else "")
    return Block(TITLES[Kind.PLATFORM], full, f"{title}: {_left_out(item.edits)}" if item.edits else "")


def _type(one: Object) -> str:
    return one.type.removeprefix("azure-native:")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())


def _drift(item: Told) -> Block:
    one = item.one
    kind = _NOUNS.get(one.kind) or _type(one)
    heading = f"#### {kind} {item.title}"
    lost = "deleted or expired" if one.kind is Kind.VECTOR_STORE else "deleted outside"
    if one.verb is Verb.RECREATE:
        again = "created again" if one.kind in _NAMED_BY_US else "created again, with a new id"
        return Block("Drift", f"{heading}: {lost}; it is {again}", "")
    if one.verb is Verb.GONE:
        return Block("Drift", f"{heading}: {lost} and no longer declared; nothing is left to do", "")
    outcome = {
        Verb.DELETE: "it is deleted with it",
        Verb.RELEASE: "it stays so",
        Verb.REPLACE: "the replacement doesn't have it",
    }.get(one.verb, "the update puts the declaration back")
    if item.leaves_drift and one.verb in (Verb.SAME, Verb.UPDATE):
        outcome = "left as it is, as its declaration asks (`on_drift: report`)"
    elif item.makes_version and one.verb is Verb.UPDATE:
        outcome += f", with a new version (the newest now is {one.newest})"
    heading = f"{heading}: changed outside{item.age}; {outcome}"
    return Block("Drift", f"{heading}\n\n{listed(item.drift)}", f"{heading}\n\n{_left_out(item.drift)}")
