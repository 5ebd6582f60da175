from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from declared import DEVELOPERS, agent, basic, manifest, standard
from pulumi_recorder import DEPLOYER, World

from components.grants import containers_of
from foundry import model
from foundry.model.roles import ROLES, near_roles, role_id

_FOUNDRY_USER = "53ca6127-db72-4b80-b1b0-d745d6d5456d"


def _granting(object_id: str, *roles: str, name: str = "team") -> model.AccessGrant:
    return model.AccessGrant(name, "Group", object_id, {"project": roles})


def _triples(world: World) -> list[tuple[str, str, str]]:
    return [
        (each.inputs["principalId"], each.inputs["roleDefinitionId"], each.inputs["scope"])
        for each in world.of("RoleAssignment")
    ]


def test_an_assignment_has_the_same_name_in_every_run(stand_up):
    first, second = (
        [each.inputs["roleAssignmentName"] for each in world.of("RoleAssignment")]
        for world in (stand_up(standard()), stand_up(standard(), world=World()))
    )

    assert sorted(first) == sorted(second)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in first)
    assert len(set(first)) == len(first)


def test_the_type_of_every_principal_is_told(stand_up):
    types = {
        each.name.split("-")[0]: each.inputs["principalType"]
        for each in stand_up(standard(), principal_type="User").of("RoleAssignment")
    }

    assert types == {
        "deployer": "User",
        "developers": "Group",
        "support": "ServicePrincipal",
        "search": "ServicePrincipal",
    }


def test_the_same_role_of_a_principal_under_two_names_is_assigned_once(stand_up):
    twice = (
        _granting(DEVELOPERS, "Foundry User"),
        _granting(DEVELOPERS.upper(), "Azure AI User", name="others"),
    )
    triples = _triples(stand_up(basic(access=twice)))

    assert len(triples) == len({(who.lower(), role, scope) for who, role, scope in triples}) == 2


def test_a_person_who_is_the_deployer_has_the_role_already(stand_up):
    triples = _triples(stand_up(basic(access=(_granting(DEPLOYER, "Foundry User", "Reader"),))))

    assert sorted(role.rsplit("/", 1)[-1] for _, role, _ in triples) == sorted(
        [_FOUNDRY_USER, ROLES["Reader"]]
    )


def test_monitoring_means_the_workspace_and_application_insights(stand_up):
    world = stand_up(standard())
    reader = ROLES["Log Analytics Reader"]

    scopes = {scope.rsplit("/", 2)[-2] for _, role, scope in _triples(world) if role.endswith(reader)}
    assert scopes == {"workspaces", "components"}


def test_queues_need_a_role_of_the_project_s_identity(stand_up):
    name = "support-identity-storage-queue-data-contributor-on-storage"

    assert stand_up(standard()).one("RoleAssignment", name)
    without = stand_up(standard(storage=model.Storage()))
    assert name not in {each.name for each in without.of("RoleAssignment")}


def test_blob_ownership_is_narrowed_to_the_project_s_containers(stand_up):
    owner = stand_up(standard()).one("RoleAssignment", "support-identity-storage-blob-data-owner-on-storage")

    assert owner.inputs["conditionVersion"] == "2.0"
    assert "StringStartsWithIgnoreCase '01234567-89ab-cdef-0123-456789abcdef'" in owner.inputs["condition"]


def test_without_the_project_s_guid_the_condition_falls_back_to_the_containers_suffix(stand_up):
    world = stand_up(standard(), world=World(internal_id=None))
    owner = world.one("RoleAssignment", "support-identity-storage-blob-data-owner-on-storage")

    assert owner.inputs["condition"] == containers_of(None)
    assert "StartsWith" not in owner.inputs["condition"]


def test_the_thread_store_s_role_covers_the_whole_database(stand_up):
    world = stand_up(standard())
    store = world.one("DatabaseAccount")
    role = world.one("SqlResourceSqlRoleAssignment").inputs

    assert role["scope"] == f"{store.id}/dbs/enterprise_memory"
    assert role["roleDefinitionId"] == f"{store.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"


def test_roles_on_what_the_environment_lacks_are_refused(stand_up):
    grant = model.AccessGrant("team", "Group", DEVELOPERS, {"search": ("Search Index Data Reader",)})

    with pytest.raises(model.FoundryError, match=r"team has roles on `search`.*declare `search`"):
        stand_up(basic(access=(grant,)))


def test_the_identity_of_a_project_with_evaluation_rules_is_a_foundry_user_there(stand_up):
    rule = model.Evaluation("care-continuous", eval_id="eval_1")
    care = replace(agent("care", dialect=model.Dialect.VERSIONED), evaluation=rule)

    without, with_rule = (
        {each.name for each in stand_up(manifest(basic(), agents=agents)).of("RoleAssignment")}
        for agents in ((), (care,))
    )

    assert with_rule - without == {"support-identity-foundry-user-on-support"}


def test_an_unknown_role_is_refused_with_the_names_near_it(stand_up):
    with pytest.raises(model.FoundryError, match=r"no role is called 'Foundry Usr'.*Foundry User"):
        stand_up(basic(access=(_granting(DEVELOPERS, "Foundry Usr"),)))


def test_the_old_and_the_new_name_of_a_foundry_role_are_one_role():
    for new in ("User", "Project Manager", "Account Owner", "Owner"):
        assert role_id(f"Foundry {new}") == role_id(f"azure ai {new}") != role_id("Owner")


def test_a_role_that_resembles_nothing_has_no_names_near_it():
    assert near_roles("zzzz") == ()


def test_the_schema_offers_exactly_the_roles_that_are_known():
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "environment.json").read_text())

    assert set(schema["$defs"]["role"]["enum"]) == set(ROLES)


@pytest.mark.parametrize(
    ("source", "granted"),
    [
        ({"type": "azureblob"}, True),
        ({"type": "azureblob", "credentials": {"connectionString": "ResourceId=/theirs;"}}, False),
        ({"type": "cosmosdb"}, False),
    ],
)
def test_the_search_service_may_read_our_blobs_where_an_indexer_does(stand_up, source, granted):
    index = model.SearchIndex(
        "manuals", "manuals", {}, beside=(model.SearchObject("datasources", "manuals", source),)
    )
    world = stand_up(manifest(standard(), search_indexes=(index,)))

    readers = [
        scope
        for _, role, scope in _triples(world)
        if role.endswith(ROLES["Storage Blob Data Reader"]) and scope == world.one("StorageAccount").id
    ]

    assert bool(readers) is granted
    if granted:
        (grant,) = [
            each
            for each in world.of("RoleAssignment")
            if each.inputs["roleDefinitionId"].endswith(ROLES["Storage Blob Data Reader"])
        ]
        assert world.waits_for(world.one("SearchObject"), grant)
