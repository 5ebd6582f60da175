"""The one hand-written table is held against the installed SDK."""

from __future__ import annotations

import re

import pytest

from foundry.sandbox.azure_native.kinds import FLATTENED, KINDS, MEMBER_NAMES, Token
from foundry.sandbox.azure_native.mapping import parameters_of, resource_id
from foundry.sandbox.azure_native.shapes import Record, resource_shape

ALL = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: f"{kind.module}.{kind.name}")


@ALL
def test_every_kind_is_a_resource_of_the_sdk_with_an_api_version(kind):
    shape = resource_shape(kind.module, kind.name)
    assert shape is not None
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", shape.api_version)


@ALL
def test_every_path_parameter_and_named_property_is_an_input(kind):
    shape = resource_shape(kind.module, kind.name)
    named = {*kind.parameters, *kind.wire_names, *kind.inside, *kind.replaced_by} - {"subscriptionId"}
    assert named <= set(shape.inputs.fields)


@ALL
def test_the_path_below_the_subscription_is_required_but_for_the_name(kind):
    shape = resource_shape(kind.module, kind.name)
    given_by_us = {"subscriptionId", kind.name_parameter}
    assert all(shape.inputs.fields[name].required for name in kind.parameters if name not in given_by_us)


@ALL
def test_the_parameters_of_an_id_can_be_read_back_whatever_its_case(kind):
    values = {name: f"some-{name.lower()}" for name in kind.parameters}
    for name in {"scope", "resourceUri"} & set(values):
        values[name] = "subscriptions/s/resourceGroups/g/providers/A.B/cs/c"
    identifier = resource_id(kind, values, values.get("subscriptionId", ""))
    assert parameters_of(kind, identifier) == values
    lowered = parameters_of(kind, identifier.lower())
    assert lowered == {name: value.lower() for name, value in values.items()}


def test_a_generic_resource_may_have_no_parent():
    kind = KINDS["resources", "Resource"]
    values = {
        "resourceGroupName": "g",
        "resourceProviderNamespace": "Microsoft.Bing",
        "parentResourcePath": "",
        "resourceType": "accounts",
        "resourceName": "b",
    }
    identifier = resource_id(kind, values, "s")
    assert identifier == "/subscriptions/s/resourceGroups/g/providers/Microsoft.Bing/accounts/b"
    assert parameters_of(kind, identifier) == {**values, "subscriptionId": "s"}
    nested = {**values, "parentResourcePath": "accounts/a", "resourceType": "projects"}
    assert parameters_of(kind, resource_id(kind, nested, "s")) == {**nested, "subscriptionId": "s"}


def test_an_id_of_another_kind_is_not_taken():
    assert parameters_of(KINDS["storage", "Queue"], "/subscriptions/s/resourceGroups/g") is None


@pytest.mark.parametrize("name", [*FLATTENED, *MEMBER_NAMES], ids="-".join)
def test_types_with_another_form_in_arm_exist_in_the_sdk(name):
    module, type_name = name
    package = __import__(f"pulumi_azure_native.{module}", fromlist=["_inputs"])
    record = Record(getattr(package._inputs, f"{type_name}Args"))
    assert (record.module, record.name) == name
    assert set(MEMBER_NAMES.get(name, {})) <= set(record.fields)


def test_versioned_tokens_carry_their_api_version():
    assert Token.parse("azure-native:storage/v20250101preview:Queue") == Token(
        "storage", "Queue", "2025-01-01-preview"
    )
    assert Token.parse("azure-native:storage:Queue") == Token("storage", "Queue", None)
    assert Token.parse("random:index:Id") is None
