"""`fac orphans`: what carries this stack's mark and is in no state is told, and deleted only by number."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundry.model import unpacked
from tests.cli.day_two.conftest import forget, small_stack
from tests.cli.day_two.test_a_run_in_the_way import lock

LEAVE = """
import hashlib, io, os, re
from pathlib import Path
from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
desk = next(agent for agent in client.list_agents() if agent.name == "front-desk")
mark = desk.metadata["foundry-as-code"]
mine = {"foundry-as-code": mark.replace(" front-desk ", " old-desk ")}
other = {"foundry-as-code": mark.replace(mark.split()[2], "11111111-1111-4111-8111-111111111111")}
client.create_agent(model="chat", name="left behind", metadata=mine)
client.create_agent(model="chat", name="another stack's", metadata=other)
project = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
helper = project.agents.get("helper").versions.latest
mine_too = {"foundry-as-code": helper.metadata["foundry-as-code"].replace(" helper ", " old-helper ")}
project.agents.create_version("left-behind", definition=helper.definition, metadata=mine_too)
client.create_agent(model="chat", name="made by hand")
store = client.vector_stores.create(name="left behind", metadata=mine)
searcher = client.create_agent(
    body={
        "model": "chat",
        "name": "somebody's searcher",
        "tools": [{"type": "file_search"}],
        "tool_resources": {"file_search": {"vector_store_ids": [store.id]}},
    }
)
content = Path("stacks/base/prompts/front-desk.md").read_bytes()
word = hashlib.sha256(f"{mark.split()[2]}:{hashlib.sha256(content).hexdigest()}".encode()).hexdigest()[:12]
client.files.upload(file=io.BytesIO(content), filename=f"front-desk.{word}.md", purpose="assistants")
team = re.search("stackId: (.*)", Path("stacks/Pulumi.team.yaml").read_text())[1]
theirs = Path("stacks/team/knowledge/zips.md").read_bytes()
word = hashlib.sha256(f"{team}:{hashlib.sha256(theirs).hexdigest()}".encode()).hexdigest()[:12]
client.files.upload(file=io.BytesIO(theirs), filename=f"zips.{word}.md", purpose="assistants")
client.files.upload(file=io.BytesIO(b"x"), filename="notes.0123456789ab.md", purpose="assistants")
print(searcher.id)
"""

TAKE_AWAY = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
names = []
for agent in client.list_agents():
    if agent.name in ("another stack's", "made by hand", "somebody's searcher"):
        names.append(agent.name)
        client.delete_agent(agent.id)
for store in client.vector_stores.list():
    if store.name == "left behind":
        names.append(store.name)
        client.vector_stores.delete(store.id)
for file in client.files.list().data:
    if file.filename.startswith(("notes.0123456789ab", "zips.")):
        names.append(file.filename)
        client.files.delete(file.id)
print(sorted(names))
"""


@pytest.fixture
def left_behind(up: Any) -> Any:
    up.python(f"import os; os.chdir({str(up.root)!r})\n{LEAVE}")
    yield up
    up.python(TAKE_AWAY)


def test_orphans_are_listed_and_deleted_only_by_their_number(left_behind: Any) -> None:
    told = left_behind.fac("orphans")
    assert [line.split("  ")[:2] for line in told.splitlines()[:4]] == [
        ["Agent", "old-desk"],
        ["VectorStore", "old-desk"],
        ["File", "front-desk.md"],
        ["Agent", "old-helper"],
    ]
    assert "made by hand" not in told
    assert "another stack's, or of a content that was never committed" in told
    assert "notes.0123456789ab.md" in told
    assert "zips" not in told, "a stack of this repository has it"

    code, refused = left_behind.answered("3\n", "orphans", "--delete")
    assert code == 1
    assert "nothing was deleted" in refused
    assert left_behind.fac("orphans") == told

    code, deleted = left_behind.answered("4\n", "orphans", "--delete")
    assert code == 1
    assert "deleted Agent old-helper (left-behind)" in deleted
    assert "deleted Agent old-desk" in deleted
    assert "deleted File front-desk.md" in deleted
    assert "isn't deleted: used by agent somebody's searcher" in deleted
    assert [line.split("  ")[0] for line in left_behind.fac("orphans").splitlines()[:1]] == ["VectorStore"]


