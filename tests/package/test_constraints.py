"""The pinned versions: of every dependency one, and one that the ranges allow."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def test_every_dependency_is_pinned_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    more = project["optional-dependencies"]
    declared = [Requirement(one) for one in project["dependencies"] + more["dev"] + more["traces"]]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    versions = {str(one): pinned.get(canonicalize_name(one.name)) for one in declared}
    assert [one for one, version in versions.items() if version is None] == []
    assert [
        f"{one} {versions[str(one)]}" for one in declared if not one.specifier.contains(versions[str(one)])
    ] == []
