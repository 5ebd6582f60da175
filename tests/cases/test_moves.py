"""Another name, another stack, a stack split in two: ids stay, nothing is made anew, and the next previews are empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from foundry.reconcile.marks import mark_in, mark_of
from tests.cases.harness.stack import KINDS, Stack

CASES = Path(__file__).parent
OTHER_ID = "77777777-7777-4777-8777-777777777777"

AGENT = "kind: Agent\nname: {name}\nservice_name: desk\nmodel: chat\ninstructions: Be brief.\n"
STORE = "kind: VectorStore\nname: {name}\nservice_name: handbook\nfiles: [../knowledge/returns.md]\n"
MEMORY = (
    "kind: MemoryStore\nname: {name}\nservice_name: people\nchat_model: chat\nembedding_model: research\n"
)
TOOLBOX = "kind: Toolbox\nname: {name}\nservice_name: lookups\ntools: {{web: {{type: web_search}}}}\n"
SKILL = "kind: Skill\nname: {name}\nservice_name: returns\ndescription: How\ninstructions: Ask.\n"
INDEX = """\
kind: SearchIndex
name: {name}
service_name: moved
alias: moved-alias
documents: [../knowledge/orders.jsonl]
synonym_maps: {{moved-map: {{synonyms: "red, crimson"}}}}
definition:
  fields:
    - {{name: id, type: Edm.String, key: true}}
    - {{name: title, type: Edm.String, searchable: true, synonymMaps: [moved-map]}}
"""
EVALUATED = AGENT + "evaluation: {{rule: continuous, evaluators: {{relevance: {{model: chat}}}}}}\n"
KINDS_OF_THINGS = [
    pytest.param("classic", "Agent", "agents", AGENT, id="classic agent"),
    pytest.param("versioned", "VersionedAgent", "agents", AGENT, id="versioned agent"),
    pytest.param("classic", "VectorStore", "vector-stores", STORE, id="classic store"),
    pytest.param("versioned", "VersionedVectorStore", "vector-stores", STORE, id="versioned store"),
    pytest.param("versioned", "MemoryStore", "memory-stores", MEMORY, id="memory store"),
    pytest.param("versioned", "Toolbox", "toolboxes", TOOLBOX, id="toolbox"),
    pytest.param("versioned", "Skill", "skills", SKILL, id="skill"),
    pytest.param("classic", "SearchIndex", "search-indexes", INDEX, id="index"),
    pytest.param("versioned", "VersionedAgent", "agents", EVALUATED, id="agent with an evaluation"),
    pytest.param(
        "classic", "SearchIndex", "search-indexes", INDEX + "asset: true\n", id="index with an asset"
    ),
]
"""Dialect, resource type, folder, document."""


class Layers:
    """Layers for stacks, each a folder of documents."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, name: str, documents: Mapping[str, str]) -> Path:
        """A layer with these documents by path, and the material that they name."""
        material = {
            "knowledge/returns.md": "Thirty days.\n",
            "knowledge/orders.jsonl": '{"id": "1", "title": "Boots"}\n',
        }
        for path, text in {**material, **documents}.items():
            (self.root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name / path).write_text(text)
        return self.root / name


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    return Layers(tmp_path / "layers")


@pytest.fixture
def second(stack: Stack) -> Stack:
    """Another stack on the same project."""
    return Stack(stack.world, search=stack.search, name="second", stack_id=OTHER_ID)


@pytest.fixture(autouse=True)
def swept(stack: Stack, second: Stack) -> Any:
    """Takes away, at the end, what stands on the search service that all tests share."""
    yield
    session = stack.world.session()
    for one in (stack, second):
        for key in [key for key in reversed(one.state) if key[0].startswith("Search")]:
            held = one.state.pop(key)
            KINDS[key[0]].delete(session, held.id, {**held.outs, "lifecycle": {"onRemove": "delete"}})


def owners(stack: Stack, kind: str, identifier: str) -> tuple[str, str]:
    """Whose an object is: project/stack, and the name of its declaration."""
    services = stack.world.session().services
    match kind:
        case "SearchIndex":
            mark = mark_in(services.search(str(stack.search)).get_index(identifier)["description"])[1]
        case "MemoryStore":
            mark = mark_of(services.versioned(stack.world.endpoint).get_memory_store(identifier).metadata)
        case "Toolbox" | "Skill":
            service = services.versioned(stack.world.endpoint)
            numbered = service.toolboxes if kind == "Toolbox" else service.skills
            mark = mark_of(numbered.newest(numbered.get(identifier)).metadata)
        case _:
            of = services.versioned if kind.startswith("Versioned") else services.project
            place = of(stack.world.endpoint)
            get: Callable[[str], Any] = place.get_agent if kind.endswith("Agent") else place.get_store
            mark = mark_of(get(identifier).metadata)
    assert mark is not None
    return mark.source, mark.name


