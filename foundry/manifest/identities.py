"""Things of a project whose name at the service is their identity: no two of a kind may have the same one."""

from __future__ import annotations

import re

from foundry.manifest.layers import Document
from foundry.manifest.world import World


def check_identities(
    documents: list[Document],
    title: str,
    world: World,
    *,
    form: re.Pattern[str] | None = None,
    rule: str = "",
) -> None:
    """Find documents of one kind that would be one at the service, and names that it doesn't take.

    Args:
        documents: The documents of the kind.
        title: What people call one of them.
        world: Takes the findings.
        form: What a whole name looks like; any text will do when it is None.
        rule: The form in words.
    """
    taken: dict[tuple[str, str], str] = {}
    for document in documents:
        name = str(document.tree.get("service_name", document.name))
        at = document.tree.values_at.get("service_name", document.tree.values_at["name"])
        if form is not None and not form.fullmatch(name):
            world.report.error(at, f"`{name}` can't be the name of a {title}", f"use {rule}")
        first = taken.setdefault((str(document.tree.get("project")), name), document.name)
        if first != document.name:
            plural = title.removesuffix("x") + "xes" if title.endswith("x") else f"{title}s"
            what = f"the project would have two {plural} called `{name}`: `{first}` has that name already"
            world.report.error(at, what, "give one of them another `service_name`")
