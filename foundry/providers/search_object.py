"""The Pulumi resource of what stands beside a search index, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.declared import inputs
from foundry.providers.doorway import Doorway


class SearchObjectProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:SearchObject`."""

    kind = "search_object"
    type = "SearchObject"


class SearchObject(Resource, module="foundry", name="SearchObject"):
    """A synonym map, data source, skillset or indexer of Azure AI Search. Its Pulumi id is its name at the service."""

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        service: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        family: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares one.

        `family` is synonymmaps, datasources, skillsets or indexers; `definition` the service's own body, its name
        included. The other arguments are those of `SearchIndex`.
        """
        given = {
            "owner": owner,
            "name": name,
            "service": service,
            "endpoint": endpoint,
            "lifecycle": lifecycle,
            "family": family,
            "definition": definition,
        }
        props = inputs(given)
        super().__init__(SearchObjectProvider(), resource_name, props, opts)
