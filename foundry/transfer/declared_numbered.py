"""Live toolboxes and skills as declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foundry.reconcile.marks import without_mark
from foundry.service.live import LiveNumbered, LiveNumberedVersion
from foundry.transfer.declared_tools import skills_tree, tools_tree
from foundry.transfer.document import Declaration, Writing
from foundry.transfer.names import Names


def toolbox_declaration(
    name: str,
    live: LiveNumbered,
    newest: LiveNumberedVersion,
    to: Names,
    *,
    adopt: str | Mapping[str, str] | None,
) -> Declaration:
    """A toolbox as a declaration: what its newest version holds, and which version its name stands for where that is another."""
    writing, told = Writing(name), newest.definition
    tree = _beginning("Toolbox", name, live, writing)
    if told.get("description"):
        tree["description"] = writing.inline(str(told["description"]))
    tree["tools"] = dict(tools_tree(told.get("tools") or (), to, writing, kind="Toolbox"))
    if told.get("skills"):
        tree["skills"] = skills_tree(told["skills"], to)
    if told.get("content_filter"):
        tree["content_filter"] = writing.inline(str(told["content_filter"]))
    return writing.done("Toolbox", tree | _end(live, newest, adopt, writing))


def skill_declaration(
    name: str,
    live: LiveNumbered,
    newest: LiveNumberedVersion,
    *,
    adopt: str | Mapping[str, str] | None,
    folder: str | None = None,
) -> Declaration:
    """A skill as a declaration, its text in a file of its own where it is long.

    `folder` is where its package has been taken to, relative to the documents of skills; None for one that is a text alone.
    """
    writing, told = Writing(name), newest.definition
    tree = _beginning("Skill", name, live, writing)
    if folder is not None:
        end = _end(live, newest, adopt, writing)
        end.pop("metadata", None)
        return writing.done("Skill", tree | {"folder": folder} | end)
    tree["description"] = writing.inline(str(told["description"]))
    tree["instructions"] = writing.long_text("skill-texts", f"{name}.md", str(told["instructions"]))
    if told.get("files"):
        paths = ", ".join(file["path"] for file in told["files"])
        writing.lose("files", f"its package has files that can't be taken: {paths}")
    for key in ("license", "compatibility", "allowed_tools"):
        if told.get(key):
            tree[key] = writing.inside(told[key])
    return writing.done("Skill", tree | _end(live, newest, adopt, writing))


def _beginning(kind: str, name: str, live: LiveNumbered, writing: Writing) -> dict[str, Any]:
    other = {} if live.id == name else {"service_name": writing.inline(live.id)}
    return {"kind": kind, "name": name, **other}


def _end(
    live: LiveNumbered,
    newest: LiveNumberedVersion,
    adopt: str | Mapping[str, str] | None,
    writing: Writing,
) -> dict[str, Any]:
    pin = {"default_version": live.default} if live.default != live.latest else {}
    pairs = {key: writing.inline(value) for key, value in without_mark(newest.metadata).items()}
    taken = {"lifecycle": {"adopt": adopt}} if adopt is not None else {}
    return {**pin, **({"metadata": pairs} if pairs else {}), **taken}
