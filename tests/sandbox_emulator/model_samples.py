"""Request bodies worked out from the models of azure-ai-projects: every field filled, down to the last nested one."""

import datetime as dt
import enum
import types
import typing
from collections.abc import Iterator
from typing import Any

from azure.ai.projects import _unions, models
from azure.ai.projects._utils.model_base import Model
from azure.ai.projects.models import _models

_PLAIN: dict[Any, Any] = {
    str: "x",
    bool: True,
    int: 3,
    float: 0.5,
    Any: "x",
    dt.timedelta: 300,
}
_NAMES: dict[str, Any] = {
    **vars(_models),
    **vars(typing),
    "datetime": dt,
    "_unions": _unions,
    "_models": types.SimpleNamespace(**{**vars(models), **vars(_models), "_models": _models}),
}


def concrete(base: type) -> dict[str, type]:
    """The subclasses of a model with discriminator, by its value."""
    return {tag: cls for tag, cls in base.__mapping__.items() if issubclass(cls, base)}  # type: ignore[attr-defined]


def filled(cls: type) -> dict[str, Any]:
    """A body with every field of a model that a client may write."""
    body: dict[str, Any] = {}
    for attribute, hint in _hints(cls):
        field = cls._attr_to_rest_field.get(attribute)  # type: ignore[attr-defined]
        if field is not None and field._visibility != ["read"]:
            body[field._rest_name] = _sample(hint)
    return body


def _hints(cls: type) -> Iterator[tuple[str, Any]]:
    cls()  # the models learn their wire names when the first one is made
    for part in reversed(cls.__mro__):
        if part.__module__ == _models.__name__:
            yield from vars(part).get("__annotations__", {}).items()


def _resolved(hint: Any) -> Any:
    while isinstance(hint, str | typing.ForwardRef):
        text = hint.__forward_arg__ if isinstance(hint, typing.ForwardRef) else hint
        hint = eval(text, _NAMES)
    return hint


def _sample(given: Any) -> Any:
    hint = _resolved(given)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _sample(_richest([_resolved(item) for item in arguments if item is not type(None)]))
    if origin is typing.Literal:
        return arguments[0].value if isinstance(arguments[0], enum.Enum) else arguments[0]
    if origin is list:
        return [_sample(arguments[0])]
    if origin is dict:
        return {"k": _sample(arguments[1])}
    if hint in _PLAIN:
        return _PLAIN[hint]
    if issubclass(hint, enum.Enum):
        return next(iter(hint)).value
    assert issubclass(hint, Model), hint
    choices = concrete(hint) if "__mapping__" in vars(hint) else {}
    if not choices:
        return filled(hint)
    return filled(next(iter(choices.values())))


def _richest(options: list[Any]) -> Any:
    """Enumerated values first, for they are narrower than plain text; then whatever has parts."""
    enumerated = [item for item in options if isinstance(item, type) and issubclass(item, enum.Enum)]
    parted = [item for item in options if item not in _PLAIN]
    return (enumerated or parted or options)[0]
