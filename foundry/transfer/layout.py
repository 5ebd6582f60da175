"""Where the things of a picture stand: pure geometry, in pixels.

What hangs together by arrows is laid out in layers: every arrow leads to the right, long arrows bend around what lies between, and
the order within a layer is the one with few crossings that a number of sweeps by the middle of the neighbours finds. A layer with
very many things is told in several columns. The parts are then put beside and below each other, so that the whole is a page.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from foundry.transfer.picture import Edge, Node, Picture, columns_of

WIDTH: Final = 168
GAP_X: Final = 72
_GAP_Y: Final = 14
_LOW, _HIGH = 40, 54
_SWEEPS: Final = 8
_MOST_IN_A_COLUMN: Final = 16
_SHAPE: Final = 1.4
"""Width by height of a page that lies on its side."""
_APART: Final = 36
_INSIDE: Final = 12
_BETWEEN: Final = 12


@dataclass(frozen=True)
class Box:
    """A place: its left upper corner and its size."""

    x: int
    y: int
    width: int
    height: int

    def moved(self, x: int, y: int) -> Box:
        """The same box elsewhere."""
        return Box(self.x + x, self.y + y, self.width, self.height)


@dataclass
class Layout:
    """The boxes of nodes and the frames of groups by their ids, and what an arrow crosses from left to right, by arrow.

    That is a box without height each: the rest of the column that it starts in, and every column that lies between.
    """

    boxes: dict[str, Box] = field(default_factory=dict)
    crossed: dict[Edge, list[Box]] = field(default_factory=dict)

    def add(self, other: Layout, x: int, y: int) -> None:
        """Takes another layout in, so that its corner is at x, y."""
        self.boxes |= {id_: box.moved(x, y) for id_, box in other.boxes.items()}
        self.crossed |= {edge: [box.moved(x, y) for box in boxes] for edge, boxes in other.crossed.items()}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of everything."""
        ends = [*self.boxes.values(), *itertools.chain(*self.crossed.values())]
        return (
            max((box.x + box.width for box in ends), default=0),
            max((box.y + box.height for box in ends), default=0),
        )


def height_of(node: Node) -> int:
    """The height of a node's box: what it has inside takes a line of its own."""
    return _HIGH if node.tools or node.reaches or node.users else _LOW


def layout_of(picture: Picture) -> Layout:
    """Where everything stands, from 0, 0 on."""
    parts = list(_parts(picture))
    area = sum((width + _APART) * (height + _APART) for width, height in (part.size for part in parts))
    widest = max([math.isqrt(int(area * _SHAPE)), *(part.size[0] for part in parts)], default=0)
    whole = Layout()
    x = y = tallest = 0
    for part in sorted(parts, key=lambda one: -one.size[1]):
        width, height = part.size
        if x and x + width > widest:
            x, y, tallest = 0, y + tallest + _APART, 0
        whole.add(part, x, y)
        x, tallest = x + width + _APART, max(tallest, height)
    return whole


def _parts(picture: Picture) -> Iterator[Layout]:
    """What hangs together, each by itself; last what hangs together with nothing."""
    nodes = {node.id: node for node in picture.nodes}
    grids = {
        group.id: _grid([nodes[member] for member in group.members], columns_of(group), framed=group.id)
        for group in picture.groups
    }
    grouped = {member for group in picture.groups for member in group.members}
    items = [*(id_ for id_ in nodes if id_ not in grouped), *grids]
    neighbours: dict[str, list[str]] = {one: [] for one in items}
    for edge in picture.edges:
        neighbours[edge.source].append(edge.target)
        neighbours[edge.target].append(edge.source)
    seen: set[str] = set()
    alone: list[Node] = []
    for one in items:
        if one in seen:
            continue
        together = _together(one, neighbours)
        seen |= together
        if together == {one} and one in nodes:
            alone.append(nodes[one])
            continue
        kept = [item for item in items if item in together]
        yield _layered(kept, [edge for edge in picture.edges if edge.source in together], nodes, grids)
    if alone:
        yield _grid(alone, max(1, math.ceil(math.sqrt(len(alone) / 2))))


