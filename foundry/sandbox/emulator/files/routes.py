"""Files of a project: upload, list, get, delete."""

from typing import Any, Final

from foundry.sandbox.emulator.files.errors import empty_file, file_too_large, no_file, not_downloadable
from foundry.sandbox.emulator.files.forms import parse_form
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.project.errors import malformed
from foundry.sandbox.emulator.project.guard import PREFIX, guard, project_id
from foundry.sandbox.emulator.shapes import one_of

LARGEST: Final = 512 * 1024 * 1024
_FIELDS: Final = ("file", "purpose", "filename")


def _upload(call: Call) -> Reply:
    parts = parse_form(call.headers.get("content-type", ""), call.content)
    for name in parts:
        if name not in _FIELDS:
            raise Malformed(name, "unknown", f"Unknown parameter: '{name}'.")
    for name in ("file", "purpose"):
        if name not in parts:
            raise Malformed(name, "missing", f"Missing required parameter: '{name}'.")
    purpose = parts["purpose"].content.decode("utf-8", "replace")
    one_of("assistants", "vision")(purpose, "purpose")
    given = parts["filename"].content.decode("utf-8", "replace") if "filename" in parts else None
    filename = given or parts["file"].filename or "upload"
    content = parts["file"].content
    if not content:
        raise empty_file(filename)
    if len(content) > LARGEST:
        raise file_too_large(LARGEST)
    return Reply(body=call.world.files.create(project_id(call), filename, purpose, content, call.now))


def _list(call: Call) -> Reply:
    found = call.world.files.listed(project_id(call))
    if purpose := call.query.get("purpose"):
        found = [item for item in found if item["purpose"] == purpose]
    if call.stale:
        found = [item for item in found if item["created_at"] <= call.now - call.stale]
    return Reply(body={"object": "list", "data": found})


def _found(call: Call) -> dict[str, Any]:
    file = call.world.files.get(project_id(call), call.params["file"])
    if file is None:
        raise no_file(call.params["file"])
    return file


def _get(call: Call) -> Reply:
    return Reply(body=_found(call))


def _content(call: Call) -> Reply:
    file = _found(call)
    if file["purpose"] != "assistants_output":
        raise not_downloadable()
    return Reply(
        body=call.world.files.content(project_id(call), file["id"]), media="application/octet-stream"
    )


def _delete(call: Call) -> Reply:
    file = _found(call)
    call.world.drop_file(project_id(call), file["id"])
    return Reply(body={"id": file["id"], "deleted": True, "object": "file"})


FAMILY = Family(
    name="files",
    title="Files (classic)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Purposes `assistants` and `vision`. A file is `processed` as soon as it is uploaded. An empty file is refused. "
        "Deleting a file takes it out of vector stores and code interpreters."
    ),
    routes=(
        Route(
            "POST",
            "/files",
            "upload a file",
            _upload,
            "Multipart by path, by bytes with `filename`, and by stream.",
        ),
        Route("GET", "/files", "list files", _list, "Not paged, as in the service."),
        Route("GET", "/files/{file}", "get a file", _get),
        Route(
            "GET",
            "/files/{file}/content",
            "content of a file",
            _content,
            "Uploaded files are refused with 400, as in the service; those that an agent made by a rule come back.",
        ),
        Route("DELETE", "/files/{file}", "delete a file", _delete),
    ),
)
