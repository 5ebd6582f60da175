"""Calls of tools that leave the emulator: to servers on this machine, or through queues."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from foundry.sandbox.emulator.arm.kinds import principal_of
from foundry.sandbox.emulator.identity.store import Principal
from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.responder import openapi
from foundry.sandbox.emulator.responder.frames import Body, RunFailedError, Turn
from foundry.sandbox.emulator.responder.mcp import Server
from foundry.sandbox.emulator.storage.exchange import exchange

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

_FAILED: Final = "tool_user_error"


def openapi_call(
    world: "World", project: str, turn: Turn, agent: Body, now: float
) -> Callable[[], str] | None:
    """The work of calling an operation; None when it has a server elsewhere, which is told in the turn.

    Raises:
        RunFailedError: The agent has no such operation, or its credential isn't there.
    """
    for tool in agent["tools"]:
        if tool["type"] == "openapi":
            for operation in openapi.operations(tool["openapi"]["spec"]):
                if operation.name == turn.name:
                    return _operation(world, project, turn, tool["openapi"], operation=operation, now=now)
    raise RunFailedError(_FAILED, f"no OpenAPI tool of the agent has an operation '{turn.name}'")


def _operation(
    world: "World", project: str, turn: Turn, tool: Body, *, operation: openapi.Operation, now: float
) -> Callable[[], str] | None:
    if not operation.on_this_machine:
        turn.details["refused"] = True
        turn.output = (
            f"That is a question for {operation.name} of my tool {tool['name']} (openapi). "
            f"The sandbox makes no calls to the outside, so I can't ask {operation.server or 'its server'} here."
        )
        return None
    headers, query = _credential(world, project, tool, now)
    arguments = dict(turn.arguments)
    seconds = world.settings.tool_seconds

    def work() -> str:
        return openapi.call(operation, arguments, headers=headers, query=query, seconds=seconds)

    return work


def _credential(
    world: "World", project: str, tool: Body, now: float
) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query parameters that carry the credential of an OpenAPI tool."""
    auth = tool["auth"]
    if auth["type"] == "managed_identity":
        held = world.arm.get(project)
        oid = principal_of(held.target.key, held.target.kind, held.body) if held else None
        if oid is None:
            raise RunFailedError(_FAILED, f"openapi '{tool['name']}': the project has no managed identity")
        audience = auth["security_scheme"]["audience"]
        token, _ = world.identity.issue(Principal(oid, oid, oid), audience, now, world.settings.token_seconds)
        return {"Authorization": f"Bearer {token}"}, {}
    if auth["type"] != "connection":
        return {}, {}
    identity = auth["security_scheme"]["connection_id"]
    connection = world.arm.get(identity)
    if connection is None:
        raise RunFailedError(_FAILED, f"openapi '{tool['name']}': connection not found: {identity}")
    place = openapi.key_place(tool["spec"])
    if place is None:
        raise RunFailedError(
            _FAILED, f"openapi '{tool['name']}': the document declares no apiKey scheme in header or query"
        )
    where, name = place
    held_keys = world.vault.get(identity)
    value = (held_keys.get("keys") or {}).get(name) or held_keys.get("key")
    if not value:
        raise RunFailedError(
            _FAILED,
            f"openapi '{tool['name']}': the connection '{connection.target.name}' has no key named '{name}'",
        )
    return ({name: str(value)}, {}) if where == "header" else ({}, {name: str(value)})


def mcp_server(world: "World", project: str, agent: Body, label: str) -> Server | None:
    """The server behind an MCP tool; None when it isn't on this machine. Raises `RunFailedError` when there is no such tool.

    A toolbox of this sandbox is reached as the project's own identity.
    """
    tools = [tool for tool in agent["tools"] if tool["type"] == "mcp" and tool["server_label"] == label]
    if not tools:
        raise RunFailedError(_FAILED, f"the agent has no MCP server '{label}'")
    url = tools[0].get("server_url") or ""
    if not openapi.is_loopback(url):
        return None
    resources = (agent["tool_resources"] or {}).get("mcp") or []
    headers = dict(
        next((item.get("headers") or {} for item in resources if item["server_label"] == label), {})
    )
    connection = tools[0].get("project_connection_id")
    if connection:
        headers |= {name: str(key) for name, key in (world.vault.get(connection).get("keys") or {}).items()}
    if not url.startswith(f"{world.base_url}/"):
        return Server(label, url, headers, world.settings.tool_seconds)
    held = world.arm.get(project)
    oid = principal_of(held.target.key, held.target.kind, held.body) if held else None
    if oid is None:
        raise RunFailedError(_FAILED, f"mcp '{label}': the project has no managed identity")
    token, _ = world.identity.issue(
        Principal(oid, oid, oid), "https://ai.azure.com", world.clock.now(), world.settings.token_seconds
    )
    headers["Authorization"] = f"Bearer {token}"
    return Server(label, url, headers, world.settings.tool_seconds, world.authority)


def azure_function_call(world: "World", turn: Turn, agent: Body) -> Callable[[], str]:
    """The work of a call through queues; raises `RunFailedError` when the function or its queues aren't there."""
    for tool in agent["tools"]:
        if tool["type"] == "azure_function" and tool["azure_function"]["function"]["name"] == turn.name:
            given = tool["azure_function"]
            break
    else:
        raise RunFailedError(_FAILED, f"no Azure Functions tool of the agent has a function '{turn.name}'")
    try:
        asked, answers = (
            world.storage.queue(
                world.arm,
                world.base_url,
                given[side]["storage_queue"]["queue_service_endpoint"],
                given[side]["storage_queue"]["queue_name"],
            )
            for side in ("input_binding", "output_binding")
        )
    except OutsideError as error:
        raise RunFailedError(_FAILED, f"azure_function '{turn.name}': {error}") from error
    arguments, correlation, seconds = dict(turn.arguments), turn.id, world.settings.tool_seconds
    return lambda: exchange(asked, answers, arguments, correlation, seconds)
