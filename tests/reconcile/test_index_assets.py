"""Index assets: registered once, watched, left to their owners, and kept while an agent searches by them."""

import pytest
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import AzureAISearchIndex
from azure.core.exceptions import ResourceNotFoundError

from foundry.model import UNKNOWN, FoundryError
from foundry.reconcile import agent, index_asset
from foundry.reconcile.marks import KEY, mark_of


def inputs(world, *, lifecycle=None, owner=None, **more):
    base = world.agent("products", **({"owner": owner} if owner else {}))
    told = {
        "name": "catalogue",
        "connection_name": "search",
        "index_name": "products",
        "description": "What we sell",
        "field_mapping": {"content_fields": ["title"], "title_field": "title"},
        "tags": {"team": "shop"},
        **more,
    }
    definition = {key: value for key, value in told.items() if value is not None}
    return {**base, "dialect": "versioned", "lifecycle": lifecycle or {}, "definition": definition}


@pytest.fixture
def assets(world):
    return AIProjectClient(world.endpoint, world.credential()).indexes


def versions(assets):
    return [f"{one.name}/versions/{one.version}" for one in assets.list_versions("catalogue")]


def live(assets, made):
    return assets.get("catalogue", made.id.rsplit("/", 1)[-1])


def test_an_asset_is_made_changed_in_place_and_deleted(world, assets):
    first = inputs(world)
    made = index_asset.create(world.session(), first)
    one = live(assets, made)
    assert (one.connection_name, one.index_name, one.description) == ("search", "products", "What we sell")
    assert (one.field_mapping.content_fields, one.field_mapping.title_field) == (["title"], "title")
    assert (one.tags["team"], mark_of(one.tags).name) == ("shop", "products")
    assert made.outs["assetId"] == one.id

    seen = index_asset.read(world.session(), made.id, made.outs)
    assert seen.inputs == first
    assert index_asset.diff(made.id, seen.outs, first).changes == ()
    second = inputs(world, description=None, tags={"stage": "live"})
    difference = index_asset.diff(made.id, seen.outs, second)
    assert [change.path for change in difference.changes] == ["description", "tags.stage", "tags.team"]
    assert difference.replaces == ()
    outs = index_asset.update(world.session(), made.id, seen.outs, second)
    one = live(assets, made)
    assert (one.description, set(one.tags)) == (None, {"stage", KEY})
    seen = index_asset.read(world.session(), made.id, outs)
    assert index_asset.diff(made.id, seen.outs, second).changes == ()

    index_asset.delete(world.session(), made.id, seen.outs)
    with pytest.raises(ResourceNotFoundError):
        live(assets, made)
    assert index_asset.read(world.session(), made.id, seen.outs) is None
    index_asset.delete(world.session(), made.id, seen.outs)


@pytest.mark.parametrize(
    "changed",
    [
        {"index_name": "products-2"},
        {"connection_name": "other"},
        {"field_mapping": {"content_fields": ["title", "description"]}},
        {"field_mapping": None},
    ],
)
def test_what_an_asset_refers_to_makes_another_version_and_the_old_one_goes(world, assets, changed):
    old = index_asset.create(world.session(), inputs(world))
    after = inputs(world, **changed)
    seen = index_asset.read(session := world.session(), old.id, old.outs)
    assert index_asset.diff(old.id, seen.outs, after).replaces == ("definition",)

    new = index_asset.create(session, after)
    assert set(versions(assets)) == {old.id, new.id}
    index_asset.delete(session, old.id, old.outs)

    assert versions(assets) == [new.id]
    seen = index_asset.read(world.session(), new.id, new.outs)
    assert index_asset.diff(new.id, seen.outs, after).changes == ()


def test_an_index_whose_name_is_not_known_yet_makes_another_version(world):
    props = {**inputs(world), "applied": inputs(world)["definition"]}

    assert index_asset.diff("x", props, inputs(world, index_name=UNKNOWN)).replaces == ("definition",)
    assert index_asset.diff("x", props, {**inputs(world), "project": UNKNOWN}).replaces == ("project",)


