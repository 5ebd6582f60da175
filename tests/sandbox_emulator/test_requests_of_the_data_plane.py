"""What the agents data plane refuses, field by field, and the shapes of its envelopes."""

from typing import Any

import pytest

from .conftest import Wire

SEARCH = {"type": "azure_ai_search"}
ABSENT = {"file_id": "assistant-absent", "tools": [{"type": "file_search"}]}
IMAGE = {"type": "image_file", "image_file": {"file_id": "assistant-absent"}}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def refused(wire: Wire, body: Any, **query: str) -> tuple[int, str | None, str]:
    reply = wire.data("POST", "/assistants", body, **query)
    error = reply.json()["error"]
    return reply.status_code, error["param"], error["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": 5}, "model"),
        ({"model": "m", "colour": "red"}, "colour"),
        ({"model": "m", "temperature": 2.1}, "temperature"),
        ({"model": "m", "temperature": "1"}, "temperature"),
        ({"model": "m", "top_p": -0.1}, "top_p"),
        ({"model": "m", "name": "n" * 257}, "name"),
        ({"model": "m", "description": "d" * 513}, "description"),
        ({"model": "m", "instructions": "i" * 256_001}, "instructions"),
        ({"model": "m", "metadata": {"k": 5}}, "metadata.k"),
        ({"model": "m", "metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"model": "m", "metadata": {"k" * 65: ""}}, "metadata"),
        ({"model": "m", "metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"model": "m", "response_format": "none"}, "response_format"),
        ({"model": "m", "tools": {}}, "tools"),
        ({"model": "m", "tools": [{"type": "telepathy"}]}, "tools[0].type"),
        ({"model": "m", "tools": [{"type": "code_interpreter", "extra": 1}]}, "tools[0].extra"),
        ({"model": "m", "tools": [FUNCTION] * 129}, "tools"),
        (
            {"model": "m", "tools": [{"type": "function", "function": {"name": "f"}}]},
            "tools[0].function.parameters",
        ),
        ({"model": "m", "tools": [SEARCH]}, "tools"),
        ({"model": "m", "tool_resources": {"file_search": {"vector_store_ids": ["a", "b"]}}}, None),
        ({"model": "m", "tool_resources": {"file_search": {"vector_store_ids": ["vs_none"]}}}, None),
        ({"model": "m", "tool_resources": {"code_interpreter": {"file_ids": ["x"] * 21}}}, None),
        ({"model": "m", "tool_resources": {"mcp": []}}, "tool_resources.mcp"),
    ],
)
def test_a_field_that_cannot_be_is_named(project: Wire, body: Any, param: str | None) -> None:
    status, named, message = refused(project, body)
    assert status == 400
    assert param is None or named == param
    assert message


def test_a_body_that_is_no_json_is_refused(project: Wire) -> None:
    reply = project.send(
        "POST",
        "/accounts/contoso/api/projects/support/assistants",
        "https://ai.azure.com",
        params={"api-version": "v1"},
        data=b"{",
    )
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_json")


def test_preview_tools_need_the_preview_version(project: Wire) -> None:
    body = {
        "model": "m",
        "tools": [{"type": "mcp", "server_label": "s", "server_url": "https://example.com"}],
        "tool_resources": {"mcp": [{"server_label": "s", "headers": {"key": "secret"}}]},
    }
    assert refused(project, body)[0] == 400
    reply = project.data("POST", "/assistants", body, **{"api-version": "2025-05-15-preview"})
    assert reply.status_code == 200
    assert reply.json()["tool_resources"]["mcp"] == [{"server_label": "s"}]


@pytest.mark.parametrize("version", ["v2", "2024-01-01", ""])
def test_an_unknown_version_is_refused(project: Wire, version: str) -> None:
    assert project.data("GET", "/assistants", **{"api-version": version}).status_code == 400


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"order": "up"}, {"after": "no"}]
)
def test_paging_outside_its_bounds_is_refused(project: Wire, query: dict[str, str]) -> None:
    assert project.data("GET", "/assistants", **query).status_code == 400