def _together(start: str, neighbours: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += neighbours[one]
    return found


def _grid(nodes: Sequence[Node], columns: int, *, framed: str | None = None) -> Layout:
    made, inset = Layout(), _INSIDE if framed else 0
    y = inset
    for start in range(0, len(nodes), columns):
        row = nodes[start : start + columns]
        tallest = max(map(height_of, row))
        for number, node in enumerate(row):
            made.boxes[node.id] = Box(inset + number * (WIDTH + _BETWEEN), y, WIDTH, tallest)
        y += tallest + _BETWEEN
    if framed is not None:
        width, height = made.size
        made.boxes[framed] = Box(0, 0, width + inset, height + inset)
    return made


def _layered(
    items: Sequence[str], edges: Sequence[Edge], nodes: Mapping[str, Node], grids: Mapping[str, Layout]
) -> Layout:
    layers = _layers(items, edges)
    columns: list[list[str]] = [[] for _ in range(max(layers.values()) + 1)]
    for one in items:
        columns[layers[one]].append(one)
    between: dict[Edge, list[str]] = {}
    links: list[tuple[str, str]] = []
    for edge in edges:
        ids = [
            f"{edge.source}>{edge.target}@{layer}"
            for layer in range(layers[edge.source] + 1, layers[edge.target])
        ]
        for layer, bend in enumerate(ids, start=layers[edge.source] + 1):
            columns[layer].append(bend)
        between[edge] = ids
        links += itertools.pairwise((edge.source, *ids, edge.target))
    _untangle(columns, links)

    def size(one: str) -> tuple[int, int]:
        if one in grids:
            frame = grids[one].boxes[one]
            return frame.width, frame.height
        return (WIDTH, height_of(nodes[one])) if one in nodes else (0, 0)

    heights = [sum(size(one)[1] + _GAP_Y for one in column) for column in columns]
    placed: dict[str, Box] = {}
    rests: dict[str, Box] = {}
    x = 0
    for column, height in zip(columns, heights, strict=True):
        y = (max(heights) - height) // 2
        widest = max(size(one)[0] for one in column)
        for one in column:
            width, tall = size(one)
            placed[one] = Box(x, y, width or widest, tall)
            rests[one] = Box(x + width, y + tall // 2, widest - width, 0)
            y += tall + _GAP_Y
        x += widest + GAP_X
    made = Layout({one: placed[one] for one in items if one not in grids})
    for edge, ids in between.items():
        made.crossed[edge] = [rests[edge.source], *(placed[bend] for bend in ids)]
    for one in items:
        if one in grids:
            made.add(grids[one], placed[one].x, placed[one].y)
    return made


def _layers(items: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """How far right each thing stands: further than everything that uses it, and with not too many others."""
    users: dict[str, list[str]] = {one: [] for one in items}
    uses: dict[str, list[str]] = {one: [] for one in items}
    for edge in edges:
        users[edge.target].append(edge.source)
        uses[edge.source].append(edge.target)
    known: dict[str, int] = {}

    def layer(id_: str, above: frozenset[str]) -> int:
        if id_ in above:  # what isn't declared here may lead in a circle
            return -1
        if id_ not in known:
            known[id_] = 1 + max((layer(user, above | {id_}) for user in users[id_]), default=-1)
        return known[id_]

    for one in items:
        layer(one, frozenset())
    spread: dict[str, int] = {}
    first = 0
    for number in range(max(known.values()) + 1):
        # What uses the same stands in the same column.
        members = sorted((one for one in items if known[one] == number), key=lambda one: sorted(uses[one]))
        columns = math.ceil(len(members) / _MOST_IN_A_COLUMN)
        each = math.ceil(len(members) / columns)
        spread |= {one: first + place // each for place, one in enumerate(members)}
        first += columns
    return spread


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
