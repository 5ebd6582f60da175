"""The review of one preview as Markdown: counts, failures, agents, knowledge, platform, drift, in at most one comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from foundry.model import FoundryError
from foundry.report.changes import ABSENT, Change, Files, Names, Text, Tool, Value, changes, introduction
from foundry.report.markdown import code, fenced, line_diff, listed, visible
from foundry.report.reading import Diagnostic, Kind, Object, Reading, Verb, read

FORMATS: Final = ("markdown",)

# GitHub refuses a comment of more characters (GitHub docs: "body is too long (maximum is 65536 characters)").
LIMIT: Final = 65_536

_TITLES: Final = {
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
_COLUMNS: Final = (Verb.CREATE, Verb.UPDATE, Verb.REPLACE, Verb.DELETE, Verb.RELEASE)
_WORDS: Final = {
    Verb.CREATE: "to create",
    Verb.UPDATE: "to update",
    Verb.REPLACE: "to replace",
    Verb.DELETE: "to delete",
    Verb.RELEASE: "to let go",
}
_RELEASE_NOTE: Final = "no longer managed by this stack; it stays at the service"
_LEFT_OVER_NOTE: Final = (
    "It was replaced by a run that was interrupted before this was done; what replaced it isn't touched."
)


@dataclass(frozen=True)
class _Block:
    """A part of the review that is shown whole, or left out whole with `short` in its place."""

    section: str
    full: str
    short: str


@dataclass(frozen=True)
class _Told:
    """An object with what is to be said of it."""

    one: Object
    edits: tuple[Change, ...]
    drift: tuple[Change, ...]
    age: str = ""
    makes_version: bool = False
    dialect: str = ""

    @property
    def title(self) -> str:
        """The object's name, with its dialect where the stack has both."""
        return code(self.one.name) + (f" ({self.dialect})" if self.dialect else "")

    @property
    def is_only_drift(self) -> bool:
        """Whether the update does nothing but put back what somebody else changed."""
        return self.one.verb is Verb.UPDATE and bool(self.drift) and not self.edits


def render(
    preview: Mapping[str, Any],
    format: str = "markdown",  # noqa: A002
    *,
    stack: str | None = None,
    now: datetime | None = None,
) -> str:
    """Turns the JSON of `pulumi preview --json`, of either engine, into a review.

    `stack` names the stack where the preview ended too early to name it. The first line is an HTML comment that is the
    same for every review of a stack, so that a workflow finds the comment it wrote before. The text fits GitHub's limit:
    what doesn't fit is left out in whole parts, each with a line that says so. `now` (with its zone; the present without it)
    gives the age of drift that is only reported.
    Raises FoundryError for another format, and for JSON that isn't a preview.
    """
    if format not in FORMATS:
        raise FoundryError(f"no report has the format {format!r}", fix=f"write one of: {', '.join(FORMATS)}")
    review = _reviewed(preview, stack, now)
    reading, told = review.reading, review.told
    project, name = reading.project or "foundry-as-code", review.name
    marker = f"<!-- fac report {project}/{name} -->"
    if review.says_nothing:
        return f"{marker}\n{_no_changes(review)}\n" + _warnings(reading)
    preface = [*_troubles(reading, told), _table(told), *_drift_note(told)]
    head = "\n\n".join([marker + "\n" + _headline(review), *filter(None, preface)])
    return _fit(head, list(_blocks(told, review.names)), name)


def whole(
    preview: Mapping[str, Any],
    *,
    stack: str | None = None,
    headline: bool = True,
    now: datetime | None = None,
) -> str:
    """The same review with nothing left out for length, without the table and the line for machines.

    Without `headline` the counts are left out too, and nothing is said where nothing changes.
    Raises FoundryError for JSON that isn't a preview.
    """
    review = _reviewed(preview, stack, now)
    if review.says_nothing:
        first = [_no_changes(review)] if headline else []
        return "\n\n".join([*first, _warnings(review.reading).strip()]).strip() + "\n"
    first = [_headline(review)] if headline else []
    head = [*first, *_troubles(review.reading, review.told), *_drift_note(review.told)]
    blocks = list(_blocks(review.told, review.names))
    return _joined("\n\n".join(head), blocks, [block.full for block in blocks])


