"""`fac import`, and taking up what it wrote: the live objects stay what they are, and keep their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.day_two.conftest import forget, small_stack

MAKE = """
import io, json, os
from pathlib import Path
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
text = Path("stacks/base/knowledge/handbook/returns.md").read_bytes()
file = client.files.upload(file=io.BytesIO(text), filename="returns.md", purpose="assistants")
store = client.vector_stores.create_and_poll(name="Hand-made store", file_ids=[file.id], metadata={"by": "hand"})
finder = client.create_agent(body={
    "model": "chat", "name": "Hand-made finder", "description": "Costs ${price}", "temperature": 0.3,
    "instructions": "Answer from the rules.\\nSay ${nothing} else.\\n", "metadata": {"since": "2025-04-14"},
    "tools": [{"type": "file_search", "file_search": {"max_num_results": 3}}],
    "tool_resources": {"file_search": {"vector_store_ids": [store.id]}},
})
desk = client.create_agent(body={
    "model": "chat", "name": "Hand-made desk", "instructions": "0042",
    "tools": [{"type": "connected_agent", "connected_agent": {"id": finder.id, "name": "finder", "description": "no"}}],
})
strange = client.create_agent(body={"model": "chat", "name": "Another's", "metadata":
    {"foundry-as-code": "v1 shop/prod 22222222-2222-4222-8222-222222222222 desk 0123456789abcdef 0123456789abcdef"}})
print(json.dumps({"finder": finder.id, "desk": desk.id, "store": store.id, "strange": strange.id}))
"""

MAKE_VERSIONED = """
import json, os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
client = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential(), allow_preview=True)
client.agents.create_version("hand-flow", body={"definition": {"kind": "workflow", "workflow": "kind: workflow\\nid: greet\\n"}})
client.agents.create_version("hand-box", body={"definition": {
    "kind": "hosted", "cpu": "1", "memory": "2Gi", "container_configuration": {"image": "contoso.azurecr.io/box:1"}}})
client.beta.memory_stores.create(name="hand-people", definition={
    "kind": "default", "chat_model": "chat", "embedding_model": "embeddings"})
client.toolboxes.create_version("hand-tools", tools=[{"type": "web_search", "name": "web"}])
client.agents.create_version("hand-served", body={"definition": {"kind": "prompt", "model": "chat", "tools": [
    {"type": "memory_search_preview", "memory_store_name": "hand-people", "scope": "{{$userId}}"},
    {"type": "mcp", "server_label": "tools", "project_connection_id": "/subscriptions/s/connections/box",
     "server_url": os.environ["PROJECT_ENDPOINT"] + "/toolboxes/hand-tools/mcp?api-version=v1"}]}})
client.agents.update_details("hand-served", body={
    "agent_endpoint": {"protocol_configuration": {"responses": {}}, "version_selector": {
        "version_selection_rules": [{"type": "FixedRatio", "agent_version": "1", "traffic_percentage": 100}]}},
    "agent_card": {"version": "1.0", "skills": [{"id": "help", "name": "Help for ${nothing}"}]}})
client.agents.disable("hand-served")
"""

SHOW_VERSIONED = """
import json, os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
client = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential(), allow_preview=True)
found = {}
for agent in client.agents.list():
    if agent.name.startswith("hand-"):
        body = agent.as_dict()
        found[agent.name] = [body["versions"]["latest"]["definition"], body["state"],
                             body.get("agent_endpoint"), body.get("agent_card")]
print(json.dumps(found, sort_keys=True))
"""

DELETE_VERSIONED = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
client = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential(), allow_preview=True)
for agent in list(client.agents.list()):
    if agent.name.startswith("hand-"):
        client.agents.delete(agent.name, force=True)
client.beta.memory_stores.delete("hand-people")
client.toolboxes.delete("hand-tools")
"""

MAKE_INDEX = """
import os
from azure.identity import DefaultAzureCredential
from azure.search.documents.indexes import SearchIndexClient
from azure.search.documents.indexes.models import SearchAlias, SearchFieldDataType, SearchIndex, SimpleField
client = SearchIndexClient(SEARCH, DefaultAzureCredential())
key = SimpleField(name="id", type=SearchFieldDataType.STRING, key=True)
client.create_index(SearchIndex(name="hand-made-orders", fields=[key]))
client.create_alias(SearchAlias(name="hand-made", indexes=["hand-made-orders"]))
"""

DELETE_ALIAS = """
from azure.identity import DefaultAzureCredential
from azure.search.documents.indexes import SearchIndexClient
SearchIndexClient(SEARCH, DefaultAzureCredential()).delete_alias("hand-made")
"""

