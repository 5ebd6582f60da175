"""Every operation of the official clients is served, or refused by its own name."""

from importlib.metadata import version
from pathlib import Path

import pytest

from .conftest import Wire
from .operations import PROJECT, Operation, clients, page

ROOT = Path(__file__).parents[2]
CLIENTS = clients()
#: Parts of the clients that issue no refusal, by the beginning of their operations' names.
WHOLE = {
    "azure-ai-agents": ("",),
    "azure-ai-projects": (
        "agents_get",
        "agents_list",
        "agents_delete",
        "agents_create_version",
        "agents_update",
        "agents_enable",
        "agents_disable",
        "connections_",
        "deployments_",
        "indexes_",
        "evaluation_rules_",
        "evaluators_create_version",
        "evaluators_delete_version",
        "evaluators_get_version",
        "evaluators_list_versions",
        "evaluators_update_version",
        "beta_memory_stores_",
    ),
    "openai": ("batches.", "conversations.", "files.", "vector_stores."),
    "azure-search-documents": ("search_index_create_index", "search_index_get_index", "search_search_post"),
}
PREVIEWS = (
    "optimization",
    "session",
    "microsoft365",
    "from_manifest",
    "from_prompt",
)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_is_for_is_served(client: str) -> None:
    chosen = [
        item
        for item in CLIENTS[client]
        if item.name.startswith(WHOLE[client]) and not any(word in item.name for word in PREVIEWS)
    ]
    assert len(chosen) >= 3
    assert [item.name for item in chosen if not item.served] == []


def test_responses_are_served_but_for_compaction() -> None:
    missing = [item.name for item in CLIENTS["openai"] if item.name.startswith("responses.")]
    assert [item for item in missing if not served("openai", item)] == ["responses.compact"]


def served(client: str, name: str) -> bool:
    return next(item.served for item in CLIENTS[client] if item.name == name)


def test_what_is_not_served_is_refused_by_name(project: Wire) -> None:
    refused: list[Operation] = [
        item for operations in CLIENTS.values() for item in operations if not item.served
    ]
    assert len(refused) > 50
    for item in refused:
        audience = "https://ai.azure.com" if item.path.startswith(PROJECT) else "https://search.azure.com"
        reply = project.send(item.method, item.path, audience)
        error = reply.json()["error"]
        assert (reply.status_code, error["code"]) == (501, "NotImplemented"), item
        assert error["message"].startswith(f"{item.method} {item.path} "), item


def test_the_page_tells_what_is_there() -> None:
    written = (ROOT / "docs" / "emulator-clients.md").read_text(encoding="utf-8")
    if any(f"\n## {client} {version(client)}\n" not in written for client in CLIENTS):
        pytest.skip("the page was written for other versions of the clients")
    assert written == page(), "python -m tests.sandbox_emulator.operations > docs/emulator-clients.md"
