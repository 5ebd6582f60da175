"""Every case of both dialects, made by hand: its import, taken up by another stack, changes nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import CodeConfiguration, HostedAgentDefinition
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient
from azure.search.documents.indexes.models import SearchableField, SearchField, SearchIndex, SimpleField

from foundry.cli.gathering import Gathering, Place, gather
from foundry.cli.operations import declared_filename
from foundry.reconcile import Session
from foundry.reconcile.marks import KEY, mark_in
from foundry.service.contents import Contents
from foundry.service.protocols import Services
from foundry.transfer.document import files_of
from foundry.transfer.names import Names
from tests.cases.harness.case import cases
from tests.cases.harness.stack import KINDS, STACK_ID, Stack
from tests.cases.harness.there import made_by_others

CASES = Path(__file__).resolve().parents[1] / "cases"
DIALECTS = ("classic", "versioned")
QUEUES = "https://contoso.queue.core.windows.net"
STAYS = "vector_store-data-sources"
"""What its store reads of the customer's storage the service doesn't tell, so the store is referred to by its id (docs/import.md)."""

LEFT = {STAYS: 1, "file_search-by-id": 2}
"""How many objects no declaration is made of; the stores of the second hold no files, and its agent names one by its id."""


def every_case() -> list[Any]:
    return [
        pytest.param(dialect, case, id=f"{dialect}-{case.name}")
        for dialect in DIALECTS
        for case in cases(CASES / dialect)
    ]


def without_marks(stack: Stack, session: Session) -> None:
    """Let everything go that the stack made, as if somebody had made it by hand."""
    for (kind, _), held in stack.state.items():
        if not kind.endswith("File"):
            KINDS[kind].delete(session, held.id, {**held.outs, "lifecycle": {"onRemove": "retain"}})


def gathered(stack: Stack, services: Services, dialect: str, **place: Any) -> Gathering:
    project = stack.world.project
    names = Names(
        search_connections={f"{project}/connections/search".lower()},
        queues={(QUEUES, name): name for name in ("quote-in", "quote-out")},
    )
    found = Gathering(
        services,
        lambda endpoint: Contents(endpoint, credential=stack.world.credential),
        Place(stack.world.root, "layer1", dialect, STACK_ID, names=names, **place),
        stack.world.root,
    )
    gather(found, stack.world.endpoint)
    return found


def written(found: Gathering, folder: Path) -> Path:
    files: dict[str, str | bytes | Path] = {**found.copies, **files_of(found.declarations)}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, folder / path)
        else:
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    folder.mkdir(exist_ok=True)
    return folder


def everything(stack: Stack, services: Services) -> dict[str, Any]:
    """What lives in the stack's project and search service, without marks. Files of stores are told by the names people gave."""
    told: dict[str, Any] = {}
    for service in (services.project(stack.world.endpoint), services.versioned(stack.world.endpoint)):
        for agent in service.list_agents():
            told[f"agent {agent.id}"] = [_unmarked(agent.definition), getattr(agent, "serving", None)]
        names = {file.id: declared_filename(file.filename) for file in service.list_files()}
        for store in service.list_stores():
            members = [
                (names.get(one.file_id, one.file_id), one.status, one.chunking, one.attributes)
                for one in service.list_members(store.id)
            ]
            told[f"store {store.id}"] = [
                store.name,
                _unmarked({"metadata": store.metadata}),
                store.expires_after_days,
                sorted(members, key=str),
            ]
    for memory in services.versioned(stack.world.endpoint).list_memory_stores():
        told[f"memory {memory.id}"] = _unmarked(memory.definition)
    for rule in services.versioned(stack.world.endpoint).evaluations.list_rules():
        told[f"rule {rule.id}"] = _bare(rule.definition)
    versioned = services.versioned(stack.world.endpoint)
    for family, numbered in (("skill", versioned.skills), ("toolbox", versioned.toolboxes)):
        for one in numbered.list():
            told[f"{family} {one.id}"] = _unmarked(numbered.newest(one).definition)
    for asset in services.versioned(stack.world.endpoint).indexes.list():
        told[f"asset {asset.id}"] = [asset.definition, _unmarked({"metadata": asset.tags})]
    search = services.search(str(stack.search))
    told["aliases"] = search.list_aliases()
    told |= {f"index {body['name']}": _bare(body) for body in search.list_indexes()}
    for family in ("synonymmaps", "datasources", "skillsets", "indexers"):
        told |= {f"{family} {body['name']}": _bare(body) for body in search.list_objects(family)}
    return told


def _unmarked(definition: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in definition["metadata"].items() if key != KEY}
    return {**definition, "metadata": metadata}


def _bare(body: Mapping[str, Any]) -> dict[str, Any]:
    described = mark_in(body.get("description"))[0] or None
    return {key: value for key, value in body.items() if key != "@odata.etag"} | {"description": described}


@pytest.fixture
def swept(stack: Stack) -> Iterator[list[Stack]]:
    """Stacks whose objects on the search service, which all tests share, are deleted at the end, whoever owns them."""
    stacks = [stack]
    yield stacks
    search = stack.world.session().services.search(str(stack.search))
    made = {held.id for one in stacks for (kind, _), held in one.state.items() if kind.startswith("Search")}
    for alias, index in search.list_aliases().items():
        if index in made:
            search.delete_alias(alias)
    for family in ("indexers", "skillsets", "datasources"):
        for body in search.list_objects(family):
            if body["name"] in made:
                search.delete_object(family, body["name"], body["@odata.etag"])
    for body in search.list_indexes():
        if body["name"] in made:
            search.delete_index(body["name"], body["@odata.etag"])
    for body in search.list_objects("synonymmaps"):
        if body["name"] in made:
            search.delete_object("synonymmaps", body["name"], body["@odata.etag"])


@pytest.mark.parametrize(("dialect", "case"), every_case())
def test_importing_a_case_and_taking_it_up_changes_nothing(
    stack: Stack, standard_setup: Any, swept: list[Stack], dialect: str, case: Path, tmp_path: Path
) -> None:
    standard_setup()
    with made_by_others(stack, case):
        _imported_and_taken_up(stack, swept, dialect, case, tmp_path / "imported")


def _imported_and_taken_up(stack: Stack, swept: list[Stack], dialect: str, case: Path, folder: Path) -> None:
    services = stack.world.session().services
    base = CASES / dialect / "_base"
    stack.declare(base, case / "declaration")
    stack.up()
    without_marks(stack, stack.world.session())
    before = everything(stack, services)
    found = gathered(
        stack,
        services,
        dialect,
        search_endpoints=[str(stack.search)],
        folders=[str(case / "declaration")],
    )
    assert len(found.left) == LEFT.get(case.name, 0), found.left

    taken = Stack(stack.world, search=stack.search)
    swept.append(taken)
    taken.declare(base, written(found, folder))
    taken.up()
    assert everything(stack, services) == before
    assert taken.preview() == {}
    assert _ids(taken) == (set() if case.name == STAYS else _ids(stack))


def _ids(stack: Stack) -> set[tuple[str, str]]:
    """What a stack has but files, which each stack uploads anew, and what the import leaves as it is: data sources and evals."""
    return {
        (kind, held.id)
        for (kind, name), held in stack.state.items()
        if not kind.endswith("File") and kind != "Evaluation" and not name.startswith("datasources ")
    }


