"""Vector stores below `/openai/v1`: the same stores as in the classic dialect, with attributes of files and search."""

from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.openai.guard import PREFIX, shelf_guard
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.projects.errors import absent, invalid, malformed
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.projects.tools import RANKING, filters
from foundry.sandbox.emulator.responder.knowledge import search_files
from foundry.sandbox.emulator.shapes import (
    array,
    by_sort,
    flag,
    integer,
    metadata,
    nullable,
    one_of,
    record,
    text,
)
from foundry.sandbox.emulator.vector_stores.attributes import attributes_of, fits
from foundry.sandbox.emulator.vector_stores.intake import CHUNKING, EXPIRY, FILE_IDS, checked_chunking, fate
from foundry.sandbox.emulator.vector_stores.store import BATCH, FILE, KIND, shown
from foundry.sandbox.emulator.vector_stores.texts import searchable

Body = dict[str, Any]

_MOST_FILES: Final = 500


def _attributes(value: Any, path: str) -> None:
    """Up to 16 pairs; values are strings, numbers or booleans (openai 3.52 model)."""
    if not isinstance(value, dict):
        raise Malformed(path, "type", f"Invalid type for '{path}': expected an object.")
    if len(value) > 16:
        raise Malformed(path, "limit", f"Invalid '{path}': expected at most 16 properties.")
    for key, item in value.items():
        if len(key) > 64:
            raise Malformed(
                path, "limit", f"Invalid '{path}': key '{key[:70]}' is longer than 64 characters."
            )
        if isinstance(item, str):
            text(most=512)(item, f"{path}.{key}")
        elif not isinstance(item, bool | int | float):
            message = f"Invalid type for '{path}.{key}': expected a string, a number or a boolean."
            raise Malformed(f"{path}.{key}", "type", message)


_create_shape = record(
    {},
    {
        "name": nullable(text()),
        "description": nullable(text()),
        "file_ids": nullable(FILE_IDS),
        "expires_after": nullable(EXPIRY),
        "chunking_strategy": nullable(CHUNKING),
        "metadata": nullable(metadata),
    },
)
_update_shape = record(
    {}, {"name": nullable(text()), "expires_after": nullable(EXPIRY), "metadata": nullable(metadata)}
)
_member: Final = {"attributes": nullable(_attributes), "chunking_strategy": nullable(CHUNKING)}
_attach_shape = record({"file_id": text(least=1)}, _member)
_batch_shape = record(
    {},
    {
        "file_ids": nullable(FILE_IDS),
        "files": nullable(array(record({"file_id": text(least=1)}, _member), most=_MOST_FILES)),
        **_member,
    },
)
_search_shape = record(
    {"query": by_sort(string=text(least=1), other=array(text(least=1), least=1))},
    {
        "filters": nullable(filters),
        "max_num_results": nullable(integer(1, 50)),
        "ranking_options": nullable(RANKING),
        "rewrite_query": nullable(flag),
    },
)


def _require_files(call: Call, file_ids: list[str]) -> None:
    for file_id in file_ids:
        if call.world.files.get(project_id(call), file_id) is None:
            raise absent("File", file_id)


def _store(call: Call) -> Body:
    store = call.world.vector_stores.get(
        project_id(call), call.params["store"], call.now, look=call.method == "GET"
    )
    if store is None:
        raise absent("Vector store", call.params["store"])
    return store


def _member_shown(file: Body) -> Body:
    return shown(file) | {"attributes": attributes_of(file)}


def _create(call: Call) -> Reply:
    asked = call.object()
    _create_shape(asked, "")
    chunking = checked_chunking(asked)
    file_ids = asked.get("file_ids") or []
    _require_files(call, file_ids)
    stores, project = call.world.vector_stores, project_id(call)
    store = stores.create(project, asked, call.now)
    stores.attach(project, store["id"], file_ids, call.now, chunking=chunking, fate=fate(call))
    return Reply(body=stores.get(project, store["id"], call.now))


def _list(call: Call) -> Reply:
    page = page_of(call, KIND)
    stores, project = call.world.vector_stores, project_id(call)
    settled = [stores.settled(project, item, call.now, look=True) for item in page.items]
    return Reply(body=page.body([stores.shown_store(item, call.now) for item in settled]))


