"""Items of conversations and responses: what a request may hold, and how items are kept.

Shapes are those of openai 3.52. Items that only the service makes (lists of MCP tools, web searches, reasoning) can't be
sent back: the service was reported to refuse them.
"""

from typing import Any, Final

from foundry.sandbox.emulator.http import Malformed
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.shapes import (
    anything,
    array,
    by_sort,
    flag,
    mapping,
    nullable,
    one_of,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

_type: Final = text()
_name: Final = text(least=1)
_free: Final = mapping(anything)
_detail: Final = nullable(one_of("low", "high", "auto", "original"))

_part: Final = tagged(
    {
        "input_text": record({"type": _type, "text": text()}, {"prompt_cache_breakpoint": anything}),
        "input_image": record(
            {"type": _type}, {"image_url": nullable(text()), "file_id": nullable(text()), "detail": _detail}
        ),
        "input_file": record(
            {"type": _type},
            {name: nullable(text()) for name in ("file_id", "filename", "file_data", "file_url", "detail")},
        ),
        "output_text": record(
            {"type": _type, "text": text()},
            {"annotations": nullable(array(_free)), "logprobs": nullable(array(_free))},
        ),
        "refusal": record({"type": _type, "refusal": text()}),
    }
)
_kept: Final = {
    "id": nullable(text()),
    "status": nullable(one_of("in_progress", "completed", "incomplete")),
}
_message: Final = record(
    {
        "role": one_of("user", "assistant", "system", "developer"),
        "content": by_sort(string=text(), other=array(_part)),
    },
    {"type": one_of("message"), "phase": nullable(text()), **_kept},
)
_OTHERS: Final = {
    "function_call": record(
        {"type": _type, "call_id": _name, "name": _name, "arguments": text()},
        {"namespace": nullable(text()), **_kept},
    ),
    "function_call_output": record(
        {"type": _type, "call_id": _name, "output": by_sort(string=text(), other=array(_part))}, _kept
    ),
    "custom_tool_call": record(
        {"type": _type, "call_id": _name, "name": _name, "input": text()},
        {"namespace": nullable(text()), **_kept},
    ),
    "custom_tool_call_output": record(
        {"type": _type, "call_id": _name, "output": by_sort(string=text(), other=array(_part))}, _kept
    ),
    "mcp_approval_request": record(
        {"type": _type, "id": _name, "server_label": text(), "name": text(), "arguments": text()}
    ),
    "mcp_approval_response": record(
        {"type": _type, "approval_request_id": _name, "approve": flag},
        {"id": nullable(text()), "reason": nullable(text())},
    ),
    "mcp_call": _free,
    "file_search_call": _free,
    "code_interpreter_call": _free,
    "item_reference": record({"id": _name}, {"type": nullable(_type)}),
}
_other: Final = tagged(_OTHERS)


def item(value: Any, path: str) -> None:
    """One item; without a type it is a message."""
    if not isinstance(value, dict):
        raise Malformed(path, "type", f"Invalid type for '{path}': expected an object.")
    (_message if value.get("type", "message") == "message" else _other)(value, path)


_PREFIXES: Final = {
    "message": "msg_",
    "function_call": "fc_",
    "function_call_output": "fco_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctco_",
    "mcp_approval_response": "mcpa_",
    "mcp_call": "mcp_",
    "file_search_call": "fs_",
    "code_interpreter_call": "ci_",
}


def kept(given: str | list[Body]) -> list[Body]:
    """The items of a request as they are kept: with ids and statuses, text as parts."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [_kept_item(one) for one in given if one.get("type") != "item_reference"]


def _kept_item(given: Body) -> Body:
    sort = given.get("type", "message")
    held = {name: value for name, value in given.items() if value is not None}
    held |= {"type": sort, "id": given.get("id") or new_id(_PREFIXES.get(sort, "item_"))}
    if sort == "message":
        if isinstance(given["content"], str):
            part = "output_text" if given["role"] == "assistant" else "input_text"
            held["content"] = [{"type": part, "text": given["content"]}]
        for one in held["content"]:
            if one["type"] == "output_text":
                one.setdefault("annotations", [])
                one.setdefault("logprobs", [])
    if sort in ("message", "function_call", "function_call_output"):
        held.setdefault("status", "completed")
    return held


def text_of(message: Body) -> str:
    """The text of a message's parts."""
    return "\n".join(part["text"] for part in message["content"] if "text" in part)


def files_of(items: list[Body]) -> list[str]:
    """Ids of the files that messages bring along."""
    return [
        part["file_id"]
        for one in items
        if one["type"] == "message"
        for part in one["content"]
        if part["type"] == "input_file" and part.get("file_id")
    ]


def named_files(items: list[Body]) -> list[str]:
    """Ids of all files that messages name."""
    parts = [part for one in items if one["type"] == "message" for part in one["content"]]
    return [part["file_id"] for part in parts if part.get("file_id")]


def output_of(answer: Body) -> str:
    """The text of a function's output."""
    given = answer["output"]
    return given if isinstance(given, str) else "\n".join(part.get("text", "") for part in given)
