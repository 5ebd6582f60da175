"""Files below `/openai/v1`: the same files as in the classic dialect, with paging and more purposes."""

from typing import Any, Final

from foundry.sandbox.emulator.files.forms import parse_form
from foundry.sandbox.emulator.files.routes import LARGEST
from foundry.sandbox.emulator.files.store import KIND
from foundry.sandbox.emulator.http import Call, Family, Malformed, Part, Reply, Route
from foundry.sandbox.emulator.openai.guard import PREFIX, shelf_guard
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.projects.errors import absent, invalid, malformed
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.shapes import one_of

Body = dict[str, Any]

_ANCHOR: Final = "expires_after[anchor]"
_SECONDS: Final = "expires_after[seconds]"
_FIELDS: Final = ("file", "purpose", _ANCHOR, _SECONDS)
_PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_DOWNLOADED: Final = ("batch", "fine-tune", "assistants_output", "batch_output", "fine-tune-results")
_MOST: Final = 10_000
_LONGEST_LIFE: Final = 2_592_000
_SHORTEST_LIFE: Final = 3_600


def _life(parts: dict[str, Part]) -> int | None:
    if _ANCHOR not in parts and _SECONDS not in parts:
        return None
    for name in (_ANCHOR, _SECONDS):
        if name not in parts:
            raise Malformed(name, "missing", f"Missing required parameter: '{name}'.")
    one_of("created_at")(parts[_ANCHOR].content.decode("utf-8", "replace"), _ANCHOR)
    given = parts[_SECONDS].content.decode("utf-8", "replace")
    if not given.isdigit() or not _SHORTEST_LIFE <= int(given) <= _LONGEST_LIFE:
        message = f"Invalid '{_SECONDS}': expected an integer between {_SHORTEST_LIFE} and {_LONGEST_LIFE}, but got '{given}'."
        raise Malformed(_SECONDS, "limit", message)
    return int(given)


def _upload(call: Call) -> Reply:
    parts = parse_form(call.headers.get("content-type", ""), call.content)
    for name in parts:
        if name not in _FIELDS:
            raise Malformed(name, "unknown", f"Unknown parameter: '{name}'.")
    for name in ("file", "purpose"):
        if name not in parts:
            raise Malformed(name, "missing", f"Missing required parameter: '{name}'.")
    purpose = parts["purpose"].content.decode("utf-8", "replace")
    one_of(*_PURPOSES)(purpose, "purpose")
    file = parts["file"]
    filename = file.filename or "upload"
    if not file.content:
        raise invalid(f"The file '{filename}' is empty. Upload a file with at least one byte.", "file")
    if len(file.content) > LARGEST:
        raise invalid(f"The file exceeds the maximum size of {LARGEST} bytes.", "file")
    made = call.world.files.create(
        project_id(call), filename, purpose, file.content, call.now, seconds=_life(parts)
    )
    return Reply(body=made)


def _list(call: Call) -> Reply:
    purpose = call.query.get("purpose")
    where = [("purpose", purpose)] if purpose else []
    page = page_of(call, KIND, where=where, most=_MOST, default=_MOST)
    return Reply(body=page.body(page.items))


def _found(call: Call) -> Body:
    file = call.world.files.get(project_id(call), call.params["file"])
    if file is None:
        raise absent("File", call.params["file"])
    return file


def _get(call: Call) -> Reply:
    return Reply(body=_found(call))


def _content(call: Call) -> Reply:
    file = _found(call)
    if file["purpose"] not in _DOWNLOADED:
        raise invalid(f"Not allowed to download files of purpose: {file['purpose']}", "purpose")
    content = call.world.files.content(project_id(call), file["id"])
    return Reply(body=content, media="application/octet-stream")


def _delete(call: Call) -> Reply:
    file = _found(call)
    call.world.drop_file(project_id(call), file["id"])
    return Reply(body={"id": file["id"], "deleted": True, "object": "file"})


FAMILY = Family(
    name="openai_files",
    title="Files (OpenAI)",
    prefix=PREFIX,
    guard=shelf_guard,
    refuse=malformed,
    note=(
        "The OpenAI client of azure-ai-projects. No api-version. The files are those of the classic dialect: each side sees "
        "what the other made (unconfirmed for the service; `--separate-dialects` keeps them apart). A file whose `expires_after` is over is gone, from stores and agents too."
    ),
    routes=(
        Route("POST", "/files", "upload a file", _upload),
        Route("GET", "/files", "list files", _list),
        Route("GET", "/files/{file}", "get a file", _get),
        Route(
            "GET",
            "/files/{file}/content",
            "content of a file",
            _content,
            "Refused with 400 for `assistants`, `vision`, `user_data` and `evals` (unconfirmed which ones are).",
        ),
        Route("DELETE", "/files/{file}", "delete a file", _delete),
    ),
)
