"""Memory stores: their deployments checked, and the value they become."""

from __future__ import annotations

from foundry.manifest.layers import Document
from foundry.manifest.marked import plain
from foundry.manifest.world import World, section
from foundry.model import MemoryStore


def memory_of(document: Document, world: World) -> MemoryStore:
    """The memory store that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    for key in ("chat_model", "embedding_model"):
        if key in tree:
            world.deployment(tree[key], tree.values_at[key])
    return MemoryStore(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        chat_model=str(tree.get("chat_model")),
        embedding_model=str(tree.get("embedding_model")),
        description=tree.get("description"),
        options=plain(section(tree, "options")),
        metadata=dict(section(tree, "metadata")),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )
