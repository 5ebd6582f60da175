"""Agents, stores, files and indexes as Pulumi gets them."""

from __future__ import annotations

from declared import STACK_ID, agent, basic, manifest, standard, store

from foundry import model

_STORAGE = "/subscriptions/s/resourceGroups/theirs/providers/Microsoft.Storage/storageAccounts/theirs"
_SEARCH = "/subscriptions/s/resourceGroups/theirs/providers/Microsoft.Search/searchServices/theirs"


def _searching(name="care", **changes):
    return agent(name, model.Tool("h", "file_search", {"vector_stores": ["handbook"]}), **changes)


def test_an_agent_is_told_whose_it_is_and_where_it_lives(stand_up):
    world = stand_up(manifest(basic(), agents=(agent("care"),)))
    inputs = world.one("Agent").inputs

    assert world.one("Agent").type == "pulumi-python:dynamic/foundry:Agent"
    assert inputs["owner"] == {"project": "foundry-as-code", "stack": "test", "stackId": STACK_ID}
    assert (inputs["name"], inputs["dialect"], "lifecycle" in inputs) == ("care", "classic", False)
    assert inputs["project"] == world.one("Project").id
    assert inputs["endpoint"].endswith("/api/projects/support")


def test_instructions_may_speak_of_a_queue_s_address(stand_up):
    told = model.Template(("Answer to ", model.QueueUrl("quote-out"), "."))
    world = stand_up(manifest(standard(), agents=(agent("care", instructions=told),)))

    url = world.outputs["queues"]["quote-out"]
    assert url.endswith(".queue.example/quote-out")
    assert world.one("Agent").inputs["definition"]["instructions"] == f"Answer to {url}."


def test_a_file_that_two_stores_and_an_agent_use_is_uploaded_once(stand_up):
    interpreting = agent(
        "analyst", model.Tool("c", "code_interpreter", {}, (model.KnowledgeFile("a.md", "sha of a.md", 1),))
    )
    stores = (store("one", "a.md", "b.md"), store("two", "a.md"))
    world = stand_up(manifest(basic(), agents=(interpreting,), vector_stores=stores))

    assert sorted(each.name for each in world.of("File")) == ["a.md", "b.md"]
    assert world.one("Agent").inputs["definition"]["tools"][0]["file_ids"] == [world.one("File", "a.md").id]


def test_a_file_of_two_projects_is_uploaded_to_each_under_a_name_of_its_own(stand_up):
    two = {name: model.Project(name, name, name) for name in ("support", "sales")}
    stores = (store("one", "a.md"), store("two", "a.md", project="sales"))
    world = stand_up(manifest(basic(projects=two), vector_stores=stores))

    assert {each.name: each.inputs["project"].rsplit("/", 1)[-1] for each in world.of("File")} == {
        "a.md": "support",
        "sales:a.md": "sales",
    }


def test_a_teardown_takes_agents_stores_and_files_with_the_project(stand_up):
    whole = manifest(standard(), agents=(_searching(),), vector_stores=(store("handbook", "a.md"),))
    world = stand_up(whole)

    project = world.one("Project").urn
    owners = {kind: world.one(kind).options.deletedWith for kind in ("Agent", "VectorStore", "File")}
    assert owners == dict.fromkeys(owners, project)


def test_a_teardown_takes_indexes_with_the_search_service(stand_up):
    world = stand_up(
        manifest(standard(), search_indexes=(model.SearchIndex("products", "products", {"fields": []}),))
    )

    assert world.one("SearchIndex").options.deletedWith == world.one("Service").urn


def test_agents_whose_data_are_in_the_customer_s_storage_are_deleted_one_by_one(stand_up):
    theirs = standard(storage=model.Storage(id=_STORAGE))
    world = stand_up(manifest(theirs, agents=(agent("care"),)))

    assert world.one("Agent").options.deletedWith == ""


def test_an_index_in_somebody_else_s_service_outlives_the_stack_s_resources(stand_up):
    theirs = standard(search=model.Search(id=_SEARCH))
    index = model.SearchIndex("products", "products", {"fields": []})
    world = stand_up(manifest(theirs, search_indexes=(index,)))

    made = world.one("SearchIndex")
    assert made.inputs["service"] == _SEARCH
    assert made.options.deletedWith == ""


