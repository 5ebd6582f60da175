"""Batches below `/openai/v1`: a file of requests becomes a file of answers.

A batch moves when somebody looks at it. Its requests are answered like those that come one by one.
"""

import json
from dataclasses import replace
from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Malformed, Problem, Reply, Route, not_implemented
from foundry.sandbox.emulator.openai.conversations import UNDER_WAY
from foundry.sandbox.emulator.openai.guard import PREFIX, guard, shelf
from foundry.sandbox.emulator.openai.responses import Responses, shown
from foundry.sandbox.emulator.openai.routes import begin_response
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.projects.errors import absent, invalid, malformed
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.shapes import integer, metadata, nullable, one_of, record, text

Body = dict[str, Any]

KIND: Final = "openai.batch"
_SERVED: Final = "/v1/responses"
_ENDPOINTS: Final = (
    _SERVED,
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
)
_DAY: Final = 86_400
_MOST: Final = 1_000
_shape: Final = record(
    {
        "input_file_id": text(least=1),
        "endpoint": one_of(*_ENDPOINTS),
        "completion_window": one_of("24h"),
    },
    {
        "metadata": nullable(metadata),
        "output_expires_after": nullable(
            record({"anchor": one_of("created_at"), "seconds": integer(3_600, 2_592_000)})
        ),
    },
)
_TIMES: Final = (
    "in_progress_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
)
_MOVING: Final = ("validating", "in_progress")


def _shown(batch: Body) -> Body:
    return {name: value for name, value in batch.items() if not name.startswith("_")}


def _create(call: Call) -> Reply:
    asked = call.object()
    _shape(asked, "")
    if asked["endpoint"] != _SERVED:
        raise not_implemented(f"A batch for {asked['endpoint']}")
    file = call.world.files.get(shelf(call.world, project_id(call)), asked["input_file_id"])
    if file is None:
        raise absent("File", asked["input_file_id"])
    if file["purpose"] != "batch":
        raise invalid(
            f"The file's purpose is '{file['purpose']}'; a batch takes one of purpose 'batch'.",
            "input_file_id",
        )
    made = {
        "id": new_id("batch_"),
        "object": "batch",
        "endpoint": asked["endpoint"],
        "input_file_id": file["id"],
        "completion_window": asked["completion_window"],
        "status": "validating",
        "created_at": int(call.now),
        "expires_at": int(call.now) + _DAY,
        **dict.fromkeys(_TIMES),
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "errors": None,
        "output_file_id": None,
        "error_file_id": None,
        "metadata": asked.get("metadata") or {},
        "_lines": [],
        "_life": (asked.get("output_expires_after") or {}).get("seconds"),
    }
    call.world.objects.add(project_id(call), KIND, made, call.now)
    return Reply(body=_shown(made))


def _list(call: Call) -> Reply:
    page = page_of(call, KIND)
    return Reply(body=page.body([_shown(_settled(call, item)) for item in page.items]))


def _found(call: Call) -> Body:
    batch = call.world.objects.get(project_id(call), KIND, call.params["batch"])
    if batch is None:
        raise absent("Batch", call.params["batch"])
    return _settled(call, batch)


def _get(call: Call) -> Reply:
    return Reply(body=_shown(_found(call)))


def _cancel(call: Call) -> Reply:
    batch = _found(call)
    if batch["status"] not in _MOVING:
        raise invalid(f"Cannot cancel a batch with status '{batch['status']}'.", "batch_id")
    batch["cancelling_at"] = int(call.now)
    return Reply(body=_shown(_ended(call, batch, "cancelled")))


def _settled(call: Call, batch: Body) -> Body:
    """The batch as far as it has come by now."""
    if batch["status"] not in _MOVING:
        return batch
    if call.now >= batch["expires_at"]:
        return _ended(call, batch, "expired")
    if batch["status"] == "validating":
        faults = _read(call, batch)
        if faults:
            batch["errors"] = {"object": "list", "data": faults}
            return _ended(call, batch, "failed")
        batch |= {"status": "in_progress", "in_progress_at": int(call.now)}
    for line in batch["_lines"]:
        if "status" not in line:
            _go_on(call, line)
    if all("status" in line for line in batch["_lines"]):
        batch["finalizing_at"] = int(call.now)
        return _ended(call, batch, "completed")
    call.world.objects.put(project_id(call), KIND, batch)
    return batch


