"""Listings of the versioned service, page by page (azure-ai-projects 2.10: `limit`, `order`, `after`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundry.service.wire import Wire

QUERY: Final = {"api-version": "v1"}
_PAGE: Final = "100"


def listed(
    wire: Wire,
    operation: str,
    subject: str,
    path: str,
    *,
    order: str = "asc",
    of_place: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Mapping[str, Any]]:
    """The items of a listing, as the service tells them; `of_place` says that a 404 speaks of the project itself."""
    query = {**QUERY, "limit": _PAGE, "order": order}
    while True:
        page = wire.call(
            operation, subject, "GET", path, query=query, headers=headers, of_place=of_place
        ).body
        items = page.get("data") or []
        yield from items
        if not page.get("has_more") or not items:
            return
        query["after"] = str(page.get("last_id") or items[-1]["id"])
