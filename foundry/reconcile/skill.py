"""Skills: instructions that agents and toolboxes take in by name. See `foundry.reconcile` for the six functions.

The service tells a skill's content by its package alone, so reading one back is a request of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from foundry.model import UNKNOWN
from foundry.reconcile.local_files import content_of
from foundry.reconcile.numbered import Numbered, Standing
from foundry.reconcile.references import told, users, uses_skill
from foundry.reconcile.session import VersionedView
from foundry.reconcile.shapes import Problem
from foundry.service.protocols import NumberedService

_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")


def _problems(definition: Mapping[str, Any]) -> Iterator[Problem]:
    name = definition.get("name")
    if name is not UNKNOWN and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield Problem(
            "definition.name",
            f"{name!r} can't be the name of a skill; use 1 to 63 letters, digits and dashes, "
            "starting and ending with a letter or a digit",
        )
    for key in ("description", "instructions"):
        if not definition.get(key):
            yield Problem(f"definition.{key}", "is missing; give it a text")


def _used(view: VersionedView, name: str, version: str | None) -> Iterator[str]:
    service, uses = view.service, uses_skill(name, version)
    for agent in users(view, service, uses, service.skills_in_use):
        yield told(agent)
    for toolbox in view.toolboxes.all(service.toolboxes.list):
        held = [service.toolboxes.newest(toolbox)]
        if toolbox.default != toolbox.latest:
            held.append(service.toolboxes.version(toolbox.id, toolbox.default))
        if any(uses(skill) for one in held for skill in one.definition.get("skills") or ()):
            yield told(toolbox)


def _files(
    root: Path, service: NumberedService, at: Standing | None, definition: Mapping[str, Any]
) -> Mapping[str, bytes]:
    """Declared files lie below `root`; those that were read of a live version are in its package.

    Raises:
        FoundryError: a file is gone, or differs from what was declared.
    """
    listed = definition.get("files") or ()
    if at is not None and any("source" not in one for one in listed):
        held = service.files(at.live.id, at.newest.version)
    else:
        held = {}
    return {
        str(one["path"]): (
            content_of(root, str(one["source"]), str(one["sha256"]))
            if "source" in one
            else held[str(one["path"])]
        )
        for one in listed
    }


_SKILLS: Final = Numbered(
    kind="Skill",
    title="skill",
    output="skillName",
    of=lambda service: service.skills,
    known=lambda view: view.skills,
    problems=_problems,
    used=_used,
    files=_files,
)

check = _SKILLS.check
diff = _SKILLS.diff
create = _SKILLS.create
read = _SKILLS.read
update = _SKILLS.update
delete = _SKILLS.delete
