"""Toolboxes and skills: a version only when something differs, one default version, never another's, kept while in use."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import (
    FileSearchToolboxTool,
    ShellToolboxTool,
    SkillInlineContent,
    ToolboxSearchPreviewToolboxTool,
    ToolboxShellContainerAutoEnvironment,
    WebSearchToolboxTool,
)
from azure.core.exceptions import ResourceNotFoundError

from foundry.model import FoundryError
from foundry.reconcile import skill, toolbox, vector_store, versioned_agent
from foundry.reconcile.marks import KEY
from tests.cases.harness.stack import tapped
from tests.reconcile.conftest import FakeTime

WEB = {"name": "web", "type": "web_search"}
BOX = {"description": "Looks things up", "tools": [WEB]}
BIGGER_BOX = {"description": "Looks more things up", "tools": [WEB]}
BY_NUMBER = {"description": "How returns work", "instructions": "# Returns\n\nAsk for the order number."}
BY_NAME = {"description": "How returns work", "instructions": "# Returns\n\nAsk for the name."}


class Somebody(FakeTime):
    """A clock: whoever sleeps lets somebody else go on."""

    def __init__(self, goes_on):
        super().__init__()
        self.goes_on = goes_on

    def sleep(self, seconds):
        super().sleep(seconds)
        self.goes_on()


class Toolboxes:
    """What the tests of both kinds say of toolboxes."""

    kind = toolbox
    title = "toolbox"
    first, second = BOX, BIGGER_BOX
    path = "/toolboxes/returns"

    def __init__(self, world):
        self.live = AIProjectClient(world.endpoint, world.credential()).toolboxes

    def by_hand(self, metadata=None):
        return self.live.create_version(
            "returns", tools=[WebSearchToolboxTool(name="other")], metadata=metadata or {}
        )

    def metadata(self):
        return self.live.get("returns").versions.latest.metadata


class Skills:
    """What the tests of both kinds say of skills."""

    kind = skill
    title = "skill"
    first, second = BY_NUMBER, BY_NAME
    path = "/skills/returns"

    def __init__(self, world):
        self.world = world
        self.live = AIProjectClient(world.endpoint, world.credential()).beta.skills

    def by_hand(self, metadata=None):
        content = SkillInlineContent(description="x", instructions="Be rude.", metadata=metadata)
        return self.live.create("returns", inline_content=content)

    def metadata(self):
        service = self.world.session().versioned(self.world.endpoint).service.skills
        return dict(service.newest(service.get("returns")).metadata)


@pytest.fixture(params=[Toolboxes, Skills], ids=["toolbox", "skill"])
def one(request, world):
    return request.param(world)


def inputs(world, told, *, default="latest", keep=None, lifecycle=None, owner=None, name="returns", **more):
    base = world.agent(name, **({"owner": owner} if owner else {}))
    return {
        **base,
        "dialect": "versioned",
        "lifecycle": lifecycle or {},
        "definition": {"name": name, "metadata": {}, **told, **more},
        "defaultVersion": default,
        **({"keepVersions": keep} if keep else {}),
    }


def numbers(one):
    return [each.version for each in one.live.list_versions("returns", order="asc")]


def seen(world, one, outs):
    found = one.kind.read(world.session(), "returns", outs)
    assert found is not None
    return found


def test_it_is_made_changed_by_a_version_and_deleted(world, one):
    wanted = inputs(world, one.first, metadata={"team": "care"})
    assert one.kind.check({}, wanted) == []
    made = one.kind.create(world.session(), wanted)
    assert (made.id, made.outs["version"], made.outs["latestVersion"]) == ("returns", "1", "1")
    assert one.metadata()["team"] == "care"
    assert " shop/dev 11111111-1111-4111-8111-111111111111 returns " in one.metadata()[KEY]

    now = seen(world, one, made.outs)
    assert one.kind.diff("returns", now.outs, wanted).changes == ()
    assert now.inputs == wanted
    one.kind.update(world.session(), "returns", now.outs, wanted)
    assert numbers(one) == ["1"]

    changed = inputs(world, one.second)
    assert one.kind.diff("returns", now.outs, changed).changes
    outs = one.kind.update(world.session(), "returns", now.outs, changed)
    assert (numbers(one), outs["version"], one.live.get("returns").default_version) == (["1", "2"], "2", "2")
    assert "team" not in one.metadata()
    assert one.kind.diff("returns", seen(world, one, outs).outs, changed).changes == ()

    one.kind.delete(world.session(), "returns", outs)
    with pytest.raises(ResourceNotFoundError):
        one.live.get("returns")
    one.kind.delete(world.session(), "returns", outs)


def test_the_name_stands_for_the_version_that_is_declared_and_that_makes_none(world, one):
    made = one.kind.create(world.session(), inputs(world, one.first))
    outs = one.kind.update(world.session(), "returns", made.outs, inputs(world, one.second))

    pinned = inputs(world, one.second, default="1")
    assert [change.path for change in one.kind.diff("returns", outs, pinned).changes] == ["defaultVersion"]
    outs = one.kind.update(world.session(), "returns", outs, pinned)
    assert (one.live.get("returns").default_version, outs["version"], numbers(one)) == ("1", "1", ["1", "2"])
    assert one.kind.diff("returns", seen(world, one, outs).outs, pinned).changes == ()

    # New content is kept ready, and the name goes on standing for the pinned version.
    later = inputs(world, one.first, default="1")
    outs = one.kind.update(world.session(), "returns", outs, later)
    assert (one.live.get("returns").default_version, numbers(one)) == ("1", ["1", "2", "3"])
    outs = one.kind.update(world.session(), "returns", outs, inputs(world, one.first))
    assert (one.live.get("returns").default_version, numbers(one)) == ("3", ["1", "2", "3"])

    with pytest.raises(FoundryError, match="has no version 9 to stand for"):
        one.kind.update(world.session(), "returns", outs, inputs(world, one.second, default="9"))
    assert numbers(one) == ["1", "2", "3"]


def test_what_somebody_changes_by_hand_is_drift_and_taken_back(world, one):
    wanted = inputs(world, one.first)
    made = one.kind.create(world.session(), wanted)
    one.by_hand({KEY: one.metadata()[KEY], "logo": "x"})

    now = seen(world, one, made.outs)
    assert one.kind.diff("returns", now.outs, wanted).changes
    outs = one.kind.update(world.session(), "returns", now.outs, wanted)
    assert one.kind.diff("returns", seen(world, one, outs).outs, wanted).changes == ()
    assert one.metadata()["logo"] == "x"

    one.live.update("returns", default_version="2")
    now = seen(world, one, outs)
    (change,) = one.kind.diff("returns", now.outs, wanted).changes
    assert (change.path, change.old, change.new) == ("defaultVersion", "2", "latest")
    one.kind.update(world.session(), "returns", now.outs, wanted)
    assert (one.live.get("returns").default_version, numbers(one)) == ("3", ["1", "2", "3"])


def test_drift_that_is_only_reported_is_left_alone(world, one):
    wanted = inputs(world, one.first, lifecycle={"onDrift": "report"})
    made = one.kind.create(world.session(), wanted)
    one.by_hand({KEY: one.metadata()[KEY]})
    one.live.update("returns", default_version="1")

    now = seen(world, one, made.outs)
    assert one.kind.diff("returns", now.outs, wanted).changes == ()
    assert now.outs["driftSince"]
    labelled = inputs(world, one.first, lifecycle={"onDrift": "report"}, metadata={"team": "care"})
    outs = one.kind.update(world.session(), "returns", now.outs, labelled)

    assert (one.live.get("returns").default_version, numbers(one)) == ("1", ["1", "2", "3"])
    assert one.metadata()["team"] == "care"
    assert one.kind.diff("returns", seen(world, one, outs).outs, labelled).changes == ()
    assert outs["definition"] != labelled["definition"]


def test_a_lost_answer_and_a_lost_state_leave_one_version(world, one):
    makes = {"method": "POST", "path": f"{one.path}/versions$", "nth": 1}
    world.faults({"match": makes, "action": {"drop": "after"}})
    first = one.kind.create(world.session(), inputs(world, one.first))
    second = one.kind.create(world.session(), inputs(world, one.first))

    assert numbers(one) == ["1"]
    assert second.outs["incarnation"] == first.outs["incarnation"]


def test_a_version_that_somebody_makes_meanwhile_is_not_taken_for_one_whose_answer_was_lost(world, one):
    made = one.kind.create(world.session(), inputs(world, one.first))
    somebody = [one.by_hand]
    world.time = Somebody(lambda: somebody.pop()() if somebody else None)
    makes = {"method": "POST", "path": f"{one.path}/versions$", "nth": 1}
    world.faults({"match": makes, "action": {"drop": "before"}})

    outs = one.kind.update(world.session(), "returns", made.outs, inputs(world, one.second))

    assert somebody == []
    assert (numbers(one), outs["version"]) == (["1", "2", "3"], "3")
    assert one.kind.diff("returns", seen(world, one, outs).outs, inputs(world, one.second)).changes == ()


def test_what_is_let_go_never_stands_for_a_version_that_it_did_not_stand_for(world, one):
    told = inputs(world, one.first)
    made = one.kind.create(world.session(), told)
    pinned = inputs(world, one.second, default="1", lifecycle={"retainOnDelete": True, "onRemove": "retain"})
    outs = one.kind.update(world.session(), "returns", made.outs, pinned)

    with tapped() as requests:
        one.kind.delete(world.session(), "returns", outs)

    assert (numbers(one), one.live.get("returns").default_version) == (["1", "2", "3"], "1")
    assert [each["url"] for each in requests if "default" in str(each.get("body"))] == []


def test_a_replacement_survives_the_delete_of_what_it_replaces(world, one):
    first = one.kind.create(world.session(), inputs(world, one.first))
    session = world.session()
    one.kind.read(session, "returns", first.outs)
    second = one.kind.create(session, inputs(world, one.first))
    one.kind.delete(session, "returns", first.outs)

    assert second.outs["incarnation"] != first.outs["incarnation"]
    assert one.live.get("returns").name == "returns"


def test_anothers_is_refused_unless_it_is_to_be_adopted_and_then_let_go(world, one):
    one.by_hand({"by": "hand"})

    with pytest.raises(FoundryError, match="this tool didn't make it"):
        one.kind.create(world.session(), inputs(world, one.first))
    with pytest.raises(FoundryError, match="can't be renamed"):
        one.kind.create(world.session(), inputs(world, one.first, lifecycle={"adopt": {"id": "theirs"}}))
    made = one.kind.create(world.session(), inputs(world, one.first, lifecycle={"adopt": {"id": "returns"}}))
    assert numbers(one) == ["1", "2"]
    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        one.kind.create(world.session(), inputs(world, one.first, owner=world.other))
    one.kind.delete(world.session(), "returns", made.outs)

    assert one.metadata() == {"by": "hand"}
    assert one.live.get("returns").default_version == "3"


def test_an_adoption_of_nothing_says_so(world, one):
    wanted = inputs(world, one.first, lifecycle={"adopt": {"id": "returns"}})
    with pytest.raises(
        FoundryError, match=f"{one.title} returns, which 'returns' is to adopt, isn't in this"
    ):
        one.kind.create(world.session(), wanted)


def test_old_versions_go_and_never_the_one_in_use(world, one):
    made = one.kind.create(world.session(), inputs(world, one.first))
    outs = made.outs
    for told, default in ((one.second, "1"), (one.first, "1"), (one.second, "1")):
        outs = one.kind.update(world.session(), "returns", outs, inputs(world, told, default=default, keep=2))
    assert numbers(one) == ["1", "3", "4"]
    assert world.requests("DELETE", f"{one.path}/versions/1") == []  # it isn't left to the service to refuse
    assert len(world.requests("DELETE", f"{one.path}/versions/2")) == 1
    one.kind.update(world.session(), "returns", outs, inputs(world, one.first, keep=2))
    assert numbers(one) == ["4", "5"]


def test_versions_that_another_stack_made_stay_when_old_ones_go(world, one):
    one.kind.create(world.session(), inputs(world, one.first, owner=world.other))
    taken = {"adopt": {"id": "returns", "from": "shop/dev"}}
    outs = one.kind.create(world.session(), inputs(world, one.second, lifecycle=taken)).outs
    for told in (one.first, one.second):
        outs = one.kind.update(world.session(), "returns", outs, inputs(world, told, keep=1, lifecycle=taken))

    assert numbers(one) == ["1", "4"]


def test_what_was_let_go_by_hand_already_gets_no_version_for_it(world, one):
    one.by_hand()
    taken = inputs(world, one.first, lifecycle={"adopt": {"id": "returns"}})
    made = one.kind.create(world.session(), taken)
    one.by_hand()

    one.kind.delete(world.session(), "returns", made.outs)

    assert numbers(one) == ["1", "2", "3"]


def test_another_name_is_another_one(world, one):
    made = one.kind.create(world.session(), inputs(world, one.first))
    renamed = {**inputs(world, one.first), "definition": {**one.first, "name": "refunds", "metadata": {}}}
    assert one.kind.diff("returns", made.outs, renamed).replaces == ("definition",)


@pytest.mark.parametrize("default", ["newest", 3, None])
def test_a_default_version_is_a_number_or_latest(world, one, default):
    wanted = {**inputs(world, one.first), "defaultVersion": default}
    assert [problem.path for problem in one.kind.check({}, wanted)] == ["defaultVersion"]


def test_what_no_service_would_take_is_told_before_anything_is_sent(world):
    tools = [WEB, {"name": "web", "type": "web_search"}, {"name": "f", "type": "function"}]
    wrong = inputs(world, {"tools": tools, "description": "x" * 513}, name="a b")
    assert [problem.path for problem in toolbox.check({}, wrong)] == [
        "definition.name",
        "definition.description",
        "definition.tools[1].name",
        "definition.tools[2].type",
    ]
    wrong = inputs(world, {"instructions": ""}, name="a_b")
    assert [problem.path for problem in skill.check({}, wrong)] == [
        "definition.name",
        "definition.description",
        "definition.instructions",
    ]


def agent(world, **definition):
    told = {"name": "desk", "model": "chat", "metadata": {}, "tools": [], **definition}
    return {**world.agent("desk"), "dialect": "versioned", "definition": told, "serving": {}}


def test_a_skill_stays_while_an_agent_or_a_toolbox_uses_it_and_so_does_the_version(world):
    one = Skills(world)
    made = skill.create(world.session(), inputs(world, one.first))
    pinned = [{"name": "returns", "version": "1"}]
    desk = versioned_agent.create(world.session(), agent(world, skills=pinned))
    assert versioned_agent.read(world.session(), "desk", desk.outs).outs["definition"]["skills"] == pinned
    outs = made.outs
    for told in (one.second, one.first):
        outs = skill.update(world.session(), "returns", outs, inputs(world, told, keep=1))
    assert numbers(one) == ["1", "3"]
    with pytest.raises(FoundryError, match="skill returns isn't deleted: it is used by agent desk"):
        skill.delete(world.session(), "returns", outs)
    versioned_agent.delete(world.session(), "desk", desk.outs)

    box = inputs(world, {"tools": [], "skills": [{"name": "returns"}]}, name="box")
    held = toolbox.create(world.session(), box)
    with pytest.raises(FoundryError, match="it is used by toolbox box"):
        skill.delete(world.session(), "returns", outs)
    toolbox.delete(world.session(), "box", held.outs)
    skill.delete(world.session(), "returns", outs)


def test_a_toolbox_stays_while_an_agent_calls_it(world):
    made = toolbox.create(world.session(), inputs(world, Toolboxes.first))
    url = f"{world.endpoint}/toolboxes/returns/mcp?api-version=v1"
    call = {"name": "box", "type": "mcp", "server_url": url}
    desk = versioned_agent.create(world.session(), agent(world, tools=[call]))
    with pytest.raises(FoundryError, match="toolbox returns isn't deleted: it is used by agent desk"):
        toolbox.delete(world.session(), "returns", made.outs)
    versioned_agent.delete(world.session(), "desk", desk.outs)
    toolbox.delete(world.session(), "returns", made.outs)


def test_a_toolbox_goes_and_its_versions_too_while_an_agent_calls_another_one_or_another_version(world):
    outs = toolbox.create(world.session(), inputs(world, Toolboxes.first)).outs
    outs = toolbox.update(world.session(), "returns", outs, inputs(world, Toolboxes.second))
    pinned = {
        "name": "box",
        "type": "mcp",
        "server_url": f"{world.endpoint}/toolboxes/returns/versions/2/mcp",
    }
    other = {"name": "more", "type": "mcp", "server_url": f"{world.endpoint}/toolboxes/returns-more/mcp"}
    desk = versioned_agent.create(world.session(), agent(world, tools=[pinned, other]))
    for told in (Toolboxes.first, Toolboxes.second):
        outs = toolbox.update(world.session(), "returns", outs, inputs(world, told, keep=1))
    assert numbers(Toolboxes(world)) == ["2", "4"]

    versioned_agent.update(world.session(), "desk", desk.outs, agent(world, tools=[other]))
    toolbox.delete(world.session(), "returns", outs)
    assert [one.name for one in Toolboxes(world).live.list()] == []


def test_tools_made_by_hand_are_seen_as_they_are(world):
    one = Toolboxes(world)
    made = toolbox.create(world.session(), inputs(world, one.first))
    shell = ShellToolboxTool(name="run", environment=ToolboxShellContainerAutoEnvironment())
    search = ToolboxSearchPreviewToolboxTool(name="look")
    one.live.create_version(
        "returns", tools=[shell, search, FileSearchToolboxTool()], metadata=one.metadata()
    )

    tools = seen(world, one, made.outs).outs["definition"]["tools"]

    assert tools == [
        {"name": "run", "type": "shell", "file_ids": [], "environment": {"type": "container_auto"}},
        {"name": "look", "type": "raw", "body": {"type": "toolbox_search_preview"}},
        {"name": "file_search", "type": "file_search", "vector_store_ids": []},
    ]


def test_a_store_stays_while_a_toolbox_searches_it_also_when_another_takes_its_place(world):
    knowledge = {**world.store(), "dialect": "versioned"}
    store = vector_store.create(world.session(), knowledge)
    search = {"name": "rules", "type": "file_search", "vector_store_ids": [store.id]}
    box = toolbox.create(world.session(), inputs(world, {"tools": [search]}, name="box"))
    with pytest.raises(
        FoundryError, match=r"vector store handbook .* isn't deleted: it is used by toolbox box"
    ):
        vector_store.delete(world.session(), store.id, store.outs)

    cut = {"type": "static", "max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}
    session = world.session()
    other = vector_store.create(session, {**world.store(chunking_strategy=cut), "dialect": "versioned"})
    service = session.versioned(world.endpoint).service
    assert {one.id for one in service.list_stores()} == {store.id, other.id}
    turned = {**search, "vector_store_ids": [other.id]}
    outs = toolbox.update(session, "box", box.outs, inputs(world, {"tools": [turned]}, name="box"))
    vector_store.delete(session, store.id, store.outs)
    assert {one.id for one in service.list_stores()} == {other.id}

    # The old version is what callers get while the name stands for it.
    pinned = inputs(world, {"tools": [WEB]}, name="box", default="2")
    outs = toolbox.update(session, "box", outs, pinned)
    with pytest.raises(FoundryError, match="used by toolbox box"):
        vector_store.delete(world.session(), other.id, other.outs)