DELETE_INDEX = """
import os
from azure.identity import DefaultAzureCredential
from azure.search.documents.indexes import SearchIndexClient
client = SearchIndexClient(SEARCH, DefaultAzureCredential())
print(client.get_index("hand-made-orders").description or "")
client.delete_alias("hand-made")
client.delete_index("hand-made-orders")
"""

SHOW = """
import json, os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
found = {}
for agent in client.list_agents():
    if agent.name.startswith("Hand-made"):
        body = agent.as_dict()
        body["metadata"].pop("foundry-as-code", None)
        found[agent.id] = body
print(json.dumps(found))
"""

DELETE = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
for agent in list(client.list_agents()):
    if agent.name.startswith(("Hand-made", "Another")):
        client.delete_agent(agent.id)
for store in list(client.vector_stores.list()):
    if store.name.startswith("Hand-made"):
        client.vector_stores.delete(store.id)
for file in client.files.list().data:
    if file.filename == "returns.md":
        client.files.delete(file.id)
"""


@pytest.fixture
def by_hand(up: Any) -> Iterator[dict[str, str]]:
    made = json.loads(up.python(f"import os; os.chdir({str(up.root)!r})\n{MAKE}"))
    folder = small_stack(up, "mine", "55555555-5555-4555-8555-555555555555")
    (folder / "environment.yaml").unlink()
    yield made
    forget(up, "mine")
    up.python(DELETE)


def test_a_project_made_by_hand_is_taken_up_as_it_is(up: Any, by_hand: dict[str, str]) -> None:
    before = json.loads(up.python(SHOW))
    endpoint = up.outputs()["projectEndpoint"]
    told = up.fac(
        "import", "-s", "mine", "--endpoint", endpoint, "--files", str(up.root / "stacks/base/knowledge")
    )
    assert "VectorStore  hand-made-store  stacks/mine/vector-stores/hand-made-store.yaml" in told
    assert "agent Another's" in told
    assert "belongs to shop/prod" in told
    assert "agent front-desk" in told
    assert "belongs to foundry-as-code/sandbox" in told
    assert "nothing live was touched" in told
    folder = up.root / "stacks/mine"
    assert (folder / "prompts/hand-made-finder.md").read_text() == before[by_hand["finder"]]["instructions"]
    assert f"project_endpoint: {endpoint}" in (folder / "environment.yaml").read_text().replace("'", "")
    declared = (folder / "agents/hand-made-finder.yaml").read_text()
    assert "vector_stores: [hand-made-store]" in declared
    assert f"adopt: {by_hand['finder']}" in declared
    assert json.loads(up.python(SHOW)) == before
    # A document that adopts by name means the same object.
    (folder / "agents/hand-made-finder.yaml").write_text(
        declared.replace(f"adopt: {by_hand['finder']}", "adopt: {name: Hand-made finder}")
    )
    again = up.fac("import", "-s", "mine")
    assert again.endswith("everything there is, is declared or left out.\n")
    assert again.count("agent front-desk") == 1

    preview = up.fac("preview", "-s", "mine")
    assert "Taking over (nothing live is touched before `fac up`):" in preview
    for name in ("finder", "desk"):
        assert f"Agent  hand-made-{name}  {by_hand[name]}: as declared; only the mark is written" in preview
    assert "1 file is attached anew" in preview
    assert json.loads(up.python(SHOW)) == before

    up.fac("up", "--yes", "-s", "mine")
    exports = json.loads(up.fac("output", "-s", "mine"))
    assert exports["agents"]["hand-made-finder"] == by_hand["finder"]
    assert exports["agents"]["hand-made-desk"] == by_hand["desk"]
    assert exports["vectorStores"]["hand-made-store"] == by_hand["store"]
    assert json.loads(up.python(SHOW)) == before
    up.fac("preview", "--expect-no-changes", "-s", "mine")
    assert up.fac("import", "-s", "mine").endswith("everything there is, is declared or left out.\n")


@pytest.fixture
def versioned_by_hand(up: Any, by_hand: dict[str, str]) -> Iterator[None]:
    up.python(MAKE_VERSIONED)
    yield
    up.python(DELETE_VERSIONED)


def test_without_the_files_and_in_both_dialects_everything_is_taken_up_as_it_is(
    up: Any, by_hand: dict[str, str], versioned_by_hand: None
) -> None:
    before = up.python(SHOW), up.python(SHOW_VERSIONED)
    told = up.fac("import", "-s", "mine", "--endpoint", up.outputs()["projectEndpoint"])
    store = (
        f"left out: vector store Hand-made store ({by_hand['store']}): nobody has the content of returns.md"
    )
    assert f"{store}; agents refer to it by its id (name a folder that has them: --files FOLDER)" in told
    assert "MemoryStore  hand-people  stacks/mine/memory-stores/hand-people.yaml" in told
    folder = up.root / "stacks/mine"
    assert not (folder / "vector-stores").exists()
    finder = (folder / "agents/hand-made-finder.yaml").read_text()
    assert f"vector_store_ids: [{by_hand['store']}]" in finder
    assert (folder / "workflows/hand-flow.yaml").read_text() == "kind: workflow\nid: greet\n"
    assert "  image: contoso.azurecr.io/box:1\n" in (folder / "agents/hand-box.yaml").read_text()
    served = (folder / "agents/hand-served.yaml").read_text()
    for line in (
        "dialect: versioned",
        "memory_store: hand-people",
        "toolbox: hand-tools",
        "enabled: false",
        "Help for $${nothing}",
    ):
        assert line in served

    preview = up.fac("preview", "-s", "mine")
    taken = {f"Agent  hand-made-{name}": by_hand[name] for name in ("finder", "desk")}
    taken |= {f"VersionedAgent  {name}": name for name in ("hand-flow", "hand-box", "hand-served")}
    taken |= {"MemoryStore  hand-people": "hand-people", "Toolbox  hand-tools": "hand-tools"}
    for object_, identifier in taken.items():
        assert f"{object_}  {identifier}: as declared; only the mark is written" in preview
    up.fac("up", "--yes", "-s", "mine")
    assert (up.python(SHOW), up.python(SHOW_VERSIONED)) == before
    up.fac("preview", "--expect-no-changes", "-s", "mine")


def test_an_import_of_versioned_agents_alone_makes_a_versioned_environment(
    up: Any, by_hand: dict[str, str], versioned_by_hand: None
) -> None:
    up.fac("import", "hand-flow", "-s", "mine", "--endpoint", up.outputs()["projectEndpoint"])
    folder = up.root / "stacks/mine"
    assert "dialect: versioned" in (folder / "environment.yaml").read_text()
    assert "dialect" not in (folder / "agents/hand-flow.yaml").read_text()


def test_an_index_made_by_hand_is_taken_up_with_its_alias_and_let_go_again(up: Any) -> None:
    state = json.loads((up.root / ".sandbox/state/.pulumi/stacks/foundry-as-code/sandbox.json").read_text())
    resources = state["checkpoint"]["latest"]["resources"]
    search = next(one for one in resources if one["type"].endswith("foundry:SearchIndex"))["inputs"][
        "endpoint"
    ]
    up.python(MAKE_INDEX.replace("SEARCH", repr(search)))
    told = up.fac("import", "-s", "sandbox")
    assert "SearchIndex  hand-made-orders  stacks/sandbox/search-indexes/hand-made-orders.yaml" in told
    document = up.root / "stacks/sandbox/search-indexes/hand-made-orders.yaml"
    assert "alias: hand-made\n" in document.read_text()
    assert "hand-made-orders: as declared; only the mark is written" in up.fac("preview")
    up.fac("up", "--yes")

    up.python(DELETE_ALIAS.replace("SEARCH", repr(search)))
    assert '    ~ alias: "hand-made" doesn\'t stand for it any more' in up.fac("show").splitlines()
    assert "hand-made-orders: changed outside; the update puts the declaration back" in up.fac("preview")
    up.fac("up", "--yes")

    document.unlink()
    (up.root / "stacks/sandbox/indexes/hand-made-orders.json").unlink()
    up.fac("up", "--yes")
    assert up.python(DELETE_INDEX.replace("SEARCH", repr(search))) == "\n"


def test_an_import_never_writes_over_a_file(up: Any, by_hand: dict[str, str]) -> None:
    there = up.root / "stacks/mine/prompts/hand-made-finder.md"
    there.parent.mkdir(exist_ok=True)
    there.write_text("mine")
    before = sorted(str(path) for path in Path(up.root, "stacks").rglob("*"))
    code, printed = up.run("import", "-s", "mine", "--endpoint", up.outputs()["projectEndpoint"])
    assert code == 1
    assert "prompts/hand-made-finder.md" in printed
    assert "nothing was written" in printed
    assert sorted(str(path) for path in Path(up.root, "stacks").rglob("*")) == before
    assert there.read_text() == "mine"


def test_an_agent_that_is_not_there_is_refused_with_those_that_are(up: Any) -> None:
    code, printed = up.run("import", "nobody")
    assert code == 1
    assert "no agent nobody" in printed
