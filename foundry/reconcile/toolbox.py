"""Toolboxes: sets of tools that agents reach through MCP. See `foundry.reconcile` for the six functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundry.model import UNKNOWN
from foundry.reconcile.numbered import Numbered
from foundry.reconcile.references import told, users, uses_toolbox
from foundry.reconcile.session import VersionedView
from foundry.reconcile.shapes import Problem
from foundry.service.toolbox_bodies import TOOL_TYPES

_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
_LONGEST_DESCRIPTION: Final = 512


def _problems(definition: Mapping[str, Any]) -> Iterator[Problem]:
    name, description = definition.get("name"), definition.get("description")
    if name is not UNKNOWN and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield Problem(
            "definition.name",
            f"{name!r} can't be the name of a toolbox; use 1 to 63 letters, digits, dashes and underscores, "
            "starting and ending with a letter or a digit",
        )
    if isinstance(description, str) and len(description) > _LONGEST_DESCRIPTION:
        what = f"has {len(description)} characters; {_LONGEST_DESCRIPTION} is the most"
        yield Problem("definition.description", what)
    seen: set[str] = set()
    for number, tool in enumerate(definition.get("tools") or ()):
        path = f"definition.tools[{number}]"
        if not isinstance(tool, Mapping):
            continue
        if tool.get("type") not in TOOL_TYPES:
            known = ", ".join(sorted(TOOL_TYPES))
            yield Problem(f"{path}.type", f"{tool.get('type')!r} isn't a tool of toolboxes: {known}")
        if tool.get("name") in seen:
            yield Problem(f"{path}.name", f"is a second {tool['name']!r}; give each tool a name of its own")
        seen.add(str(tool.get("name")))


def _used(view: VersionedView, name: str, version: str | None) -> Iterator[str]:
    uses = uses_toolbox(view.service.endpoint, name, version)
    yield from map(told, users(view, view.service, uses))


_TOOLBOXES: Final = Numbered(
    kind="Toolbox",
    title="toolbox",
    output="toolboxName",
    of=lambda service: service.toolboxes,
    known=lambda view: view.toolboxes,
    problems=_problems,
    used=_used,
    files=lambda _root, _service, _at, _definition: {},
)

check = _TOOLBOXES.check
diff = _TOOLBOXES.diff
create = _TOOLBOXES.create
read = _TOOLBOXES.read
update = _TOOLBOXES.update
delete = _TOOLBOXES.delete
