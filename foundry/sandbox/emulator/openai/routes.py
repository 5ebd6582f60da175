"""Conversations and responses below `/openai/v1`, and below the endpoint of an agent."""

from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route, not_implemented
from foundry.sandbox.emulator.openai.agents import agent_of, inputs_of
from foundry.sandbox.emulator.openai.conversations import ITEM, UNDER_WAY
from foundry.sandbox.emulator.openai.errors import (
    disabled,
    no_conversation,
    no_deployment,
    no_item,
    no_previous,
    no_response,
    not_with_agent,
)
from foundry.sandbox.emulator.openai.guard import PREFIX, guard, shelf
from foundry.sandbox.emulator.openai.items import item, kept, named_files
from foundry.sandbox.emulator.openai.responses import Responses, shown, shown_item
from foundry.sandbox.emulator.openai.streaming import ResponseStream
from foundry.sandbox.emulator.project.guard import PREFIX as PROJECT
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.projects.definitions import FORMAT, SAMPLING
from foundry.sandbox.emulator.projects.errors import absent, invalid, malformed
from foundry.sandbox.emulator.projects.guard import guard as agent_guard
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.projects.tools import INNER_FUNCTION, TOOLS
from foundry.sandbox.emulator.responder.frames import RunFailedError
from foundry.sandbox.emulator.shapes import (
    anything,
    array,
    by_sort,
    flag,
    integer,
    mapping,
    metadata,
    nullable,
    one_of,
    record,
    tagged,
    text,
)
from foundry.sandbox.emulator.threads.runs import require_model

Body = dict[str, Any]

_MOST_ITEMS: Final = 20
_name = text(least=1)
_INCLUDABLE: Final = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
_items = array(item)
_new_items = array(item, most=_MOST_ITEMS)
_LATER: Final = (
    "access_programs context_management image moderation prompt prompt_cache_options prompt_cache_retention "
    "stream_options"
)
_reference = record({"type": one_of("agent_reference"), "name": _name}, {"version": nullable(_name)})

#: What the agent decides about when there is one.
_OF_THE_AGENT: Final = (
    "model",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "reasoning",
    "text",
)

_FIELDS: Final = {
    **SAMPLING,
    "tools": array(tagged({**TOOLS, "function": INNER_FUNCTION}), most=128),
    "agent_reference": _reference,
    "background": flag,
    "background_options": record(
        {},
        {
            "completion_window": nullable(one_of("soonest", "2h", "8h")),
            "continuation_id": nullable(text()),
        },
    ),
    "conversation": by_sort(string=_name, other=record({"id": _name})),
    "include": array(one_of(*_INCLUDABLE)),
    "input": by_sort(string=text(), other=_items),
    "instructions": text(most=256_000),
    "max_output_tokens": integer(16),
    "max_tool_calls": integer(1),
    "metadata": metadata,
    "model": _name,
    "parallel_tool_calls": flag,
    "previous_response_id": _name,
    "prompt_cache_key": text(),
    "safety_identifier": text(),
    "service_tier": text(),
    "store": flag,
    "stream": flag,
    "structured_inputs": mapping(anything),
    "text": record({}, {"format": nullable(FORMAT), "verbosity": nullable(one_of("low", "medium", "high"))}),
    "top_logprobs": integer(0, 20),
    "truncation": one_of("auto", "disabled"),
    "user": text(),
    **dict.fromkeys(_LATER.split(), anything),
}
_shape = record({}, {name: nullable(shape) for name, shape in _FIELDS.items()})
_COUNTED: Final = (
    "agent_reference conversation input instructions model parallel_tool_calls previous_response_id reasoning text "
    "tool_choice tools truncation"
)
_count_shape = record(
    {}, {"personality": nullable(text()), **{name: nullable(_FIELDS[name]) for name in _COUNTED.split()}}
)


def _responses(call: Call) -> Responses:
    return Responses(call.world, project_id(call), call.now)


def _included(call: Call) -> list[str]:
    given = [call.query[name] for name in ("include[]", "include") if name in call.query]
    array(one_of(*_INCLUDABLE))(given, "include")
    return given


# Conversations


def _create_conversation(call: Call) -> Reply:
    asked = call.object()
    record({}, {"items": nullable(_new_items), "metadata": nullable(metadata)})(asked, "")
    conversations, project = call.world.conversations, project_id(call)
    made = conversations.create(project, asked.get("metadata") or {}, call.now)
    conversations.add_items(project, made["id"], kept(asked.get("items") or []), call.now)
    return Reply(body=_shown_conversation(made))


