"""What stands in the project when a case begins, made by others: the requests of its `there.json`.

`{"handbook": {"POST /vector_stores?api-version=v1": {"name": "theirs"}}}` makes a store, whose id the case's declarations call
`<handbook>`. A file's body is its name and content. What carries its name in the address (`PUT`, `PATCH`) goes by that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.cases.harness.stack import Stack

SEARCH = "/search/"
"""Addresses that begin so are the search service's, others the project's."""


@contextmanager
def made_by_others(stack: Stack, case: Path) -> Iterator[None]:
    """Makes what the case finds, and tells the stack its names; what the search service got, which tests share, goes at the end."""
    file, served = case / "there.json", []
    for name, one in (json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}).items():
        ((request, body),) = one.items()
        made = _send(stack, request, body)
        if request.startswith("POST "):
            stack.there[f"<{name}>"] = made["id"]
            stack.names[made["id"]] = f"<{name}>"
        elif f" {SEARCH}" in request:
            served.append(request.replace("PUT ", "DELETE "))
    try:
        yield
    finally:
        for request in reversed(served):
            _send(stack, request, None)


def _send(stack: Stack, request: str, body: Any) -> Any:
    method, path = request.split(" ", 1)
    world = stack.world
    is_search = path.startswith(SEARCH)
    root = _root(str(stack.search)) if is_search else world.endpoint
    audience = "https://search.azure.com" if is_search else "https://ai.azure.com"
    sent: dict[str, Any] = {"json": body} if body is not None else {}
    if isinstance(body, dict) and "content" in body:
        sent = {"data": {"purpose": "assistants"}, "files": {"file": (body["filename"], body["content"])}}
    reply = requests.request(
        method,
        f"{root}{path}",
        headers={"Authorization": f"Bearer {world.credential().get_token(f'{audience}/.default').token}"},
        verify=str(world.serving.ca),
        timeout=60,
        **sent,
    )
    assert reply.ok, f"{request}: {reply.status_code} {reply.text}"
    return reply.json() if reply.content else None


def _root(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"
