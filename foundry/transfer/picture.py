"""The picture of an environment: agents, their tools, and what those reach; and as Mermaid.

Where things stand in the SVG is decided in `layout`, how they look in `drawing`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from foundry.model import Manifest, ModelElsewhere, SkillReference, Tool


class Status(StrEnum):
    """How the live side of something stands against its declaration."""

    LIVE = "as applied"
    DRIFT = "changed outside"
    ABSENT = "not up yet"
    GONE = "gone"
    PLAIN = "declared"


@dataclass(frozen=True)
class Node:
    """Something in the picture. `note` is its second line.

    `kind` is agent, tool, store, index, memory, toolbox, skill, model, connection or queue. `tools` are those that have no
    box of their own, as names and types; `reaches` are the names of what no arrow leads to, because very many reach it,
    and `users` is how many reach this one in that way.
    """

    id: str
    kind: str
    label: str
    note: str = ""
    status: Status = Status.PLAIN
    tools: tuple[tuple[str, str], ...] = ()
    reaches: tuple[str, ...] = ()
    users: int = 0


@dataclass(frozen=True)
class Group:
    """Things that use the same, and are used by the same: `members` are ids of nodes, and arrows lead from and to the group."""

    id: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Edge:
    """An arrow from what uses to what is used: the ids of nodes or groups."""

    source: str
    target: str


@dataclass(frozen=True)
class Picture:
    """Nodes and arrows, in an order that the same declarations always give."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...] = ()


def picture_of(manifest: Manifest, status: Mapping[tuple[str, str], Status]) -> Picture:
    """The picture of what a stack declares.

    Args:
        manifest: the declarations.
        status: how things stand live, by kind (Agent, VectorStore, SearchIndex, MemoryStore, Toolbox, Skill) and name; what isn't
            in it is only declared.
    """
    drawing = _Drawing(status)
    for deployment in manifest.environment.deployments:
        drawing.node("model", deployment.name, deployment.model_name)
    for connection in manifest.environment.connections:
        drawing.node("connection", connection.name, connection.category)
    for queue in manifest.environment.storage.queues if manifest.environment.storage else ():
        drawing.node("queue", queue, "")
    for store in manifest.vector_stores:
        files = len(store.files) or len(store.data_sources)
        drawing.node("store", store.name, f"{files} {'file' if files == 1 else 'files'}")
    deployed = {one.name for one in manifest.environment.deployments}
    for index in manifest.search_indexes:
        here = drawing.node("index", index.name, "")
        for name in _vectorizers(index.definition):
            if name in deployed:
                drawing.edge(here, drawing.node("model", name, "deployment"))
    for memory in manifest.memory_stores:
        here = drawing.node("memory", memory.name, "")
        for deployment_name in (memory.chat_model, memory.embedding_model):
            drawing.edge(here, drawing.node("model", deployment_name, "deployment"))
    for skill in manifest.skills:
        drawing.node("skill", skill.name, "")
    for toolbox in manifest.toolboxes:
        here = drawing.node("toolbox", toolbox.name, "")
        _draw_tools(drawing, here, here, toolbox.tools)
        _draw_skills(drawing, here, toolbox.skills)
    for agent in manifest.agents:
        drawing.node("agent", agent.name, agent.dialect.value)
    for agent in manifest.agents:
        here = f"agent:{agent.name}"
        if isinstance(agent.model, ModelElsewhere):
            drawing.edge(here, drawing.node("connection", agent.model.connection, agent.model.deployment))
        elif agent.model:
            drawing.edge(here, drawing.node("model", agent.model, "deployment"))
        for one in agent.evaluation.evaluators if agent.evaluation is not None else ():
            if one.model is not None:
                drawing.edge(here, drawing.node("model", one.model, "deployment"))
        _draw_tools(drawing, here, agent.name, agent.tools)
        _draw_skills(drawing, here, agent.skills)
        if agent.voice is not None:
            _draw_voice(drawing, here, agent.voice)
    count = len(manifest.agents)
    title = f"{manifest.environment.name}: {count} agent{'' if count == 1 else 's'}"
    return Picture(title, tuple(drawing.nodes.values()), tuple(dict.fromkeys(drawing.edges)))


def _draw_voice(drawing: _Drawing, here: str, voice: Mapping[str, Any]) -> None:
    """What an agent that is spoken with speaks through, and whom it asks."""
    if voice.get("model"):
        whose = "deployment" if voice.get("model_type") == "self_deployed" else "managed"
        drawing.edge(here, drawing.node("model", str(voice["model"]), whose))
    engine = voice.get("conversation_engine") or {}
    asked = [
        (engine.get("agent"), engine.get("name")),
        *(
            (one.get("agent"), one.get("agent_name"))
            for one in (voice.get("subagent_config") or {}).get("subagents", ())
        ),
    ]
    for name in (declared or elsewhere for declared, elsewhere in asked):
        if name:
            drawing.edge(here, drawing.node("agent", str(name), "elsewhere"))