@pytest.mark.parametrize(("dialect", "kind", "folder", "document"), KINDS_OF_THINGS)
def test_a_new_name_of_a_declaration_makes_nothing_anew(
    stack: Stack, layers: Layers, dialect: str, kind: str, folder: str, document: str
) -> None:
    base, path = CASES / dialect / "_base", f"{folder}/thing.yaml"
    stack.declare(base, layers.of("before", {path: document.format(name="old")}))
    stack.up()
    identifier = stack.state[kind, "old"].id
    before = {key[0]: held.id for key, held in stack.state.items()}

    renamed = document.format(name="new") + "lifecycle: {previous_names: [old]}\n"
    stack.declare(base, layers.of("after", {path: renamed}))
    assert {planned.op for planned in stack.preview().values()} == {"update"}
    stack.up()
    assert stack.preview() == {}
    assert {key[0]: held.id for key, held in stack.state.items()} == before
    assert owners(stack, kind, identifier) == ("shop/dev", "new")


@pytest.mark.parametrize(("dialect", "kind", "folder", "document"), KINDS_OF_THINGS)
def test_what_moves_to_another_stack_keeps_its_id(
    stack: Stack, second: Stack, layers: Layers, dialect: str, kind: str, folder: str, document: str
) -> None:
    base, path = CASES / dialect / "_base", f"{folder}/thing.yaml"
    stack.declare(base, layers.of("here", {path: document.format(name="thing")}))
    stack.up()
    identifier = stack.state[kind, "thing"].id
    ids = {one: held.id for (one, _), held in stack.state.items() if not one.endswith("File")}

    adopting = f"lifecycle: {{adopt: {{id: {identifier}, from: shop/dev}}}}\n"
    there = layers.of("there", {path: document.format(name="thing") + adopting})
    second.declare(base, there)
    second.up()
    assert {one: held.id for (one, _), held in second.state.items() if not one.endswith("File")} == ids
    stack.declare(base)
    stack.up()
    assert stack.preview() == {}
    assert stack.state == {}
    second.declare(base, there)
    assert second.preview() == {}
    assert owners(second, kind, identifier) == ("shop/second", "thing")


@pytest.mark.parametrize("dialect", ["classic", "versioned"])
def test_a_stack_is_split_and_the_agent_that_stays_finds_its_store_by_id(
    stack: Stack, second: Stack, layers: Layers, dialect: str
) -> None:
    base, word = CASES / dialect / "_base", "Versioned" if dialect == "versioned" else ""
    agent = AGENT.format(name="desk") + "tools:\n  policies: {type: file_search, %s}\n"
    store = STORE.format(name="handbook")
    whole = {
        "agents/desk.yaml": agent % "vector_stores: [handbook]",
        "vector-stores/handbook.yaml": store,
    }
    stack.declare(base, layers.of("whole", whole))
    stack.up()
    ids = {
        kind: stack.state[f"{word}{kind}", name].id
        for kind, name in (("Agent", "desk"), ("VectorStore", "handbook"))
    }
    definition = stack.state[f"{word}Agent", "desk"].outs["definition"]

    adopting = f"lifecycle: {{adopt: {{id: {ids['VectorStore']}, from: shop/dev}}}}\n"
    there = layers.of("there", {"vector-stores/handbook.yaml": store + adopting})
    here = layers.of("here", {"agents/desk.yaml": agent % f"vector_store_ids: [{ids['VectorStore']}]"})
    second.declare(base, there)
    second.up()
    stack.declare(base, here)
    stack.up()
    assert stack.preview() == {}
    second.declare(base, there)
    assert second.preview() == {}
    assert stack.state[f"{word}Agent", "desk"].id == ids["Agent"]
    assert stack.state[f"{word}Agent", "desk"].outs["definition"] == definition
    assert second.state[f"{word}VectorStore", "handbook"].id == ids["VectorStore"]
    # Each stack has files of its own, and those of the first are gone with its store.
    service = stack.world.session().services.project(stack.world.endpoint)
    members = {one.file_id for one in service.list_members(ids["VectorStore"])}
    assert {file.id for file in service.list_files()} == members
