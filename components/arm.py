"""Parts of Azure Resource Manager ids as Pulumi outputs.

An id stays known while its resource is updated; every computed output is unknown then. So names of parents are taken from ids:
a changed tag on an account leaves its children as they are, and a replaced account replaces them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi

from foundry.model import FoundryError

T = TypeVar("T")


@dataclass(frozen=True)
class ArmId:
    """An ARM id of a resource inside a resource group, taken apart.

    Raises ValueError for a text that isn't one.
    """

    text: str

    def __post_init__(self) -> None:
        parts = self.text.split("/")
        if len(parts) < 9 or parts[1].lower() != "subscriptions" or parts[3].lower() != "resourcegroups":
            raise ValueError(f"{self.text!r} isn't the id of an Azure resource")

    @property
    def subscription(self) -> str:
        """The subscription's GUID."""
        return self.text.split("/")[2]

    @property
    def resource_group(self) -> str:
        """The resource group's name."""
        return self.text.split("/")[4]

    @property
    def name(self) -> str:
        """The last part: the resource's own name."""
        return self.text.rsplit("/", 1)[-1]


def fixed_name(
    parent: pulumi.Resource,
    after: pulumi.Input[Sequence[pulumi.Resource]] = (),
    *,
    immutable: Sequence[str] = (),
    secret: Sequence[str] = (),
) -> pulumi.ResourceOptions:
    """Options of an Azure resource whose name we choose: its replacement has the same, so the old one must go first.

    `immutable` are properties that Azure never changes in place and azure-native doesn't know as such (nested ones in their wire
    spelling); `secret` are outputs that no state file may hold in clear.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=after,
        delete_before_replace=True,
        replace_on_changes=list(immutable),
        additional_secret_outputs=list(secret),
    )


def name_of(arm_id: pulumi.Input[str]) -> pulumi.Output[str]:
    """The last part of an ARM id."""
    return pulumi.Output.from_input(arm_id).apply(lambda known: known.rsplit("/", 1)[-1])


def group_of(arm_id: pulumi.Input[str]) -> pulumi.Output[str]:
    """The name of the resource group that an ARM id stands in, or that it names."""
    return pulumi.Output.from_input(arm_id).apply(lambda known: known.split("/")[4])


def told(value: T | None, what: str) -> T:
    """A value that Azure's types call optional and that Azure always tells here. Raises FoundryError when it didn't."""
    if value is None:
        raise FoundryError(
            f"Azure didn't give {what}", fix="look at the resource in the Azure portal, then try again"
        )
    return value
