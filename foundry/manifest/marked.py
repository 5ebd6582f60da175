"""Values that know where they were written.

A document is read into ordinary dictionaries and lists (so that JSON Schema sees JSON), in two subclasses that keep
the place of every key and value beside them. The places survive the merging of layers: that is how a finding in a
merged document still points at the line a person wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from foundry.model import Position


class Mark(NamedTuple):
    """Where a key or a value stands.

    `plain` is the text of an unquoted scalar that is not read as text; `is_told` says that the reading had a finding for the
    value, so that what stands in its place is not judged.
    """

    path: str
    line: int
    column: int
    plain: str | None = None
    is_told: bool = False

    @property
    def position(self) -> Position:
        """The place, as findings show it."""
        return Position(self.path, self.line, self.column)


class Mapping(dict[str, Any]):
    """A mapping with the places of its keys and values. `removed_at` is where a later layer removes what an earlier one has."""

    __slots__ = ("keys_at", "mark", "removed_at", "values_at")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.keys_at: dict[str, Mark] = {}
        self.values_at: dict[str, Mark] = {}
        self.removed_at: dict[str, Mark] = {}

    def put(self, key: str, value: Any, key_at: Mark, value_at: Mark) -> None:
        """Set a value together with the places of its key and of itself."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at
        self.removed_at.pop(key, None)

    def drop(self, key: str, at: Mark | None = None) -> None:
        """Remove a key and its places, if it is there; `at` is where a layer says so."""
        if key in self:
            del self[key], self.keys_at[key], self.values_at[key]
            if at is not None:
                self.removed_at[key] = at


class Sequence(list[Any]):
    """A list with the places of its items."""

    __slots__ = ("items_at", "mark")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.items_at: list[Mark] = []

    def put(self, value: Any, value_at: Mark) -> None:
        """Append an item together with its place."""
        self.append(value)
        self.items_at.append(value_at)


def place(tree: Any, path: Iterable[str | int]) -> Mark:
    """Where the value at `path` stands; the innermost place known when the path leads nowhere."""
    mark: Mark = tree.mark
    for step in path:
        if isinstance(tree, Mapping) and step in tree:
            mark, tree = tree.values_at[str(step)], tree[str(step)]
        elif isinstance(tree, Sequence) and isinstance(step, int) and step < len(tree):
            mark, tree = tree.items_at[step], tree[step]
        else:
            break
    return mark


def key_place(tree: Any, path: Iterable[str | int]) -> Mark:
    """Where the key that ends `path` stands (for an item of a list: the item)."""
    *above, last = path
    for step in above:
        tree = tree[step]
    if isinstance(tree, Mapping) and last in tree:
        return tree.keys_at[str(last)]
    return place(tree, [last])


def texts(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text value below `tree` with its path, in written order."""
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from texts(value, (*path, key))
    elif isinstance(tree, Sequence):
        for index, value in enumerate(tree):
            yield from texts(value, (*path, index))


def marked(value: Any, mark: Mark) -> Any:
    """Ordinary values with one place for all of them."""
    if isinstance(value, dict):
        mapping = Mapping(mark)
        for key, item in value.items():
            mapping.put(key, marked(item, mark), mark, mark)
        return mapping
    if isinstance(value, list):
        sequence = Sequence(mark)
        for item in value:
            sequence.put(marked(item, mark), mark)
        return sequence
    return value


def put_text(tree: Any, path: tuple[str | int, ...], text: str) -> None:
    """Put a text in the place of another; where it stands stays the same."""
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = text


def plain(tree: Any) -> Any:
    """The same value in ordinary dictionaries and lists."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(value) for value in tree]
    return tree


def dotted(path: Iterable[str | int]) -> str:
    """A path as people read it: `tools.stock.top_k`, `files[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
