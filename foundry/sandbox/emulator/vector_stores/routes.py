"""Vector stores of a project, their files and their batches."""

from typing import Any

from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.project.errors import invalid, malformed
from foundry.sandbox.emulator.project.guard import PREFIX, guard, project_id
from foundry.sandbox.emulator.project.paging import page_of
from foundry.sandbox.emulator.shapes import (
    metadata,
    nullable,
    record,
    text,
)
from foundry.sandbox.emulator.vector_stores.errors import (
    batch_settled,
    missing_file,
    no_batch,
    no_store,
    no_store_file,
)
from foundry.sandbox.emulator.vector_stores.intake import (
    CHUNKING,
    DATA_SOURCE,
    DATA_SOURCES,
    EXPIRY,
    FILE_IDS,
    checked_chunking,
    fate,
    fate_of_a_source,
    sources_of,
)
from foundry.sandbox.emulator.vector_stores.store import BATCH, FILE, KIND, Fate, shown

_configuration = record({"data_sources": DATA_SOURCES})

_create_shape = record(
    {},
    {
        "name": nullable(text()),
        "file_ids": nullable(FILE_IDS),
        "configuration": nullable(_configuration),
        "expires_after": nullable(EXPIRY),
        "chunking_strategy": nullable(CHUNKING),
        "metadata": nullable(metadata),
    },
)
_update_shape = record(
    {}, {"name": nullable(text()), "expires_after": nullable(EXPIRY), "metadata": nullable(metadata)}
)
_attach_shape = record(
    {},
    {
        "file_id": nullable(text(least=1)),
        "data_source": nullable(DATA_SOURCE),
        "chunking_strategy": nullable(CHUNKING),
    },
)
_batch_shape = record(
    {},
    {
        "file_ids": nullable(FILE_IDS),
        "data_sources": nullable(DATA_SOURCES),
        "chunking_strategy": nullable(CHUNKING),
    },
)


def _require_files(call: Call, file_ids: list[str], param: str) -> None:
    for file_id in file_ids:
        if call.world.files.get(project_id(call), file_id) is None:
            raise missing_file(file_id, param)


def _require_store(call: Call) -> dict[str, Any]:
    store = call.world.vector_stores.get(
        project_id(call), call.params["store"], call.now, look=call.method == "GET"
    )
    if store is None:
        raise no_store(call.params["store"])
    return store


def _create(call: Call) -> Reply:
    asked = call.object()
    _create_shape(asked, "")
    chunking = checked_chunking(asked)
    file_ids = asked.get("file_ids") or []
    sources = (asked.get("configuration") or {}).get("data_sources") or []
    if file_ids and sources:
        raise invalid(
            "Only one of 'file_ids' and 'configuration.data_sources' can be given.", "configuration"
        )
    made = sources_of(call, sources, "configuration")
    _require_files(call, file_ids, "file_ids")
    stores, project = call.world.vector_stores, project_id(call)
    store = stores.create(project, asked, call.now)
    stores.attach(project, store["id"], file_ids, call.now, chunking=chunking, fate=fate(call))
    stores.attach(project, store["id"], made, call.now, chunking=chunking, fate=fate_of_a_source(call))
    return Reply(body=stores.get(project, store["id"], call.now))


def _list(call: Call) -> Reply:
    page = page_of(call, KIND)
    stores, project = call.world.vector_stores, project_id(call)
    settled = [stores.settled(project, item, call.now, look=True) for item in page.items]
    return Reply(body=page.body() | {"data": [stores.shown_store(item, call.now) for item in settled]})


def _get(call: Call) -> Reply:
    return Reply(body=_require_store(call))


def _update(call: Call) -> Reply:
    _require_store(call)
    asked = call.object()
    _update_shape(asked, "")
    return Reply(
        body=call.world.vector_stores.update(project_id(call), call.params["store"], asked, call.now)
    )


def _delete(call: Call) -> Reply:
    identity = call.params["store"]
    if not call.world.vector_stores.delete(project_id(call), identity):
        raise no_store(identity)
    return Reply(body={"id": identity, "deleted": True, "object": "vector_store.deleted"})


def _attach(call: Call) -> Reply:
    store = _require_store(call)
    asked = call.object()
    _attach_shape(asked, "")
    source = asked.get("data_source")
    file_ids, decide = _taken_in(
        call, [asked["file_id"]] if asked.get("file_id") else [], [source] if source else [], "file_id"
    )
    stores, project = call.world.vector_stores, project_id(call)
    chunking = checked_chunking(asked)
    stores.attach(project, store["id"], file_ids, call.now, chunking=chunking, fate=decide)
    return Reply(body=shown(_store_file(call, file_ids[0])))


def _taken_in(
    call: Call, file_ids: list[str], sources: list[dict[str, Any]], where: str
) -> tuple[list[str], Fate]:
    """What a call adds, files or data sources, and what becomes of it; raises 400 when it is both or neither."""
    if file_ids and sources:
        raise invalid(
            f"Only one of '{where}' and '{where.replace('file_id', 'data_source')}' can be given.", where
        )
    if sources:
        return sources_of(call, sources, where.replace("file_id", "data_source")), fate_of_a_source(call)
    if not file_ids:
        raise Malformed(where, "missing", f"Missing required parameter: '{where}'.")
    _require_files(call, file_ids, where)
    return file_ids, fate(call)


