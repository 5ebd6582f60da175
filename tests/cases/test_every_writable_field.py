"""Every field that the official client can write of what we make: written by a case, or left out with a reason.

What the cases write is read with the models of azure-ai-projects, class by class. A release of the client with a new field, or a new
choice, fails here until a case writes it or it stands in `LEFT_OUT`.
"""

import datetime as dt
import inspect
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from azure.ai.projects import _unions, models
from azure.ai.projects._utils.model_base import Model
from azure.ai.projects.models import _models
from azure.ai.projects.operations import _operations as operations

from tests.cases.harness.case import cases
from tests.cases.harness.left_out import LEFT_OUT

VERSIONED = Path(__file__).parent / "versioned"

WRITTEN_BY: dict[str, tuple[Any, ...]] = {
    r"POST /agents/[^/]+/versions": (operations.AgentsOperations.create_version,),
    r"PATCH /agents/[^/]+": (operations.AgentsOperations.update_details,),
    r"POST /toolboxes/[^/]+/versions": (operations.ToolboxesOperations.create_version,),
    r"PATCH /toolboxes/[^/]+": (operations.ToolboxesOperations.update,),
    r"POST /skills/[^/]+/versions": (
        operations.BetaSkillsOperations.create,
        _models.CreateSkillVersionFromFilesBody,
    ),
    r"POST /skills/[^/]+": (operations.BetaSkillsOperations.update,),
    r"POST /memory_stores": (operations.BetaMemoryStoresOperations.create,),
    r"POST /memory_stores/[^/]+": (operations.BetaMemoryStoresOperations.update,),
    r"PUT /evaluationrules/[^/]+": (_models.EvaluationRule,),
    r"PATCH /indexes/<IndexAsset [^>]+>": (_models.AzureAISearchIndex,),
}
"""Requests of ours that the client can make too: what says which fields they can have, one of several."""

_NAMES: dict[str, Any] = {
    **vars(_models),
    **vars(typing),
    "datetime": dt,
    "_models": types.SimpleNamespace(**{**vars(models), **vars(_models), "_models": _models}),
    "_unions": _unions,
}


def resolved(hint: Any) -> Any:
    """A type, whatever it was written as."""
    while isinstance(hint, str | typing.ForwardRef):
        text = hint.__forward_arg__ if isinstance(hint, typing.ForwardRef) else hint
        hint = eval(text, _NAMES)
    return hint


@cache
def fields(cls: Any) -> dict[str, tuple[str, Any, bool]]:
    """What can be written of a class: wire name → (the class that brings it, its type, whether it only says which class it is)."""
    if not isinstance(cls, type):
        given = inspect.signature(cls).parameters.values()
        return {
            one.name: (cls.__qualname__, one.annotation, False)
            for one in given
            if one.kind is one.KEYWORD_ONLY
        }
    cls()  # the models learn their wire names when the first one is made
    found = {}
    for part in reversed(cls.__mro__):
        for name, hint in vars(part).get("__annotations__", {}).items():
            told = cls._attr_to_rest_field.get(name) if part.__module__ == _models.__name__ else None
            if told is not None and told._visibility != ["read"]:
                found[told._rest_name] = (part.__name__, hint, told._is_discriminator)
    return found


def choices(cls: Any) -> dict[str, Any]:
    """The classes that stand for one with a discriminator, by its value."""
    if not isinstance(cls, type) or "__mapping__" not in vars(cls):
        return {}
    return {tag: one for tag, one in cls.__mapping__.items() if issubclass(one, cls)}


def parts(hint: Any) -> Iterator[Any]:
    """The classes that a type speaks of."""
    hint = resolved(hint)
    if isinstance(hint, type) and issubclass(hint, Model):
        yield hint
    if typing.get_origin(hint) is not typing.Literal:
        for one in typing.get_args(hint):
            yield from parts(one)


