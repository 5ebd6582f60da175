"""The list of findings that a reading gathers."""

from __future__ import annotations

from foundry.manifest.marked import Mark
from foundry.model import Finding, Severity


class Report:
    """Findings in the order they were made; the same fault told twice counts once."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}

    def error(self, at: Mark, what: str, fix: str) -> None:
        """A fault: nothing may be deployed."""
        self._findings[Finding(at.position, what, fix)] = None

    def warning(self, at: Mark, what: str, fix: str) -> None:
        """Something a person should know; it stops nothing."""
        self._findings[Finding(at.position, what, fix, Severity.WARNING)] = None

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
