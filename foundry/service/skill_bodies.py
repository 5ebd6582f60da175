"""Skills: the body that makes a version of inline content, and the package that tells what a version holds.

Shapes: azure-ai-projects 2.10 (`SkillInlineContent`, and its sample that reads `SKILL.md` out of a downloaded zip). The words
of the front matter are those of the specification that the client names (agentskills.io).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import yaml

from foundry.model import FoundryError

Body = dict[str, Any]

_MEMBER: Final = "SKILL.md"
_FRONT: Final = re.compile(
    r"\A---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*\r?\n?(?P<text>.*)\Z", re.DOTALL | re.MULTILINE
)
_MORE: Final = ("license", "compatibility")
_TOOL: Final = re.compile(r"[^\s(]+(?:\([^)]*\))?")


def version_body(definition: Mapping[str, Any], metadata: Mapping[str, str], *, as_default: bool) -> Body:
    """The body that makes a version: what is declared, and nothing else."""
    content: Body = {
        "description": definition["description"],
        "instructions": definition["instructions"],
        **{key: definition[key] for key in _MORE if definition.get(key)},
        "metadata": dict(metadata),
    }
    if definition.get("allowed_tools"):
        content["allowed_tools"] = list(definition["allowed_tools"])
    return {"inline_content": content, **({"default": True} if as_default else {})}


def definition_of(name: str, packed: Any) -> Body:
    """What a version's package says, in the fields of a declaration; `files` names what is there beside `SKILL.md`.

    Raises:
        FoundryError: it is no package of a skill.
    """
    whole, others = _opened(name, packed)
    front, text = _parts(whole)
    told: Body = {
        "name": name,
        "description": str(front.get("description") or ""),
        "instructions": text.strip(),
        **{key: str(front[key]) for key in _MORE if front.get(key)},
    }
    allowed = front.get("allowed-tools")
    if allowed:
        told["allowed_tools"] = _TOOL.findall(allowed) if isinstance(allowed, str) else list(allowed)
    if others:
        told["files"] = others
    metadata = front.get("metadata")
    pairs = metadata.items() if isinstance(metadata, Mapping) else ()
    told["metadata"] = {str(key): str(value) for key, value in pairs}
    return told


def _opened(name: str, packed: Any) -> tuple[str, list[str]]:
    """The text of `SKILL.md`, and the names of the other files."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names = [one for one in archive.namelist() if not one.endswith("/")]
            member = min(
                (one for one in names if one.rsplit("/", 1)[-1] == _MEMBER), key=lambda one: one.count("/")
            )
            return archive.read(member).decode("utf-8-sig"), sorted(set(names) - {member})
    except (TypeError, ValueError, zipfile.BadZipFile) as error:
        raise FoundryError(
            f"the package of skill {name} can't be read: {type(error).__name__}",
            fix="look at the skill in the portal; a package has one SKILL.md",
        ) from error


def _parts(whole: str) -> tuple[Mapping[str, Any], str]:
    found = _FRONT.match(whole)
    if found is None:
        return {}, whole
    try:
        # Every scalar stays the text that it is written as.
        front = yaml.load(found["front"], Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and mappings only
    except yaml.YAMLError:
        return {}, whole
    return (front if isinstance(front, Mapping) else {}), found["text"]
