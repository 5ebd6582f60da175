"""Agents of the classic dialect: create, list, get, update, delete."""

from typing import Any

from foundry.sandbox.emulator.assistants.errors import no_agent
from foundry.sandbox.emulator.assistants.references import resolve
from foundry.sandbox.emulator.assistants.store import KIND
from foundry.sandbox.emulator.assistants.tools import (
    RESPONSE_FORMAT,
    resources_shape,
    tools_shape,
)
from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.project.errors import malformed
from foundry.sandbox.emulator.project.guard import PREFIX, PREVIEW, guard, project_id
from foundry.sandbox.emulator.project.paging import page_of
from foundry.sandbox.emulator.shapes import Shape, metadata, nullable, number, record, text


def _fields(call: Call) -> dict[str, Shape]:
    preview = call.query.get("api-version") == PREVIEW
    return {
        "name": nullable(text(most=256)),
        "description": nullable(text(most=512)),
        "instructions": nullable(text(most=256_000)),
        "tools": nullable(tools_shape(preview=preview)),
        "temperature": nullable(number(0, 2)),
        "top_p": nullable(number(0, 1)),
        "response_format": nullable(RESPONSE_FORMAT),
        "metadata": nullable(metadata),
    }


def _create(call: Call) -> Reply:
    preview = call.query.get("api-version") == PREVIEW
    optional = _fields(call) | {"tool_resources": nullable(resources_shape(preview=preview))}
    asked = call.object()
    record({"model": text(least=1)}, optional)(asked, "")
    resolve(call, asked.get("tools"), asked.get("tool_resources"))
    return Reply(body=call.world.assistants.create(project_id(call), asked, call.now))


def _list(call: Call) -> Reply:
    return Reply(body=page_of(call, KIND).body())


def _found(call: Call) -> dict[str, Any]:
    agent = call.world.assistants.get(project_id(call), call.params["assistant"])
    if agent is None:
        raise no_agent(call.params["assistant"])
    return agent


def _get(call: Call) -> Reply:
    return Reply(body=_found(call))


def _update(call: Call) -> Reply:
    agent = _found(call)
    preview = call.query.get("api-version") == PREVIEW
    optional = _fields(call) | {"model": text(least=1), "tool_resources": resources_shape(preview=preview)}
    asked = call.object()
    record({}, optional)(asked, "")
    resolve(call, asked.get("tools"), asked.get("tool_resources"))
    return Reply(body=call.world.assistants.update(project_id(call), agent, asked))


def _delete(call: Call) -> Reply:
    identity = call.params["assistant"]
    if not call.world.assistants.delete(project_id(call), identity):
        raise no_agent(identity)
    return Reply(body={"id": identity, "deleted": True, "object": "assistant.deleted"})


FAMILY = Family(
    name="assistants",
    title="Agents (classic)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "azure-ai-agents, api-version `v1`, `2025-05-01` and `2025-05-15-preview` (the last one for preview tools). "
        "Unknown fields are refused with their name. The model is not checked before a run. Vector stores and "
        "code-interpreter files that an agent names must exist (400, unconfirmed for the service); connected agents and "
        "connections are not looked up. `file_search` comes back with the default ranking options. `azure_ai_search` and "
        "`azure_function` need a capability host on the project. A `tool_resources` in an update replaces the parts it "
        "names and keeps the others; `metadata` is replaced whole (both unconfirmed for the service)."
    ),
    routes=(
        Route("POST", "/assistants", "create an agent", _create),
        Route("GET", "/assistants", "list agents", _list, "A cursor may name an agent deleted since."),
        Route("GET", "/assistants/{assistant}", "get an agent", _get),
        Route("POST", "/assistants/{assistant}", "update an agent", _update),
        Route("DELETE", "/assistants/{assistant}", "delete an agent", _delete),
    ),
)