def test_lifecycle_becomes_pulumi_s_options(stand_up):
    kept = model.Lifecycle(protect=True, retain_on_delete=True, previous_names=("orders",))
    options = stand_up(manifest(basic(), agents=(agent("care", lifecycle=kept),))).one("Agent").options

    assert options.protect
    assert options.retainOnDelete
    assert [alias.spec.name for alias in options.aliases] == ["orders"]


def test_an_index_comes_after_a_synonym_map_that_another_index_has(stand_up):
    colours = model.SearchObject("synonymmaps", "colours", {"synonyms": "red, crimson"})
    inner = {"name": "maker", "fields": [{"name": "name", "synonymMaps": ["colours"]}]}
    world = stand_up(
        manifest(
            standard(),
            search_indexes=(
                model.SearchIndex("boots", "boots", {"fields": [inner]}),
                model.SearchIndex("goods", "goods", {"fields": []}, beside=(colours,)),
                model.SearchIndex("tents", "tents", {"fields": []}),
            ),
        )
    )

    made = {each.name: each for each in world.of("SearchIndex")}
    waiting = {name for name, one in made.items() if world.waits_for(one, world.one("SearchObject"))}
    assert waiting == {"boots", "goods"}


def test_what_stands_beside_an_index_is_renamed_with_it(stand_up):
    index = model.SearchIndex(
        "manuals",
        "manuals",
        {"fields": []},
        beside=(
            model.SearchObject("synonymmaps", "colours", {"synonyms": "red, crimson"}),
            model.SearchObject("datasources", "manuals", {"type": "azureblob"}),
        ),
        lifecycle=model.Lifecycle(previous_names=("papers",)),
    )
    world = stand_up(manifest(standard(), search_indexes=(index,)))

    names = {
        each.name: [alias.spec.name for alias in each.options.aliases] for each in world.of("SearchObject")
    }
    assert names == {"manuals-colours": ["papers-colours"], "manuals-datasource": ["papers-datasource"]}


def test_without_a_lifecycle_nothing_is_protected_or_renamed(stand_up):
    options = stand_up(manifest(basic(), agents=(agent("care"),))).one("Agent").options

    assert not options.protect
    assert not options.retainOnDelete
    assert not options.aliases


def test_the_outputs_have_their_public_names(stand_up):
    whole = manifest(
        standard(),
        agents=(_searching(),),
        vector_stores=(store("handbook", "a.md"),),
        search_indexes=(model.SearchIndex("products", "products", {"fields": []}),),
    )
    outputs = stand_up(whole).outputs

    assert outputs["agents"] == {"care": "id-of-care"}
    assert outputs["vectorStores"] == {"handbook": "id-of-handbook"}
    assert outputs["searchIndexes"] == {"products": "id-of-products"}
    assert outputs["modelDeployments"] == ["chat", "embeddings"]
    assert sorted(outputs["queues"]) == ["quote-in", "quote-out"]
    assert outputs["projectEndpoint"].startswith("https://")


def test_an_index_comes_after_its_synonym_maps_and_before_what_fills_it(stand_up):
    index = model.SearchIndex(
        "manuals",
        "manuals_v1",
        {"fields": []},
        beside=(
            model.SearchObject("synonymmaps", "colours", {"synonyms": "red, crimson"}),
            model.SearchObject("datasources", "manuals-v1", {"type": "azureblob"}),
            model.SearchObject("skillsets", "manuals-v1", {"skills": []}),
            model.SearchObject("indexers", "manuals-v1", {"schedule": {"interval": "PT2H"}}),
        ),
    )
    world = stand_up(manifest(standard(), search_indexes=(index,)))
    made = {each.inputs["family"]: each for each in world.of("SearchObject")}

    assert world.waits_for(world.one("SearchIndex"), made["synonymmaps"])
    assert world.waits_for(made["indexers"], world.one("SearchIndex"))
    assert made["datasources"].inputs["definition"]["credentials"] == {
        "connectionString": f"ResourceId={world.one('StorageAccount').id};"
    }
    assert made["indexers"].inputs["definition"] == {
        "name": "manuals-v1",
        "targetIndexName": world.one("SearchIndex").id,
        "dataSourceName": made["datasources"].id,
        "skillsetName": made["skillsets"].id,
        "schedule": {"interval": "PT2H"},
    }
