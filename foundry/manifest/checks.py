"""Checks of an agent: their files found, their expectations sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from foundry.manifest.marked import Mapping, Mark, Sequence
from foundry.manifest.near import meant
from foundry.manifest.schema import limit
from foundry.manifest.world import World, items, section, unfilled, words
from foundry.model import Attachment, Check, Conversation, Dialect, Expectation, Image, KnowledgeFile

_ANSWERED: Final = ("function", "logic_app", "custom")
"""Tools that the calling program runs."""


def checks_of(tree: Mapping, world: World) -> tuple[Check, ...]:
    """The checks that an agent declares, in the order written."""
    return tuple(
        _check(name, check, tree, world)
        for name, check in section(tree, "checks").items()
        if isinstance(check, Mapping)
    )


def _check(name: str, check: Mapping, agent: Mapping, world: World) -> Check:
    dialect = world.dialect_of(agent)
    if dialect is not Dialect.CLASSIC:
        for at, what, fix in _only_classic(check):
            if dialect is Dialect.BOTH:
                world.report.warning(at, f"{what}: this check is held on the classic form alone", fix)
            else:
                world.report.error(at, what, fix)
    return Check(
        name=name,
        conversation=Conversation(
            ask=tuple(_questions(check, world)),
            attachments=tuple(_attachment(item, world) for item, _ in items(check, "attachments")),
            images=tuple(_image(item, world) for item, _ in items(check, "images")),
            knowledge=tuple(_files(check, "knowledge", world)),
            functions=dict(_functions(section(check, "functions"), agent, world)),
            stream=check.get("stream") is True,
        ),
        expect=_expectation(section(check, "expect"), agent, world),
        judge=_judge(check, agent, world),
        ground_truth=_ground_truth(check, world),
        position=check.mark.position,
    )


def _judge(check: Mapping, agent: Mapping, world: World) -> str | None:
    judge = check.get("judge")
    if isinstance(judge, str):
        world.deployment(judge, check.values_at["judge"])
        return judge
    expect = section(check, "expect")
    if "evaluators" in expect and not isinstance(agent.get("model"), str):
        world.report.error(
            expect.keys_at["evaluators"],
            "the agent has no deployment of this Environment that could judge its answers",
            "name one as the check's `judge`",
        )
    return None


def _ground_truth(check: Mapping, world: World) -> str | None:
    at = check.values_at.get("ground_truth", check.mark)
    return next(_text(world.text(check, "ground_truth", _longest()), at, world), None)


def _only_classic(check: Mapping) -> Iterator[tuple[Mark, str, str]]:
    """What a conversation of the versioned dialect can't have: where, what, and what to do."""
    if "knowledge" in check:
        yield (
            check.keys_at["knowledge"],
            "a conversation of the versioned dialect has no vector store of its own",
            "give the files to the question under `attachments`, or to the agent",
        )
    for item, _ in items(check, "attachments"):
        if not isinstance(item, Mapping):
            continue
        if _texts(item, "tools") == ("code_interpreter",):
            yield (
                item.values_at["tools"],
                "a question of the versioned dialect brings no files to the code interpreter",
                "give the file to the tool under `files`",
            )
        if "data_source" in item:
            yield (
                item.keys_at["data_source"],
                "a question of the versioned dialect takes no data source",
                "attach a `file` of this repository",
            )


def _questions(check: Mapping, world: World) -> Iterator[str]:
    longest = _longest()
    asked = check.get("ask")
    if not isinstance(asked, Sequence):
        yield from _text(world.text(check, "ask", longest), check.values_at.get("ask", check.mark), world)
        return
    for item, at in items(check, "ask"):
        # A list has no keys to read a text by: each question is read as if it stood alone.
        alone = Mapping(at)
        alone.put("ask", item, at, at)
        yield from _text(world.text(alone, "ask", longest), at, world)


def _longest() -> int:
    return limit("Agent", "properties", "instructions")


def _text(text: Any, at: Mark, world: World) -> Iterator[str]:
    if isinstance(text, str):
        yield text
    elif text is not None:
        world.report.error(
            at,
            "a question speaks of a queue's address, which is known only after deployment",
            "ask without it",
        )


def _expectation(told: Mapping, agent: Mapping, world: World) -> Expectation:
    tools = section(agent, "tools")
    for tool, at in words(told, "tools"):
        if tool not in tools and "tools" in agent:
            fix = meant(tool, tools, none="leave it out", have="the agent has")
            if (removed := tools.removed_at.get(tool)) is not None:
                fix = f"{removed.position} removes it: remove what expects it there, too"
            world.report.error(at, f"the check expects a tool `{tool}` that the agent does not have", fix)
    for pattern, at in words(told, "matches"):
        try:
            re.compile(pattern)
        except re.error as error:
            world.report.error(at, f"`{pattern}` is no regular expression: {error}", "correct it")
    return Expectation(
        contains=_texts(told, "contains"),
        matches=_texts(told, "matches"),
        json_schema=world.json_schema(told, "json_schema"),
        tools=_texts(told, "tools"),
        cites=_texts(told, "cites"),
        max_seconds=told.get("max_seconds"),
        max_tokens=told.get("max_tokens"),
        evaluators=dict(section(told, "evaluators")),
    )


def _texts(tree: Mapping, key: str) -> tuple[str, ...]:
    return tuple(text for text, _ in words(tree, key))


def _attachment(item: Any, world: World) -> Attachment:
    if not isinstance(item, Mapping):
        return Attachment(())
    tools = _texts(item, "tools")
    source = item.get("data_source")
    return Attachment(
        tools=tools,
        file=_file(item, world, searchable="file_search" in tools),
        data_source=unfilled(dict(source)) if isinstance(source, Mapping) else None,
    )


def _image(item: Any, world: World) -> Image:
    if not isinstance(item, Mapping):
        return Image()
    return Image(_file(item, world, searchable=False), item.get("url"), item.get("detail"))


def _file(item: Mapping, world: World, *, searchable: bool) -> KnowledgeFile | None:
    path = item.get("file")
    if not isinstance(path, str):
        return None
    return world.shelf.knowledge(path, item.values_at["file"], searchable=searchable)


def _files(check: Mapping, key: str, world: World) -> Iterator[KnowledgeFile]:
    for path, at in words(check, key):
        found = world.shelf.knowledge(path, at, searchable=True)
        if found is not None:
            yield found


def _functions(told: Mapping, agent: Mapping, world: World) -> Iterator[tuple[str, Any]]:
    types: dict[str, Any] = {}
    for name, tool in section(agent, "tools").items():
        if isinstance(tool, Mapping):
            inside = section(tool, "tools").items()
            types |= {one: inner.get("type") for one, inner in inside if isinstance(inner, Mapping)}
            types[name] = tool.get("type")
    callable_ = [name for name, kind in types.items() if kind in _ANSWERED]
    for name, answer in told.items():
        if name not in callable_ and "raw" not in types.values():
            fix = meant(name, callable_, none="leave it out", have="the agent's functions are")
            world.report.error(
                told.keys_at[name], f"the check answers a function `{name}` that the agent does not have", fix
            )
        path = answer.get("file") if isinstance(answer, Mapping) and set(answer) == {"file"} else None
        if isinstance(path, str):
            yield name, world.shelf.text(path, answer.values_at["file"], None) or ""
        else:
            yield name, unfilled(answer)
