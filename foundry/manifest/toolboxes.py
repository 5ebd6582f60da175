"""Toolboxes and skills: their references checked, and the values they become."""

from __future__ import annotations

import re
from typing import Any, Final

from foundry.manifest.agents import content_filter, skills_of
from foundry.manifest.dialects import check_reach
from foundry.manifest.identities import check_identities
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, plain
from foundry.manifest.schema import limit
from foundry.manifest.skill_folders import SkillFolder, folder_of
from foundry.manifest.tools import tool_of
from foundry.manifest.world import World, section, words
from foundry.model import Dialect, Skill, Tool, Toolbox

_TOOLBOX_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
_SKILL_NAME: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_MOST_PAIRS: Final = 15
_ENDS: Final = "starting and ending with a letter or a digit"
_KNOWN: Final = frozenset(
    (
        "a2a",
        "azure_ai_search",
        "browser_automation",
        "code_interpreter",
        "fabric_iq_preview",
        "file_search",
        "mcp",
        "openapi",
        "reminder_preview",
        "shell",
        "toolbox_search",
        "web_iq_preview",
        "web_search",
        "work_iq_preview",
    )
)
"""Tools of toolboxes that this tool knows, by the service's words (azure-ai-projects 2.10)."""


def check_names(toolboxes: list[Document], skills: list[Document], world: World) -> None:
    """Find names that the service doesn't take, and those that would be one."""
    rule = f"1 to 63 letters, digits, dashes and underscores, {_ENDS}"
    check_identities(toolboxes, "toolbox", world, form=_TOOLBOX_NAME, rule=rule)
    rule = f"1 to 63 letters, digits and dashes, {_ENDS}"
    check_identities(skills, "skill", world, form=_SKILL_NAME, rule=rule)


def toolbox_of(document: Document, world: World) -> Toolbox:
    """The toolbox that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    return Toolbox(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        tools=_tools(document, world),
        description=_text(tree, "description", "Toolbox", world) or None,
        skills=skills_of(tree, world),
        content_filter=content_filter(tree, world),
        default_version=tree.get("default_version"),
        keep_versions=tree.get("keep_versions"),
        metadata=dict(section(tree, "metadata")),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def skill_of(document: Document, world: World) -> Skill:
    """The skill that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    if "folder" in tree:
        return _from_folder(document, world)
    if "description" not in tree:
        what, fix = "`description` is missing", "add it: what the skill does and when to use it"
        world.report.error(tree.mark, what, fix)
    if "exclude" in tree:
        at = tree.keys_at["exclude"]
        world.report.error(at, "`exclude` without a folder leaves nothing out", "take it out")
    return Skill(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        description=_text(tree, "description", "Skill", world),
        # The package that the service makes of it doesn't tell whether blank lines stood at its ends.
        instructions=_text(tree, "instructions", "Skill", world),
        license=tree.get("license"),
        compatibility=tree.get("compatibility"),
        allowed_tools=tuple(word for word, _ in words(tree, "allowed_tools")),
        default_version=tree.get("default_version"),
        keep_versions=tree.get("keep_versions"),
        metadata=dict(section(tree, "metadata")),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _from_folder(document: Document, world: World) -> Skill:
    tree = document.tree
    told = folder_of(tree, world) or SkillFolder()
    metadata = {**told.metadata, **section(tree, "metadata")}
    if len(metadata) > _MOST_PAIRS:
        world.report.error(
            tree.values_at["metadata"],
            f"with those of the folder's SKILL.md there are {len(metadata)} pairs of metadata, and {_MOST_PAIRS} have room",
            "declare fewer",
        )
    return Skill(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        description=told.description,
        instructions=told.instructions,
        license=told.license,
        compatibility=told.compatibility,
        allowed_tools=told.allowed_tools,
        files=told.files,
        default_version=tree.get("default_version"),
        keep_versions=tree.get("keep_versions"),
        metadata=metadata,
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _text(tree: Mapping, key: str, kind: str, world: World) -> str:
    text = world.text(tree, key, limit(kind, "properties", key))
    if not isinstance(text, str):
        return ""
    if not text.strip():
        world.report.error(tree.values_at[key], f"`{key}` is empty", "write something")
    return text.strip()


def _tools(document: Document, world: World) -> tuple[Tool, ...]:
    declared, tools = section(document.tree, "tools"), []
    for name, tool in declared.items():
        if not isinstance(tool, Mapping) or not isinstance(tool.get("type"), str):
            continue
        kind, at = str(tool["type"]), declared.keys_at[name]
        tools.append(_raw(name, tool, at, world) if kind == "raw" else tool_of(name, kind, tool, at, world))
        for store, there in words(tool, "vector_stores"):
            check_reach(document, Dialect.VERSIONED, store, there, world)
    return tuple(tools)


def _raw(name: str, tree: Mapping, at: Mark, world: World) -> Tool:
    body = section(tree, "body")
    kind = body.get("type")
    if kind in _KNOWN:
        what = f"a tool of type `{kind}` is one that this tool knows, and would be read back as such"
        fix = f"write `type: {kind.removesuffix('_preview')}` and its fields"
        world.report.error(body.values_at["type"], what, fix)
    misplaced = [key for key in ("name", "description", "tool_configs") if key in body]
    for key in misplaced:
        what = f"`body.{key}` has a place outside of `body`"
        fix = "the tool's key is its name" if key == "name" else f"write `{key}` beside `body`"
        world.report.error(body.keys_at[key], what, fix)
    if kind not in _KNOWN and not misplaced:
        what = f"`{kind}` is sent as it stands, and nothing of it is checked"
        world.report.warning(at, what, "look at it in every review")
    settings: dict[str, Any] = {key: plain(value) for key, value in tree.items() if key != "type"}
    return Tool(name, "raw", settings, (), at.position)