@dataclass(frozen=True)
class _Review:
    """A preview that was read, with what is to be said of each object. `name` is the stack's, empty where nothing tells it."""

    reading: Reading
    name: str
    names: Names
    told: Sequence[_Told]

    @property
    def says_nothing(self) -> bool:
        return not self.reading.failed and not any(_is_worth_saying(item) for item in self.told)


def _reviewed(preview: Mapping[str, Any], stack: str | None, now: datetime | None) -> _Review:
    reading = read(preview)
    names = _names_of(reading)
    moment = now or datetime.now(UTC)
    told = [_tell(one, names, moment) for one in reading.objects]
    if len({one.dialect for one in reading.objects if one.dialect}) > 1:
        told = [replace(item, dialect=item.one.dialect) for item in told]
    return _Review(reading, reading.stack or stack or "", names, told)


def _no_changes(review: _Review) -> str:
    return f"{code(review.name)}: no changes ({_counted(len(review.told), sum(review.reading.components))})."


def _counted(objects: int, components: int) -> str:
    """So many things of the cloud and, where the preview tells them, components: together what an engine calls resources."""
    told = f"{objects} object{'' if objects == 1 else 's'}"
    return told + (f" and {components} component{'' if components == 1 else 's'}" if components else "")


def _names_of(reading: Reading) -> Names:
    fresh = frozenset(
        one.urn for one in reading.objects if one.verb in (Verb.CREATE, Verb.RECREATE, Verb.REPLACE)
    )
    return Names(reading.names, fresh)


def _tell(one: Object, names: Names, now: datetime) -> _Told:
    edits: tuple[Change, ...] = ()
    if one.recorded is not None and one.declared is not None and one.verb is not Verb.RECREATE:
        edits = changes(one, one.recorded, one.declared, names, one.touched)
    drift: tuple[Change, ...] = ()
    reports = one.recorded is not None and _on_drift(one) == "report"
    if one.recorded is not None and one.live is not None and (one.verb is not Verb.SAME or reports):
        drift = changes(one, one.recorded, one.live, names)
    age = _age(one.drift_since, now) if drift and one.drift_since else ""
    before = one.recorded if reports else one.live or one.recorded
    makes = (
        one.verb is Verb.UPDATE
        and bool(one.newest)
        and bool(changes(one, _fixed(before), _fixed(one.declared), names))
    )
    return _Told(one, edits if one.verb is not Verb.SAME else (), drift, age, makes)


