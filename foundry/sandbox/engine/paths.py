"""Property paths as resource options write them: `tags.owner`, `rules[0].port`, `["odd key"]`, `*` for any one key."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from foundry.sandbox.engine.values import Properties, is_secret

Path = tuple[str | int, ...]

_PART = re.compile(r'\.?(?:\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[(\*)\]|([^.\[\]"]+))')


def parse(text: str) -> Path | None:
    """The path's parts, or None where the text isn't a path."""
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            return None
        quoted, index, star, plain = match.groups()
        parts.append(
            int(index)
            if index is not None
            else quoted.replace('\\"', '"')
            if quoted is not None
            else star or plain
        )
        at = match.end()
    return tuple(parts) if parts else None


def contains(outer: Path, inner: Path) -> bool:
    """Whether `inner` is `outer` or lies below it; `*` in `outer` stands for any one part."""
    return len(outer) <= len(inner) and all(o in ("*", i) for o, i in zip(outer, inner, strict=False))


def keep_old(inputs: Properties, old: Properties, ignored: Sequence[str]) -> Properties:
    """Inputs with what `ignoreChanges` names put back to the old inputs."""
    result = copy.deepcopy(inputs) if ignored else inputs
    for text in ignored:
        path = parse(text)
        if path is not None:
            _reset(result, old, path)
    return result


def _inside(value: Any) -> Any:
    return value["value"] if is_secret(value) else value


_ABSENT = object()


def _get(container: Any, key: str | int) -> Any:
    container = _inside(container)
    if isinstance(container, dict) and isinstance(key, str):
        return container.get(key, _ABSENT)
    if isinstance(container, list) and isinstance(key, int) and key < len(container):
        return container[key]
    return _ABSENT


def _reset(new: Any, old: Any, path: Path) -> None:
    new, old = _inside(new), _inside(old)
    key, rest = path[0], path[1:]
    if key == "*":
        keys: list[str | int] = []
        if isinstance(new, dict):
            keys = [*new, *(old if isinstance(old, dict) else ())]
        elif isinstance(new, list):
            keys = list(range(len(new)))
        for each in dict.fromkeys(keys):
            _reset(new, old, (each, *rest))
        return
    before, after = _get(old, key), _get(new, key)
    if rest:
        if after is not _ABSENT and before is not _ABSENT:
            _reset(after, before, rest)
        return
    if isinstance(new, dict) and isinstance(key, str):
        if before is _ABSENT:
            new.pop(key, None)
        else:
            new[key] = copy.deepcopy(before)
    elif isinstance(new, list) and isinstance(key, int) and before is not _ABSENT and after is not _ABSENT:
        new[key] = copy.deepcopy(before)