def around(picture: Picture, agents: Collection[str]) -> Picture:
    """The part of a picture that has to do with some agents, by name: what they reach, however far, and who hands over to them."""
    ours = {f"agent:{name}" for name in agents}
    forth: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for edge in picture.edges:
        forth.setdefault(edge.source, []).append(edge.target)
        back.setdefault(edge.target, []).append(edge.source)
    kept = _reached(ours, forth) | _reached(ours, back)
    return Picture(
        picture.title,
        tuple(node for node in picture.nodes if node.id in kept),
        tuple(edge for edge in picture.edges if {edge.source, edge.target} <= kept),
    )


def calm(picture: Picture) -> Picture:
    """The same picture, so that it can be followed where there is very much in it.

    Each tool is named in the box of what has it, and arrows lead past it; a model or a connection that very many reach is named
    there, too; and those of which the arrows lead to the same things are put into one group.
    """
    tools = {node.id: node for node in picture.nodes if node.kind == "tool"}
    if len(tools) <= _MANY_TOOLS:
        return picture
    return _grouped(_without_hubs(_without_tools(picture, tools)))


def _without_tools(picture: Picture, tools: Mapping[str, Node]) -> Picture:
    user = {edge.target: edge.source for edge in picture.edges if edge.target in tools}
    inside: dict[str, list[tuple[str, str]]] = {}
    for id_, node in tools.items():
        inside.setdefault(user[id_], []).append((node.label, node.note))
    edges = (
        Edge(user.get(edge.source, edge.source), edge.target)
        for edge in picture.edges
        if edge.target not in tools
    )
    nodes = (
        replace(node, tools=tuple(inside.get(node.id, ()))) for node in picture.nodes if node.id not in tools
    )
    return Picture(picture.title, tuple(nodes), tuple(dict.fromkeys(edges)))


def _without_hubs(picture: Picture) -> Picture:
    users = Counter(edge.target for edge in picture.edges)
    hubs = {
        node.id: node.label
        for node in picture.nodes
        if node.kind in ("model", "connection") and users[node.id] > _MANY_USERS
    }
    reached: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.target in hubs:
            reached.setdefault(edge.source, []).append(hubs[edge.target])
    nodes = (
        replace(node, users=users[node.id])
        if node.id in hubs
        else replace(node, reaches=tuple(reached.get(node.id, ())))
        for node in picture.nodes
    )
    return Picture(
        picture.title, tuple(nodes), tuple(edge for edge in picture.edges if edge.target not in hubs)
    )


def _grouped(picture: Picture) -> Picture:
    ends: dict[str, set[tuple[str, str]]] = {}
    for edge in picture.edges:
        ends.setdefault(edge.source, set()).add(("to", edge.target))
        ends.setdefault(edge.target, set()).add(("from", edge.source))
    alike: dict[tuple[str, frozenset[tuple[str, str]]], list[str]] = {}
    for node in picture.nodes:
        if node.id in ends:
            alike.setdefault((node.kind, frozenset(ends[node.id])), []).append(node.id)
    groups = tuple(
        Group(f"group:{number}", tuple(members))
        for number, members in enumerate(
            members for members in alike.values() if len(members) >= _ENOUGH_FOR_A_GROUP
        )
    )
    place = {member: group.id for group in groups for member in group.members}
    edges = (
        Edge(place.get(edge.source, edge.source), place.get(edge.target, edge.target))
        for edge in picture.edges
    )
    return Picture(picture.title, picture.nodes, tuple(dict.fromkeys(edges)), groups)


