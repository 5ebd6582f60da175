"""The one subscription, its resource providers and its resources."""

from typing import Any

from foundry.sandbox.emulator.arm.guard import authorise
from foundry.sandbox.emulator.arm.kinds import (
    rendered,
)
from foundry.sandbox.emulator.arm.resources import tag_filter
from foundry.sandbox.emulator.http import Call, Reply
from foundry.sandbox.emulator.settings import SUBSCRIPTION, TENANT


def _subscription_body() -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "Sandbox",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def subscriptions(_call: Call) -> Reply:
    """The one subscription, as a list."""
    return Reply(body={"value": [_subscription_body()]})


def subscription(_call: Call) -> Reply:
    """The one subscription."""
    return Reply(body=_subscription_body())


def provider(call: Call) -> Reply:
    """A resource provider: always registered."""
    name = call.params["namespace"]
    return Reply(
        body={
            "id": f"/subscriptions/{SUBSCRIPTION}/providers/{name}",
            "namespace": name,
            "registrationState": "Registered",
            "registrationPolicy": "RegistrationRequired",
            "resourceTypes": [],
        }
    )


def resources(call: Call) -> Reply:
    """The resources of a subscription or a group."""
    scope = call.path.rpartition("/")[0]
    authorise(call, "Microsoft.Resources/subscriptions/resources/read", scope)
    found = [
        item
        for item in call.world.arm.below(scope)
        if len(item.target.types) == 1 and item.target.kind != "microsoft.resources/resourcegroups"
    ]
    wanted = tag_filter(call)
    shown = ("id", "name", "type", "location", "tags", "kind", "sku", "identity")
    value = []
    for item in found:
        body = rendered(item, call.world)
        if wanted(body):
            value.append({key: body[key] for key in shown if key in body})
    return Reply(body={"value": value})