def _shown_conversation(conversation: Body) -> Body:
    return {name: value for name, value in conversation.items() if not name.startswith("_")}


def _conversation(call: Call) -> Body:
    held = call.world.conversations.get(project_id(call), call.params["conversation"])
    if held is None:
        raise no_conversation(call.params["conversation"])
    return held


def _get_conversation(call: Call) -> Reply:
    return Reply(body=_shown_conversation(_conversation(call)))


def _update_conversation(call: Call) -> Reply:
    held, asked = _conversation(call), call.object()
    record({"metadata": nullable(metadata)})(asked, "")
    held["metadata"] = asked["metadata"] or {}
    call.world.conversations.put(project_id(call), held)
    return Reply(body=_shown_conversation(held))


def _delete_conversation(call: Call) -> Reply:
    held = _conversation(call)
    call.world.conversations.delete(project_id(call), held["id"])
    return Reply(body={"id": held["id"], "object": "conversation.deleted", "deleted": True})


def _create_items(call: Call) -> Reply:
    held, asked = _conversation(call), call.object()
    record({"items": _new_items})(asked, "")
    made = kept(asked["items"])
    call.world.conversations.add_items(project_id(call), held["id"], made, call.now)
    return Reply(body=_listed([shown_item(one, _included(call)) for one in made], has_more=False))


