"""The list of findings that a reading gathers."""

from __future__ import annotations

from foundry.manifest.marked import Mark
from foundry.model import Finding, Position, Severity


class Report:
    """Findings in the order they were made; the same fault told twice counts once."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}

    def error(self, at: Mark, what: str, fix: str) -> None:
        """A fault: nothing may be deployed."""
        self._put(Finding(_place(at), _line(what), _line(fix)))

    def warning(self, at: Mark, what: str, fix: str) -> None:
        """Something a person should know; it stops nothing."""
        self._put(Finding(_place(at), _line(what), _line(fix), Severity.WARNING))

    def _put(self, finding: Finding) -> None:
        self._findings[finding] = None

    def take(self, other: Report) -> None:
        """Add all findings of another report."""
        self._findings.update(other._findings)

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(finding.severity is Severity.ERROR for finding in self._findings)

    def sorted(self) -> tuple[Finding, ...]:
        """All findings by file, line and column."""
        return tuple(sorted(self._findings, key=lambda finding: (finding.position, finding.what)))


def _place(at: Mark) -> Position:
    return Position(_line(at.path), at.line, at.column)


def _line(text: str) -> str:
    """A text as one line that any terminal takes: what it quotes may hold line ends, or the bytes of a file's name."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
