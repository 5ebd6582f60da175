"""From a goal and the old state to steps. Pure: what providers have to say comes in as values.

`Planner` follows one run: it remembers what was decided for each URN, which is what later decisions depend on. Its order of
questions is the order in which a run asks them: `match`, `decide` (or `recreate`), at the end `deletions`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from foundry.sandbox.engine import graph
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.diff import Diff, PropertyDiff
from foundry.sandbox.engine.errors import EngineError, ProtectedError
from foundry.sandbox.engine.goal import Goal, former_urns
from foundry.sandbox.engine.state import Resource


class Op(StrEnum):
    """The operations, by the CLI's names."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    READ_DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REFRESH = "refresh"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"


_LOGICAL = (Op.SAME, Op.CREATE, Op.UPDATE, Op.DELETE, Op.REPLACE, Op.READ, Op.READ_DISCARD)


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One operation on one resource.

    `condemns` marks a create whose old resource is deleted later in the run; `awaits_replacement` a delete whose replacement comes
    later; `is_skipped` a create that isn't done because it wasn't targeted.
    """

    op: Op
    old: Resource | None = None
    new: Resource | None = None
    keys: tuple[str, ...] = ()
    diff: Diff | None = None
    ignore_changes: tuple[str, ...] = ()
    condemns: bool = False
    awaits_replacement: bool = False
    is_skipped: bool = False
    is_untargeted: bool = False

    @property
    def resource(self) -> Resource:
        """The resource as it will be, or was."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.resource.urn

    @property
    def is_logical(self) -> bool:
        """Whether people would count it: the halves of a replacement aren't counted, the replacement is."""
        return self.op in _LOGICAL

    @property
    def is_hidden(self) -> bool:
        """Whether people aren't told: providers that the program didn't ask for by name."""
        return self.resource.is_provider and urns.name_of(self.urn).startswith("default")

    @property
    def detailed(self) -> Mapping[str, PropertyDiff] | None:
        """The provider's details of the change."""
        return self.diff.detailed if self.diff else None


def unprotect_first(urn: str, why: str) -> ProtectedError:
    """Why a protected resource stays."""
    return ProtectedError(
        f"unable to {why} resource {urn!r}\n"
        "as it is currently marked for protection. To unprotect the resource, remove the `protect` flag from the resource in your "
        "Pulumi program and run `up`"
    )


@dataclass(frozen=True, kw_only=True)
class Match:
    """The old resource a goal continues, and the former URN it was found under, if it was."""

    old: Resource | None
    alias: str = ""