def _read(call: Call, batch: Body) -> list[Body]:
    """Takes the requests out of the file; what is wrong with them."""
    content = call.world.files.content(shelf(call.world, project_id(call)), batch["input_file_id"])
    faults: list[Body] = []
    seen: set[str] = set()
    for number, text_of_line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if not text_of_line.strip():
            continue
        code, message, line = _request(text_of_line, batch["endpoint"], seen)
        if line is None:
            faults.append({"code": code, "line": number, "message": message, "param": None})
        else:
            seen.add(line["custom_id"])
            batch["_lines"].append(line)
    if not batch["_lines"] and not faults:
        faults.append({"code": "empty_file", "line": None, "message": "The file is empty.", "param": None})
    if len(batch["_lines"]) > _MOST:
        message = f"The sandbox takes up to {_MOST} requests in a batch."
        faults.append({"code": "too_many_tasks", "line": None, "message": message, "param": None})
    batch["request_counts"]["total"] = len(batch["_lines"])
    return faults


def _request(line: str, endpoint: str, seen: set[str]) -> tuple[str, str, Body | None]:
    """Code and message of what is wrong with a line, and the request when nothing is."""
    try:
        given = json.loads(line)
    except ValueError:
        return "invalid_json_line", "This line is not parseable as valid JSON.", None
    if not isinstance(given, dict) or not isinstance(given.get("custom_id"), str):
        return "missing_required_parameter", "Missing required parameter: 'custom_id'.", None
    if given["custom_id"] in seen:
        return "duplicate_custom_id", f"The custom_id '{given['custom_id']}' is there twice.", None
    if given.get("method") != "POST" or given.get("url") != endpoint:
        return (
            "mismatched_url",
            f"Each request must be a POST to '{endpoint}', as the batch's endpoint.",
            None,
        )
    if not isinstance(given.get("body"), dict):
        return "missing_required_parameter", "Missing required parameter: 'body'.", None
    return "", "", {"custom_id": given["custom_id"], "asked": given["body"]}


def _go_on(call: Call, line: Body) -> None:
    """Begins a request or looks at it again; `status` and `body` are there when it is answered."""
    if "response" not in line:
        asked = {name: value for name, value in line["asked"].items() if value is not None}
        try:
            if asked.get("stream") or asked.get("background"):
                raise invalid(
                    "A request of a batch is neither streamed nor made in the background.", "stream"
                )
            line["response"] = begin_response(replace(call, method="POST"), asked)["id"]
        except Problem as problem:
            line |= {"status": problem.reply.status, "body": problem.reply.body}
            return
        except Malformed as fault:
            refused = malformed(fault).reply
            line |= {"status": refused.status, "body": refused.body}
            return
    held = Responses(call.world, project_id(call), call.now).get(line["response"])
    if held is None or held["status"] not in UNDER_WAY:
        line |= {"status": 200, "body": None if held is None else shown(held, [])}


def _ended(call: Call, batch: Body, status: str) -> Body:
    """Writes the files and ends the batch."""
    done = [line for line in batch["_lines"] if line.get("status") == 200]
    failed = [line for line in batch["_lines"] if line.get("status", 200) != 200]
    batch["request_counts"] |= {"completed": len(done), "failed": len(failed)}
    for name, lines in (("output_file_id", done), ("error_file_id", failed)):
        if lines:
            batch[name] = _written(call, batch, lines)
    batch |= {"status": status, f"{status}_at": int(call.now), "_lines": []}
    call.world.objects.put(project_id(call), KIND, batch)
    return batch


def _written(call: Call, batch: Body, lines: list[Body]) -> str:
    told = (
        {
            "id": new_id("batch_req_"),
            "custom_id": line["custom_id"],
            "response": {
                "status_code": line["status"],
                "request_id": new_id("req_"),
                "body": line["body"],
            },
            "error": None,
        }
        for line in lines
    )
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in told)
    made = call.world.files.create(
        shelf(call.world, project_id(call)),
        f"{batch['id']}_output.jsonl",
        "batch_output",
        content.encode(),
        call.now,
        seconds=batch["_life"],
    )
    return str(made["id"])


FAMILY = Family(
    name="openai_batches",
    title="Batches (OpenAI)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Requests to `/v1/responses`, up to 1,000 of them; other endpoints: 501. A batch moves when somebody looks at it and is "
        "done as soon as its requests are."
    ),
    routes=(
        Route("POST", "/batches", "create a batch", _create),
        Route("GET", "/batches", "list batches", _list),
        Route("GET", "/batches/{batch}", "get a batch", _get),
        Route("POST", "/batches/{batch}/cancel", "cancel a batch", _cancel, "Cancelled at once."),
    ),
)
