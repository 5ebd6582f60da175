"""AI Search: indexes, aliases and documents of a service that exists in ARM."""

import re
from typing import Any

from foundry.sandbox.emulator.http import Call, Family, Reply, Route
from foundry.sandbox.emulator.search import objects
from foundry.sandbox.emulator.search.definition import INDEX_NAME, check_change, leaves, normalised
from foundry.sandbox.emulator.search.documents import LARGEST_BATCH, MOST_ACTIONS, check_document, query
from foundry.sandbox.emulator.search.errors import (
    exists,
    invalid,
    malformed,
    not_allowed,
    not_found,
    precondition_failed,
    too_large,
)
from foundry.sandbox.emulator.search.guard import guard, service_id
from foundry.sandbox.emulator.search.indexing import RUNS, reset, running, status
from foundry.sandbox.emulator.search.synonyms import Synonyms

Body = dict[str, Any]


def _shown(call: Call, body: Body, etag: str, family: str = "") -> Body:
    collection = family or ("aliases" if "indexes" in body else "indexes")
    base = f"{call.world.base_url}/search/{call.params['service']}"
    return {"@odata.context": f"{base}/$metadata#{collection}/$entity", "@odata.etag": etag, **body}


def _tagged(etag: str) -> dict[str, str]:
    return {"ETag": etag}


def _preconditions(call: Call, etag: str | None) -> None:
    """Raises 412 when If-Match or If-None-Match doesn't hold for what is there (None: nothing)."""
    match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
    if match is not None and (etag is None or match not in ("*", etag)):
        raise precondition_failed()
    if none_match is not None and etag is not None and none_match in ("*", etag):
        raise precondition_failed()


def _held(call: Call, kind: str) -> tuple[Body, str]:
    found = call.world.search.get(service_id(call), kind, call.params["name"])
    if found is None:
        raise not_found(kind, call.params["name"], call.params["service"])
    return found


def _list(call: Call, kind: str) -> Reply:
    wanted = [part.strip() for part in call.query.get("$select", "*").split(",")]
    value = []
    for body, etag in call.world.search.listed(service_id(call), kind):
        shown = {"@odata.etag": etag, **body}
        value.append(shown if "*" in wanted else {key: item for key, item in shown.items() if key in wanted})
    return Reply(body={"value": value})


def _get(call: Call, kind: str) -> Reply:
    body, etag = _held(call, kind)
    return Reply(200, _shown(call, body, etag), _tagged(etag))


def _create(call: Call, kind: str, body: Body) -> Reply:
    if call.world.search.get(service_id(call), kind, body["name"]) is not None:
        raise exists(kind, body["name"])
    etag = call.world.search.put(service_id(call), kind, body)
    return Reply(201, _shown(call, body, etag), _tagged(etag))


def _replace(call: Call, kind: str, body: Body, held: tuple[Body, str] | None) -> Reply:
    if body["name"] != call.params["name"]:
        raise invalid(
            f"The name '{body['name']}' in the body doesn't match the name '{call.params['name']}' in the URL."
        )
    etag = call.world.search.put(service_id(call), kind, body)
    return Reply(200 if held else 201, _shown(call, body, etag), _tagged(etag))


def _remove(call: Call, kind: str) -> Reply:
    held = call.world.search.get(service_id(call), kind, call.params["name"])
    _preconditions(call, held[1] if held else None)
    if held is None:
        raise not_found(kind, call.params["name"], call.params["service"])
    call.world.search.delete(service_id(call), kind, call.params["name"])
    return Reply(204)


# Indexes


def _list_indexes(call: Call) -> Reply:
    return _list(call, "index")


def _create_index(call: Call) -> Reply:
    return _create(call, "index", normalised(call.object()))


def _get_index(call: Call) -> Reply:
    return _get(call, "index")


