"""Declared lifecycles as inputs of the dynamic resources."""

from __future__ import annotations

from typing import Any

from foundry import model


def lifecycle_inputs(lifecycle: model.Lifecycle) -> dict[str, Any]:
    """The `lifecycle` input: only what was declared and what the provider, not Pulumi, must know."""
    inputs: dict[str, Any] = {}
    if lifecycle.adopt is not None:
        source = {"from": lifecycle.adopt.source} if lifecycle.adopt.source else {}
        which = {"id": lifecycle.adopt.id} if lifecycle.adopt.id else {"name": lifecycle.adopt.name}
        inputs["adopt"] = {**which, **source}
    if lifecycle.on_remove is not None:
        inputs["onRemove"] = lifecycle.on_remove
    if lifecycle.on_drift != "repair":
        inputs["onDrift"] = lifecycle.on_drift
    return inputs


def beside_lifecycle(index: model.SearchIndex, one: model.SearchObject) -> dict[str, Any]:
    """The `lifecycle` input of what stands beside an index: the index's own, and taken over with it, under its own name."""
    inputs = lifecycle_inputs(index.lifecycle)
    if "adopt" in inputs:
        source = {key: value for key, value in inputs["adopt"].items() if key == "from"}
        inputs["adopt"] = {"id": one.name, **source}
    return inputs


def handed_over(lifecycle: model.Lifecycle, **called: str) -> dict[str, Any]:
    """The `lifecycle` input of what we make for something that may be adopted: taken over only from the stack that it comes from.

    `called` is its `id` or `name`.
    """
    inputs = lifecycle_inputs(lifecycle)
    source = inputs.pop("adopt", {}).get("from")
    return {**inputs, "adopt": {**called, "from": source}} if source else inputs


def asset_lifecycle(index: model.SearchIndex, asset: model.IndexAsset) -> dict[str, Any]:
    """The `lifecycle` input of an index's asset: the index's own, with the version that is taken over."""
    inputs = handed_over(index.lifecycle, id=asset.name)
    if asset.adopt is None:
        return inputs
    return {**inputs, "adopt": {**inputs.get("adopt", {}), "id": f"{asset.name}/versions/{asset.adopt}"}}


def rule_lifecycle(agent: model.Agent, evaluation: model.Evaluation) -> dict[str, Any]:
    """The `lifecycle` input of an agent's evaluation rule: the agent's own, and taken over with it, under its own id."""
    inputs = lifecycle_inputs(agent.lifecycle)
    if "adopt" in inputs:
        source = {key: value for key, value in inputs["adopt"].items() if key == "from"}
        inputs["adopt"] = {"id": evaluation.rule_id, **source}
    return inputs
