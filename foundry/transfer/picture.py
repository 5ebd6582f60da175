"""The picture of an environment: agents, their tools, and what those reach, as Mermaid or SVG.

The layout is a layered one: every arrow leads to the right, long arrows bend around what lies between, and the order within a
layer is the one with few crossings that a number of sweeps by the middle of the neighbours finds.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
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
    box of their own, as names and types.
    """

    id: str
    kind: str
    label: str
    note: str = ""
    status: Status = Status.PLAIN
    tools: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Edge:
    """An arrow from what uses to what is used."""

    source: str
    target: str


@dataclass(frozen=True)
class Picture:
    """Nodes and arrows, in an order that the same declarations always give."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


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
    """The same picture; where it has very many tools, each is named in the box of what has it, and arrows lead past it."""
    tools = {node.id: node for node in picture.nodes if node.kind == "tool"}
    if len(tools) <= _MANY_TOOLS:
        return picture
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
    lines = ["flowchart LR"]
    for node in picture.nodes:
        opening, closing = _MERMAID_SHAPES[node.kind]
        label = f"{_mermaid_text(node.label)}<br>{_mermaid_text(' · '.join(_told(node)))}"
        lines.append(f'  {names[node.id]}{opening}"{label}"{closing}')
    lines += [f"  {names[edge.source]} --> {names[edge.target]}" for edge in picture.edges]
    for status, (fill, line, _) in _COLOURS.items():
        ids = [names[node.id] for node in picture.nodes if node.status is status]
        if ids and status is not Status.PLAIN:
            word = status.name.lower()
            lines += [
                f"  classDef {word} fill:{fill},stroke:{line},color:#1b1f24",
                f"  class {','.join(ids)} {word}",
            ]
    return "\n".join(lines) + "\n"


def svg(picture: Picture) -> str:
    """The picture as an SVG document that needs nothing from elsewhere."""
    placed = _placed(picture)
    boxes = {node.id: placed.boxes[node.id] for node in picture.nodes}
    width = max((box.x + _WIDTH for box in boxes.values()), default=0) + _MARGIN
    shown = [status for status in _COLOURS if any(node.status is status for node in picture.nodes)]
    height = max((box.y + _HEIGHT for box in boxes.values()), default=0) + 2 * _MARGIN
    width = max(width, _MARGIN + len(shown) * _LEGEND)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img" aria-label="{escape(picture.title)}" font-family="system-ui, sans-serif" font-size="12">'
        ),
        f"<title>{escape(picture.title)}</title>",
        (
            '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z" fill="#8c959f"/></marker></defs>'
        ),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    parts += [_arrow(placed, edge) for edge in picture.edges]
    parts += [_box(node, boxes[node.id]) for node in picture.nodes]
    for number, status in enumerate(shown):
        fill, line, dash = _COLOURS[status]
        x, y = _MARGIN + number * _LEGEND, height - _MARGIN
        parts.append(
            f'<rect x="{x}" y="{y - 9}" width="12" height="12" rx="2" fill="{fill}" stroke="{line}"{dash}/>'
            f'<text x="{x + 18}" y="{y + 1}" fill="#57606a">{escape(status.value)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


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
_COLOURS: Final = {
    Status.LIVE: ("#dafbe1", "#1a7f37", ""),
    Status.DRIFT: ("#fff1c2", "#bf8700", ""),
    Status.ABSENT: ("#f6f8fa", "#57606a", ' stroke-dasharray="4 3"'),
    Status.GONE: ("#ffd8d3", "#cf222e", ' stroke-dasharray="4 3"'),
    Status.PLAIN: ("#ffffff", "#8c959f", ""),
}
_MARGIN, _WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _LEGEND = 24, 168, 40, 72, 14, 140
_SWEEPS: Final = 8
_MANY_TOOLS: Final = 30
"""With more of them as boxes, a picture is too tall to be followed."""
_LONGEST_LABEL: Final = 24


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


def _told(node: Node) -> list[str]:
    loud = node.status in (Status.DRIFT, Status.GONE)
    tools = [", ".join(name for name, _ in node.tools)] if node.tools else []
    note = [node.note] if node.note else []
    return [node.kind, *note, *([node.status.value] if loud else []), *tools]


def _tooltip(node: Node) -> str:
    tools = ", ".join(f"{name} ({kind})" for name, kind in node.tools)
    return f"{node.kind} {node.label}: {node.status.value}" + (f"; tools: {tools}" if tools else "")


def _mermaid_text(text: str) -> str:
    return re.sub(r"[\"#;<>&]", lambda found: f"#{ord(found[0])};", " ".join(text.split()))


# ---- where things stand


@dataclass(frozen=True)
class _Box:
    x: int
    y: int


@dataclass(frozen=True)
class _Placed:
    """Boxes by node, and the places that a long arrow goes through, by arrow."""

    boxes: Mapping[str, _Box]
    bends: Mapping[Edge, tuple[str, ...]]


def _placed(picture: Picture) -> _Placed:
    layers = _layers(picture)
    columns: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for node in picture.nodes:
        columns[layers[node.id]].append(node.id)
    bends: dict[Edge, tuple[str, ...]] = {}
    links: list[tuple[str, str]] = []
    for edge in picture.edges:
        between = tuple(
            f"{edge.source}>{edge.target}@{layer}"
            for layer in range(layers[edge.source] + 1, layers[edge.target])
        )
        for layer, bend in enumerate(between, start=layers[edge.source] + 1):
            columns[layer].append(bend)
        bends[edge] = between
        chain = (edge.source, *between, edge.target)
        links += itertools.pairwise(chain)
    _untangle(columns, links)
    boxes: dict[str, _Box] = {}
    tallest = max((_height(column) for column in columns), default=0)
    for number, column in enumerate(columns):
        y = _MARGIN + (tallest - _height(column)) // 2
        for one in column:
            boxes[one] = _Box(_MARGIN + number * (_WIDTH + _GAP_X), y)
            y += (_HEIGHT if "@" not in one else 0) + _GAP_Y
    return _Placed(boxes, bends)


def _height(column: Sequence[str]) -> int:
    return sum((_HEIGHT if "@" not in one else 0) + _GAP_Y for one in column)


def _layers(picture: Picture) -> dict[str, int]:
    """How far right each node stands: one further than everything that uses it."""
    users: dict[str, list[str]] = {node.id: [] for node in picture.nodes}
    for edge in picture.edges:
        users[edge.target].append(edge.source)
    known: dict[str, int] = {}

    def layer(id_: str, above: frozenset[str]) -> int:
        if id_ in above:  # what isn't declared here may lead in a circle
            return -1
        if id_ not in known:
            known[id_] = 1 + max((layer(user, above | {id_}) for user in users[id_]), default=-1)
        return known[id_]

    for node in picture.nodes:
        layer(node.id, frozenset())
    return known


def _untangle(columns: list[list[str]], links: Sequence[tuple[str, str]]) -> None:
    """Order each column so that what belongs together stands together."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        order = range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1)
        for number in order:
            neighbours = before if forth else after
            beside = columns[number - 1 if forth else number + 1]
            columns[number].sort(key=_middle(neighbours, {one: place for place, one in enumerate(beside)}))