def _listed(items: list[Body], *, has_more: bool) -> Body:
    ids = [one["id"] for one in items]
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    return {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": has_more}


def _list_items(call: Call) -> Reply:
    include = _included(call)
    page = page_of(call, ITEM, _conversation(call)["id"])
    return Reply(body=page.body([shown_item(one, include) for one in page.items]))


def _item(call: Call) -> Body:
    held = call.world.conversations.item(project_id(call), _conversation(call)["id"], call.params["item"])
    if held is None:
        raise no_item(call.params["item"])
    return held


def _get_item(call: Call) -> Reply:
    return Reply(body=shown_item(_item(call), _included(call)))


def _delete_item(call: Call) -> Reply:
    held, one = _conversation(call), _item(call)
    call.world.conversations.remove_item(project_id(call), held["id"], one["id"])
    return Reply(body=_shown_conversation(held))


# Responses


def _reference_of(call: Call, asked: Body) -> Body | None:
    """The agent that a call names in its body or by its path."""
    given: Body | None = asked.get("agent_reference")
    if "agent" not in call.params:
        return given
    if given is not None and given["name"].lower() != call.params["agent"].lower():
        raise invalid("The agent of the body is not the agent of the path.", "agent_reference.name")
    return given or {"type": "agent_reference", "name": call.params["agent"]}


def _definition(call: Call, reference: Body) -> tuple[Body, Body]:
    """Name and number of the version that answers, and its definition."""
    agents, project = call.world.versioned_agents, project_id(call)
    agent = agents.agent(project, reference["name"])
    if agent is None:
        raise absent("Agent", reference["name"])
    if not agent["_enabled"]:
        raise disabled(agent["name"])
    number = reference.get("version") or (_routed(agent) if "agent" in call.params else None)
    version = agents.version(project, agent, number) if number else agents.latest(project, agent)
    if version is None:
        raise absent(f"Version '{number}' of agent", agent["name"])
    definition: Body = version["definition"]
    if definition["kind"] != "prompt":
        raise not_implemented(f"A response of an agent of kind '{definition['kind']}'")
    told = {"type": "agent_reference", "name": agent["name"], "version": version["version"]}
    return told, definition


def _routed(agent: Body) -> str | None:
    """The version that gets most of the traffic of the agent's endpoint; None for the latest."""
    rules = ((agent["_endpoint"] or {}).get("version_selector") or {}).get("version_selection_rules") or []
    if not rules:
        return None
    number = str(max(rules, key=lambda rule: int(rule["traffic_percentage"]))["agent_version"])
    return None if number == "@latest" else number


def begin_response(call: Call, asked: Body) -> Body:
    """Begins the response that a body asks for, and takes it as far as it goes at once; raises 400 and 404."""
    if "agent" in asked:
        raise invalid("The 'agent' property is deprecated. Use 'agent_reference' instead.", "agent")
    _shape(asked, "")
    reference = _reference_of(call, asked)
    if reference is not None:
        for field in _OF_THE_AGENT:
            if field in asked:
                raise not_with_agent(field)
        told, definition = _definition(call, reference)
        inputs = inputs_of(definition, asked.get("structured_inputs"))
        agent = agent_of(f"{told['name']}:{told['version']}", told["name"], definition, inputs)
    else:
        if "model" not in asked:
            raise Malformed("model", "missing", "Missing required parameter: 'model'.")
        told, definition = {}, asked
        agent = agent_of(asked["model"], asked["model"], asked, {})
    if not call.world.settings.model_url:
        try:
            require_model(call.world, project_id(call), agent["model"])
        except RunFailedError as error:
            raise no_deployment() from error
    pending, conversation = _before(call, asked)
    items = kept(asked.get("input") or [])
    _require_files(call, items)
    responses = _responses(call)
    response = _new(call, asked, definition) | {
        "conversation": {"id": conversation["id"]} if conversation else None,
        "_agent": agent,
        "_input": items,
        "_frame": responses.frame(agent, items, pending, conversation),
        "_wants": [],
        "_stored": asked.get("store") is not False,
    }
    if told:
        response["agent_reference"] = told
    return responses.add(response)


def _create_response(call: Call) -> Reply:
    asked = {name: value for name, value in call.object().items() if value is not None}
    response = begin_response(call, asked)
    stream = ResponseStream(call.world, project_id(call), response["id"], asked.get("include") or [])
    if asked.get("stream"):
        return stream.reply()
    if response["status"] in UNDER_WAY and not response["background"]:
        return stream.whole()
    return Reply(body=shown(response, asked.get("include") or []))


def _count_tokens(call: Call) -> Reply:
    asked = {name: value for name, value in call.object().items() if value is not None}
    _count_shape(asked, "")
    reference = _reference_of(call, asked)
    definition = asked if reference is None else _definition(call, reference)[1]
    pending, conversation = _before(call, asked)
    items = kept(asked.get("input") or [])
    count = _responses(call).words(definition.get("instructions") or "", items, pending, conversation)
    return Reply(body={"object": "response.input_tokens", "input_tokens": count})


def _require_files(call: Call, items: list[Body]) -> None:
    held = shelf(call.world, project_id(call))
    for identity in named_files(items):
        if call.world.files.get(held, identity) is None:
            raise invalid(f"File '{identity}' not found.", "input")


def _before(call: Call, asked: Body) -> tuple[Body | None, Body | None]:
    """The response that this one goes on from, and the conversation it belongs to."""
    previous, given = asked.get("previous_response_id"), asked.get("conversation")
    if previous and given:
        message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'."
        raise invalid(message, "previous_response_id")
    responses = _responses(call)
    if previous:
        held = responses.get(previous)
        if held is None or not held["_stored"]:
            raise no_previous(previous)
        return held, None
    if given:
        identity = given if isinstance(given, str) else given["id"]
        conversation = call.world.conversations.get(project_id(call), identity)
        if conversation is None:
            raise no_conversation(identity)
        last = conversation["_last"]
        return (responses.get(last) if last else None), conversation
    return None, None


def _new(call: Call, asked: Body, definition: Body) -> Body:
    """A response before anything has happened, with the service's defaults."""
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(call.now),
        "status": "queued" if asked.get("background") else "in_progress",
        "background": asked.get("background") or False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": definition.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "max_tool_calls": asked.get("max_tool_calls"),
        "metadata": asked.get("metadata") or {},
        "model": definition["model"],
        "output": [],
        "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
        "previous_response_id": asked.get("previous_response_id"),
        "reasoning": definition.get("reasoning") or {"effort": None, "summary": None},
        "service_tier": asked.get("service_tier") or "default",
        "store": asked.get("store") is not False,
        "temperature": definition.get("temperature", 1.0),
        "text": definition.get("text") or {"format": {"type": "text"}},
        "tool_choice": definition.get("tool_choice") or "auto",
        "tools": definition.get("tools") or [],
        "top_logprobs": asked.get("top_logprobs") or 0,
        "top_p": definition.get("top_p", 1.0),
        "truncation": asked.get("truncation") or "disabled",
        "usage": None,
        "user": asked.get("user"),
    }


def _response(call: Call, *, look: bool = True) -> Body:
    held = _responses(call).get(call.params["response"], look=look)
    if held is None or not held["_stored"]:
        raise no_response(call.params["response"])
    return held


def _get_response(call: Call) -> Reply:
    held, include = _response(call), _included(call)
    if not call.flag("stream"):
        return Reply(body=shown(held, include))
    if not held["background"]:
        raise invalid("Only responses that were made in the background can be streamed again.", "stream")
    after = call.query.get("starting_after", "-1")
    if not after.lstrip("-").isdigit():
        raise invalid("Invalid 'starting_after': expected an integer.", "starting_after")
    stream = ResponseStream(call.world, project_id(call), held["id"], include, told=int(after) + 1)
    return stream.reply()


