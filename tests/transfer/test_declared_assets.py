"""A search tool that goes by an asset of an index is declared by that index, where this stack has the asset."""

from __future__ import annotations

from typing import Any

from foundry.service.live import LiveAgent
from foundry.transfer.declared import declared_fields
from foundry.transfer.names import Names


def tool_of(to: Names) -> dict[str, Any]:
    tool = {
        "type": "azure_ai_search",
        "name": "azure_ai_search",
        "index_asset_id": "goods/versions/0a1b",
        "top_k": 3,
    }
    live = LiveAgent("asst_1", 0, {"name": "desk", "model": "chat", "tools": [tool]}, {})
    tree, lost = declared_fields(live, to)
    assert lost == ()
    (told,) = tree["tools"].values()
    return dict(told)


def test_an_asset_of_this_stack_is_its_index() -> None:
    told = tool_of(Names(assets={"goods/versions/0a1b": "products"}))
    assert told == {"type": "azure_ai_search", "index_asset": "products", "top_k": 3}


def test_an_asset_of_somebody_else_stays_an_id() -> None:
    told = tool_of(Names(assets={"goods/versions/2": "products"}))
    assert told == {"type": "azure_ai_search", "index_asset_id": "goods/versions/0a1b", "top_k": 3}
