"""The Pulumi resource of an index asset, and its provider."""

from __future__ import annotations

from foundry.providers.doorway import Doorway
from foundry.providers.of_a_project import OfAProject


class IndexAssetProvider(Doorway):
    """Serves `pulumi-python:dynamic/foundry:IndexAsset`."""

    kind = "index_asset"
    type = "IndexAsset"


class IndexAsset(OfAProject, module="foundry", name="IndexAsset"):
    """A search index as an asset of a project. Its Pulumi id is `<name>/versions/<version>`, as agents refer to it.

    It is the same in both dialects. `definition` has name, connection_name, index_name, field_mapping, description and tags.
    """

    provider_class = IndexAssetProvider
