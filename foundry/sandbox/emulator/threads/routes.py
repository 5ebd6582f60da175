"""Threads, messages, runs and run steps of the classic dialect."""

import json
from typing import Any, Final

from foundry.sandbox.emulator.assistants.errors import dangling, no_agent
from foundry.sandbox.emulator.assistants.references import resolve
from foundry.sandbox.emulator.assistants.tools import RESPONSE_FORMAT, resources_shape, tools_shape
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.project.errors import malformed
from foundry.sandbox.emulator.project.guard import PREFIX, PREVIEW, guard, project_id
from foundry.sandbox.emulator.project.paging import page_of
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    by_sort,
    flag,
    integer,
    mapping,
    metadata,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)
from foundry.sandbox.emulator.threads.errors import (
    no_message,
    no_run,
    no_step,
    no_thread,
    thread_busy,
    wrong_outputs,
    wrong_status,
)
from foundry.sandbox.emulator.threads.runs import Runs, is_active
from foundry.sandbox.emulator.threads.store import MESSAGE, RUN, STEP, THREAD
from foundry.sandbox.emulator.threads.streaming import RunStream, event
from foundry.sandbox.emulator.vector_stores.intake import DATA_SOURCE, sources_of
from foundry.sandbox.emulator.vector_stores.store import shown

Body = dict[str, Any]

_LONGEST_MESSAGE: Final = 1_500_000
_detail = nullable(one_of("auto", "low", "high"))
_block = tagged(
    {
        "text": record({"type": text(), "text": text(least=1, most=_LONGEST_MESSAGE)}),
        "image_file": record(
            {"type": text(), "image_file": record({"file_id": text()}, {"detail": _detail})}
        ),
        "image_url": record({"type": text(), "image_url": record({"url": text()}, {"detail": _detail})}),
    }
)
_attachment = record(
    {"tools": array(record({"type": one_of("file_search", "code_interpreter")}))},
    {"file_id": nullable(text()), "data_source": nullable(DATA_SOURCE)},
)
_message = record(
    {
        "role": one_of("user", "assistant"),
        "content": by_sort(string=text(least=1, most=_LONGEST_MESSAGE), other=array(_block, least=1)),
    },
    {"attachments": nullable(array(_attachment)), "metadata": nullable(metadata)},
)
_truncation = record({"type": one_of("auto", "last_messages")}, {"last_messages": nullable(integer(1))})
_TOOL_NAMES: Final = (
    "function",
    "code_interpreter",
    "file_search",
    "bing_grounding",
    "azure_ai_search",
    "connected_agent",
)
_tool_choice = by_sort(
    string=one_of("none", "auto"),
    other=record({"type": one_of(*_TOOL_NAMES)}, {"function": nullable(record({"name": text()}))}),
)


def _resolve_messages(call: Call, messages: list[Body] | None, where: str) -> None:
    """Refuses files that aren't there, and data sources without the setup that they need."""
    for index, message in enumerate(messages or []):
        path = f"{where}[{index}]." if where else ""
        named = [
            (item.get("file_id"), f"{path}attachments[{number}].file_id", item)
            for number, item in enumerate(message.get("attachments") or [])
        ]
        content = message["content"] if isinstance(message["content"], list) else []
        named += [
            (block["image_file"]["file_id"], f"{path}content[{number}].image_file.file_id", {})
            for number, block in enumerate(content)
            if block["type"] == "image_file"
        ]
        for identity, field, attachment in named:
            if attachment.get("data_source"):
                sources_of(call, [attachment["data_source"]], field.replace("file_id", "data_source"))
                continue
            if identity is None:
                raise Malformed(field, "missing", f"Missing required parameter: '{field}'.")
            if call.world.files.get(project_id(call), identity) is None:
                raise dangling("file", identity, field)


def _preview(call: Call) -> bool:
    return call.query.get("api-version") == PREVIEW


def _thread_shape(call: Call) -> Shape:
    return record(
        {},
        {
            "messages": nullable(array(_message)),
            "tool_resources": nullable(resources_shape(preview=_preview(call))),
            "metadata": nullable(metadata),
        },
    )


