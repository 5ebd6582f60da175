"""Memory stores of a project, the memories in them, and what is made of conversations."""

from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.openai.items import item, kept, text_of
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.projects.errors import absent, clash, malformed
from foundry.sandbox.emulator.projects.guard import guard, require_feature
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.retrieval import Passage, rank
from foundry.sandbox.emulator.shapes import (
    array,
    by_sort,
    flag,
    integer,
    metadata,
    nullable,
    one_of,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

_KIND: Final = "memory_store"
_ITEM: Final = "memory"
_UPDATE: Final = "memory_update"
_DELAY: Final = 300
_MOST_FOUND: Final = 20
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
_messages: Final = nullable(by_sort(string=_name, other=array(item)))
_search_shape: Final = record(
    {"scope": _name},
    {
        "items": _messages,
        "previous_search_id": nullable(text()),
        "options": nullable(record({}, {"max_memories": nullable(integer(1))})),
    },
)
_update_shape: Final = record(
    {"scope": _name},
    {
        "items": _messages,
        "previous_update_id": nullable(text()),
        "update_delay": nullable(integer(0)),
    },
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
    for held in objects.all(project, _ITEM, _below(store["name"])):
        if held["scope"] == asked["scope"]:
            objects.remove(project, _ITEM, held["id"], _below(store["name"]))
    told = {"name": store["name"], "scope": asked["scope"], "deleted": True}
    return Reply(body={"object": "memory_store.scope.deleted", **told})


# Searching, and making memories of conversations


def _said(asked: Body) -> list[str]:
    """What the user said in the messages of a call."""
    return [
        text_of(one)
        for one in kept(asked.get("items") or [])
        if one["type"] == "message" and one["role"] == "user"
    ]


def _usage(texts: list[str]) -> Body:
    tokens = sum(len(one.split()) for one in texts)
    return {
        "embedding_tokens": tokens,
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens,
    }


def _search(call: Call) -> Reply:
    store, asked = _store(call), call.object()
    _search_shape(asked, "")
    _settle(call, store)
    held = {
        one["id"]: one
        for one in call.world.objects.all(project_id(call), _ITEM, _below(store["name"]))
        if one["scope"] == asked["scope"]
    }
    said = _said(asked)
    if said:
        found = rank(" ".join(said), [Passage(one["id"], one["content"]) for one in held.values()])
        chosen = [held[hit.passage.source] for hit in found]
    else:
        chosen = [one for one in held.values() if one["kind"] == "user_profile"]
    most = (asked.get("options") or {}).get("max_memories") or _MOST_FOUND
    told = [{"memory_item": _shown_item(one)} for one in chosen[:most]]
    return Reply(body={"search_id": new_id("memsearch_"), "memories": told, "usage": _usage(said)})


def _update_memories(call: Call) -> Reply:
    store, asked = _store(call), call.object()
    _update_shape(asked, "")
    objects, project, below = call.world.objects, project_id(call), _below(store["name"])
    _settle(call, store)
    delay = asked.get("update_delay")
    made = {
        "id": new_id("memupd_"),
        "status": "queued",
        "scope": asked["scope"],
        "_due": call.now + (_DELAY if delay is None else delay),
        "_said": _said(asked),
    }
    for other in objects.all(project, _UPDATE, below):
        if other["status"] == "queued" and other["scope"] == asked["scope"]:
            objects.put(
                project, _UPDATE, other | {"status": "superseded", "superseded_by": made["id"]}, below
            )
            made["_said"] = [*other["_said"], *made["_said"]]
    objects.add(project, _UPDATE, made, call.now, below)
    _settle(call, store)
    held = objects.get(project, _UPDATE, made["id"], below)
    assert held is not None
    return Reply(202, _shown_update(held))


def _shown_update(update: Body) -> Body:
    told = {
        name: value
        for name, value in update.items()
        if name not in ("id", "scope") and not name.startswith("_")
    }
    return {"update_id": update["id"], **told}


def _get_update(call: Call) -> Reply:
    store = _store(call)
    _settle(call, store)
    place = _below(store["name"])
    update = call.world.objects.get(project_id(call), _UPDATE, call.params["update"], place)
    if update is None:
        raise absent("Update", call.params["update"])
    return Reply(body=_shown_update(update))


def _settle(call: Call, store: Body) -> None:
    """Makes memories of the conversations whose delay is over: one of each thing that the user said and that isn't known yet."""
    objects, project, below = call.world.objects, project_id(call), _below(store["name"])
    options = store["definition"].get("options") or {}
    kind = "user_profile" if options.get("user_profile_enabled", True) else "chat_summary"
    for update in objects.all(project, _UPDATE, below):
        if update["status"] != "queued" or call.now < update["_due"]:
            continue
        known = {
            one["content"] for one in objects.all(project, _ITEM, below) if one["scope"] == update["scope"]
        }
        operations = []
        for content in dict.fromkeys(update["_said"]):
            if content in known:
                continue
            made = {
                "id": new_id("mem_"),
                "updated_at": int(call.now),
                "scope": update["scope"],
                "content": content,
                "kind": kind,
            }
            objects.add(project, _ITEM, made, call.now, below)
            operations.append({"kind": "create", "memory_item": _shown_item(made)})
        result = {"memory_operations": operations, "usage": _usage(update["_said"])}
        objects.put(project, _UPDATE, update | {"status": "completed", "result": result}, below)


_ONE: Final = "/memory_stores/{name}"
_ONE_ITEM: Final = _ONE + "/items/{memory}"

FAMILY = Family(
    name="memory_stores",
    title="Memory stores",
    prefix=PREFIX,
    guard=_guard,
    refuse=malformed,
    note=(
        "Need the header `MemoryStores=V1Preview`. Models are not looked up; no agent reads the memories, and none is "
        "forgotten by itself. Creating one that exists: 409 (unconfirmed for the service)."
    ),
    routes=(
        Route("POST", "/memory_stores", "create a memory store", _create),
        Route("GET", "/memory_stores", "list memory stores", _list),
        Route("GET", _ONE, "get a memory store", _get),
        Route("DELETE", _ONE, "delete a memory store", _delete),
        Route("POST", _ONE + ":search_memories", "search memories", _search, "By words, not by meaning."),
        Route(
            "POST",
            _ONE + ":update_memories",
            "make memories of a conversation",
            _update_memories,
            "A memory is what the user said, word by word; nothing is summed up.",
        ),
        Route("GET", _ONE + "/updates/{update}", "how far that has come", _get_update),
        Route("POST", _ONE + ":delete_scope", "delete the memories of a scope", _delete_scope),
        Route("POST", _ONE, "change description and metadata of a memory store", _update),
        Route("POST", _ONE + "/items", "create a memory", _create_item),
        Route("POST", _ONE + "/items:list", "list memories of a scope", _list_items),
        Route("GET", _ONE_ITEM, "get a memory", _get_item),
        Route("POST", _ONE_ITEM, "change a memory", _update_item),
        Route("DELETE", _ONE_ITEM, "delete a memory", _delete_item),
    ),
)
