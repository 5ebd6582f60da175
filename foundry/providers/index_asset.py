"""The Pulumi resource of an index asset, and its provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from foundry.providers.doorway import Doorway, inputs


class IndexAssetProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:IndexAsset`."""

    kind = "index_asset"


class IndexAsset(Resource, module="foundry", name="IndexAsset"):
    """A search index as an asset of a project. Its Pulumi id is `<name>/versions/<version>`, as agents refer to it."""

    def __init__(
        self,
        resource_name: str,
        *,
        owner: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        name: pulumi.Input[str],
        project: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        definition: pulumi.Input[Mapping[str, Any]],
        lifecycle: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an index asset.

        The arguments are those of `Agent`. `definition` has name, connection_name, index_name, field_mapping, description
        and tags.
        """
        given = {
            "owner": owner,
            "name": name,
            # It is the same in both dialects; the service that keeps it is the versioned one.
            "dialect": "versioned",
            "project": project,
            "endpoint": endpoint,
            "lifecycle": lifecycle if lifecycle is not None else {},
            "definition": definition,
        }
        outputs = ("assetId", "incarnation", "applied", "adopted")
        super().__init__(IndexAssetProvider(), resource_name, inputs(given, *outputs), opts)