def _get(call: Call) -> Reply:
    return Reply(body=_store(call))


def _update(call: Call) -> Reply:
    store = _store(call)
    asked = call.object()
    _update_shape(asked, "")
    return Reply(body=call.world.vector_stores.update(project_id(call), store["id"], asked, call.now))


def _delete(call: Call) -> Reply:
    store = _store(call)
    call.world.vector_stores.delete(project_id(call), store["id"])
    return Reply(body={"id": store["id"], "deleted": True, "object": "vector_store.deleted"})


def _attach(call: Call) -> Reply:
    store = _store(call)
    asked = call.object()
    _attach_shape(asked, "")
    _add(call, store, [asked])
    return Reply(body=_member_shown(_file(call, asked["file_id"])))


def _add(call: Call, store: Body, members: list[Body], batch: str = "") -> None:
    _require_files(call, [item["file_id"] for item in members])
    attributes = {item["file_id"]: item.get("attributes") or {} for item in members}
    for chunking, group in _by_chunking(members):
        call.world.vector_stores.attach(
            project_id(call),
            store["id"],
            group,
            call.now,
            chunking=chunking,
            fate=fate(call),
            batch=batch,
            attributes=attributes,
        )


def _by_chunking(members: list[Body]) -> list[tuple[Body | None, list[str]]]:
    """File ids by the chunking they ask for, so that a store is counted once per group and not once per file."""
    groups: list[tuple[Body | None, list[str]]] = []
    for item in members:
        chunking = checked_chunking(item)
        for known, group in groups:
            if known == chunking:
                group.append(item["file_id"])
                break
        else:
            groups.append((chunking, [item["file_id"]]))
    return groups


def _file(call: Call, file_id: str) -> Body:
    file = call.world.vector_stores.file(project_id(call), call.params["store"], file_id)
    if file is None:
        raise absent("Vector store file", file_id)
    return file


def _filter(call: Call) -> list[tuple[str, str]]:
    status = call.query.get("filter")
    if not status:
        return []
    one_of("in_progress", "completed", "failed", "cancelled")(status, "filter")
    return [("status", status)]


def _list_files(call: Call) -> Reply:
    page = page_of(call, FILE, _store(call)["id"], where=_filter(call))
    return Reply(body=page.body([_member_shown(item) for item in page.items]))


def _get_file(call: Call) -> Reply:
    _store(call)
    return Reply(body=_member_shown(_file(call, call.params["file"])))


def _update_file(call: Call) -> Reply:
    store = _store(call)
    asked = call.object()
    record({"attributes": nullable(_attributes)})(asked, "")
    file = call.world.vector_stores.put_attributes(
        project_id(call), store["id"], call.params["file"], asked["attributes"] or {}
    )
    if file is None:
        raise absent("Vector store file", call.params["file"])
    return Reply(body=_member_shown(file))


def _detach(call: Call) -> Reply:
    store, file_id = _store(call), call.params["file"]
    if not call.world.vector_stores.detach(project_id(call), store["id"], file_id):
        raise absent("Vector store file", file_id)
    return Reply(body={"id": file_id, "deleted": True, "object": "vector_store.file.deleted"})


def _file_content(call: Call) -> Reply:
    _store(call)
    file_id = _file(call, call.params["file"])["id"]
    held = call.world.files.get(project_id(call), file_id)
    assert held is not None
    content = searchable(held["filename"], call.world.files.content(project_id(call), file_id))
    page = {"object": "vector_store.file_content.page", "has_more": False, "next_page": None}
    return Reply(body=page | {"data": [{"type": "text", "text": content}]})


def _create_batch(call: Call) -> Reply:
    store = _store(call)
    asked = call.object()
    _batch_shape(asked, "")
    if bool(asked.get("file_ids")) == bool(asked.get("files")):
        raise invalid("Exactly one of 'file_ids' and 'files' must be given.", "file_ids")
    shared = {name: asked.get(name) for name in ("attributes", "chunking_strategy")}
    members = asked.get("files") or [{"file_id": item, **shared} for item in asked["file_ids"]]
    _require_files(call, [item["file_id"] for item in members])
    batch = call.world.vector_stores.create_batch(project_id(call), store["id"], call.now)
    _add(call, store, members, batch)
    return Reply(body=call.world.vector_stores.batch(project_id(call), store["id"], batch))


