"""One value of a YAML document changed in its text, and nothing else: comments, order, quotes and spacing stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import yaml

from foundry.manifest.marked import plain
from foundry.manifest.report import Report
from foundry.manifest.yaml12 import read
from foundry.model import FoundryError
from foundry.transfer.yaml_text import flow_text, yaml_text


class Removed:
    """No value: what a removed key has."""

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = Removed()

Path = tuple[str, ...]
_Emit = Callable[[Any], str]


def edited(text: str, path: Path, value: Any, *, name: str = "the document", as_json: bool = False) -> str:
    """The text of a document with one value set or, with `REMOVED`, taken away.

    Args:
        text: a document whose root is a mapping.
        path: keys from the root to the value; what is missing on the way is made.
        value: mappings, lists, texts, numbers, booleans, None, or REMOVED.
        name: what errors call the document.
        as_json: whether the document is JSON and is to stay it.

    Raises:
        FoundryError: the text can't be changed in this place without changing more.
    """
    before = _values(text)
    wanted = _applied(before, path, value)
    if isinstance(before, dict) and wanted == before:
        return text
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        root = None
    made = (
        _edit(text, root, path, value, _json if as_json else flow_text)
        if isinstance(root, yaml.MappingNode)
        else None
    )
    if made is None or _values(made) != wanted:
        raise FoundryError(
            f"`{'.'.join(path)}` can't be changed in {name} without touching other lines",
            fix=f"write it there by hand: {_short(value)}",
        )
    return made


def _edit(text: str, root: yaml.MappingNode, path: Path, value: Any, emit: _Emit) -> str:
    mapping, depth = root, 0
    entries = [root]
    while depth < len(path) - 1:
        found = _entry(mapping, path[depth])
        if found is None or not isinstance(found[1], yaml.MappingNode):
            break
        mapping, depth = found[1], depth + 1
        entries.append(mapping)
    key, rest = path[depth], path[depth + 1 :]
    found = _entry(mapping, key)
    if value is REMOVED:
        return text if found is None or rest else _without(text, entries, path)
    for step in reversed(rest):
        value = {step: value}
    if found is None:
        return _with_key(text, mapping, key, value, emit)
    return _with_value(text, mapping, found, value, emit)


def _entry(mapping: yaml.MappingNode, key: str) -> tuple[yaml.ScalarNode, yaml.Node] | None:
    return next((entry for entry in mapping.value if entry[0].value == key), None)


def _with_value(
    text: str,
    mapping: yaml.MappingNode,
    entry: tuple[yaml.ScalarNode, yaml.Node],
    value: Any,
    emit: _Emit,
) -> str:
    key, old = entry
    colon = text.index(":", key.end_mark.index)
    end = max(_end(text, old), colon + 1)
    if isinstance(value, str) and "\n" in value and not mapping.flow_style:
        return f"{text[: colon + 1]} {_block(key, value)}{text[end:]}"
    start = old.start_mark.index
    if isinstance(old, yaml.ScalarNode) and old.style not in ("|", ">") and start > colon and end > start:
        return f"{text[:start]}{emit(value)}{text[end:]}"
    return f"{text[: colon + 1]} {emit(value)}{text[end:]}"


def _with_key(text: str, mapping: yaml.MappingNode, key: str, value: Any, emit: _Emit) -> str:
    told = f"{emit(key)}: {emit(value)}"
    if mapping.flow_style and mapping.value:
        last_key, last = mapping.value[-1]
        end = _end(text, last)
        in_lines = last_key.start_mark.line > mapping.start_mark.line
        between = f",\n{' ' * last_key.start_mark.column}" if in_lines else ", "
        return f"{text[:end]}{between}{told}{text[end:]}"
    if mapping.flow_style:
        return f"{text[: mapping.start_mark.index]}{{{told}}}{text[mapping.end_mark.index :]}"
    column = mapping.value[0][0].start_mark.column
    end = _line_end(text, _end(text, mapping.value[-1][1]))
    lines = yaml_text({key: value}).rstrip("\n").split("\n")
    told = "".join(f"\n{' ' * column}{line}" if line else "\n" for line in lines)
    return text[:end] + told + text[end:]


def _without(text: str, entries: Sequence[yaml.MappingNode], path: Path) -> str:
    depth = len(entries) - 1
    # A mapping that would be left empty goes with its last key: `metadata:` alone would mean null.
    while depth > 0 and len(entries[depth].value) == 1:
        depth -= 1
    mapping = entries[depth]
    number = next(i for i, (key, _) in enumerate(mapping.value) if key.value == path[depth])
    key, old = mapping.value[number]
    start, end = key.start_mark.index, _end(text, old)
    if not mapping.flow_style:
        return (
            text[: text.rindex("\n", 0, start) + 1 if "\n" in text[:start] else 0]
            + text[_line_end(text, end) + 1 :]
        )
    if number + 1 < len(mapping.value):
        return text[:start] + text[mapping.value[number + 1][0].start_mark.index :]
    if number:
        return text[: _end(text, mapping.value[number - 1][1])] + text[end:]
    return text[:start] + text[end:]


def _end(text: str, node: yaml.Node) -> int:
    """Where a node's last character is followed by something else; PyYAML's own mark lies behind comments and empty lines."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip("\n"))
    return end


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _block(key: yaml.ScalarNode, value: str) -> str:
    """A text of several lines below its key."""
    told = yaml_text({"x": value}).removeprefix("x: ").rstrip("\n")
    indent = " " * key.start_mark.column
    first, *lines = told.split("\n")
    return "\n".join([first, *(indent + line if line else line for line in lines)])


def _values(text: str) -> Any:
    return plain(read(text, "", Report()).value)


def _applied(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    held = dict(tree) if isinstance(tree, Mapping) else {}
    key, *rest = path
    below = _applied(held.get(key), tuple(rest), value)
    if below is REMOVED or (value is REMOVED and below == {}):
        held.pop(key, None)
    else:
        held[key] = below
    return held


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(value: Any) -> str:
    told = "leave it out" if value is REMOVED else flow_text(value)
    return told if len(told) <= 200 else f"{told[:199]}…"