LEAVE_NAMED = """
import os
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    MemoryStoreDefaultDefinition, SkillInlineContent, ToolboxSkillReference, WebSearchToolboxTool
)
from azure.identity import DefaultAzureCredential
project = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
mark = project.agents.get("helper").versions.latest.metadata["foundry-as-code"]
mine = {"foundry-as-code": mark.replace(" helper ", " old-one ")}
content = SkillInlineContent(description="d", instructions="i", metadata=mine)
project.beta.skills.create("left-skill", inline_content=content)
project.beta.skills.create("mate", inline_content=content)
tools = [WebSearchToolboxTool(name="web")]
project.toolboxes.create_version("left-box", tools=tools, metadata=mine)
skills = [ToolboxSkillReference(name="left-skill")]
project.toolboxes.create_version("by-hand", tools=tools, skills=skills)
definition = MemoryStoreDefaultDefinition(chat_model="chat", embedding_model="embeddings")
project.beta.memory_stores.create(name="left-memories", definition=definition, metadata=mine)
"""
TAKE_NAMED_AWAY = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
project = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
project.toolboxes.delete("by-hand")
project.beta.skills.delete("left-skill")
"""


def test_toolboxes_skills_and_memory_stores_are_told_by_kind_and_kept_while_used(up: Any) -> None:
    up.python(LEAVE_NAMED)
    try:
        told = up.fac("orphans")
        # A skill may be called as an agent is that the state holds.
        assert [line.split("  ")[:3] for line in told.splitlines()[:4]] == [
            ["MemoryStore", "old-one", "left-memories"],
            ["Toolbox", "old-one", "left-box"],
            ["Skill", "old-one", "left-skill"],
            ["Skill", "old-one", "mate"],
        ]
        code, deleted = up.answered("4\n", "orphans", "--delete")
        assert code == 1
        assert "Skill left-skill isn't deleted: used by toolbox by-hand" in deleted
        assert deleted.count("deleted ") == 3
    finally:
        up.python(TAKE_NAMED_AWAY)


LEAVE_EVALUATED = """
import os
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    AzureAISearchIndex, ContinuousEvaluationRuleAction, EvaluationRule, EvaluationRuleFilter
)
from azure.identity import DefaultAzureCredential
project = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
mark = project.agents.get("helper").versions.latest.metadata["foundry-as-code"]
mine = {"foundry-as-code": mark.replace(" helper ", " old-one ")}
evals = project.get_openai_client().evals
source = {"type": "azure_ai_source", "scenario": "responses"}
criterion = {"type": "azure_ai_evaluator", "name": "x", "evaluator_name": "builtin.violence"}
made = [
    evals.create(name="left", data_source_config=source, testing_criteria=[criterion], metadata=mine).id
    for _ in range(2)
]
version, source_of, stack_id, name, digest, incarnation, *_ = mine["foundry-as-code"].split()
described = f"(foundry-as-code: {source_of} {stack_id} {name} - {incarnation})"
for rule, eval_id, description in (("left-rule", made[0], described), ("by-hand", made[1], None)):
    action, whom = ContinuousEvaluationRuleAction(eval_id=eval_id), EvaluationRuleFilter(agent_name="helper")
    told = {"description": description, "event_type": "responseCompleted", "enabled": True}
    project.evaluation_rules.create_or_update(rule, EvaluationRule(action=action, filter=whom, **told))
asset = AzureAISearchIndex(connection_name="search", index_name="products", tags=mine)
project.indexes.create_or_update("left-asset", "1", asset)
"""
TAKE_EVALUATED_AWAY = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
project = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
project.evaluation_rules.delete("by-hand")
evals = project.get_openai_client().evals
for one in evals.list():
    evals.delete(one.id)
"""


def test_evals_their_rules_and_assets_are_told_and_an_eval_is_kept_while_a_rule_runs_it(up: Any) -> None:
    up.python(LEAVE_EVALUATED)
    try:
        told = [line.split("  ") for line in up.fac("orphans").splitlines()[:4]]
        assert sorted((kind, name) for kind, name, *_ in told) == [
            ("Evaluation", "old-one"),
            ("Evaluation", "old-one"),
            ("EvaluationRule", "old-one"),
            ("IndexAsset", "old-one"),
        ]
        code, deleted = up.answered("4\n", "orphans", "--delete")
        assert code == 1
        assert "isn't deleted: used by evaluation rule by-hand" in deleted
        assert deleted.count("deleted ") == 3
        assert [line.split("  ")[0] for line in up.fac("orphans").splitlines()[:1]] == ["Evaluation"]
    finally:
        up.python(TAKE_EVALUATED_AWAY)


