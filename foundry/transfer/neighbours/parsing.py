"""The YAML or JSON of a foreign file, with positions."""

from __future__ import annotations

from foundry.manifest.marked import Mapping as Marked
from foundry.manifest.report import Report
from foundry.manifest.yaml12 import read as read_yaml
from foundry.model import Finding, FoundryError, Position


class UnreadableError(FoundryError):
    """The file has faults; `findings` tells each with its place."""

    def __init__(self, what: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(what, fix="correct them, or leave the fields out")
        self.findings = findings


def parsed(text: str, path: str) -> Marked:
    """The mapping that a text holds. Raises UnreadableError for anything else."""
    report = Report()
    found = read_yaml(text, path, report, material=True).value
    if not isinstance(found, Marked):
        told = report.sorted() or (
            Finding(Position(path), "the document is no mapping", "start it with a key"),
        )
        raise UnreadableError(f"{path} can't be read as YAML or JSON", told)
    if report.failed:
        raise UnreadableError(f"{path} can't be read as YAML or JSON", report.sorted())
    return found
