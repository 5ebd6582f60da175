"""URNs: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`, as the Pulumi engine writes them."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"
_PREFIX = "urn:pulumi:"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; `parent` is a URN or empty, and a root stack as parent leaves no trace."""
    qualified = type_
    if parent and qualified_type(parent) != STACK_TYPE:
        qualified = f"{qualified_type(parent)}${type_}"
    return f"{_PREFIX}{stack}::{project}::{qualified}::{name}"


def qualified_type(urn: str) -> str:
    """All types of the chain of parents, joined by `$`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rpartition("$")[2]


def name_of(urn: str) -> str:
    """The logical name, which may itself contain `::`."""
    return urn.split("::", 3)[3]


def is_valid(urn: str) -> bool:
    """Whether the text has the four parts of a URN."""
    return urn.startswith(_PREFIX) and len(urn.split("::", 3)) == 4


def package_of(type_: str) -> str:
    """`azure-native` of `azure-native:resources:ResourceGroup`."""
    return type_.partition(":")[0]


def is_provider_type(type_: str) -> bool:
    """Whether resources of this type stand for providers."""
    return type_.startswith(PROVIDER_PREFIX)


def provider_package(type_: str) -> str:
    """`azure-native` of `pulumi:providers:azure-native`."""
    return type_.removeprefix(PROVIDER_PREFIX)


def reference(urn: str, id_: str) -> str:
    """A provider reference: `URN::ID`."""
    return f"{urn}::{id_}"


def parse_reference(ref: str) -> tuple[str, str]:
    """A provider reference → (URN, id)."""
    urn, _, id_ = ref.rpartition("::")
    return urn, id_