def _run_fields(call: Call) -> dict[str, Shape]:
    preview = _preview(call)
    return {
        "model": nullable(text(least=1)),
        "instructions": nullable(text(most=256_000)),
        "tools": nullable(tools_shape(preview=preview)),
        "tool_resources": nullable(resources_shape(preview=preview)),
        "temperature": nullable(number(0, 2)),
        "top_p": nullable(number(0, 1)),
        "max_prompt_tokens": nullable(integer(1)),
        "max_completion_tokens": nullable(integer(1)),
        "truncation_strategy": nullable(_truncation),
        "tool_choice": nullable(_tool_choice),
        "response_format": nullable(RESPONSE_FORMAT),
        "parallel_tool_calls": nullable(flag),
        "stream": nullable(flag),
        "metadata": nullable(metadata),
    }


# Threads


def _create_thread(call: Call) -> Reply:
    asked = call.object()
    _thread_shape(call)(asked, "")
    resolve(call, None, asked.get("tool_resources"))
    _resolve_messages(call, asked.get("messages"), "messages")
    return Reply(body=call.world.threads.create(project_id(call), asked, call.now))


def _list_threads(call: Call) -> Reply:
    return Reply(body=page_of(call, THREAD).body())


def _thread(call: Call) -> Body:
    thread = call.world.threads.get(project_id(call), call.params["thread"])
    if thread is None:
        raise no_thread(call.params["thread"])
    _runs(call).settle(thread["id"])
    return thread


def _runs(call: Call) -> Runs:
    return Runs(call.world, project_id(call), call.now)


def _get_thread(call: Call) -> Reply:
    return Reply(body=_thread(call))


def _update_thread(call: Call) -> Reply:
    thread = _thread(call)
    asked = call.object()
    resources = resources_shape(preview=_preview(call))
    record({}, {"tool_resources": nullable(resources), "metadata": nullable(metadata)})(asked, "")
    resolve(call, None, asked.get("tool_resources"))
    return Reply(body=call.world.threads.update(project_id(call), thread, asked))


def _delete_thread(call: Call) -> Reply:
    identity = call.params["thread"]
    if not call.world.threads.delete(project_id(call), identity):
        raise no_thread(identity)
    return Reply(body={"id": identity, "deleted": True, "object": "thread.deleted"})


# Messages


def _require_idle(call: Call, thread: Body, adding: str) -> None:
    run = call.world.threads.active_run(project_id(call), thread["id"])
    if run is not None:
        raise thread_busy(thread["id"], run["id"], adding=adding)


def _create_message(call: Call) -> Reply:
    thread = _thread(call)
    asked = call.object()
    _message(asked, "")
    _resolve_messages(call, [asked], "")
    _require_idle(call, thread, "message")
    return Reply(body=call.world.threads.add_message(project_id(call), thread["id"], asked, call.now))


def _list_messages(call: Call) -> Reply:
    thread = _thread(call)
    run = call.query.get("run_id")
    return Reply(body=page_of(call, MESSAGE, thread["id"], where=[("run_id", run)] if run else []).body())


def _found_message(call: Call) -> Body:
    thread = _thread(call)
    message = call.world.threads.message(project_id(call), thread["id"], call.params["message"])
    if message is None:
        raise no_message(call.params["message"])
    return message


def _get_message(call: Call) -> Reply:
    return Reply(body=_found_message(call))


def _update_message(call: Call) -> Reply:
    message = _found_message(call)
    asked = call.object()
    record({}, {"metadata": nullable(metadata)})(asked, "")
    message["metadata"] = asked.get("metadata") or {}
    call.world.threads.put_message(project_id(call), message)
    return Reply(body=message)


def _delete_message(call: Call) -> Reply:
    message = _found_message(call)
    call.world.threads.remove_message(project_id(call), message["thread_id"], message["id"])
    return Reply(body={"id": message["id"], "deleted": True, "object": "thread.message.deleted"})


# Runs


def _start(call: Call, thread: Body, asked: Body, *, thread_is_new: bool = False) -> Reply:
    agent = call.world.assistants.get(project_id(call), asked["assistant_id"])
    if agent is None:
        raise no_agent(asked["assistant_id"])
    resolve(call, asked.get("tools"), asked.get("tool_resources"))
    run = _runs(call).create(thread["id"], agent, asked)
    if not asked.get("stream"):
        return Reply(body=shown(run))
    head = [event("thread.created", thread)] if thread_is_new else []
    head += [event(f"thread.run.{name}", shown(run)) for name in ("created", "queued")]
    return RunStream.reply(call.world, project_id(call), run, head)


def _create_run(call: Call) -> Reply:
    thread = _thread(call)
    asked = call.object()
    more = {"additional_instructions": nullable(text()), "additional_messages": nullable(array(_message))}
    record({"assistant_id": text(least=1)}, {**_run_fields(call), **more})(asked, "")
    _resolve_messages(call, asked.get("additional_messages"), "additional_messages")
    _require_idle(call, thread, "run")
    return _start(call, thread, asked)


def _create_thread_and_run(call: Call) -> Reply:
    asked = call.object()
    record({"assistant_id": text(least=1)}, {**_run_fields(call), "thread": nullable(_thread_shape(call))})(
        asked, ""
    )
    given = asked.get("thread") or {}
    resolve(call, None, given.get("tool_resources"))
    _resolve_messages(call, given.get("messages"), "thread.messages")
    thread = call.world.threads.create(project_id(call), given, call.now)
    return _start(call, thread, asked, thread_is_new=True)


def _list_runs(call: Call) -> Reply:
    page = page_of(call, RUN, _thread(call)["id"])
    return Reply(body=page.body() | {"data": [shown(item) for item in page.items]})


def _found_run(call: Call) -> Body:
    thread = _thread(call)
    run = call.world.threads.run(project_id(call), thread["id"], call.params["run"])
    if run is None:
        raise no_run(call.params["run"])
    return run


def _get_run(call: Call) -> Reply:
    return Reply(body=shown(_found_run(call)))


def _update_run(call: Call) -> Reply:
    run = _found_run(call)
    asked = call.object()
    record({}, {"metadata": nullable(metadata)})(asked, "")
    run["metadata"] = asked.get("metadata") or {}
    call.world.threads.put_run(project_id(call), run)
    return Reply(body=shown(run))


def _cancel_run(call: Call) -> Reply:
    run = _found_run(call)
    if not is_active(run):
        raise wrong_status("Cannot cancel run", run["status"])
    return Reply(body=shown(_runs(call).cancel(run)))


_OUTPUT: Final = {"tool_call_id": nullable(text()), "output": nullable(text())}
_output = record({}, _OUTPUT)
_screenshot = record(
    {"type": one_of("computer_screenshot")}, {"file_id": nullable(text()), "image_url": nullable(text())}
)
_computer = record(
    {"type": text(), "tool_call_id": text(), "output": _screenshot},
    {"acknowledged_safety_checks": nullable(array(anything))},
)
_function = record({}, {**_OUTPUT, "type": nullable(one_of("function_call_output"))})


def _any_output(value: Any, path: str) -> None:
    """What a function or, under the preview api-version, the caller's computer answered."""
    computer = isinstance(value, dict) and value.get("type") == "computer_call_output"
    (_computer if computer else _function)(value, path)


def _output_text(output: Any) -> str:
    return output if isinstance(output, str) else json.dumps(output or "")


_approval = record({"tool_call_id": text(), "approve": flag}, {"headers": nullable(mapping(text()))})


def _submit(call: Call) -> Reply:
    run = _found_run(call)
    asked = call.object()
    shape = {"tool_outputs": nullable(array(_output)), "stream": nullable(flag)}
    if _preview(call):
        shape |= {"tool_outputs": nullable(array(_any_output)), "tool_approvals": nullable(array(_approval))}
    record({}, shape)(asked, "")
    if not asked.get("tool_outputs") and not asked.get("tool_approvals"):
        raise Malformed("tool_outputs", "missing", "Missing required parameter: 'tool_outputs'.")
    if run["status"] != "requires_action":
        raise wrong_status("Runs in status requires_action take tool outputs, not one", run["status"])
    outputs = {
        item.get("tool_call_id"): _output_text(item.get("output") or "")
        for item in asked.get("tool_outputs") or []
    }
    approvals = {item["tool_call_id"]: item["approve"] for item in asked.get("tool_approvals") or []}
    action = run["required_action"]
    wanted = [item["id"] for item in action[action["type"]]["tool_calls"]]
    given, name = (
        (outputs, "outputs") if action["type"] == "submit_tool_outputs" else (approvals, "approvals")
    )
    if set(given) != set(wanted) or (outputs and approvals):
        raise wrong_outputs(wanted, name)
    reply = None
    if asked.get("stream"):
        reply = RunStream.reply(call.world, project_id(call), run, [])
    headers = {
        item["tool_call_id"]: item["headers"]
        for item in asked.get("tool_approvals") or []
        if item.get("headers")
    }
    run = _runs(call).submit(run, outputs, approvals, headers)
    return reply or Reply(body=shown(run))


