"""What inputs and outputs look like, read from the installed `pulumi_azure_native` SDK.

The SDK is generated from the same specification as the real provider's metadata, and its classes carry what matters here: names
as they cross the wire, types, which inputs are required, constants that tell the members of a union apart, closed enumerations
and the API version of each resource. Reading them at run time keeps this package in step with whatever version is installed.

Modules of the SDK are imported when a resource of theirs is first seen: importing all of them takes hundreds of megabytes.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import re
import threading
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

import pulumi
from pulumi import _types as sdk_types

SDK = "pulumi_azure_native"
_IMPORTING = threading.RLock()
_API_VERSION = re.compile(r"Uses Azure REST API version (\d{4}-\d{2}-\d{2}(?:-preview)?)")


@dataclass(frozen=True)
class Scalar:
    """A single value of a basic type."""

    name: Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True)
class Closed:
    """A string out of a fixed list; open enumerations, to which the service may add, are plain strings."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Anything:
    """JSON the SDK knows nothing about."""


@dataclass(frozen=True)
class ListOf:
    """A list whose items have one shape."""

    item: Shape


@dataclass(frozen=True)
class MapOf:
    """A mapping with free keys whose values have one shape."""

    item: Shape


@dataclass(frozen=True)
class OneOf:
    """A value that has one of several shapes."""

    members: tuple[Shape, ...]


@dataclass(frozen=True)
class Field:
    """A property of a record."""

    shape: Shape
    required: bool


@dataclass(frozen=True)
class Record:
    """An object with named properties, after a class of the SDK.

    The properties are resolved on first use, because types of the SDK may contain themselves.
    """

    sdk_class: type

    @property
    def module(self) -> str:
        """The SDK module that the class belongs to, for example `storage`."""
        return self.sdk_class.__module__.removeprefix(SDK + ".").split(".")[0]

    @property
    def name(self) -> str:
        """The name that the type has in the specification: that of the class without `Args` or `Response`."""
        return re.sub(r"(InitArgs|Args|Response)$", "", self.sdk_class.__name__)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Properties by the name that they have in Pulumi's protocol."""
        names, hints = _names_and_hints(self.sdk_class)
        required = _required_parameters(self.sdk_class)
        return {
            wire: Field(_shape(hints.get(wire, Any)), required=python in required)
            for python, wire in names.items()
        }

    @cached_property
    def constants(self) -> Mapping[str, str]:
        """Properties that can have one value only, and the value: these tell the members of a union apart."""
        marker = object()
        names, _ = _names_and_hints(self.sdk_class)
        built = self.sdk_class(**dict.fromkeys(_required_parameters(self.sdk_class), marker))
        values = built if isinstance(built, dict) else vars(built)
        return {
            names.get(name, name): value
            for name, value in values.items()
            if name in _required_parameters(self.sdk_class) and isinstance(value, str)
        }


Shape: TypeAlias = Scalar | Closed | Anything | ListOf | MapOf | OneOf | Record


@dataclass(frozen=True)
class ResourceShape:
    """Inputs and outputs of a resource class, and the API version that it was generated from."""

    inputs: Record
    outputs: Mapping[str, Shape]
    api_version: str


@lru_cache(maxsize=256)
def resource_shape(module: str, name: str) -> ResourceShape | None:
    """The shape of `pulumi_azure_native.<module>.<name>`, or None when the installed SDK has no such resource."""
    resource = _member(module, name)
    if not (inspect.isclass(resource) and issubclass(resource, pulumi.CustomResource)):
        return None
    # Both overloads of the constructor carry the documentation, and the second one names the class of its arguments, which
    # isn't always the resource's name with Args at the end.
    by_arguments = typing.get_overloads(resource.__init__)[1]
    version = _API_VERSION.search(by_arguments.__doc__ or "")
    hints = typing.get_type_hints(by_arguments)
    return ResourceShape(
        inputs=Record(sdk_types.unwrap_optional_type(hints["args"])),
        outputs={
            wire: _shape(hint) for wire, hint in sdk_types.resource_types(resource).items() if wire != "urn"
        },
        api_version=version.group(1) if version else "",
    )


@lru_cache(maxsize=256)
def function_api_version(module: str, function: str) -> str | None:
    """The API version of `pulumi_azure_native.<module>.<function>`, or None when the SDK has no such function."""
    version = _API_VERSION.search(getattr(_member(module, function), "__doc__", None) or "")
    return version.group(1) if version else None


def _member(module: str, name: str) -> Any:
    # The SDK loads its modules when an attribute is first asked for, which isn't safe in two threads at once.
    with _IMPORTING:
        try:
            return getattr(importlib.import_module(f"{SDK}.{module}"), name, None)
        except ModuleNotFoundError:
            return None


def _names_and_hints(sdk_class: type) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    if sdk_types.is_input_type(sdk_class):
        return sdk_types.input_type_py_to_pulumi_names(sdk_class), sdk_types.input_type_types(sdk_class)
    hints = sdk_types.output_type_types(sdk_class)
    python_names = {wire: python for python, wire, _ in sdk_types._py_properties(sdk_class)}  # noqa: SLF001 - no public equal
    return {python_names.get(wire, wire): wire for wire in hints}, hints


@lru_cache(maxsize=4096)
def _required_parameters(sdk_class: type) -> frozenset[str]:
    parameters = list(inspect.signature(sdk_class.__init__).parameters.values())[1:]  # type: ignore[misc]
    return frozenset(p.name for p in parameters if p.default is inspect.Parameter.empty)


def _shape(hint: Any) -> Shape:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin in (collections.abc.Sequence, list):
        return ListOf(_shape(arguments[0]))
    if origin in (collections.abc.Mapping, dict):
        return MapOf(_shape(arguments[1]))
    if inspect.isclass(hint):
        if sdk_types.is_input_type(hint) or sdk_types.is_output_type(hint):
            return Record(hint)
        if issubclass(hint, Enum):
            return Closed(tuple(str(member.value) for member in hint))
        for basic, name in _BASIC.items():
            if hint is basic:
                return Scalar(name)
    return Anything()


_BASIC: Mapping[type, Literal["string", "integer", "number", "boolean"]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
}


def _union(arguments: tuple[Any, ...]) -> Shape:
    """The shape behind `Input[T]`, `Optional[T]` and real unions.

    `Input[T]` is a union of T, an awaitable and an output; neither of the last two survives the way to the provider.
    """
    members: list[Shape] = []
    for argument in arguments:
        if argument is type(None) or typing.get_origin(argument) in (
            collections.abc.Awaitable,
            pulumi.Output,
        ):
            continue
        if argument is pulumi.Output:
            continue
        shape = _shape(argument)
        for member in shape.members if isinstance(shape, OneOf) else (shape,):
            if member not in members:
                members.append(member)
    if not members:
        return Anything()
    string = Scalar("string")
    if string in members:
        members = [member for member in members if not isinstance(member, Closed)]
    return members[0] if len(members) == 1 else OneOf(tuple(members))