def _put_index(call: Call) -> Reply:
    held = call.world.search.get(service_id(call), "index", call.params["name"])
    _preconditions(call, held[1] if held else None)
    index = normalised(call.object())
    if held is not None:
        check_change(held[0], index, downtime=call.flag("allowIndexDowntime"))
    return _replace(call, "index", index, held)


def _delete_index(call: Call) -> Reply:
    name = call.params["name"]
    for alias, _ in call.world.search.listed(service_id(call), "alias"):
        if name in alias["indexes"]:
            raise not_allowed(
                f"The index '{name}' can't be deleted while the alias '{alias['name']}' points to it."
            )
    return _remove(call, "index")


def _statistics(call: Call) -> Reply:
    _held(call, "index")
    number, size = call.world.search.statistics(service_id(call), call.params["name"])
    return Reply(body={"documentCount": number, "storageSize": size, "vectorIndexSize": 0})


# Aliases


def _alias(call: Call) -> Body:
    asked = call.object()
    name, indexes = asked.get("name"), asked.get("indexes")
    if not isinstance(name, str) or not re.fullmatch(INDEX_NAME, name):
        raise invalid(f"Invalid alias name: '{name}'.")
    if not isinstance(indexes, list) or len(indexes) != 1:
        raise invalid("An alias must map to exactly one index.")
    if call.world.search.get(service_id(call), "index", str(indexes[0])) is None:
        raise not_found("index", str(indexes[0]), call.params["service"])
    return {"name": name, "indexes": indexes}


def _list_aliases(call: Call) -> Reply:
    return _list(call, "alias")


def _create_alias(call: Call) -> Reply:
    return _create(call, "alias", _alias(call))


def _get_alias(call: Call) -> Reply:
    return _get(call, "alias")


def _put_alias(call: Call) -> Reply:
    held = call.world.search.get(service_id(call), "alias", call.params["name"])
    _preconditions(call, held[1] if held else None)
    return _replace(call, "alias", _alias(call), held)


def _delete_alias(call: Call) -> Reply:
    return _remove(call, "alias")


# Synonym maps, data sources, skillsets, indexers


def _objects(family: str, title: str) -> tuple[Route, ...]:
    def held(call: Call) -> tuple[Body, str] | None:
        return call.world.search.get(service_id(call), family, call.params["name"])

    def told(call: Call, status: int, body: Body, etag: str) -> Reply:
        return Reply(status, _shown(call, objects.shown(family, body), etag, family), _tagged(etag))

    def listed(call: Call) -> Reply:
        found = call.world.search.listed(service_id(call), family)
        return Reply(
            body={"value": [{"@odata.etag": etag, **objects.shown(family, body)} for body, etag in found]}
        )

    def create(call: Call) -> Reply:
        body = objects.checked(call, family, None)
        if call.world.search.get(service_id(call), family, body["name"]) is not None:
            raise exists(family, body["name"])
        return begun(call, body, told(call, 201, body, call.world.search.put(service_id(call), family, body)))

    def get(call: Call) -> Reply:
        return told(call, 200, *_held(call, family))

    def put(call: Call) -> Reply:
        before = held(call)
        _preconditions(call, before[1] if before else None)
        body = objects.checked(call, family, before[0] if before else None)
        etag = call.world.search.put(service_id(call), family, body)
        reply = told(call, 200 if before else 201, body, etag)
        return reply if before else begun(call, body, reply)

    def begun(call: Call, body: Body, reply: Reply) -> Reply:
        """A new indexer that isn't disabled runs at once."""
        if family != "indexers" or body.get("disabled"):
            return reply
        return running(call, body, reply)

    def delete(call: Call) -> Reply:
        reply = _remove(call, family)
        if family == "indexers":
            call.world.search.delete(service_id(call), RUNS, call.params["name"])
        return reply

    one = f"/{family}('{{name}}')"
    return (
        Route("GET", f"/{family}", f"list {title}s", listed),
        Route("POST", f"/{family}", f"create a {title}", create),
        Route("GET", one, f"get a {title}", get),
        Route("PUT", one, f"create or update a {title}", put),
        Route("DELETE", one, f"delete a {title}", delete),
    )