_CONTENT: Final = "step_details.tool_calls[*].file_search.results[*].content"


def _shown_step(call: Call, step: Body) -> Body:
    """A step; the text of search results only when it was asked for."""
    asked = [
        part for name in ("include[]", "include") for part in call.query.get(name, "").split(",") if part
    ]
    for item in asked:
        if item != _CONTENT:
            raise Malformed(
                "include[]", "value", f"Invalid value: '{item}'. Supported values are: '{_CONTENT}'."
            )
    if not asked:
        for tool in step["step_details"].get("tool_calls", []):
            for result in (tool.get("file_search") or {}).get("results", []):
                result.pop("content", None)
    return step


def _list_steps(call: Call) -> Reply:
    page = page_of(call, STEP, _found_run(call)["id"])
    return Reply(body=page.body() | {"data": [_shown_step(call, item) for item in page.items]})


def _get_step(call: Call) -> Reply:
    run = _found_run(call)
    step = call.world.threads.step(project_id(call), run["id"], call.params["step"])
    if step is None:
        raise no_step(call.params["step"])
    return Reply(body=_shown_step(call, step))


_ONE = "/threads/{thread}"

FAMILY = Family(
    name="threads",
    title="Threads, messages, runs (classic)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Rules written for the agent answer (see below), a model behind a URL, or else a deterministic stand-in. The "
        "stand-in searches the text of vector stores and attached files and "
        "the documents of the search index, and answers with the best passage and a citation; it hands over to the "
        "connected agent whose knowledge covers most of the question; it counts rows and columns of CSV files and gives "
        "sum, mean, least and most of a column the question names; functions lead to `requires_action`; OpenAPI "
        "operations are called when their server is a loopback address and named otherwise; Azure Functions tools put a "
        "message into their input queue and wait for the answer; MCP calls ask for approval and are made when their server is a "
        "loopback address (streamable HTTP; what it offers is told in a step of type `activities`). When "
        "nothing fits it says so. A connected agent answers in a run on a thread of its own, which the step names as in "
        "azure-ai-agents 1.2 beta; the thread is listed, and deleted with the one it was asked from (both unconfirmed for the "
        "service). The deployment of the run's model must exist, otherwise "
        "the run fails. `stream: true` answers with server-sent events. A run goes on by itself, a little faster while "
        "somebody looks at it."
    ),
    routes=(
        Route(
            "POST",
            "/threads/runs",
            "create a thread and run it",
            _create_thread_and_run,
        ),
        Route("POST", "/threads", "create a thread", _create_thread),
        Route("GET", "/threads", "list threads", _list_threads),
        Route("GET", _ONE, "get a thread", _get_thread),
        Route("POST", _ONE, "update a thread", _update_thread),
        Route("DELETE", _ONE, "delete a thread", _delete_thread),
        Route("POST", _ONE + "/messages", "create a message", _create_message),
        Route("GET", _ONE + "/messages", "list messages", _list_messages),
        Route("GET", _ONE + "/messages/{message}", "get a message", _get_message),
        Route("POST", _ONE + "/messages/{message}", "update a message", _update_message),
        Route(
            "DELETE",
            _ONE + "/messages/{message}",
            "delete a message",
            _delete_message,
            "A preview operation, served under every api-version.",
        ),
        Route("POST", _ONE + "/runs", "create a run", _create_run),
        Route("GET", _ONE + "/runs", "list runs", _list_runs),
        Route("GET", _ONE + "/runs/{run}", "get a run", _get_run),
        Route("POST", _ONE + "/runs/{run}", "update a run", _update_run),
        Route("POST", _ONE + "/runs/{run}/cancel", "cancel a run", _cancel_run, "Cancelled at once."),
        Route(
            "POST",
            _ONE + "/runs/{run}/submit_tool_outputs",
            "submit tool outputs",
            _submit,
            "Approvals of MCP calls under the preview api-version.",
        ),
        Route("GET", _ONE + "/runs/{run}/steps", "list run steps", _list_steps),
        Route("GET", _ONE + "/runs/{run}/steps/{step}", "get a run step", _get_step),
    ),
)
