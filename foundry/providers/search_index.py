"""The Pulumi resource of a search index, and its provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.declared import inputs
from foundry.providers.doorway import Doorway


class SearchIndexProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:SearchIndex`."""

    kind = "search_index"
    type = "SearchIndex"


class SearchIndex(Resource, module="foundry", name="SearchIndex"):
    """An index of Azure AI Search. Its Pulumi id is the name of the index."""

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        service: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        documents: pulumi.Input[Sequence[Mapping[str, Any]]] | None = None,
        alias: pulumi.Input[str] | None = None,
        rebuild: pulumi.Input[str] = "forbid",
        downtime: pulumi.Input[str] | None = None,
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an index.

        `service` is the ARM id of the search service and `endpoint` its address; `definition` the service's own body, its
        name included; `documents` ([{path, sha256}]) JSON Lines files to merge in by key; `alias` a name that is to stand
        for the index; `rebuild` forbid or behind_alias; `downtime` forbid or allow. The other arguments are those of `OfAProject`.
        """
        given = {
            "owner": owner,
            "name": name,
            "service": service,
            "endpoint": endpoint,
            "lifecycle": lifecycle,
            "definition": definition,
            "alias": alias,
            "rebuild": rebuild,
            "downtime": downtime,
            "documents": documents if documents is not None else [],
        }
        props = inputs(given)
        super().__init__(SearchIndexProvider(), resource_name, props, opts)
