"""Random graphs, edits, failures and interruptions: the state is always loadable, nothing is made twice or forgotten, and a clean run
at the end brings the cloud to exactly what is declared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from engine_fakes import TYPE, Cloud, Played, play
from hypothesis import given, settings
from hypothesis import strategies as st

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.goal import Goal
from foundry.sandbox.engine.state import Deployment as Stored

NAMES = [f"r{n}" for n in range(7)]


@dataclass(frozen=True)
class Declared:
    """One resource of a generated world: `uses` it refers to by id, `after` it only waits for."""

    name: str
    size: int
    zone: int
    uses: tuple[str, ...]
    after: tuple[str, ...]
    first: bool
    option_first: bool | None

    def goal(self) -> Goal:
        inputs: dict[str, Any] = {"size": self.size, "zone": self.zone, "first": self.first}
        references = {f"uses{n}": {"id of": name} for n, name in enumerate(self.uses)}
        if self.uses:
            references = {"home": {"id of": self.uses[0]}, **references}
        by_property = {k: (urn(v["id of"]),) for k, v in references.items()}
        return Goal(
            type=TYPE,
            name=self.name,
            custom=True,
            inputs={**inputs, **references},
            dependencies=tuple(urn(n) for n in (*self.uses, *self.after)),
            property_dependencies=by_property,
            delete_before_replace=self.option_first,
        )


def urn(name: str) -> str:
    return urns.make("dev", "proj", "", TYPE, name)


@st.composite
def worlds(draw: st.DrawFn) -> list[Declared]:
    """Resources in an order in which each may use those before it."""
    result: list[Declared] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6)):
        before = [d.name for d in result]
        some = st.lists(st.sampled_from(before), unique=True, max_size=2) if before else st.just([])
        result.append(
            Declared(
                name=name,
                size=draw(st.integers(0, 1)),
                zone=draw(st.integers(0, 1)),
                uses=tuple(draw(some)),
                after=tuple(draw(some)),
                first=draw(st.booleans()),
                option_first=draw(st.sampled_from([None, None, True, False])),
            )
        )
    return result


failures = st.sets(
    st.tuples(st.sampled_from(["create", "update", "delete", "read"]), st.sampled_from(NAMES)).map(" ".join),
    max_size=3,
)
lives = st.lists(
    st.tuples(worlds(), failures, st.booleans(), st.sets(st.sampled_from(NAMES), max_size=2)),
    min_size=1,
    max_size=4,
)


@dataclass
class Life:
    cloud: Cloud = field(default_factory=Cloud)
    stored: Stored = field(default_factory=Stored)

    def run(self, world: list[Declared], *, refresh: bool = False, lag: int = 0) -> Played:
        by_name = {d.name: d for d in world}
        played = play(
            self.stored,
            self.cloud,
            [d.goal() for d in world],
            refresh=refresh,
            lag=lag,
            needs=lambda g: (*by_name[g.name].uses, *by_name[g.name].after),
        )
        self.stored = played.stored
        return played

    def known_ids(self) -> list[str]:
        gone = [r for r in self.stored.resources if r.pending_replacement]
        return sorted(r.id for r in self.stored.resources if r.type == TYPE and r not in gone)


@settings(max_examples=150)
@given(lives, worlds())
def test_any_life_ends_where_the_last_declaration_says(
    life: list[tuple[list[Declared], set[str], bool, set[str]]], last: list[Declared]
) -> None:
    now = Life()
    for world, fails, refresh, gone in life:
        if refresh and not any(f.startswith("read") for f in fails):
            for id_ in [i for i in now.cloud.objects if i.rpartition("-")[0] in gone]:
                del now.cloud.objects[id_]  # by hand, and seen by the refresh
        now.cloud.fails = set(fails)
        played = now.run(world, refresh=refresh)
        failed = bool(fails - now.cloud.fails)
        assert played.succeeded or failed, "a run fails only where the provider did"
        if not refresh or played.succeeded:
            assert now.known_ids() == sorted(now.cloud.objects), "the state knows every object, and no other"
    now.cloud.fails = set()
    now.run(last, refresh=True)
    assert now.known_ids() == sorted(now.cloud.objects)
    assert sorted(i.rpartition("-")[0] for i in now.cloud.objects) == sorted(d.name for d in last)

    again = now.run(last)
    assert set(again.counts) <= {"same"}, "a second run changes nothing"


deaths = st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 8))


@settings(max_examples=200)
@given(st.lists(st.tuples(worlds(), deaths), min_size=1, max_size=3), worlds())
def test_whatever_is_killed_is_recorded_or_pending_and_a_clean_run_converges(
    life: list[tuple[list[Declared], tuple[int, bool, int]]], last: list[Declared]
) -> None:
    now = Life()
    for world, (calls, late, lag) in life:
        now.cloud.kills_after, now.cloud.kills_late = calls, late
        now.run(world, refresh=True, lag=lag)
        now.cloud.is_dead, now.cloud.kills_after = False, -1
        known = {r.id for r in now.stored.resources}
        pending = {urns.name_of(p.resource.urn) for p in now.stored.pending if p.kind == "creating"}
        now.cloud.orphans = {i for i in now.cloud.objects if i not in known}
        assert {i.rpartition("-")[0] for i in now.cloud.orphans} <= pending, (
            "what may have been made is recorded as pending"
        )
    played = now.run(last, refresh=True)

    assert played.succeeded
    assert now.known_ids() == sorted(set(now.cloud.objects) - now.cloud.orphans)
    made = sorted(i.rpartition("-")[0] for i in set(now.cloud.objects) - now.cloud.orphans)
    assert made == sorted(d.name for d in last), "nothing is made twice"
    still_pending = {urns.name_of(p.resource.urn) for p in now.stored.pending}
    assert {i.rpartition("-")[0] for i in now.cloud.orphans} <= still_pending, "nothing is forgotten"


@settings(max_examples=100)
@given(worlds(), worlds())
def test_a_preview_touches_nothing_and_foretells_the_run(
    before: list[Declared], after: list[Declared]
) -> None:
    now = Life()
    assert now.run(before).succeeded
    objects, calls = dict(now.cloud.objects), list(now.cloud.calls)
    by_name = {d.name: d for d in after}

    def needs(goal: Goal) -> tuple[str, ...]:
        return (*by_name[goal.name].uses, *by_name[goal.name].after)

    stored = [r.copy() for r in now.stored.resources]
    foretold = play(
        Stored(resources=stored), now.cloud, [d.goal() for d in after], is_preview=True, needs=needs
    )
    assert (now.cloud.objects, now.cloud.calls) == (objects, calls)
    done = now.run(after)

    assert done.succeeded
    assert foretold.succeeded
    possible = {op: n for op, n in foretold.counts.items() if op in ("create", "delete")}
    actual = {op: n for op, n in done.counts.items() if op in ("create", "delete")}
    assert possible == actual, "creates and deletes are told exactly; an update may turn out to be none"


@settings(max_examples=100)
@given(worlds())
def test_a_teardown_leaves_neither_objects_nor_state(world: list[Declared]) -> None:
    now = Life()
    assert now.run(world).succeeded
    assert now.run([]).succeeded
    assert now.cloud.objects == {}
    assert now.stored.resources == []


@settings(max_examples=200)
@given(worlds().filter(len), st.data())
def test_what_stands_on_a_replaced_resource_goes_before_it(
    world: list[Declared], data: st.DataObject
) -> None:
    now = Life(cloud=Cloud(refuses_homeless=True))
    assert now.run(world).succeeded
    moved = data.draw(st.sampled_from([d.name for d in world]))

    played = now.run([replace(d, zone=1 - d.zone) if d.name == moved else d for d in world])

    assert played.succeeded
    assert now.known_ids() == sorted(now.cloud.objects)
    assert ("replace", moved) in played.steps