def _store_file(call: Call, file_id: str) -> dict[str, Any]:
    file = call.world.vector_stores.file(project_id(call), call.params["store"], file_id)
    if file is None:
        raise no_store_file(file_id)
    return file


def _status_filter(call: Call) -> list[tuple[str, str]]:
    status = call.query.get("filter")
    if not status:
        return []
    if status not in ("in_progress", "completed", "failed", "cancelled"):
        raise invalid(
            f"Invalid value: '{status}'. Supported values are: 'in_progress', 'completed', 'failed', 'cancelled'.",
            "filter",
        )
    return [("status", status)]


def _list_files(call: Call) -> Reply:
    store = _require_store(call)
    page = page_of(call, FILE, store["id"], where=_status_filter(call))
    return Reply(body=page.body() | {"data": [shown(item) for item in page.items]})


def _get_file(call: Call) -> Reply:
    _require_store(call)
    return Reply(body=shown(_store_file(call, call.params["file"])))


def _detach(call: Call) -> Reply:
    store, file_id = _require_store(call), call.params["file"]
    if not call.world.vector_stores.detach(project_id(call), store["id"], file_id):
        raise no_store_file(file_id)
    return Reply(body={"id": file_id, "deleted": True, "object": "vector_store.file.deleted"})


def _create_batch(call: Call) -> Reply:
    store = _require_store(call)
    asked = call.object()
    _batch_shape(asked, "")
    file_ids, decide = _taken_in(
        call, asked.get("file_ids") or [], asked.get("data_sources") or [], "file_ids"
    )
    stores, project = call.world.vector_stores, project_id(call)
    batch = stores.create_batch(project, store["id"], call.now)
    chunking = checked_chunking(asked)
    stores.attach(project, store["id"], file_ids, call.now, chunking=chunking, fate=decide, batch=batch)
    return Reply(body=stores.batch(project, store["id"], batch))


def _require_batch(call: Call) -> dict[str, Any]:
    store = _require_store(call)
    batch = call.world.vector_stores.batch(project_id(call), store["id"], call.params["batch"])
    if batch is None:
        raise no_batch(call.params["batch"])
    return batch


def _get_batch(call: Call) -> Reply:
    return Reply(body=_require_batch(call))


def _cancel_batch(call: Call) -> Reply:
    batch = _require_batch(call)
    if batch["status"] != "in_progress":
        raise batch_settled(batch["status"])
    call.world.vector_stores.cancel_batch(project_id(call), batch["vector_store_id"], batch["id"])
    return Reply(body=_require_batch(call))


def _batch_files(call: Call) -> Reply:
    batch = _require_batch(call)
    where = [("_" + BATCH, batch["id"]), *_status_filter(call)]
    page = page_of(call, FILE, batch["vector_store_id"], where=where)
    return Reply(body=page.body() | {"data": [shown(item) for item in page.items]})


FAMILY = Family(
    name="vector_stores",
    title="Vector stores (classic)",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "Files are `in_progress` for a settable time and number of reads, then `completed` or `failed`: "
        "`unsupported_file` for an extension file search doesn't take, `invalid_file` for text that is neither UTF-8 nor "
        "UTF-16 and for Office documents that aren't any, or what a fault rule says. There are no embeddings. The text of `docx` and `pptx` is searched; that of `pdf` and "
        "`doc` is not taken out, so nothing is found in them. Automatic chunking is reported as static 800/400 (unconfirmed for the "
        "service). At most 500 files per call."
    ),
    routes=(
        Route(
            "POST",
            "/vector_stores",
            "create a vector store",
            _create,
            "Each data source becomes a file of the store (unconfirmed for the service), and nothing is found in it.",
        ),
        Route("GET", "/vector_stores", "list vector stores", _list),
        Route("GET", "/vector_stores/{store}", "get a vector store", _get),
        Route(
            "POST",
            "/vector_stores/{store}",
            "modify a vector store",
            _update,
            "Also revives an expired store (unconfirmed for the service).",
        ),
        Route("DELETE", "/vector_stores/{store}", "delete a vector store", _delete),
        Route(
            "POST",
            "/vector_stores/{store}/files",
            "add a file",
            _attach,
            "Adding a file twice changes nothing.",
        ),
        Route("GET", "/vector_stores/{store}/files", "list files of a store", _list_files),
        Route("GET", "/vector_stores/{store}/files/{file}", "get a file of a store", _get_file),
        Route("DELETE", "/vector_stores/{store}/files/{file}", "remove a file from a store", _detach),
        Route(
            "POST",
            "/vector_stores/{store}/file_batches",
            "add files as a batch",
            _create_batch,
        ),
        Route("GET", "/vector_stores/{store}/file_batches/{batch}", "get a batch", _get_batch),
        Route("POST", "/vector_stores/{store}/file_batches/{batch}/cancel", "cancel a batch", _cancel_batch),
        Route(
            "GET", "/vector_stores/{store}/file_batches/{batch}/files", "list files of a batch", _batch_files
        ),
        Route("POST", "/vector_stores/{store}/search", "search a vector store"),
    ),
)