def _fixed(side: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a version fixes: the definition, and whose it is."""
    return {key: side[key] for key in ("definition", "name", "owner") if side and key in side}


def _age(since: datetime, now: datetime) -> str:
    days = (now - since).days
    told = "today" if days < 1 else "1 day" if days == 1 else f"{days} days"
    return f", seen since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({told})"


def _on_drift(one: Object) -> Any:
    lifecycle = (one.recorded or {}).get("lifecycle")
    return lifecycle.get("onDrift") if isinstance(lifecycle, Mapping) else None


def _is_worth_saying(item: _Told) -> bool:
    return item.one.verb is not Verb.SAME or bool(item.drift)


def _column(verb: Verb) -> Verb:
    return Verb.CREATE if verb is Verb.RECREATE else verb


def _headline(review: _Review) -> str:
    told, reading, name = review.told, review.reading, review.name
    counts = {verb: sum(_column(item.one.verb) is verb for item in told) for verb in _COLUMNS}
    parts = [f"{count} {_WORDS[verb]}" for verb, count in counts.items() if count]
    same = sum(item.one.verb is Verb.SAME for item in told)
    staying, moving = reading.components
    title = "preview failed" if reading.failed else ", ".join(parts) or "nothing to do"
    if parts and moving and not reading.failed:
        title += f", with {moving} component{'' if moving == 1 else 's'}"
    return f"## {code(name) if name else 'Preview'}: {title}" + (
        f" ({_counted(same, staying)} unchanged)" if same and not reading.failed else ""
    )


def _troubles(reading: Reading, told: Sequence[_Told]) -> Iterator[str]:
    errors = [one for one in reading.diagnostics if one.severity == "error"]
    if errors:
        yield "\n\n".join(_diagnostic(one) for one in _affordable(errors))
        if any(_is_worth_saying(item) for item in told):
            yield "What the preview had found before it stopped is below; it may be incomplete."
    if warnings := _warnings(reading):
        yield warnings.strip()


def _drift_note(told: Sequence[_Told]) -> Iterator[str]:
    drifted = sum(bool(item.drift) for item in told) + sum(
        item.one.verb in (Verb.RECREATE, Verb.GONE) for item in told
    )
    if drifted:
        what = "one object was" if drifted == 1 else f"{drifted} objects were"
        yield f"**Drift:** {what} changed outside of this stack; see the end."


def _affordable(errors: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Whole diagnostics up to half of a comment, so that there is room for the rest."""
    spent = 0
    for index, one in enumerate(errors):
        spent += _length(one.message)
        if spent > LIMIT // 2 and index:
            count = len(errors) - index
            yield Diagnostic("error", f"{count} more error{'' if count == 1 else 's'}, left out for length")
            return
        if spent > LIMIT // 2:
            yield Diagnostic(
                "error", "an error whose text is too long for a comment; see the log", one.subjects
            )
            return
        yield one


def _diagnostic(one: Diagnostic) -> str:
    shown = ", ".join(code(name) for name in one.subjects[:5])
    more = f" and {len(one.subjects) - 5} more" if len(one.subjects) > 5 else ""
    return (f"{shown}{more}:\n\n" if shown else "") + fenced(one.message)


def _warnings(reading: Reading) -> str:
    warnings = [one for one in reading.diagnostics if one.severity == "warning"]
    return "".join(f"\nWarning: {_diagnostic(one)}\n" for one in _affordable(warnings))


def _table(told: Sequence[_Told]) -> str:
    columns = [verb for verb in _COLUMNS if any(_column(item.one.verb) is verb for item in told)]
    if not columns:
        return ""
    rows = []
    for kind, title in _TITLES.items():
        of_kind = [_column(item.one.verb) for item in told if item.one.kind is kind]
        cells = [of_kind.count(verb) for verb in columns]
        if any(cells):
            rows.append(f"| {title} | " + " | ".join(str(cell or "") for cell in cells) + " |")
    head = "| | " + " | ".join(_WORDS[verb].removeprefix("to ") for verb in columns) + " |"
    return "\n".join([head, "|---|" + "---:|" * len(columns), *rows])


def _blocks(told: Sequence[_Told], names: Names) -> Iterator[_Block]:
    mentioned = set(_mentioned(told))
    for kind, title in _TITLES.items():
        of_kind = sorted((item for item in told if item.one.kind is kind), key=_order)
        for item in of_kind:
            if item.one.verb in (Verb.SAME, Verb.RECREATE, Verb.GONE) or item.is_only_drift:
                continue
            if kind is Kind.PLATFORM:
                yield _platform(item)
            elif kind is not Kind.FILE:
                yield _object(item, names, _namesake(item.one, of_kind))
            elif item.one.name not in mentioned or item.one.left_over:
                yield _Block(title, f"- {_verb_of_file(item.one)} {code(item.one.name)}", "")
    for item in sorted(told, key=_order):
        if item.drift or item.one.verb in (Verb.RECREATE, Verb.GONE):
            yield _drift(item)


def _order(item: _Told) -> tuple[int, str]:
    return list(Verb).index(item.one.verb), item.one.name


def _mentioned(told: Sequence[_Told]) -> Iterator[str]:
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


def _namesake(one: Object, others: Sequence[_Told]) -> Object | None:
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


def _object(item: _Told, names: Names, namesake: Object | None) -> _Block:
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
    return _Block(_TITLES[one.kind], f"{heading}\n\n{body}".rstrip(), f"{heading}\n\n{_left_out(shown)}")


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


def _version_note(item: _Told) -> Iterator[str]:
    if item.one.newest and item.one.verb is Verb.UPDATE:
        yield (
            f"It makes a new version; the newest now is {item.one.newest}."
            if item.makes_version
            else f"It makes no new version; the newest stays {item.one.newest}."
        )


def _downtime_note(item: _Told) -> Iterator[str]:
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


def _nothing_visible(item: _Told) -> str:
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


def _platform(item: _Told) -> _Block:
    one = item.one
    title = f"- {one.verb} {_type(one)} {code(one.name)}"
    reasons = f" because of {', '.join(code(reason) for reason in one.reasons)}" if one.reasons else ""
    body = _indented(listed(item.edits)) if one.verb in (Verb.UPDATE, Verb.REPLACE) else ""
    note = f": {_RELEASE_NOTE}" if one.verb is Verb.RELEASE else reasons
    if one.left_over:
        note = f": {_left_over(one)}"
    full = f"{title}{note}" + (f"\n{body}" if body else "")
    return _Block(_TITLES[Kind.PLATFORM], full, f"{title}: {_left_out(item.edits)}" if item.edits else "")


def _type(one: Object) -> str:
    return one.type.removeprefix("azure-native:")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())


