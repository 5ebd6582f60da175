"""Who needs whom among the resources of a state. The state's order is the order of making, so needs always lie to the left. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.state import Resource


def dependents(resources: Sequence[Resource], root: Resource, ignore: Collection[str]) -> Iterator[Resource]:
    """What depends on `root`, directly or not, nearest first; parents don't count; what `ignore` names is passed over."""
    needed = {root.urn}
    start = next(i for i, r in enumerate(resources) if r is root)
    for candidate in resources[start + 1 :]:
        if candidate.urn in ignore:
            continue
        provider = urns.parse_reference(candidate.provider)[0] if candidate.provider else ""
        if provider in needed or any(d in needed for d in candidate.references()):
            needed.add(candidate.urn)
            yield candidate


def _needs(resource: Resource) -> set[str]:
    needs = set(resource.references())
    if resource.provider:
        needs.add(urns.parse_reference(resource.provider)[0])
    return needs


def deletion_order(resources: Sequence[Resource], condemned: Collection[Resource]) -> list[list[Resource]]:
    """The condemned in groups: a group's members may go at once, after all groups before it. Children go before parents."""
    depth: dict[int, int] = {}
    deepest_of_urn: dict[str, int] = {}
    deepest_below: dict[str, int] = {}
    parents = {r.urn: r.parent for r in resources}
    components = {r.urn for r in resources if not r.custom}
    chosen = {id(r) for r in condemned}
    groups: dict[int, list[Resource]] = {}
    for resource in resources:
        if id(resource) not in chosen:
            continue
        below = [deepest_of_urn[resource.parent]] if resource.parent in deepest_of_urn else []
        for need in _needs(resource):
            if need in deepest_of_urn:
                below.append(deepest_of_urn[need])
            if need in components and need in deepest_below:
                below.append(deepest_below[need])
        mine = 1 + max(below, default=0)
        depth[id(resource)] = mine
        deepest_of_urn[resource.urn] = max(mine, deepest_of_urn.get(resource.urn, 0))
        above = resource.parent
        while above:
            deepest_below[above] = max(mine, deepest_below.get(above, 0))
            above = parents.get(above, "")
        groups.setdefault(mine, []).append(resource)
    return [groups[d] for d in sorted(groups, reverse=True)]


def needed_by_failed(resources: Sequence[Resource], failed: Collection[Resource]) -> set[int]:
    """Ids (of Python objects) of resources that must stay because something that failed to go needs them."""
    stay: set[str] = set()
    for resource in failed:
        stay |= _needs(resource) | {resource.parent}
    result: set[int] = set()
    for resource in reversed(resources):
        if resource.urn in stay:
            result.add(id(resource))
            stay |= _needs(resource) | {resource.parent}
    return result


def without_gone(resources: Sequence[Resource]) -> list[Resource]:
    """Resources of a state from which others were dropped, references to those taken out; children move to the grandparent."""
    seen: set[str] = set()
    foster: dict[str, str] = {}
    result = []
    for old in resources:
        resource = old.copy()
        resource.dependencies = tuple(d for d in old.dependencies if d in seen)
        known = {k: tuple(d for d in deps if d in seen) for k, deps in old.property_dependencies.items()}
        resource.property_dependencies = {
            k: deps for k, deps in known.items() if deps
        }  # as the CLI leaves them
        resource.replace_with = tuple(d for d in old.replace_with if d in seen)
        if old.deleted_with not in seen:
            resource.deleted_with = ""
        if old.parent and old.parent not in seen:
            resource.parent = foster.get(old.parent, "")
        seen.add(old.urn)
        result.append(resource)
    return result