def _run_indexer(call: Call) -> Reply:
    return running(call, _held(call, "indexers")[0], Reply(202))


def _reset_indexer(call: Call) -> Reply:
    reset(call, _held(call, "indexers")[0])
    return Reply(204)


def _indexer_status(call: Call) -> Reply:
    return Reply(body=status(call, _held(call, "indexers")[0]))


# Documents


def _index(call: Call) -> Body:
    """The index of a document call, by its name or by an alias."""
    name = call.params["name"]
    found = call.world.search.get(service_id(call), "index", name)
    if found is None:
        alias = call.world.search.get(service_id(call), "alias", name)
        found = call.world.search.get(service_id(call), "index", alias[0]["indexes"][0]) if alias else None
    if found is None:
        raise not_found("index", name, call.params["service"])
    return found[0]


def _write_documents(call: Call) -> Reply:
    index, search, service = _index(call), call.world.search, service_id(call)
    if len(call.content) > LARGEST_BATCH:
        raise too_large(LARGEST_BATCH)
    actions = call.object().get("value")
    if not isinstance(actions, list) or not 1 <= len(actions) <= MOST_ACTIONS:
        raise invalid(f"A batch holds 1 to {MOST_ACTIONS} actions.")
    results = []
    for item in actions:
        action = item.pop("@search.action", "upload")
        if action not in ("upload", "merge", "mergeOrUpload", "delete"):
            raise invalid(f"Unknown action '{action}'.")
        key = check_document(index, item, whole=action == "upload")
        held = search.document(service, index["name"], key)
        status, message = 200 if held else 201, None
        if action == "delete":
            search.delete_document(service, index["name"], key)
            status = 200
        elif action == "merge" and held is None:
            status, message = 404, "Document not found."
        else:
            if action == "mergeOrUpload" and held is None:
                check_document(index, item, whole=True)
            body = item if action == "upload" else {**(held or {}), **item}
            search.put_document(service, index["name"], key, body)
        results.append({"key": key, "status": message is None, "errorMessage": message, "statusCode": status})
    return Reply(200 if all(item["status"] for item in results) else 207, {"value": results})


def _count(call: Call) -> Reply:
    number, _ = call.world.search.statistics(service_id(call), _index(call)["name"])
    return Reply(body=str(number).encode(), media="text/plain")


def _document(call: Call) -> Reply:
    index = _index(call)
    found = call.world.search.document(service_id(call), index["name"], call.params["key"])
    if found is None:
        raise not_found("document", call.params["key"], call.params["service"])
    hidden = {field["name"] for field in index["fields"] if field.get("retrievable") is False}
    return Reply(body={key: value for key, value in found.items() if key not in hidden})


def _query(call: Call) -> Reply:
    index = _index(call)
    documents = call.world.search.documents(service_id(call), index["name"])
    return Reply(body=query(index, documents, call.object(), _synonyms(call, index)))


def _synonyms(call: Call, index: Body) -> dict[str, Synonyms]:
    """The rules that the fields of an index name, by field; a map that isn't there means nothing."""
    found = {}
    for path, field in leaves(index["fields"]):
        if field["synonymMaps"]:
            maps = [
                call.world.search.get(service_id(call), "synonymmaps", name) for name in field["synonymMaps"]
            ]
            found[path] = Synonyms.of(held[0]["synonyms"] for held in maps if held is not None)
    return found


_ONE = "/indexes('{name}')"
_ALIAS = "/aliases('{name}')"
_INDEXER = "/indexers('{name}')"


def _lacking(collection: str, title: str) -> tuple[Route, ...]:
    one = f"/{collection}('{{name}}')"
    return (
        Route("GET", f"/{collection}", f"list {title}s"),
        Route("POST", f"/{collection}", f"create a {title}"),
        Route("GET", one, f"get a {title}"),
        Route("PUT", one, f"create or update a {title}"),
        Route("DELETE", one, f"delete a {title}"),
    )