def _drift(item: _Told) -> _Block:
    one = item.one
    kind = _NOUNS.get(one.kind) or _type(one)
    heading = f"#### {kind} {item.title}"
    lost = "deleted or expired" if one.kind is Kind.VECTOR_STORE else "deleted outside"
    if one.verb is Verb.RECREATE:
        again = "created again" if one.kind in _NAMED_BY_US else "created again, with a new id"
        return _Block("Drift", f"{heading}: {lost}; it is {again}", "")
    if one.verb is Verb.GONE:
        return _Block("Drift", f"{heading}: {lost} and no longer declared; nothing is left to do", "")
    outcome = {
        Verb.SAME: "left as it is, as its declaration asks (`on_drift: report`)",
        Verb.DELETE: "it is deleted with it",
        Verb.RELEASE: "it stays so",
        Verb.REPLACE: "the replacement doesn't have it",
    }.get(one.verb, "the update puts the declaration back")
    if item.makes_version and one.verb is Verb.UPDATE:
        outcome += f", with a new version (the newest now is {one.newest})"
    heading = f"{heading}: changed outside{item.age}; {outcome}"
    return _Block("Drift", f"{heading}\n\n{listed(item.drift)}", f"{heading}\n\n{_left_out(item.drift)}")


def _fit(head: str, blocks: list[_Block], stack: str) -> str:
    """Joins head and blocks; shortens the longest blocks first, then whole sections, until the text fits."""
    texts = [block.full for block in blocks]
    total = _length(_joined(head, blocks, texts))
    hint = f"*Some parts are left out for length. All of it: {code(f'fac preview -s {stack}' if stack else 'fac preview')}*"
    budget = LIMIT if total <= LIMIT else LIMIT - _length(hint) - 2
    for index in sorted(range(len(blocks)), key=lambda at: -len(blocks[at].full)):
        if total <= budget:
            break
        short = blocks[index].short
        if short and len(short) < len(texts[index]):
            total -= _length(texts[index]) - _length(short)
            texts[index] = short
    for section in reversed(dict.fromkeys(block.section for block in blocks)):
        if total <= budget:
            break
        members = [at for at, block in enumerate(blocks) if block.section == section and texts[at]]
        line = f"*{len(members)} left out for length*"
        total -= sum(_length(texts[at]) for at in members) - _length(line)
        for at in members:
            texts[at] = line if at == members[0] else ""
    text = _joined(head, blocks, texts)
    return text if budget == LIMIT else f"{text}\n{hint}\n"


def _joined(head: str, blocks: Sequence[_Block], texts: Sequence[str]) -> str:
    parts = [head]
    section = ""
    for block, text in zip(blocks, texts, strict=True):
        if not text:
            continue
        if block.section != section:
            section = block.section
            parts.append(f"\n### {section}\n")
        elif not text.startswith("- "):
            parts.append("")
        parts.append(text)
    return visible("\n".join(parts) + "\n")


def _length(text: str) -> int:
    """Characters as GitHub's limit counts them at worst: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
