from __future__ import annotations

import pytest
from declared import basic, standard
from google.protobuf import json_format

from foundry import model

_KEYS = model.Connection(
    "weather",
    "CustomKeys",
    "https://api.weather.example",
    keys={"X-Api-Key": model.SecretConfig("weatherKey")},
)
_KEY = model.Connection(
    "bing",
    "GroundingWithBingSearch",
    "https://api.bing.example/",
    key=model.SecretConfig("bingKey"),
    metadata={"type": "bing_grounding"},
)
_ENTRA = model.Connection("other", "AzureOpenAI", "https://other.example/")


def test_the_set_up_connects_its_own_stores_without_keys(stand_up):
    world = stand_up(standard())

    made = {each.name: each.inputs["properties"] for each in world.of("ProjectConnection")}
    assert {name: (each["category"], each["authType"]) for name, each in made.items()} == {
        "support-cosmos": ("CosmosDB", "AAD"),
        "support-storage": ("AzureStorageAccount", "AAD"),
        "support-search": ("CognitiveSearch", "AAD"),
    }
    assert made["support-search"]["metadata"]["ResourceId"] == world.one("Service").id
    assert made["support-storage"]["target"].endswith(".blob.example/")


def test_the_connection_string_of_application_insights_is_a_secret(stand_up):
    properties = _on_the_wire(stand_up(standard()).one("AccountConnection"))

    assert properties["authType"] == "ApiKey"
    assert _is_secret(properties["credentials"]["key"], "InstrumentationKey=hidden")


def test_what_application_insights_tells_is_never_kept_in_clear(stand_up):
    kept = stand_up(standard()).one("Component").options.additionalSecretOutputs

    assert set(kept) == {"connectionString", "instrumentationKey"}


def test_declared_keys_come_from_encrypted_configuration_and_stay_secret(stand_up):
    world = stand_up(basic(connections=(_KEYS, _KEY)))

    keys = _on_the_wire(world.one("ProjectConnection", "support-weather"))
    assert keys["authType"] == "CustomKeys"
    assert _is_secret(keys["credentials"]["keys"]["X-Api-Key"], "value of weatherKey")
    key = _on_the_wire(world.one("ProjectConnection", "support-bing"))
    assert key["authType"] == "ApiKey"
    assert key["metadata"] == {"type": "bing_grounding"}
    assert _is_secret(key["credentials"]["key"], "value of bingKey")


def test_a_connection_without_a_key_is_one_with_entra(stand_up):
    properties = stand_up(basic(connections=(_ENTRA,))).one("ProjectConnection").inputs["properties"]

    assert properties["authType"] == "AAD"
    assert "credentials" not in properties


def test_a_connection_that_names_no_project_is_made_in_each(stand_up):
    two = {name: model.Project(name, name, name) for name in ("support", "sales")}
    world = stand_up(
        basic(projects=two, connections=(_ENTRA, model.Connection("x", "ApiKey", "_", project="sales")))
    )

    assert sorted(each.name for each in world.of("ProjectConnection")) == [
        "sales-other",
        "sales-x",
        "support-other",
    ]


def test_a_key_that_stays_in_key_vault_is_refused_by_name(stand_up):
    uri = "https://kv.vault.example/secrets/bing/4f1c0d"
    vault = model.Connection("bing", "ApiKey", "_", key=model.KeyVaultSecret(uri))

    with pytest.raises(model.FoundryError, match=f"{uri}.*encrypted configuration"):
        stand_up(basic(connections=(vault,)))


def _on_the_wire(connection):
    return json_format.MessageToDict(connection.options.object)["properties"]


def _is_secret(value, text) -> bool:
    return value == {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": text}
