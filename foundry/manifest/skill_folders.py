"""Skills as folders: `SKILL.md` with its front matter, and the files that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Final

from foundry.manifest.decoding import Flaw, decoded
from foundry.manifest.marked import Mapping, Mark
from foundry.manifest.schema import check, limit, schema_of
from foundry.manifest.world import World, section, words
from foundry.manifest.yaml12 import read
from foundry.model import KnowledgeFile

_MEMBER: Final = "SKILL.md"
_FRONT: Final = re.compile(
    r"\A---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*$\r?\n?(?P<text>.*)\Z", re.DOTALL | re.MULTILINE
)
_TOOL: Final = re.compile(r"[^\s(]+(?:\([^)]*\))?")
_IN_THE_FOLDER: Final = ("description", "license", "compatibility", "allowed_tools")


@dataclass(frozen=True)
class SkillFolder:
    """What a folder says of a skill; `files` are those beside `SKILL.md`, by their path in the folder."""

    description: str = ""
    instructions: str = ""
    license: str | None = None
    compatibility: str | None = None
    allowed_tools: tuple[str, ...] = ()
    metadata: AnyMapping[str, str] = field(default_factory=dict)
    files: AnyMapping[str, KnowledgeFile] = field(default_factory=dict)


def folder_of(tree: Mapping, world: World) -> SkillFolder | None:
    """The folder that a Skill document names; None, with findings, when it is no skill."""
    at = tree.values_at["folder"]
    for key in _IN_THE_FOLDER:
        if key in tree:
            told = key.replace("_", "-")
            world.report.error(
                tree.keys_at[key],
                f"`{key}` beside `folder`: the folder's {_MEMBER} says it",
                f"write it as `{told}` into the front matter there",
            )
    exclude = [pattern for pattern, _ in words(tree, "exclude")]
    taken = world.shelf.folder(str(tree["folder"]), at, exclude, what=f"{_MEMBER} and the files beside it")
    if taken is None:
        return None
    folder, files = taken
    member = files.pop(_MEMBER, None)
    if member is None and world.shelf.is_file(f"{folder}/{_MEMBER}"):
        world.report.error(
            tree.values_at["exclude"],
            f"`exclude` leaves {_MEMBER} out",
            "exclude less: it is the skill's text",
        )
        return None
    if member is None:
        world.report.error(at, f"{folder} has no {_MEMBER}", "write one: front matter, and the skill's text")
        return None
    whole = decoded(world.shelf.content(member))
    if isinstance(whole, Flaw):
        world.report.error(Mark(member.path, whole.line, whole.column), whole.what, whole.fix)
        return None
    return _parsed(whole, Mark(member.path, 1, 1), files, world)


def _parsed(
    whole: str, start: Mark, files: AnyMapping[str, KnowledgeFile], world: World
) -> SkillFolder | None:
    found = _FRONT.match(whole)
    if found is None:
        world.report.error(
            start, "there is no front matter", "begin the file with `---`, `description: …` and `---`"
        )
        return None
    # A blank line in the place of the first `---` keeps the places of what follows.
    front = read("\n" + found["front"], start.path, world.report, material=True)
    if not front.sound:
        return None
    if not isinstance(front.value, Mapping):
        world.report.error(start, "the front matter is not a mapping", "write `description: …` into it")
        return None
    if check("Skill", front.value, world.report, definition="front_matter"):
        return None
    if "description" not in front.value:
        return None
    told, text = front.value, found["text"].strip()
    if not text:
        world.report.error(start, "there is no text after the front matter", "write the skill there")
    fields = schema_of("Skill")["properties"]
    for what, length, most in (
        ("`description`", len(told["description"]), limit("Skill", "properties", "description")),
        ("`compatibility`", len(told.get("compatibility", "")), fields["compatibility"]["maxLength"]),
        ("the text", len(text), limit("Skill", "properties", "instructions")),
    ):
        if length > most:
            world.report.error(
                start,
                f"{what} has {length:,} characters, more than the {most:,} that the service takes",
                "shorten it",
            )
    return SkillFolder(
        description=str(told.get("description", "")).strip(),
        instructions=text,
        license=told.get("license"),
        compatibility=told.get("compatibility"),
        allowed_tools=tuple(_TOOL.findall(told.get("allowed-tools", ""))),
        metadata=dict(section(told, "metadata")),
        files=files,
    )
