"""The inputs that all kinds have in common, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from foundry.model import Owner
from foundry.reconcile.shapes import Props

INPUTS: Final = ("owner", "name", "dialect", "project", "endpoint", "lifecycle", "definition")
"""The inputs of most kinds; some have more."""
HANDLING: Final = ("endpoint", "owner", "name", "lifecycle")
"""Those of them that say how the object is looked after, and nothing about the object."""
_REPORT: Final = "report"


def owner_of(props: Props) -> Owner:
    """The owner as it stands in inputs."""
    owner = props["owner"]
    return Owner(str(owner["project"]), str(owner["stack"]), str(owner["stackId"]))


def owner_props(owner: Owner | None) -> dict[str, str]:
    """The owner as it stands in inputs and outputs; {} for nobody."""
    if owner is None:
        return {}
    return {"project": owner.project, "stack": owner.stack, "stackId": owner.stack_id}


def lifecycle_of(props: Props) -> Props:
    """What is declared of the lifecycle."""
    lifecycle = props.get("lifecycle")
    return lifecycle if isinstance(lifecycle, Mapping) else {}


def is_versioned(props: Props) -> bool:
    """Whether it is an object of the versioned dialect."""
    return props.get("dialect") == "versioned"


def is_let_go(props: Props) -> bool:
    """Whether removing the declaration leaves the object: an adopted one by default, any other on request."""
    on_remove = lifecycle_of(props).get("onRemove")
    return on_remove == "retain" or (bool(props.get("adopted")) and on_remove != "delete")


def only_reports(props: Props) -> bool:
    """Whether drift is shown and left alone."""
    return lifecycle_of(props).get("onDrift") == _REPORT