def test_tags_of_others_stay_and_those_declared_are_put_right(world, assets):
    made = index_asset.create(world.session(), inputs(world))
    version = made.id.rsplit("/", 1)[-1]
    patch = {"type": "AzureSearch", "description": "Old stock", "tags": {"team": "nobody", "seen": "yes"}}
    assets.create_or_update("catalogue", version, patch)

    seen = index_asset.read(world.session(), made.id, made.outs)
    changes = index_asset.diff(made.id, seen.outs, inputs(world)).changes
    assert [change.path for change in changes] == ["description", "tags.team"]
    index_asset.update(world.session(), made.id, seen.outs, inputs(world))

    one = live(assets, made)
    assert (one.description, one.tags["team"], one.tags["seen"]) == ("What we sell", "shop", "yes")


def test_drift_of_an_asset_that_is_only_to_be_reported_stays(world, assets):
    told = inputs(world, lifecycle={"onDrift": "report"})
    made = index_asset.create(world.session(), told)
    version = made.id.rsplit("/", 1)[-1]
    assets.create_or_update("catalogue", version, {"type": "AzureSearch", "description": "Old stock"})
    seen = index_asset.read(world.session(), made.id, made.outs)

    assert index_asset.diff(made.id, seen.outs, told).changes == ()
    assert "driftSince" in seen.outs
    outs = index_asset.update(world.session(), made.id, seen.outs, {**told, "name": "goods"})
    assert outs["driftSince"] == seen.outs["driftSince"]

    assert (live(assets, made).description, mark_of(live(assets, made).tags).name) == ("Old stock", "goods")
    edited = inputs(world, lifecycle={"onDrift": "report"}, tags={"stage": "live"})
    index_asset.update(world.session(), made.id, outs, edited)
    assert (live(assets, made).description, live(assets, made).tags["stage"]) == ("Old stock", "live")


def test_a_name_of_somebody_else_is_refused_and_left_alone(world, assets):
    theirs = AzureAISearchIndex(connection_name="search", index_name="theirs")
    assets.create_or_update("catalogue", "1", theirs)
    refusal = r"""didn't make its version 1.*`asset: {adopt: "1"}`, or declare another `asset\.name`"""
    with pytest.raises(FoundryError, match=refusal):
        index_asset.create(world.session(), inputs(world))
    assert versions(assets) == ["catalogue/versions/1"]

    assets.delete("catalogue", "1")
    other = index_asset.create(world.session(), inputs(world, owner=world.other))
    with pytest.raises(FoundryError, match="belongs to shop/dev"):
        index_asset.create(world.session(), inputs(world))
    assert mark_of(live(assets, other).tags).incarnation == other.outs["incarnation"]


def test_a_lost_answer_and_a_lost_state_leave_one_version(world, assets):
    world.faults({"match": {"method": "PATCH", "path": "/indexes/", "nth": 1}, "action": {"drop": "after"}})
    first = index_asset.create(world.session(), inputs(world))

    second = index_asset.create(world.session(), inputs(world))
    index_asset.delete(world.session(), first.id, first.outs)

    assert versions(assets) == [second.id] == [first.id]


def test_a_version_that_a_run_which_was_cut_off_has_left_goes_with_the_next_create(world, assets):
    index_asset.create(world.session(), inputs(world, index_name="products-2"))

    made = index_asset.create(world.session(), inputs(world))

    assert versions(assets) == [made.id]


def test_an_asset_that_is_let_go_stays_without_the_mark(world, assets):
    made = index_asset.create(world.session(), inputs(world, lifecycle={"onRemove": "retain"}))

    index_asset.delete(world.session(), made.id, made.outs)

    assert live(assets, made).tags == {"team": "shop"}


def test_an_asset_that_an_agent_searches_by_is_kept(world, assets, search_agent):
    made = index_asset.create(world.session(), inputs(world))
    desk = search_agent("products")
    (tool,) = desk["definition"]["tools"]
    tool = {"name": tool["name"], "type": tool["type"], "index_asset_id": made.id}
    session = world.session()
    agent.create(session, {**desk, "definition": {**desk["definition"], "tools": [tool]}})

    with pytest.raises(FoundryError, match=r"isn't deleted: it is used by agent stock"):
        index_asset.delete(session, made.id, made.outs)

    assert versions(assets) == [made.id]


