"""A run that ends at any request, or loses any answer, leaves nothing that the next run doesn't put right.

Afterwards the live objects are those declared: none twice, none left over, nothing to change. `killed`: the process dies as
the answer arrives, so the service has acted and nobody knows. `lost`: the emulator acts and drops the connection, and the
run goes on. Where one request stands for others, only it is tried; FAC_TEST_EVERY_REQUEST=1 tries every one.
"""

import logging
import os
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from foundry.service.log import REQUESTS

BASE = Path(__file__).parent / "classic" / "_base"

BEFORE = {
    "knowledge/returns.md": "Returns within 30 days.",
    "knowledge/sizes.md": "Sizes S to XL.",
    "data/orders.csv": "id,total\n1,20\n",
    "handbook.yaml": "kind: VectorStore\nname: handbook\nfiles: [knowledge/*.md]\n",
    "desk.yaml": """\
kind: Agent
name: desk
model: chat
instructions: Be brief.
tools:
  policies: {type: file_search, vector_stores: [handbook]}
  sales: {type: code_interpreter, files: [data/orders.csv]}
""",
    "front.yaml": """\
kind: Agent
name: front
model: chat
tools:
  desk: {type: connected_agent, agent: desk, description: Orders}
""",
}
AFTER = {
    **BEFORE,
    "knowledge/returns.md": "Returns within 60 days.",
    "knowledge/prices.md": "Prices hold for a month.",
    "knowledge/sizes.md": None,
    "data/orders.csv": "id,total\n1,25\n",
    "desk.yaml": BEFORE["desk.yaml"].replace("Be brief.", "Be kind."),
    "front.yaml": None,
    "news.yaml": "kind: Agent\nname: news\nmodel: chat\n",
}
CUT_OTHERWISE = {
    **BEFORE,
    "handbook.yaml": BEFORE["handbook.yaml"]
    + "chunking_strategy: {type: static, max_chunk_size_tokens: 400, chunk_overlap_tokens: 50}\n",
}
NOTHING = {}
EVERY = bool(os.environ.get("FAC_TEST_EVERY_REQUEST"))


class Killed(BaseException):
    """The process is no more."""


class _Killer(logging.Handler):
    def __init__(self, nth):
        super().__init__()
        self.nth = nth
        self.methods = []

    def emit(self, record):
        self.methods.append(record.args[0])
        if len(self.methods) == self.nth:
            raise Killed


@contextmanager
def dying_at(nth):
    killer, level = _Killer(nth), REQUESTS.level
    REQUESTS.addHandler(killer)
    REQUESTS.setLevel(logging.INFO)
    try:
        yield killer
    except Killed:
        pass
    finally:
        REQUESTS.removeHandler(killer)
        REQUESTS.setLevel(level)


def declare(stack, files, base=BASE):
    layer = stack.world.root / "declared"
    for path, text in files.items():
        if text is not None:
            (layer / path).parent.mkdir(parents=True, exist_ok=True)
            (layer / path).write_text(text)
    layer.mkdir(exist_ok=True)
    stack.declare(base, layer)
    for path in sorted(layer.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def assert_live_is_declared(stack):
    """The live set, as the official client sees it, is the declared one, and nothing is left to do."""
    client, manifest = stack.world.official(), stack.manifest()
    agents = {agent.id: agent for agent in client.list_agents()}
    stores = {store.id: store for store in client.vector_stores.list()}
    files = {file.id: file.filename for file in client.files.list().data}
    assert Counter(agent.name for agent in agents.values()) == Counter(
        agent.service_name for agent in manifest.agents
    )
    assert Counter(store.name for store in stores.values()) == Counter(
        store.service_name for store in manifest.vector_stores
    )
    held = {
        kind: {one.id for key, one in stack.state.items() if key[0] == kind} for kind in ("File", "Agent")
    }
    assert set(files) == held["File"]
    assert set(agents) == held["Agent"]
    for store in manifest.vector_stores:
        id_ = stack.state["VectorStore", store.name].id
        members = {member.id: member.status for member in client.vector_store_files.list(id_)}
        assert members == {stack.state["File", file.path].id: "completed" for file in store.files}
    assert stack.preview() == {}


def some(numbers, step):
    """One in so many, or all of them."""
    return numbers if EVERY else numbers[::step]


def moments(stack, before, after):
    """The requests of a whole run that change something (or all), by number: each is a moment to end at.

    To die after a mere reading is to die before the next change, which is to die after the one before it.
    """
    declare(stack, before)
    stack.up()
    declare(stack, after)
    with dying_at(0) as counter:
        stack.up()
    return [number for number, method in enumerate(counter.methods, 1) if EVERY or method != "GET"]


SCENARIOS = {
    "first": (NOTHING, BEFORE),
    "changed": (BEFORE, AFTER),
    "cut-otherwise": (BEFORE, CUT_OTHERWISE),
    "emptied": (BEFORE, NOTHING),
}


def ended_at(stack, nth, end):
    """Brings a stack up with its nth request in trouble: the run is `killed` there and another one follows, or the answer is `lost`."""
    if end == "killed":
        with dying_at(nth):
            stack.up()
        stack.up(stack.world.session(pending=True, look_up=1.0))
    else:
        services = f"^({stack.world.data_path}|/search/)"
        rule = {"match": {"path": services, "nth": nth}, "action": {"drop": "after"}}
        assert stack.world.control("PUT", "/faults", [rule]).status_code == 200
        stack.up()
        stack.world.faults()


@pytest.mark.parametrize("end", ["killed", "lost"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_whatever_request_a_run_ends_at_the_next_one_puts_it_right(stack, new_stack, scenario, end):
    before, after = SCENARIOS[scenario]
    ends = moments(stack, before, after)
    assert_live_is_declared(stack)
    assert len(ends) > 3
    # A lost answer is asked about in one place for each kind; every other moment is enough to see it.
    for nth in some(ends, 1 if end == "killed" else 2):
        one = new_stack()
        declare(one, before)
        one.up()
        declare(one, after)
        ended_at(one, nth, end)
        assert_live_is_declared(one)


def test_a_run_that_dies_between_two_changes_is_put_right_too(stack, new_stack):
    """What the first change made is in the state; the second was never sent."""
    for nth in [number - 1 for number in some(moments(stack, BEFORE, AFTER), 3)]:
        one = new_stack()
        declare(one, BEFORE)
        one.up()
        declare(one, AFTER)
        with dying_at(nth):
            one.up()
        one.up(one.world.session(pending=True, look_up=1.0))
        assert_live_is_declared(one)