def _delete_response(call: Call) -> Reply:
    held = _response(call)
    _responses(call).delete(held["id"])
    return Reply(body={"id": held["id"], "object": "response", "deleted": True})


def _cancel_response(call: Call) -> Reply:
    held = _response(call, look=False)
    if not held["background"]:
        raise invalid("Cannot cancel a synchronous response.", "response_id")
    if held["status"] in UNDER_WAY:
        held = _responses(call).cancel(held)
    return Reply(body=shown(held, _included(call)))


def _input_items(call: Call) -> Reply:
    limit = call.query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise invalid(f"Invalid 'limit': expected an integer between 1 and 100, but got '{limit}'.", "limit")
    items = _response(call)["_input"]
    if call.query.get("order", "desc") != "asc":
        items = items[::-1]
    after = call.query.get("after")
    if after:
        ids = [one["id"] for one in items]
        if after not in ids:
            raise invalid(f"Invalid cursor: there is no item with id '{after}'.", "after")
        items = items[ids.index(after) + 1 :]
    page = items[: int(limit)]
    return Reply(body=_listed(page, has_more=len(items) > len(page)))


_CONVERSATION: Final = "/conversations/{conversation}"
_RESPONSE: Final = "/responses/{response}"

_ROUTES: Final = (
    Route("POST", "/conversations", "create a conversation", _create_conversation),
    Route("GET", _CONVERSATION, "get a conversation", _get_conversation),
    Route("POST", _CONVERSATION, "change metadata of a conversation", _update_conversation),
    Route("DELETE", _CONVERSATION, "delete a conversation", _delete_conversation),
    Route("POST", _CONVERSATION + "/items", "add items to a conversation", _create_items),
    Route("GET", _CONVERSATION + "/items", "list items of a conversation", _list_items),
    Route("GET", _CONVERSATION + "/items/{item}", "get an item of a conversation", _get_item),
    Route("DELETE", _CONVERSATION + "/items/{item}", "delete an item of a conversation", _delete_item),
    Route("POST", "/responses", "create a response", _create_response),
    Route(
        "POST",
        "/responses/input_tokens",
        "count input tokens",
        _count_tokens,
        "Words are counted; tools, files and images aren't.",
    ),
    Route("POST", "/responses/compact", "compact a conversation"),
    Route(
        "GET", _RESPONSE, "get a response", _get_response, "Streamed again only when made in the background."
    ),
    Route("DELETE", _RESPONSE, "delete a response", _delete_response),
    Route("POST", _RESPONSE + "/cancel", "cancel a response made in the background", _cancel_response),
    Route("GET", _RESPONSE + "/input_items", "list input items of a response", _input_items),
)

FAMILY = Family(
    name="openai",
    title="Conversations and responses (OpenAI)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "The OpenAI client of azure-ai-projects, with `agent_reference` for agents of kind `prompt` (others: 501) or with a "
        "model. The same responder as behind runs of the classic dialect answers, one question at a time: of what was said "
        "before it knows only the calls that wait for an answer (a model behind a URL is told all), and it ignores formats and "
        "token limits. The model must be "
        "deployed (404 `DeploymentNotFound`). Functions come as `function_call`, MCP calls that need approval as "
        "`mcp_approval_request`, and a server on a loopback address is really called, the others aren't (`mcp_list_tools` tells what one "
        "offers); AI Search, OpenAPI and Azure Functions as "
        "`…_call` and `…_call_output`. Fields that the agent decides about are refused with 400 (`model`, `instructions`, "
        "`tools`, `tool_choice`, `parallel_tool_calls`, `temperature`, `top_p`, `reasoning`, `text`; partly unconfirmed). A "
        "response that fails is answered 200 with status `failed`. A disabled agent answers 403 (unconfirmed). A response in the background goes on by itself."
    ),
    routes=_ROUTES,
)

ENDPOINT = Family(
    name="agent_endpoint",
    title="Endpoint of an agent",
    prefix=PROJECT + "/agents/{agent}/endpoint/protocols/openai",
    guard=agent_guard,
    refuse=malformed,
    note=(
        "`get_openai_client(agent_name=…)`, api-version `v1`. The same conversations and responses as above; the version "
        "with the largest share of the endpoint's traffic answers, the latest one without rules."
    ),
    routes=_ROUTES,
)