def by_hand(stack: Stack, files: Mapping[str, bytes]) -> str:
    """A hosted agent from code, in a zip as another tool packs it; its hash."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    code = CodeConfiguration(
        runtime="python_3_12", entry_point=["python", "main.py"], dependency_resolution="bundled"
    )
    definition = HostedAgentDefinition(cpu="1", memory="2Gi", code_configuration=code)
    client = AIProjectClient(stack.world.endpoint, stack.world.credential())
    client.agents.create_version_from_code("hand", definition=definition, code=packed)
    return hashlib.sha256(packed.getvalue()).hexdigest()


def test_code_in_a_zip_of_another_make_is_imported_and_uploaded_anew(stack: Stack, tmp_path: Path) -> None:
    before = by_hand(
        stack, {"main.py": b"print(1)", "desk/__init__.py": b"", "desk/a.pyc": b"x", "desk/b/": b""}
    )
    services = stack.world.session().services
    found = gathered(stack, services, "versioned")

    assert found.left == []
    contents = {path: file.read_bytes() for path, file in found.copies.items() if isinstance(file, Path)}
    assert contents == {"code/hand/main.py": b"print(1)", "code/hand/desk/__init__.py": b""}
    assert "uploaded anew by the next `fac up`, from stacks/layer1/code/hand" in found.notes[0]
    taken = Stack(stack.world)
    taken.declare(CASES / "versioned" / "_base", written(found, tmp_path / "imported"))
    taken.up()
    live = services.versioned(stack.world.endpoint).get_agent("hand")
    assert live.version == "2"
    assert live.definition["hosted"]["code_configuration"]["content_hash"] != before
    assert taken.preview() == {}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {"main.py": b"x", ".env": b"KEY=1", "a/.b/c": b""},
            "its code has hidden files (.env, a/.b/c), which aren't",
        ),
        ({"main.pyc": b"x"}, "its code has no file but compiled ones"),
        ({"main.py": b"x", "../other.py": b"x"}, "its code: '../other.py' can't be the name of a file here"),
        ({"/etc/main.py": b"x"}, "its code: '/etc/main.py' can't be the name of a file here"),
    ],
)
def test_an_agent_whose_code_cant_be_taken_whole_is_left_out(
    stack: Stack, files: dict[str, bytes], why: str
) -> None:
    by_hand(stack, files)

    found = gathered(stack, stack.world.session().services, "versioned")

    assert (found.declarations, found.copies) == ([], {})
    assert (
        f"agent hand (hand): it has what the format can't say, and taking it up would change it: hosted: {why}"
        in found.left[0]
    )


PLACES = {
    "p1": {"id": "p1", "name": "Harbour", "note": None, "visits": 3, "tags": ["sea"]},
    "p2": {"id": "p2", "name": "Hill", "note": "steep", "visits": 0, "tags": []},
}


@pytest.fixture
def places(stack: Stack) -> Iterator[Any]:
    """Makes an index by hand, with what its field `note` is beside, and fills it."""
    made: list[str] = []

    def make(**note: Any) -> SearchClient:
        fields = [
            SimpleField(name="id", type="Edm.String", key=True),
            SearchableField(name="name", type="Edm.String"),
            SearchField(name="note", type="Edm.String", **note),
            SimpleField(name="visits", type="Edm.Int32"),
            SimpleField(name="tags", type="Collection(Edm.String)"),
        ]
        credential = stack.world.credential()
        SearchIndexClient(str(stack.search), credential).create_index(
            SearchIndex(name="places", fields=fields)
        )
        made.append("places")
        client = SearchClient(str(stack.search), "places", credential)
        client.upload_documents([PLACES["p2"], PLACES["p1"]])
        return client

    yield make
    search = stack.world.session().services.search(str(stack.search))
    for name in made:
        search.delete_index(name, search.get_index(name)["@odata.etag"])


def imported(stack: Stack, most: int) -> Gathering:
    services = stack.world.session().services
    return gathered(stack, services, "versioned", search_endpoints=[str(stack.search)], most_documents=most)


def test_documents_of_a_small_index_are_taken_along_and_merging_them_in_changes_nothing(
    stack: Stack, swept: list[Stack], places: Any, tmp_path: Path
) -> None:
    live = places()
    before = sorted(live.search("*"), key=lambda one: one["id"])

    found = imported(stack, 2)

    lines = found.copies["documents/places.jsonl"].decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": "p1", "name": "Harbour", "visits": 3, "tags": ["sea"]},
        {"id": "p2", "name": "Hill", "note": "steep", "visits": 0, "tags": []},
    ]
    assert found.left == []
    taken = Stack(stack.world, search=stack.search)
    taken.declare(CASES / "versioned" / "_base", written(found, tmp_path / "imported"))
    taken.up()
    assert sorted(live.search("*"), key=lambda one: one["id"]) == before
    assert taken.preview() == {}


@pytest.mark.parametrize(
    ("most", "note", "why"),
    [
        (1, {}, "it has 2, more than 1 (--documents 2)"),
        (2, {"hidden": True}, "the service doesn't give note (retrievable: false)"),
    ],
)
def test_documents_that_cant_be_taken_whole_are_left_out_and_the_index_is_not(
    stack: Stack, places: Any, most: int, note: dict[str, Any], why: str
) -> None:
    places(**note)

    found = imported(stack, most)

    assert found.left == [f"documents of search index places: {why}"]
    assert [one.name for one in found.declarations] == ["places"]
    assert found.copies == {}


def test_documents_are_left_where_they_are_unless_they_are_asked_for(stack: Stack, places: Any) -> None:
    places()

    found = imported(stack, 0)

    assert (found.left, found.copies) == ([], {})
