"""The review of one preview as Markdown: counts, failures, agents, knowledge, platform, drift, in at most one comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from foundry.model import FoundryError
from foundry.report.blocks import TITLES, blocks
from foundry.report.fitting import LIMIT, fit, joined, length
from foundry.report.markdown import code, fenced
from foundry.report.reading import Diagnostic, Reading, Verb
from foundry.report.reviewing import COLUMNS, Review, Told, column, is_worth_saying, reviewed

FORMATS: Final = ("markdown",)
_WORDS: Final = {
    Verb.CREATE: "to create",
    Verb.UPDATE: "to update",
    Verb.REPLACE: "to replace",
    Verb.DELETE: "to delete",
    Verb.RELEASE: "to let go",
}


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
    review = reviewed(preview, stack, now)
    reading, told = review.reading, review.told
    project, name = reading.project or "foundry-as-code", review.name
    marker = f"<!-- fac report {project}/{name} -->"
    if review.says_nothing:
        return f"{marker}\n{_no_changes(review)}\n" + _warnings(reading)
    preface = [*_troubles(reading, told), _table(told), *_drift_note(told)]
    head = "\n\n".join([marker + "\n" + _headline(review), *filter(None, preface)])
    return fit(head, list(blocks(told, review.names)), name)


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
    review = reviewed(preview, stack, now)
    if review.says_nothing:
        first = [_no_changes(review)] if headline else []
        return "\n\n".join([*first, _warnings(review.reading).strip()]).strip() + "\n"
    first = [_headline(review)] if headline else []
    head = [*first, *_troubles(review.reading, review.told), *_drift_note(review.told)]
    parts = list(blocks(review.told, review.names))
    return joined("\n\n".join(head), parts, [part.full for part in parts])


def _no_changes(review: Review) -> str:
    return f"{code(review.name)}: no changes ({_counted(len(review.told), sum(review.reading.components))})."


def _counted(objects: int, components: int) -> str:
    """So many things of the cloud and, where the preview tells them, components: together what an engine calls resources."""
    told = f"{objects} object{'' if objects == 1 else 's'}"
    return told + (f" and {components} component{'' if components == 1 else 's'}" if components else "")


def _headline(review: Review) -> str:
    told, reading, name = review.told, review.reading, review.name
    counts = {verb: sum(column(item.one.verb) is verb for item in told) for verb in COLUMNS}
    parts = [f"{count} {_WORDS[verb]}" for verb, count in counts.items() if count]
    same = sum(item.one.verb is Verb.SAME for item in told)
    staying, moving = reading.components
    title = "preview failed" if reading.failed else ", ".join(parts) or "nothing to do"
    if parts and moving and not reading.failed:
        title += f", with {moving} component{'' if moving == 1 else 's'}"
    return f"## {code(name) if name else 'Preview'}: {title}" + (
        f" ({_counted(same, staying)} unchanged)" if same and not reading.failed else ""
    )


def _troubles(reading: Reading, told: Sequence[Told]) -> Iterator[str]:
    errors = [one for one in reading.diagnostics if one.severity == "error"]
    if errors:
        yield "\n\n".join(_diagnostic(one) for one in _affordable(errors))
        if any(is_worth_saying(item) for item in told):
            yield "What the preview had found before it stopped is below; it may be incomplete."
    if warnings := _warnings(reading):
        yield warnings.strip()


def _drift_note(told: Sequence[Told]) -> Iterator[str]:
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
        spent += length(one.message)
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
    return "".join(
        # A fence that doesn't begin a line opens nothing, and its end would make code of all that follows.
        f"\nWarning: {told}\n" if one.subjects else f"\nWarning:\n\n{told}\n"
        for one in _affordable(warnings)
        if (told := _diagnostic(one))
    )


def _table(told: Sequence[Told]) -> str:
    columns = [verb for verb in COLUMNS if any(column(item.one.verb) is verb for item in told)]
    if not columns:
        return ""
    rows = []
    for kind, title in TITLES.items():
        of_kind = [column(item.one.verb) for item in told if item.one.kind is kind]
        cells = [of_kind.count(verb) for verb in columns]
        if any(cells):
            rows.append(f"| {title} | " + " | ".join(str(cell or "") for cell in cells) + " |")
    head = "| | " + " | ".join(_WORDS[verb].removeprefix("to ") for verb in columns) + " |"
    return "\n".join([head, "|---|" + "---:|" * len(columns), *rows])
