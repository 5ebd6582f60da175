"""Memory stores of a project, and the memories that are put into them by hand."""

from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.projects.errors import absent, clash, malformed
from foundry.sandbox.emulator.projects.guard import guard, require_feature
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.shapes import flag, integer, metadata, nullable, one_of, record, tagged, text

Body = dict[str, Any]

_KIND: Final = "memory_store"
_ITEM: Final = "memory"
_name: Final = text(least=1)
_KINDS: Final = ("user_profile", "chat_summary", "procedural")
_options: Final = record(
    {"user_profile_enabled": flag, "chat_summary_enabled": flag},
    {
        "user_profile_details": nullable(text()),
        "procedural_memory_enabled": nullable(flag),
        "default_ttl_seconds": nullable(integer(0)),
    },
)
_labels: Final = {"description": nullable(text()), "metadata": nullable(metadata)}
_shape: Final = record(
    {
        "name": _name,
        "definition": tagged(
            {
                "default": record(
                    {"kind": text(), "chat_model": _name, "embedding_model": _name},
                    {"options": nullable(_options)},
                )
            },
            "kind",
        ),
    },
    _labels,
)
_item_shape: Final = record({"scope": _name, "content": _name, "kind": one_of(*_KINDS)})


def _guard(call: Call) -> None:
    guard(call)
    require_feature(call, "MemoryStores=V1Preview", "Memory stores")


def _shown(store: Body) -> Body:
    return {name: value for name, value in store.items() if value is not None}


def _create(call: Call) -> Reply:
    asked = call.object()
    _shape(asked, "")
    objects, project, name = call.world.objects, project_id(call), asked["name"]
    if objects.get(project, _KIND, name) is not None:
        raise clash(f"Memory store '{name}' already exists.")
    store = {
        "id": name,
        "object": "memory_store",
        "name": name,
        "created_at": int(call.now),
        "updated_at": int(call.now),
        "description": asked.get("description"),
        "metadata": asked.get("metadata") or {},
        "definition": asked["definition"],
    }
    objects.add(project, _KIND, store, call.now)
    return Reply(body=_shown(store))


def _store(call: Call) -> Body:
    store = call.world.objects.get(project_id(call), _KIND, call.params["name"])
    if store is None:
        raise absent("Memory store", call.params["name"])
    return store


def _get(call: Call) -> Reply:
    return Reply(body=_shown(_store(call)))


def _list(call: Call) -> Reply:
    page = page_of(call, _KIND)
    return Reply(body=page.body([_shown(item) for item in page.items]))


def _update(call: Call) -> Reply:
    store, asked = _store(call), call.object()
    record({}, _labels)(asked, "")
    store |= asked | {"updated_at": int(call.now)}
    store["metadata"] = store["metadata"] or {}
    call.world.objects.put(project_id(call), _KIND, store)
    return Reply(body=_shown(store))


def _below(name: str) -> str:
    return f"{_KIND}:{name}"


def _delete(call: Call) -> Reply:
    store = _store(call)
    call.world.objects.remove_below(project_id(call), _below(store["name"]))
    call.world.objects.remove(project_id(call), _KIND, store["id"])
    return Reply(body={"object": "memory_store.deleted", "name": store["name"], "deleted": True})


def _shown_item(item: Body) -> Body:
    return {"memory_id": item["id"], **{name: value for name, value in item.items() if name != "id"}}


def _create_item(call: Call) -> Reply:
    store, asked = _store(call), call.object()
    _item_shape(asked, "")
    made = {"id": new_id("mem_"), "updated_at": int(call.now), **asked}
    call.world.objects.add(project_id(call), _ITEM, made, call.now, _below(store["name"]))
    return Reply(body=_shown_item(made))


def _item(call: Call) -> Body:
    place = _below(_store(call)["name"])
    item = call.world.objects.get(project_id(call), _ITEM, call.params["memory"], place)
    if item is None:
        raise absent("Memory", call.params["memory"])
    return item


def _get_item(call: Call) -> Reply:
    return Reply(body=_shown_item(_item(call)))


def _update_item(call: Call) -> Reply:
    item, asked = _item(call), call.object()
    record({"content": _name})(asked, "")
    item |= asked | {"updated_at": int(call.now)}
    call.world.objects.put(project_id(call), _ITEM, item, _below(call.params["name"]))
    return Reply(body=_shown_item(item))


def _delete_item(call: Call) -> Reply:
    item = _item(call)
    call.world.objects.remove(project_id(call), _ITEM, item["id"], _below(call.params["name"]))
    return Reply(body={"object": "memory_store.item.deleted", "memory_id": item["id"], "deleted": True})


def _list_items(call: Call) -> Reply:
    store, asked = _store(call), call.object()
    record({"scope": _name})(asked, "")
    where = [("scope", asked["scope"])]
    if kind := call.query.get("kind"):
        one_of(*_KINDS)(kind, "kind")
        where.append(("kind", kind))
    page = page_of(call, _ITEM, _below(store["name"]), where=where)
    return Reply(body=page.body([_shown_item(item) for item in page.items], "memory_id"))


def _delete_scope(call: Call) -> Reply:
    store, asked = _store(call), call.object()
    record({"scope": _name})(asked, "")
    objects, project = call.world.objects, project_id(call)
    for item in objects.all(project, _ITEM, _below(store["name"])):
        if item["scope"] == asked["scope"]:
            objects.remove(project, _ITEM, item["id"], _below(store["name"]))
    told = {"name": store["name"], "scope": asked["scope"], "deleted": True}
    return Reply(body={"object": "memory_store.scope.deleted", **told})


_ONE: Final = "/memory_stores/{name}"
_ONE_ITEM: Final = _ONE + "/items/{memory}"

FAMILY = Family(
    name="memory_stores",
    title="Memory stores",
    prefix=PREFIX,
    guard=_guard,
    refuse=malformed,
    note=(
        "Need the header `MemoryStores=V1Preview`. Models are not looked up; memories are those that were put in by hand, "
        "and no agent reads them. Creating one that exists: 409 (unconfirmed for the service)."
    ),
    routes=(
        Route("POST", "/memory_stores", "create a memory store", _create),
        Route("GET", "/memory_stores", "list memory stores", _list),
        Route("GET", _ONE, "get a memory store", _get),
        Route("DELETE", _ONE, "delete a memory store", _delete),
        Route("POST", _ONE + ":search_memories", "search memories"),
        Route("POST", _ONE + ":update_memories", "make memories of a conversation"),
        Route("POST", _ONE + ":delete_scope", "delete the memories of a scope", _delete_scope),
        Route("POST", _ONE, "change description and metadata of a memory store", _update),
        Route("POST", _ONE + "/items", "create a memory", _create_item),
        Route("POST", _ONE + "/items:list", "list memories of a scope", _list_items),
        Route("GET", _ONE_ITEM, "get a memory", _get_item),
        Route("POST", _ONE_ITEM, "change a memory", _update_item),
        Route("DELETE", _ONE_ITEM, "delete a memory", _delete_item),
    ),
)