def _batch(call: Call) -> Body:
    store = _store(call)
    batch = call.world.vector_stores.batch(project_id(call), store["id"], call.params["batch"])
    if batch is None:
        raise absent("File batch", call.params["batch"])
    return batch


def _get_batch(call: Call) -> Reply:
    return Reply(body=_batch(call))


def _cancel_batch(call: Call) -> Reply:
    batch = _batch(call)
    if batch["status"] != "in_progress":
        raise invalid(f"Cannot cancel a file batch with status '{batch['status']}'.", "batch_id")
    call.world.vector_stores.cancel_batch(project_id(call), batch["vector_store_id"], batch["id"])
    return Reply(body=_batch(call))


def _batch_files(call: Call) -> Reply:
    batch = _batch(call)
    page = page_of(call, FILE, batch["vector_store_id"], where=[("_" + BATCH, batch["id"]), *_filter(call)])
    return Reply(body=page.body([_member_shown(item) for item in page.items]))


def _search(call: Call) -> Reply:
    store = _store(call)
    asked = call.object()
    _search_shape(asked, "")
    if store["status"] == "expired":
        raise invalid(f"The vector store '{store['id']}' has expired.", "vector_store_id")
    world, project = call.world, project_id(call)
    world.vector_stores.touch(project, store["id"], call.now)
    held = {
        file["id"]: attributes_of(file)
        for file in world.vector_stores.files(project, store["id"])
        if file["status"] == "completed" and fits(asked.get("filters"), attributes_of(file))
    }
    queries = [asked["query"]] if isinstance(asked["query"], str) else asked["query"]
    least = (asked.get("ranking_options") or {}).get("score_threshold") or 0
    found = search_files(world, project, held, " ".join(queries), asked.get("max_num_results") or 10)
    data = [
        {
            "file_id": item.identity,
            "filename": item.title,
            "score": item.hit.coverage,
            "attributes": held[item.identity],
            "content": [{"type": "text", "text": item.hit.passage.text}],
        }
        for item in found
        if item.hit.coverage >= least
    ]
    page = {"object": "vector_store.search_results.page", "search_query": queries}
    return Reply(body=page | {"data": data, "has_more": False, "next_page": None})


_ONE: Final = "/vector_stores/{store}"

FAMILY = Family(
    name="openai_vector_stores",
    title="Vector stores (OpenAI)",
    prefix=PREFIX,
    guard=shelf_guard,
    refuse=malformed,
    note=(
        "The stores are those of the classic dialect, kept apart with `--separate-dialects`, and what stands there holds here. `description` is checked and not "
        "returned, as the client's model has none. No data sources."
    ),
    routes=(
        Route("POST", "/vector_stores", "create a vector store", _create),
        Route("GET", "/vector_stores", "list vector stores", _list),
        Route("GET", _ONE, "get a vector store", _get),
        Route("POST", _ONE, "modify a vector store", _update),
        Route("DELETE", _ONE, "delete a vector store", _delete),
        Route(
            "POST",
            _ONE + "/search",
            "search a vector store",
            _search,
            "The service was reported to answer 404. No query rewriting, no re-ranking; scores are shares of the question.",
        ),
        Route("POST", _ONE + "/files", "add a file", _attach, "Adding a file twice changes nothing."),
        Route("GET", _ONE + "/files", "list files of a store", _list_files),
        Route("GET", _ONE + "/files/{file}", "get a file of a store", _get_file),
        Route("POST", _ONE + "/files/{file}", "change attributes of a file of a store", _update_file),
        Route("DELETE", _ONE + "/files/{file}", "remove a file from a store", _detach),
        Route(
            "GET", _ONE + "/files/{file}/content", "text of a file of a store", _file_content, "One chunk."
        ),
        Route("POST", _ONE + "/file_batches", "add files as a batch", _create_batch),
        Route("GET", _ONE + "/file_batches/{batch}", "get a batch", _get_batch),
        Route("POST", _ONE + "/file_batches/{batch}/cancel", "cancel a batch", _cancel_batch),
        Route("GET", _ONE + "/file_batches/{batch}/files", "list files of a batch", _batch_files),
    ),
)