def test_inputs_that_lack_something_are_told(world):
    nothing = inputs(world, index_name=None, tags={KEY: "x"})

    assert [one.path for one in index_asset.check({}, nothing)] == [
        "definition.index_name",
        f"definition.tags.{KEY}",
    ]


def test_a_name_with_more_versions_than_a_page_has_is_refused_for_any_of_them(world, assets):
    # The listing begins with the version made last: that of somebody else stands on its second page.
    assets.create_or_update("catalogue", "1", AzureAISearchIndex(connection_name="search", index_name="i"))
    mark = {KEY: f"v1 shop/dev {world.agent()['owner']['stackId']} products x y versioned"}
    ours = AzureAISearchIndex(connection_name="search", index_name="i", tags=mark)
    for number in range(2, 103):
        assets.create_or_update("catalogue", str(number), ours)
    session = world.session()
    session.versioned(world.endpoint).spoken_for.add("y")

    with pytest.raises(FoundryError, match="didn't make its version 1;"):
        index_asset.create(session, inputs(world))


def by_hand(assets, version="1", **more):
    told = {"connection_name": "search", "index_name": "products", "tags": {"seen": "yes"}, **more}
    assets.create_or_update("catalogue", version, AzureAISearchIndex(**told))


ADOPT = {"adopt": {"id": "catalogue/versions/1"}}


def test_a_version_made_by_hand_is_taken_over_in_place_and_kept_when_it_is_let_go(world, assets):
    by_hand(assets)
    told = inputs(world, lifecycle=ADOPT, field_mapping=None)

    made = index_asset.create(world.session(), told)

    one = live(assets, made)
    assert versions(assets) == [made.id] == ["catalogue/versions/1"]
    assert (one.description, one.tags["seen"], one.tags["team"]) == ("What we sell", "yes", "shop")
    seen = index_asset.read(world.session(), made.id, made.outs)
    assert index_asset.diff(made.id, seen.outs, told).changes == ()
    changed = inputs(world, field_mapping=None, description="What we sold")
    outs = index_asset.update(world.session(), made.id, seen.outs, changed)
    assert live(assets, made).description == "What we sold"

    index_asset.delete(world.session(), made.id, outs)
    assert versions(assets) == [made.id]
    assert KEY not in live(assets, made).tags


def test_a_lost_state_finds_an_adopted_version_again_without_being_told(world, assets):
    by_hand(assets)
    index_asset.create(world.session(), inputs(world, lifecycle=ADOPT, field_mapping=None))

    again = index_asset.create(world.session(), inputs(world, field_mapping=None))

    assert (versions(assets), again.outs["adopted"]) == ([again.id], True)


def test_what_an_adopted_version_refers_to_makes_another_and_leaves_it_there(world, assets):
    by_hand(assets)
    old = index_asset.create(world.session(), inputs(world, lifecycle=ADOPT, field_mapping=None))
    after = inputs(world, lifecycle=ADOPT)
    seen = index_asset.read(session := world.session(), old.id, old.outs)
    assert index_asset.diff(old.id, seen.outs, after).replaces == ("definition",)

    new = index_asset.create(session, after)
    index_asset.delete(session, old.id, seen.outs)

    assert set(versions(assets)) == {old.id, new.id}
    assert mark_of(live(assets, old).tags) is None
    seen = index_asset.read(world.session(), new.id, new.outs)
    assert index_asset.diff(new.id, seen.outs, after).changes == ()


@pytest.mark.parametrize(
    ("there", "adopted", "why"),
    [
        ("theirs", "1", "its index_name is theirs, and products is declared"),
        ("products", "7", "catalogue/versions/7, which 'products' is to adopt, isn't in this project"),
    ],
)
def test_a_version_that_cant_be_taken_over_is_refused_with_the_reason(world, assets, there, adopted, why):
    by_hand(assets, index_name=there)
    lifecycle = {"adopt": {"id": f"catalogue/versions/{adopted}"}}

    with pytest.raises(FoundryError, match=why):
        index_asset.create(world.session(), inputs(world, lifecycle=lifecycle, field_mapping=None))
    assert versions(assets) == ["catalogue/versions/1"]