def _middle(neighbours: Mapping[str, Sequence[str]], places: Mapping[str, int]) -> Callable[[str], float]:
    def middle(id_: str) -> float:
        found = [places[one] for one in neighbours.get(id_, ()) if one in places]
        return sum(found) / len(found) if found else len(places)

    return middle


def _arrow(placed: _Placed, edge: Edge) -> str:
    start, end = placed.boxes[edge.source], placed.boxes[edge.target]
    x, y = start.x + _WIDTH, start.y + _HEIGHT // 2
    path = f"M{x},{y}"
    for bend in placed.bends[edge]:
        box = placed.boxes[bend]
        path += (
            f" C{x + _GAP_X // 2},{y} {box.x - _GAP_X // 2},{box.y} {box.x},{box.y} L{box.x + _WIDTH},{box.y}"
        )
        x, y = box.x + _WIDTH, box.y
    to_y = end.y + _HEIGHT // 2
    path += f" C{x + _GAP_X // 2},{y} {end.x - _GAP_X // 2},{to_y} {end.x},{to_y}"
    return f'<path d="{path}" fill="none" stroke="#8c959f" marker-end="url(#end)"/>'


def _box(node: Node, box: _Box) -> str:
    fill, line, dash = _COLOURS[node.status]
    radius = {"agent": _HEIGHT // 2, "store": 8, "index": 8, "memory": 8}.get(node.kind, 3)
    middle = box.x + _WIDTH // 2
    told = " · ".join(_told(node))
    return (
        f"<g><title>{escape(_tooltip(node))}</title>"
        f'<rect x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius}" fill="{fill}" stroke="{line}"{dash}/>'
        f'<text x="{middle}" y="{box.y + 17}" text-anchor="middle" font-weight="600" fill="#1b1f24">{_cut(node.label)}</text>'
        f'<text x="{middle}" y="{box.y + 31}" text-anchor="middle" font-size="10" fill="#57606a">{_cut(told, 32)}</text></g>'
    )


def _cut(text: Any, longest: int = _LONGEST_LABEL) -> str:
    flat = " ".join(str(text).split())
    return escape(flat if len(flat) <= longest else f"{flat[: longest - 1]}…")
