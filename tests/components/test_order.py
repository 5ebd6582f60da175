"""What waits for what."""

from __future__ import annotations

from itertools import combinations, pairwise

from declared import agent, basic, manifest, standard, store

from foundry import model

_BELOW_ACCOUNT = {
    "Project",
    "RaiPolicy",
    "Deployment",
    "AccountConnection",
    "ProjectConnection",
    "AccountCapabilityHost",
    "ProjectCapabilityHost",
}

_TWO_PROJECTS = {
    "support": model.Project("support", "Support", "Orders"),
    "sales": model.Project("sales", "Sales", "Offers"),
}


def _chain(world):
    """Children of the account, each after all that it waits for."""
    children = [
        each
        for each in world.resources
        if each.type.startswith("azure-native:cognitiveservices") and each.kind in _BELOW_ACCOUNT
    ]
    return sorted(children, key=lambda each: sum(world.waits_for(each, other) for other in children))


def test_children_of_an_account_are_written_one_after_another(stand_up):
    chain = _chain(stand_up(standard(projects=_TWO_PROJECTS)))

    assert [each.name for each in chain] == [
        "support",
        "sales",
        "strict",
        "chat",
        "embeddings",
        "monitoring",
        "support-cosmos",
        "support-storage",
        "support-search",
        "sales-cosmos",
        "sales-storage",
        "sales-search",
        "account-host",
        "support-host",
        "sales-host",
    ]


def test_no_two_children_of_an_account_can_be_written_at_once(stand_up):
    world = stand_up(standard(projects=_TWO_PROJECTS))

    for earlier, later in pairwise(_chain(world)):
        assert world.waits_for(later, earlier), f"{later.name} doesn't wait for {earlier.name}"


def test_whichever_children_of_an_account_are_deleted_together_each_waits_for_the_others_itself(stand_up):
    """An engine deletes two at once unless one of them depends on the other directly: what stood between them stays."""
    chain = _chain(stand_up(standard(projects=_TWO_PROJECTS)))

    for earlier, later in combinations(chain, 2):
        assert earlier.urn in later.depends_on, f"{later.name} and {earlier.name} are deleted at once"


def test_the_project_s_identity_has_its_roles_before_the_capability_host_is_made(stand_up):
    world = stand_up(standard())
    host = world.one("AccountCapabilityHost")

    before = {each.name for each in world.of("RoleAssignment") if world.waits_for(host, each)}
    assert before == {
        "support-identity-storage-blob-data-contributor-on-storage",
        "support-identity-storage-account-contributor-on-storage",
        "support-identity-cosmos-db-operator-on-threads",
        "support-identity-search-index-data-contributor-on-search",
        "support-identity-search-service-contributor-on-search",
    }


def test_roles_on_what_the_host_makes_wait_for_the_host(stand_up):
    world = stand_up(standard())
    host = world.one("ProjectCapabilityHost")

    assert world.waits_for(
        world.one("RoleAssignment", "support-identity-storage-blob-data-owner-on-storage"), host
    )
    assert world.waits_for(world.one("SqlResourceSqlRoleAssignment"), host)


def test_an_agent_waits_for_host_roles_deployment_store_and_the_role_that_lets_us_manage_it(stand_up):
    searching = agent("care", model.Tool("handbook", "file_search", {"vector_stores": ["handbook"]}))
    world = stand_up(manifest(standard(), agents=(searching,), vector_stores=(store("handbook", "a.md"),)))
    care = world.one("Agent")

    for kind, name in (
        ("ProjectCapabilityHost", "support-host"),
        ("SqlResourceSqlRoleAssignment", "support-identity-cosmos-db-data-contributor"),
        ("RoleAssignment", "support-identity-storage-blob-data-owner-on-storage"),
        ("RoleAssignment", "deployer-foundry-user-on-support"),
        ("Deployment", "chat"),
        ("VectorStore", "handbook"),
        ("File", "a.md"),
    ):
        assert world.waits_for(care, world.one(kind, name)), f"{kind} {name}"


def test_people_s_access_holds_no_agent_up(stand_up):
    world = stand_up(manifest(standard(), agents=(agent("care"),)))

    people = [each for each in world.of("RoleAssignment") if each.name.startswith("developers-")]
    assert people
    assert not [each.name for each in people if world.waits_for(world.one("Agent"), each)]


def test_an_index_waits_for_its_roles_but_not_for_capability_hosts(stand_up):
    index = model.SearchIndex("products", "products", {"fields": []})
    world = stand_up(manifest(standard(), search_indexes=(index,)))
    made = world.one("SearchIndex")

    for role in (
        "deployer-search-service-contributor-on-search",
        "deployer-search-index-data-contributor-on-search",
    ):
        assert world.waits_for(made, world.one("RoleAssignment", role))
    assert not world.waits_for(made, world.one("AccountCapabilityHost"))


def test_an_agent_comes_after_the_agents_connected_to_it(stand_up):
    desk = agent("desk", model.Tool("care", "connected_agent", {"agent": "care", "description": "Rules"}))
    world = stand_up(manifest(standard(), agents=(agent("care"), desk)))

    assert world.waits_for(world.one("Agent", "desk"), world.one("Agent", "care"))


def test_a_basic_set_up_has_no_host_and_no_stores(stand_up):
    world = stand_up(basic())

    absent = (
        "AccountCapabilityHost",
        "ProjectCapabilityHost",
        "StorageAccount",
        "Service",
        "DatabaseAccount",
    )
    assert not [each.name for kind in absent for each in world.of(kind)]
    assert [each.name for each in world.of("RoleAssignment")] == ["deployer-foundry-user-on-support"]
