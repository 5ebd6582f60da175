"""What a program asks for one resource to be, and the URNs it may have had before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.values import Properties


@dataclass(frozen=True, kw_only=True)
class Alias:
    """A former identity: a whole URN, or what of name, type, parent, project and stack was different."""

    urn: str = ""
    name: str = ""
    type: str = ""
    parent: str = ""
    no_parent: bool = False
    project: str = ""
    stack: str = ""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A registration, as the program sent it. None means that an option isn't set and may come from the parent."""

    type: str
    name: str
    custom: bool
    inputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    hide_diffs: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    aliases: tuple[Alias, ...] = ()
    source_position: str = ""

    def resource(self, urn: str, old: Resource | None, alias: str) -> Resource:
        """The resource this goal makes, before its provider has seen it."""
        return Resource(
            urn=urn,
            custom=self.custom,
            type=self.type,
            inputs=self.inputs,
            parent=self.parent,
            protect=bool(self.protect),
            dependencies=self.dependencies,
            provider=self.provider,
            property_dependencies=self.property_dependencies,
            additional_secret_outputs=self.additional_secret_outputs,
            aliases=(alias,) if alias else (),
            custom_timeouts=self.custom_timeouts,
            retain_on_delete=bool(self.retain_on_delete),
            deleted_with=self.deleted_with,
            replace_with=self.replace_with,
            ignore_changes=self.ignore_changes,
            replace_on_changes=self.replace_on_changes,
            hide_diff=self.hide_diffs,
            source_position=self.source_position,
            created=old.created if old else "",
            modified=old.modified if old else "",
            refresh_before_update=old.refresh_before_update if old else False,
        )


def former_urns(goal: Goal, *, stack: str, project: str, parent_aliases: Mapping[str, str]) -> Iterator[str]:
    """The URNs under which the resource may stand in the state: its own aliases, then those its parent's alias gives it.

    `parent_aliases` maps a URN of this run to the one it was found under.
    """
    own = [
        _collapsed(goal, alias, stack=stack, project=project, parent_aliases=parent_aliases)
        for alias in goal.aliases
    ]
    seen: dict[str, None] = dict.fromkeys(own)
    former_parent = parent_aliases.get(goal.parent)
    if former_parent:
        child = _inherited(goal.type, goal.name, parent=goal.parent, former_parent=former_parent)
        seen[urns.make(stack, project, former_parent, *child)] = None
        for urn in own:
            child = _inherited(
                urns.type_of(urn), urns.name_of(urn), parent=goal.parent, former_parent=former_parent
            )
            seen[urns.make(stack, project, former_parent, *child)] = None
    yield from seen


def _collapsed(
    goal: Goal, alias: Alias, *, stack: str, project: str, parent_aliases: Mapping[str, str]
) -> str:
    if alias.urn:
        return alias.urn
    parent = goal.parent
    if alias.parent:
        parent = parent_aliases.get(alias.parent, alias.parent)
    if alias.no_parent:
        parent = ""
    return urns.make(
        alias.stack or stack,
        alias.project or project,
        parent,
        alias.type or goal.type,
        alias.name or goal.name,
    )


def _inherited(type_: str, name: str, *, parent: str, former_parent: str) -> tuple[str, str]:
    """A child's type and name under its parent's former URN; a name that begins with the parent's changed along with it."""
    prefix = urns.name_of(parent)
    if name.startswith(prefix):
        name = urns.name_of(former_parent) + name.removeprefix(prefix)
    return type_, name