@dataclass
class Seen:
    """What the cases write."""

    written: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)

    def body(self, cls: Any, value: Mapping[str, Any]) -> None:
        """A class and what is written of it."""
        known = choices(cls)
        if known:
            tags = (value.get(name) for name, (_, _, which) in fields(cls).items() if which)
            self.body(known[next(tag for tag in tags if tag in known)], value)
            return
        self.written.add(named(cls))
        for key, part in value.items() if fields(cls) else ():
            if key not in fields(cls):
                self.strange.append(f"{named(cls)}.{key}")
                continue
            owner, hint, _ = fields(cls)[key]
            self.written.add(f"{owner}.{key}")
            self.value(hint, part)

    def value(self, given: Any, value: Any) -> None:
        """A value of a type; of several, the one that has all its fields."""
        hint = resolved(given)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            for option in map(resolved, arguments):
                if fits(option, value):
                    self.value(option, value)
                    return
        elif origin is list:
            for one in value:
                self.value(arguments[0], one)
        elif origin is dict:
            for one in value.values():
                self.value(arguments[1], one)
        elif isinstance(hint, type) and issubclass(hint, Model) and isinstance(value, Mapping):
            self.body(hint, value)


def fits(hint: Any, value: Any) -> bool:
    """Whether a value can be of a type, as far as its form tells."""
    if isinstance(hint, type) and issubclass(hint, Model):
        if not isinstance(value, Mapping):
            return False
        known = {key for one in [hint, *choices(hint).values()] for key in fields(one)}
        return not known or set(value) <= known
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(resolved(option), value) for option in typing.get_args(hint))
    return origin in (list, dict) and isinstance(value, origin)


def named(cls: Any) -> str:
    return str(cls.__name__ if isinstance(cls, type) else cls.__qualname__)


def writable() -> Iterator[str]:
    """Every class and field that the client can write, but for those below what is left out."""
    waiting, done = [one for several in WRITTEN_BY.values() for one in several], set()
    while waiting:
        cls = waiting.pop()
        if named(cls) in done or named(cls) in LEFT_OUT:
            continue
        done.add(named(cls))
        if choices(cls):
            waiting += choices(cls).values()
            continue
        yield named(cls)
        for key, (owner, hint, which) in fields(cls).items():
            if which:
                continue
            yield f"{owner}.{key}"
            if f"{owner}.{key}" not in LEFT_OUT:
                waiting += parts(hint)


def requests() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the cases send: method and path, and the body."""
    for case in cases(VERSIONED):
        for file in (case / "wire.json", case / "changed-wire.json"):
            for request in json.loads(file.read_text(encoding="utf-8")) if file.exists() else ():
                ((where, body),) = request.items()
                if body is not None:
                    yield where.split("?")[0], body


@cache
def seen() -> Seen:
    found = Seen()
    for path, body in requests():
        for pattern, several in WRITTEN_BY.items():
            if re.fullmatch(pattern, path):
                fitting = (one for one in several if set(body) <= set(fields(one)))
                found.body(next(fitting, several[0]), body)
    return found


def test_every_field_that_can_be_written_is_written_by_a_case_or_left_out_with_a_reason() -> None:
    assert sorted(set(writable()) - seen().written - set(LEFT_OUT)) == []


def test_what_is_left_out_is_there_and_isn_t_written() -> None:
    """A reason for something that is written by now, or that the client no longer has, is none."""
    assert sorted(set(LEFT_OUT) & seen().written) == []
    known = {
        name
        for cls in [
            *(one for several in WRITTEN_BY.values() for one in several),
            *(one for one in vars(_models).values() if isinstance(one, type)),
        ]
        if not isinstance(cls, type) or issubclass(cls, Model)
        for name in (named(cls), *(f"{owner}.{key}" for key, (owner, _, _) in fields(cls).items()))
    }
    assert sorted(set(LEFT_OUT) - known) == []


def test_nothing_is_written_that_the_client_doesn_t_know() -> None:
    assert seen().strange == []


def test_an_eval_is_written_with_every_field_that_the_client_describes() -> None:
    """The client has types and no models of these, for the OpenAI client to send."""
    evals = [body for path, body in requests() if path == "POST /openai/v1/evals"]
    criteria = {key for body in evals for one in body["testing_criteria"] for key in one}
    sources = {key for body in evals for key in body["data_source_config"]}
    assert criteria == set(models.TestingCriterionAzureAIEvaluator.__annotations__)
    assert sources == set(models.AzureAIDataSourceConfig.__annotations__)
