"""Skills: the body that makes a version of inline content, and the package that tells what a version holds.

Shapes: azure-ai-projects 2.10 (`SkillInlineContent`, and its sample that reads `SKILL.md` out of a downloaded zip). The words
of the front matter are those of the specification that the client names (agentskills.io).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from foundry.code_archives import unzipped, zipped
from foundry.model import FoundryError

Body = dict[str, Any]

MEMBER: Final = "SKILL.md"
"""The file that makes a folder a skill."""

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


def package(definition: Mapping[str, Any], metadata: Mapping[str, str], files: Mapping[str, bytes]) -> bytes:
    """The zip that makes a version of several files: `SKILL.md`, and `files` by name; equal for equal content."""
    return zipped({**files, MEMBER: skill_text(definition, metadata).encode()})


def skill_text(definition: Mapping[str, Any], metadata: Mapping[str, str]) -> str:
    """The text of `SKILL.md`: front matter and instructions.

    The service was reported to stumble over a name or a description that is quoted or folded over several lines
    (microsoft/azure-skills, skill-management.md), so no quotes are written where YAML can do without.
    """
    told = {"name": definition["name"], "description": definition["description"]}
    told |= {key: definition[key] for key in _MORE if definition.get(key)}
    if definition.get("allowed_tools"):
        told["allowed-tools"] = " ".join(definition["allowed_tools"])
    front = [f"{key}: {_scalar(value)}" for key, value in told.items()]
    pairs = [f"  {_scalar(key)}: {_scalar(value)}" for key, value in metadata.items()]
    front += ["metadata:", *pairs] if pairs else []
    return "\n".join(["---", *front, "---", "", definition["instructions"], ""])


def _scalar(text: str) -> str:
    try:
        plain = yaml.safe_load(f"key: {text}\n") == {"key": text}
    except (yaml.YAMLError, ValueError):
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)


def definition_of(name: str, packed: Any) -> Body:
    """What a version's package says, in the fields of a declaration; `files` has path and sha256 of what is there beside `SKILL.md`.

    Raises:
        FoundryError: it is no package of a skill.
    """
    files = opened(name, packed)
    try:
        whole = files.pop(MEMBER).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(name, "its SKILL.md is not text in UTF-8") from None
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
    if files:
        told["files"] = [
            {"path": path, "sha256": hashlib.sha256(files[path]).hexdigest()} for path in sorted(files)
        ]
    metadata = front.get("metadata")
    pairs = metadata.items() if isinstance(metadata, Mapping) else ()
    told["metadata"] = {str(key): str(value) for key, value in pairs}
    return told


def opened(name: str, packed: Any) -> dict[str, bytes]:
    """The files of a package by their paths beside `SKILL.md`, which is among them.

    Raises:
        FoundryError: it is no package of a skill.
    """
    if not isinstance(packed, bytes):
        raise _unreadable(name, "it is no zip")
    try:
        files = unzipped(packed)
    except ValueError as error:
        raise _unreadable(name, str(error)) from None
    members = [path for path in files if path.rsplit("/", 1)[-1] == MEMBER]
    if not members:
        raise _unreadable(name, f"it has no {MEMBER}")
    # The client's samples pack a skill's folder as well as what is in it.
    top = min(members, key=lambda path: path.count("/")).removesuffix(MEMBER)
    return {path.removeprefix(top): content for path, content in files.items() if path.startswith(top)}


def _unreadable(name: str, why: str) -> FoundryError:
    return FoundryError(
        f"the package of skill {name} can't be read: {why}",
        fix="look at the skill in the portal; a package has one SKILL.md",
    )


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