FAMILY = Family(
    name="search",
    title="AI Search",
    prefix="/search/{service}",
    guard=guard,
    refuse=malformed,
    note=(
        "The service must exist in ARM. A token needs a service that takes tokens (`aadOrApiKey` or local auth off) and a "
        "role: Search Service Contributor for definitions, Search Index Data Contributor for writing documents, Search "
        "Index Data Reader or Contributor for queries. Admin and query keys work while local auth is on. Definitions come "
        "back with every attribute; changes an existing index doesn't take are refused with 400. Index counts per tier "
        "are not enforced. Text search is BM25 with one English analyser whatever the definition says; `semantic` "
        "queries are ranked like `simple` ones; vectors are compared exhaustively by cosine; there is no vectorisation. Synonyms are "
        "used in text queries. An indexer runs when it is made and when it is asked to, never by its schedule, over blobs of a storage "
        "account of the sandbox; its status says why it can't (no Azurite, a role that its service lacks, a source of another type). "
        "Skillsets are kept and not executed, which its status says too; deleted blobs stay in the index."
    ),
    routes=(
        Route("GET", "/indexes", "list indexes", _list_indexes),
        Route("POST", "/indexes", "create an index", _create_index),
        Route("GET", _ONE, "get an index", _get_index),
        Route("PUT", _ONE, "create or update an index", _put_index),
        Route(
            "DELETE",
            _ONE,
            "delete an index",
            _delete_index,
            "Refused while an alias points to it (unconfirmed for the service).",
        ),
        Route(
            "GET",
            _ONE + "/search.stats",
            "statistics of an index",
            _statistics,
            "At once, without the service's lag.",
        ),
        Route("GET", "/aliases", "list aliases", _list_aliases),
        Route("POST", "/aliases", "create an alias", _create_alias),
        Route("GET", _ALIAS, "get an alias", _get_alias),
        Route("PUT", _ALIAS, "create or update an alias", _put_alias),
        Route("DELETE", _ALIAS, "delete an alias", _delete_alias),
        Route("POST", _ONE + "/docs/search.index", "write documents", _write_documents),
        Route("GET", _ONE + "/docs/$count", "count documents", _count),
        Route("GET", _ONE + "/docs('{key}')", "get a document", _document, "`$select` is ignored."),
        Route(
            "POST",
            _ONE + "/docs/search.post.search",
            "search",
            _query,
            "`$filter`: comparisons, and, or, not, search.in. Facets by value (ranges: 501), highlights by sentence. Captions, answers, scoring profiles, full Lucene syntax: 501.",
        ),
        Route("GET", _ONE + "/docs", "search by GET"),
        Route("POST", _ONE + "/docs/search.post.suggest", "suggest"),
        Route("POST", _ONE + "/docs/search.post.autocomplete", "autocomplete"),
        Route("POST", _ONE + "/search.analyze", "analyse text"),
        Route("GET", "/servicestats", "service statistics"),
        *_objects("synonymmaps", "synonym map"),
        *_objects("datasources", "data source"),
        Route(
            "POST",
            _INDEXER + "/search.run",
            "run an indexer",
            _run_indexer,
            "Done when the call is answered; every run reads everything. Blobs only, as JSON, lines of JSON, CSV or text.",
        ),
        Route("POST", _INDEXER + "/search.reset", "reset an indexer", _reset_indexer),
        Route("GET", _INDEXER + "/search.status", "status of an indexer", _indexer_status),
        *_objects("indexers", "indexer"),
        *_objects("skillsets", "skillset"),
        *_lacking("knowledgebases", "knowledge base"),
        *_lacking("knowledgesources", "knowledge source"),
        Route("GET", "/knowledgesources('{name}')/status", "status of a knowledge source"),
    ),
)