def _reached(starts: Collection[str], steps: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += steps.get(one, ())
    return found


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart."""
    names = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    names |= {group.id: f"g{number}" for number, group in enumerate(picture.groups)}
    lines = ["flowchart LR"]
    for node in picture.nodes:
        opening, closing = _MERMAID_SHAPES[node.kind]
        label = f"{_mermaid_text(node.label)}<br>{_mermaid_text(' · '.join(told(node)))}"
        lines.append(f'  {names[node.id]}{opening}"{label}"{closing}')
    for group in picture.groups:
        # Links that nobody sees put the members into rows: without them Mermaid stacks all of them.
        members = [names[member] for member in group.members]
        rows = (
            members[start : start + columns_of(group)] for start in range(0, len(members), columns_of(group))
        )
        lines += [
            f'  subgraph {names[group.id]}[" "]',
            *(f"    {' ~~~ '.join(row)}" for row in rows),
            "  end",
        ]
    lines += [f"  {names[edge.source]} --> {names[edge.target]}" for edge in picture.edges]
    for status, (fill, line, _) in COLOURS.items():
        ids = [names[node.id] for node in picture.nodes if node.status is status]
        if ids and status is not Status.PLAIN:
            word = status.name.lower()
            lines += [
                f"  classDef {word} fill:{fill},stroke:{line},color:#1b1f24",
                f"  class {','.join(ids)} {word}",
            ]
    return "\n".join(lines) + "\n"


def columns_of(group: Group) -> int:
    """How many members of a group stand side by side."""
    return min(_WIDEST_GROUP, math.ceil(math.sqrt(len(group.members) / 2)))


def told(node: Node) -> list[str]:
    """The words below a node's name: what it is, and what has no box or arrow of its own."""
    loud = node.status in (Status.DRIFT, Status.GONE)
    note = [node.note] if node.note else []
    return [node.kind, *([node.status.value] if loud else []), *note, *inside(node)]


def inside(node: Node) -> list[str]:
    """What a node has and reaches without an arrow, in words."""
    tools = [", ".join(name for name, _ in node.tools)] if node.tools else []
    return [*([f"used by {node.users}"] if node.users else []), *node.reaches, *tools]


def tooltip(node: Node) -> str:
    """Everything that is known of a node."""
    tools = ", ".join(f"{name} ({kind})" for name, kind in node.tools)
    more = [f"tools: {tools}"] if tools else []
    more += [f"uses: {', '.join(node.reaches)}"] if node.reaches else []
    return "; ".join([f"{node.kind} {node.label}: {node.status.value}", *more])


# ---- what a picture is made of

_KINDS: Final = {
    "agent": "Agent",
    "store": "VectorStore",
    "index": "SearchIndex",
    "memory": "MemoryStore",
    "toolbox": "Toolbox",
    "skill": "Skill",
}
_MERMAID_SHAPES: Final = {
    "agent": ("([", "])"),
    "tool": ("[", "]"),
    "store": ("[(", ")]"),
    "index": ("[(", ")]"),
    "memory": ("[(", ")]"),
    "toolbox": ("[[", "]]"),
    "skill": (">", "]"),
    "model": ("{{", "}}"),
    "connection": ("[/", "/]"),
    "queue": ("[[", "]]"),
}
COLOURS: Final = {
    Status.LIVE: ("#dafbe1", "#1a7f37", ""),
    Status.DRIFT: ("#fff1c2", "#bf8700", ""),
    Status.ABSENT: ("#f6f8fa", "#57606a", ' stroke-dasharray="4 3"'),
    Status.GONE: ("#ffd8d3", "#cf222e", ' stroke-dasharray="4 3"'),
    Status.PLAIN: ("#ffffff", "#8c959f", ""),
}
"""Fill, line, and the attribute of a broken line, by status."""
_MANY_TOOLS: Final = 18
"""With more of them as boxes, a picture is too tall to be followed."""
_MANY_USERS: Final = 8
_ENOUGH_FOR_A_GROUP: Final = 3
_WIDEST_GROUP: Final = 4


class _Drawing:
    def __init__(self, status: Mapping[tuple[str, str], Status]) -> None:
        self._status = status
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def node(self, kind: str, label: str, note: str, *, key: str | None = None) -> str:
        id_ = f"{kind}:{key or label}"
        status = self._status.get((_KINDS.get(kind, ""), label), Status.PLAIN)
        self.nodes.setdefault(id_, Node(id_, kind, label, note, status))
        return id_

    def edge(self, source: str, target: str) -> None:
        self.edges.append(Edge(source, target))


def _vectorizers(definition: Mapping[str, Any]) -> Iterator[str]:
    """The deployments that make an index's vectors."""
    for one in (definition.get("vectorSearch") or {}).get("vectorizers") or ():
        yield str((one.get("azureOpenAIParameters") or {}).get("deploymentId"))


def _draw_tools(drawing: _Drawing, user: str, key: str, tools: Sequence[Tool]) -> None:
    for tool in tools:
        there = drawing.node("tool", tool.name, tool.type, key=f"{key}/{tool.name}")
        drawing.edge(user, there)
        for kind, name in _uses(tool):
            drawing.edge(there, drawing.node(kind, name, ""))


def _draw_skills(drawing: _Drawing, user: str, skills: Sequence[SkillReference]) -> None:
    for skill in skills:
        drawing.edge(user, drawing.node("skill", str(skill.skill or skill.name), ""))


def _uses(tool: Tool) -> Iterator[tuple[str, str]]:
    """What a tool reaches, as kind and name; ids of what isn't declared count as names."""
    settings = tool.settings
    for key in ("vector_stores", "vector_store_ids"):
        for name in settings.get(key) or ():
            yield "store", str(name)
    for key in ("index", "index_asset", "index_name", "index_asset_id"):
        if settings.get(key):
            yield "index", str(settings[key])
    auth = settings.get("auth")
    for holder in (settings, auth if isinstance(auth, Mapping) else {}):
        if holder.get("connection"):
            yield "connection", str(holder["connection"])
    for key in ("agent", "agent_id"):
        if settings.get(key):
            yield "agent", str(settings[key])
    for key in ("memory_store", "memory_store_name"):
        if settings.get(key):
            yield "memory", str(settings[key])
    if settings.get("toolbox"):
        yield "toolbox", str(settings["toolbox"])
    for key in ("input_queue", "output_queue"):
        queue = settings.get(key)
        if queue:
            yield "queue", str(queue.get("queue_name") if isinstance(queue, Mapping) else queue)
    if tool.type == "deep_research" and settings.get("model"):
        yield "model", str(settings["model"])


def _mermaid_text(text: str) -> str:
    return re.sub(r"[\"#;<>&]", lambda found: f"#{ord(found[0])};", " ".join(text.split()))