STATE = ".sandbox/state/.pulumi/stacks/foundry-as-code/sandbox.json"
LEAVE_BESIDE = """
import os
from azure.identity import DefaultAzureCredential
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient
from azure.search.documents.indexes.models import (
    SearchIndex, SearchIndexer, SearchIndexerDataContainer, SearchIndexerDataSourceConnection, SimpleField
)
who = DefaultAzureCredential()
indexes, fillers = SearchIndexClient("SEARCH", who), SearchIndexerClient("SEARCH", who)
mark = indexes.get_index("products").description.partition(" products ")
mine = f"{mark[0]} old-one {mark[2]}"
indexes.create_index(SearchIndex(name="left", description=mine, fields=[SimpleField(name="id", type="Edm.String", key=True)]))
for name, text in (("left", mine), ("by-hand", None)):
    fillers.create_data_source_connection(SearchIndexerDataSourceConnection(
        name=name, description=text, type="azureblob",
        connection_string="ResourceId=/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a;",
        container=SearchIndexerDataContainer(name="docs"),
    ))
for name, text in (("left", mine), ("by-hand", None)):
    fillers.create_indexer(SearchIndexer(
        name=name, description=text, data_source_name="left", target_index_name="left", is_disabled=True
    ))
"""
TAKE_BESIDE_AWAY = """
from azure.identity import DefaultAzureCredential
from azure.search.documents.indexes import SearchIndexerClient
fillers = SearchIndexerClient("SEARCH", DefaultAzureCredential())
for name in ("left", "by-hand"):
    fillers.delete_indexer(name)
    fillers.delete_data_source_connection(name)
"""


def test_what_stands_beside_indexes_is_found_also_where_the_state_has_no_index_any_more(up: Any) -> None:
    search = json.loads(up.fac("output", "--format", "json"))["searchIndexes"]["products"]["endpoint"]
    up.python(LEAVE_BESIDE.replace("SEARCH", search))
    file = Path(up.root, STATE)
    before = file.read_bytes()
    document = json.loads(before)
    latest = document["checkpoint"]["latest"]
    gone = {one["urn"] for one in latest["resources"] if one["type"].endswith("foundry:SearchIndex")}
    latest["resources"] = [one for one in latest["resources"] if one["urn"] not in gone]
    for one in latest["resources"]:
        one["dependencies"] = [urn for urn in one.get("dependencies") or () if urn not in gone]
        one["propertyDependencies"] = {}
    try:
        file.write_text(json.dumps(document))
        told = [line.split("  ") for line in up.fac("orphans").splitlines()[:4]]
        assert sorted(line[:3] for line in told) == [
            ["SearchIndex", "old-one", "left"],
            ["SearchIndex", "products", "products"],
            ["SearchObject", "old-one", "datasources/left"],
            ["SearchObject", "old-one", "indexers/left"],
        ]
        file.write_bytes(before)
        code, printed = up.answered("3\n", "orphans", "--delete")
        assert code == 1
        assert "deleted SearchObject old-one (indexers/left)" in printed
        assert "deleted SearchIndex old-one (left)" in printed
        assert "SearchObject datasources/left isn't deleted: used by indexer by-hand" in printed
    finally:
        file.write_bytes(before)
        up.python(TAKE_BESIDE_AWAY.replace("SEARCH", search))


UPLOAD = """
import io, os, sys
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
for name in {names!r}:
    client.files.upload(file=io.BytesIO(b"Draft."), filename=name, purpose="assistants")
"""
REMAINING = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
print(sorted(file.filename for file in client.files.list().data if file.filename.startswith("draft")))
"""


def test_what_a_killed_run_uploaded_is_known_and_goes_with_the_next_up_although_its_content_is_nowhere(
    up: Any,
) -> None:
    file = Path(up.root, STATE)
    before = file.read_bytes()
    document = json.loads(before)
    one = next(r for r in document["checkpoint"]["latest"]["resources"] if r["type"].endswith("foundry:File"))
    sha256, path = hashlib.sha256(b"Draft.").hexdigest(), "stacks/base/knowledge/draft.md"
    inputs = {**one["inputs"], "path": path, "filename": "draft.md", "sha256": sha256, "size": 6}
    stack_id = unpacked(inputs, "File")["owner"]["stackId"]
    mine = hashlib.sha256(f"{stack_id}:{sha256}".encode()).hexdigest()[:12]
    resource = {"urn": f"{one['urn'].rsplit('::', 1)[0]}::{path}", "type": one["type"], "custom": True}
    resource |= {"inputs": inputs, "provider": one["provider"], "parent": one["parent"]}
    document["checkpoint"]["latest"]["pending_operations"] = [{"type": "creating", "resource": resource}]
    file.write_text(json.dumps(document))
    up.python(UPLOAD.format(names=[f"draft.{mine}.md", "draft.0123456789ab.md"]))
    try:
        told = up.fac("orphans").splitlines()
        assert told[0].startswith("File  draft.md  ")
        assert told[1].endswith("left alone: draft.0123456789ab.md")
        printed = up.fac("up", "--yes")
        assert f"{path}: a killed run had uploaded it; " in printed
        assert up.python(REMAINING).strip() == "['draft.0123456789ab.md']"
    finally:
        up.python(
            REMAINING.replace("print(sorted(file.filename", "print(sorted(client.files.delete(file.id)")
        )


MAKE_AGENT = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
mark = "v1 foundry-as-code/cut 99999999-9999-4999-8999-999999999999 desk 0123456789abcdef 0123456789abcdef"
print(client.create_agent(model="chat", name="cut-desk", metadata={"foundry-as-code": mark}).id)
"""