@dataclass(kw_only=True)
class Planner:
    """The decisions of one run over one old state."""

    stack: str
    project: str
    resources: Sequence[Resource]
    targets: frozenset[str] = frozenset()
    olds: dict[str, Resource] = field(init=False)
    seen: set[str] = field(default_factory=set)
    same: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    former: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    dependent_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _deleted_early: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rebase(self.resources)

    def rebase(self, resources: Sequence[Resource]) -> None:
        """Plan over another old state from now on (after a refresh)."""
        self.resources = resources
        self.olds = {r.urn: r for r in resources if not r.delete}

    def match(self, goal: Goal) -> tuple[str, Match]:
        """The goal's URN and what it continues. Raises EngineError where two goals claim one URN or one old resource."""
        urn = urns.make(self.stack, self.project, goal.parent, goal.type, goal.name)
        if urn in self.seen:
            raise EngineError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        self.seen.add(urn)
        if urn in self.taken:
            raise EngineError(
                f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{self.taken[urn]}'"
            )
        for candidate in (
            urn,
            *former_urns(goal, stack=self.stack, project=self.project, parent_aliases=self.former),
        ):
            old = self.olds.get(candidate)
            if old is None:
                continue
            if candidate == urn:
                return urn, Match(old=old)
            if candidate in self.seen or candidate in self.taken:
                other = self.taken.get(candidate, candidate)
                raise EngineError(
                    f"Duplicate resource alias '{candidate}' applied to resource with URN '{urn}' conflicting with '{other}'"
                )
            self.taken[candidate] = urn
            self.former[urn] = candidate
            return urn, Match(old=old, alias=candidate)
        return urn, Match(old=None)

    def is_targeted(self, urn: str, type_: str) -> bool:
        """Whether the run may touch it: all without targets; providers and the stack always."""
        return (
            not self.targets
            or urn in self.targets
            or urns.is_provider_type(type_)
            or type_ == urns.STACK_TYPE
        )

    def is_recreated(self, urn: str) -> bool:
        """Whether it was deleted in this run, because something it needs was replaced, and awaits its making."""
        return urn in self.deleted

    def recreate(self, new: Resource, old: Resource) -> list[Step]:
        """Steps for a resource that an earlier replacement took away."""
        self.deleted.discard(old.urn)
        self.replaced.add(new.urn)
        keys = self.dependent_keys.get(new.urn, ())
        return [
            Step(op=Op.REPLACE, old=old, new=new),
            Step(op=Op.CREATE_REPLACEMENT, old=old, new=new, keys=keys),
        ]

    def untargeted(self, new: Resource, old: Resource | None) -> list[Step]:
        """Steps for a resource that no target names: what there is stays as it is."""
        self.same.add(new.urn)
        if old is None:
            self.skipped.add(new.urn)
            return [Step(op=Op.SAME, new=new, is_skipped=True)]
        return [Step(op=Op.SAME, old=old, new=old.copy(), is_untargeted=True)]

    def create(self, new: Resource, old: Resource | None) -> list[Step]:
        """Steps for a resource that isn't in the state, or was only read so far."""
        self.created.add(new.urn)
        if old is None:
            return [Step(op=Op.CREATE, new=new)]
        return [
            Step(op=Op.CREATE_REPLACEMENT, old=old, new=new, condemns=True),
            Step(op=Op.REPLACE, old=old, new=new),
        ]

    def forced_replacement(self, new: Resource) -> Diff | None:
        """A replacement that needs no provider's word: what it is to be replaced or deleted with is being replaced."""
        if any(u in self.replaced for u in new.replace_with):
            return Diff(changes=True, replaces=("replaceWith",))
        if new.deleted_with in self.replaced:
            return Diff(changes=True, replaces=("deletedWith",))
        return None

    def decide(
        self,
        goal: Goal,
        new: Resource,
        old: Resource,
        diff: Diff,
        dependents: Sequence[tuple[Resource, tuple[str, ...]]],
        *,
        ignores_protection: bool = False,
    ) -> list[Step]:
        """Steps for a resource that is in the state, given its diff (with `replaceOnChanges` applied).

        `dependents` matters only for a delete-before-replace: the resources that must go first, with the keys that say so, in the
        order of the state. Raises EngineError for a protected resource that would be replaced.
        """
        urn = new.urn
        if not diff.changes and not old.pending_replacement:
            if old.init_errors:
                self.updated.add(urn)
                return [Step(op=Op.UPDATE, old=old, new=new, diff=diff, ignore_changes=goal.ignore_changes)]
            self.same.add(urn)
            return [Step(op=Op.SAME, old=old, new=new)]
        if not diff.is_replacement and not old.pending_replacement:
            self.updated.add(urn)
            return [Step(op=Op.UPDATE, old=old, new=new, diff=diff, ignore_changes=goal.ignore_changes)]
        if new.protect and old.protect and not ignores_protection:
            raise unprotect_first(urn, "replace")
        self.replaced.add(urn)
        if not deletes_first(goal, diff):
            return [
                Step(
                    op=Op.CREATE_REPLACEMENT,
                    old=old,
                    new=new,
                    keys=diff.replaces,
                    diff=diff,
                    condemns=not old.pending_replacement,
                ),
                Step(op=Op.REPLACE, old=old, new=new, keys=diff.replaces, diff=diff),
            ]
        steps = [s for r, keys in reversed(dependents) for s in self._delete_dependent(r, keys, urn)]
        if not old.pending_replacement:
            self.deleted.add(old.urn)
            self._deleted_early.add(id(old))
            steps.append(Step(op=Op.DELETE_REPLACED, old=old, awaits_replacement=True))
        steps.append(Step(op=Op.REPLACE, old=old, new=new, keys=diff.replaces, diff=diff))
        steps.append(Step(op=Op.CREATE_REPLACEMENT, old=old, new=new, keys=diff.replaces, diff=diff))
        return steps

    def _delete_dependent(self, resource: Resource, keys: tuple[str, ...], urn: str) -> list[Step]:
        if id(resource) in self._deleted_early:
            return []
        if resource.protect and not resource.delete:
            raise EngineError(
                f"unable to replace resource {resource.urn!r} as part of replacing {urn!r} as it is currently marked for protection. "
                "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `up`"
            )
        self.dependent_keys[resource.urn] = keys
        self.deleted.add(resource.urn)
        self._deleted_early.add(id(resource))
        if resource.pending_replacement:
            return []  # an earlier run deleted it already
        if resource.delete:
            return [Step(op=Op.DELETE, old=resource)]
        return [Step(op=Op.DELETE_REPLACED, old=resource, awaits_replacement=True)]

    def settled(self) -> set[str]:
        """URNs that something was decided for: a replacement no longer takes them along."""
        return self.read | self.created | self.same | self.updated | self.deleted | self.replaced

    def is_operated_on(self, urn: str) -> bool:
        """Whether the program still has the resource, under this URN or a newer one."""
        now = self.taken.get(urn, urn)
        return any(now in group for group in (self.same, self.updated, self.replaced, self.read))

    def deletions(self) -> list[list[Step]]:
        """Steps for all that the program no longer has, in groups: each group's steps may run at once, after the groups before."""
        steps: dict[int, Step] = {}
        for resource in self.resources:
            if self.targets and resource.urn not in self.targets:
                continue
            step = self._deletion(resource)
            if step is not None:
                self.deleted.add(resource.urn)
                steps[id(resource)] = step
        condemned = [s.resource for s in steps.values()]
        return [[steps[id(r)] for r in group] for group in graph.deletion_order(self.resources, condemned)]

    def left_alone(self) -> list[Step]:
        """Steps for what a targeted run neither touches nor deletes."""
        if not self.targets:
            return []
        return [
            Step(op=Op.SAME, old=r, new=r.copy(), is_untargeted=True)
            for r in self.resources
            if r.urn not in self.targets and not r.delete and not self.is_operated_on(r.urn)
        ]

    def _deletion(self, resource: Resource) -> Step | None:
        if resource.delete:
            if id(resource) in self._deleted_early:
                return None
            return Step(op=Op.DISCARD_REPLACED if resource.external else Op.DELETE_REPLACED, old=resource)
        if self.is_operated_on(resource.urn):
            return None
        if resource.pending_replacement:
            return Step(op=Op.REMOVE_PENDING_REPLACE, old=resource)
        return Step(op=Op.READ_DISCARD if resource.external else Op.DELETE, old=resource)

    def is_deleted_with(self, resource: Resource) -> bool:
        """Whether it goes by itself because what it is deleted with goes too."""
        return bool(resource.deleted_with) and resource.deleted_with in self.deleted


def deletes_first(goal: Goal, diff: Diff) -> bool:
    """Whether a replacement deletes before it creates: the program's word goes before the provider's."""
    if goal.delete_before_replace is not None:
        return goal.delete_before_replace
    return diff.delete_before_replace


def dependents_in_way(
    resources: Sequence[Resource], root: Resource, settled: Collection[str]
) -> list[Resource]:
    """Candidates to go before `root` in a delete-before-replace: those that depend on it and that nothing was decided for yet."""
    return list(graph.dependents(resources, root, settled))