def test_pages_say_where_they_are_and_the_page_after_the_last_is_empty(project: Wire) -> None:
    made = [project.data("POST", "/assistants", {"model": "m"}).json()["id"] for _ in range(3)]
    first = project.data("GET", "/assistants", limit="2", order="asc").json()
    assert (first["first_id"], first["last_id"], first["has_more"]) == (made[0], made[1], True)
    second = project.data("GET", "/assistants", limit="2", order="asc", after=made[1]).json()
    assert ([item["id"] for item in second["data"]], second["has_more"]) == ([made[2]], False)
    empty = project.data("GET", "/assistants", limit="2", order="asc", after=made[2]).json()
    assert empty == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    back = project.data("GET", "/assistants", limit="1", order="asc", before=made[2]).json()
    assert ([item["id"] for item in back["data"]], back["has_more"]) == ([made[1]], True)


def test_projects_keep_their_agents_apart_and_take_them_along(project: Wire) -> None:
    from .conftest import PROJECT

    project.data("POST", "/assistants", {"model": "m"})
    project.put(f"{PROJECT}-2", {"location": "westus", "identity": {"type": "SystemAssigned"}})
    path = "/accounts/contoso/api/projects/support-2/assistants"
    assert project.send("GET", path, "https://ai.azure.com", params={"api-version": "v1"}).status_code == 401
    project.delete(PROJECT)
    assert project.data("GET", "/assistants").status_code == 404
    project.make_project()
    project.allow()
    assert project.data("GET", "/assistants").json()["data"] == []


def test_a_store_expires_by_the_clock_and_says_so(project: Wire) -> None:
    policy = {"anchor": "last_active_at", "days": 1}
    store = project.data("POST", "/vector_stores", {"expires_after": policy}).json()
    assert store["expires_at"] == store["last_active_at"] + 86_400
    project.control("POST", "/clock", {"advance": 86_401})
    project.tokens.clear()
    assert project.data("GET", f"/vector_stores/{store['id']}").json()["status"] == "expired"


def test_a_store_made_through_an_agent_is_a_store(project: Wire) -> None:
    configuration = {"data_sources": []}
    resources = {"file_search": {"vector_stores": [{"name": "mine", "configuration": configuration}]}}
    body = {"model": "m", "tools": [{"type": "file_search"}], "tool_resources": resources}
    agent = project.data("POST", "/assistants", body).json()
    (store,) = agent["tool_resources"]["file_search"]["vector_store_ids"]
    assert project.data("GET", f"/vector_stores/{store}").json()["name"] == "mine"


def test_replies_carry_request_ids(project: Wire) -> None:
    headers = {"x-ms-client-request-id": "mine"}
    path = "/accounts/contoso/api/projects/support/assistants"
    reply = project.send("GET", path, "https://ai.azure.com", params={"api-version": "v1"}, headers=headers)
    assert reply.headers["x-ms-client-request-id"] == "mine"
    assert reply.headers["x-ms-request-id"]


@pytest.mark.parametrize("path", ["/agent_optimization_jobs", "/nothing/at/all"])
def test_what_is_not_there_says_so_by_name(project: Wire, path: str) -> None:
    reply = project.data("GET", path)
    assert reply.status_code == 501
    assert reply.json()["error"]["message"].endswith(f"support{path} is not implemented by the emulator")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (
            "/threads",
            {"messages": [{"role": "user", "content": "x", "attachments": [ABSENT]}]},
            "messages[0].attachments[0].file_id",
        ),
        (
            "/threads/runs",
            {"assistant_id": "AGENT", "thread": {"messages": [{"role": "user", "content": [IMAGE]}]}},
            "thread.messages[0].content[0].image_file.file_id",
        ),
    ],
)
def test_messages_name_files_that_are_there(
    project: Wire, path: str, body: dict[str, Any], param: str
) -> None:
    agent = project.data("POST", "/assistants", {"model": "m"}).json()["id"]
    reply = project.data("POST", path, body | ({"assistant_id": agent} if "assistant_id" in body else {}))
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)
    assert project.data("GET", "/threads").json()["data"] == []


def test_an_attachment_over_a_data_source_needs_the_standard_set_up(project: Wire) -> None:
    source = {"data_source": {"uri": "azureml://x", "type": "uri_asset"}, "tools": [{"type": "file_search"}]}
    body = {"messages": [{"role": "user", "content": "x", "attachments": [source]}]}
    reply = project.data("POST", "/threads", body)
    field = "messages[0].attachments[0].data_source"
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, field)