def test_a_destroy_after_a_killed_run_says_how_to_see_what_that_run_was_making(up: Any) -> None:
    small_stack(up, "cut", "99999999-9999-4999-8999-999999999999")
    document = json.loads(Path(up.root, STATE).read_bytes())
    latest = document["checkpoint"]["latest"]
    one = next(r for r in latest["resources"] if r["type"].endswith("foundry:Agent"))
    urn = one["urn"].replace("urn:pulumi:sandbox:", "urn:pulumi:cut:").rpartition("::")[0] + "::desk"
    inputs = {"endpoint": up.outputs()["projectEndpoint"], "name": "desk"}
    resource = {"urn": urn, "type": one["type"], "custom": True, "inputs": inputs}
    latest |= {"resources": [], "pending_operations": [{"type": "creating", "resource": resource}]}
    document["checkpoint"]["stack"] = "organization/foundry-as-code/cut"
    Path(up.root, STATE).with_name("cut.json").write_text(json.dumps(document))
    agent = up.python(MAKE_AGENT).strip()
    try:
        printed = up.fac("destroy", "--yes", "-s", "cut")
        assert "desk: its creation was under way when a run was killed; the state doesn't know it" in printed
        command = f"orphans -s cut --endpoint {inputs['endpoint']}"
        assert f"`fac {command}` lists it, and deletes it with --delete" in printed
        code, told = up.answered("1\n", *command.split(), "--delete")
        assert (code, f"deleted Agent desk ({agent})" in told) == (0, True)
    finally:
        forget(up, "cut")


class Typist(io.StringIO):
    """Somebody who types a number once something else has happened."""

    def __init__(self, number: str, happens: Callable[[], object]) -> None:
        super().__init__(number)
        self.happens = happens

    def readline(self, *limit: Any) -> str:
        self.happens()
        return super().readline(*limit)


def test_what_is_in_the_state_again_by_the_time_the_number_is_typed_is_not_deleted(up: Any) -> None:
    file = Path(up.root, STATE)
    before = file.read_bytes()
    document = json.loads(before)
    latest = document["checkpoint"]["latest"]
    gone = [one["urn"] for one in latest["resources"] if one["urn"].endswith("VersionedAgent::helper")]
    latest["resources"] = [one for one in latest["resources"] if one["urn"] not in gone]
    try:
        file.write_text(json.dumps(document))
        code, printed = up.answered(Typist("1\n", lambda: file.write_bytes(before)), "orphans", "--delete")
    finally:
        file.write_bytes(before)
    assert code == 1
    assert "Agent  helper  helper  " in printed
    assert "isn't what it was when it was listed: nothing was deleted" in printed
    assert "Stack sandbox has no orphans." in up.fac("orphans")
    assert "VersionedAgent  helper" not in up.fac("preview"), "it is live as before"


def test_nothing_is_deleted_while_a_run_is_under_way_or_nobody_can_answer(up: Any) -> None:
    file = Path(up.root, STATE)
    before = file.read_bytes()
    document = json.loads(before)
    latest = document["checkpoint"]["latest"]
    latest["resources"] = [
        one for one in latest["resources"] if not one["urn"].endswith("VersionedAgent::helper")
    ]
    try:
        file.write_text(json.dumps(document))
        with lock(up, host="runner-7", pid=4711):
            code, printed = up.answered("1\n", "orphans", "--delete")
        assert (code, "another run is under way" in printed) == (1, True)
        code, printed = up.answered(None, "orphans", "--delete")
        assert (code, "nothing was deleted" in printed) == (1, True)
    finally:
        file.write_bytes(before)


def test_a_stack_that_is_whole_has_none(up: Any) -> None:
    assert "Stack sandbox has no orphans." in up.fac("orphans")


def test_a_stack_without_an_id_owns_nothing_that_could_be_told(up: Any) -> None:
    code, printed = up.run("orphans", "-s", "dev")
    assert code == 1
    assert "has no id" in printed
    assert "Traceback" not in printed
