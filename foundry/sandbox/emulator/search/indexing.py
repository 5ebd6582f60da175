"""Indexers at work: blobs of a storage account of this sandbox become documents of an index.

A run is done before its call is answered: the blobs are read outside of any transaction, then everything is written at once. Every
run reads all blobs again.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from foundry.sandbox.emulator.arm.kinds import lookup, principal_of, timestamp
from foundry.sandbox.emulator.http import Call, Later, Problem, Reply
from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.search.blobs import MODES, Blob, UnreadableError, documents, mapped, wanted
from foundry.sandbox.emulator.search.documents import check_document
from foundry.sandbox.emulator.search.guard import service_id
from foundry.sandbox.emulator.storage.azurite import Azurite
from foundry.sandbox.emulator.storage.store import account_named

Body = dict[str, Any]

RUNS: Final = "indexerruns"
_READ: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
_MOST_BLOBS: Final = 5_000
_KEPT: Final = 50
_LIMITS: Final = {
    "maxRunTime": "PT2H",
    "maxDocumentExtractionSize": 16_777_216,
    "maxDocumentContentCharactersToExtract": 64_000,
}
_SOURCES: Final = ("azureblob", "adlsgen2")


@dataclass(frozen=True, slots=True)
class _Container:
    """Where the blobs of a data source are.

    Attributes:
        azurite: What holds them.
        slot: The account in it.
        name: The container.
        folder: Only blobs whose names begin so.
        url: URL of the container here.
        missing: Containers of ARM that aren't in it yet.
    """

    azurite: Azurite
    slot: int
    name: str
    folder: str
    url: str
    missing: tuple[str, ...]

    def blobs(self, configuration: Mapping[str, Any]) -> list[Blob]:
        """The blobs that the configuration lets in; raises `OutsideError`."""
        for name in self.missing:
            self.azurite.make("blob", self.slot, name)
        found: list[Blob] = []
        marker = ""
        while len(found) < _MOST_BLOBS:
            query = {"restype": "container", "comp": "list", "prefix": self.folder}
            root = self._asked("", query | ({"marker": marker} if marker else {}))
            for item in root.iter("Blob"):
                name = item.findtext("Name", "")
                if wanted(name, configuration):
                    found.append(self._blob(name, item))
            marker = root.findtext("NextMarker") or ""
            if not marker:
                break
        return found

    def _asked(self, path: str, query: Mapping[str, str]) -> ET.Element:
        answer = self.azurite.send("blob", self.slot, "GET", f"/{quote(self.name)}{path}", query=query)
        if answer.status != 200:
            code = answer.headers.get("x-ms-error-code", "")
            raise OutsideError(
                f"the container '{self.name}' can't be listed: {answer.status} {code}".rstrip()
            )
        return ET.fromstring(answer.content)  # noqa: S314 - from our own Azurite

    def _blob(self, name: str, told: ET.Element) -> Blob:
        answer = self.azurite.send("blob", self.slot, "GET", f"/{quote(self.name)}/{quote(name)}")
        if answer.status != 200:
            raise OutsideError(f"the blob '{name}' can't be read: {answer.status}")
        modified = told.findtext("Properties/Last-Modified")
        return Blob(
            path=f"{self.url}/{quote(name)}",
            name=name,
            content=answer.content,
            kind=told.findtext("Properties/Content-Type") or "application/octet-stream",
            modified=parsedate_to_datetime(modified).strftime("%Y-%m-%dT%H:%M:%SZ") if modified else "",
        )


@dataclass(slots=True)
class _Run:
    """One run: what it is told, and what comes of it."""

    indexer: Body
    index: Body
    configuration: Mapping[str, Any]
    most_failed: int
    errors: list[Body] = field(default_factory=list)
    warnings: list[Body] = field(default_factory=list)
    written: dict[str, Body] = field(default_factory=dict)
    processed: int = 0
    failed: int = 0
    trouble: str = ""

    def take(self, blobs: list[Blob]) -> None:
        for blob in blobs:
            before = self.processed
            try:
                for source in documents(blob, self.configuration):
                    self.processed += 1
                    document = mapped(source, self.index, self.indexer.get("fieldMappings") or [])
                    self.written[check_document(self.index, document, whole=True)] = document
            except (UnreadableError, Problem) as error:
                told = error.reply.body["error"]["message"] if isinstance(error, Problem) else str(error)
                # A blob that can't be taken apart counts as the one item that it was.
                self.processed = max(self.processed, before + 1)
                self._fail(blob, str(told))

    def _fail(self, blob: Blob, message: str) -> None:
        self.failed += 1
        self.errors.append(
            {
                "key": blob.path,
                "name": "DocumentExtraction",
                "errorMessage": message,
                "statusCode": 400,
                "details": None,
                "documentationLink": None,
            }
        )
        if 0 <= self.most_failed < self.failed and not self.trouble:
            self.trouble = (
                f"{self.failed} documents failed, of which {self.most_failed} were allowed: {message}"
            )

    def result(self, began: float, ended: float) -> Body:
        return {
            "status": "transientFailure" if self.trouble else "success",
            "errorMessage": self.trouble or None,
            "startTime": timestamp(began),
            "endTime": timestamp(ended),
            "errors": self.errors,
            "warnings": self.warnings,
            "itemsProcessed": self.processed,
            "itemsFailed": self.failed,
            "initialTrackingState": None,
            "finalTrackingState": None,
        }


def running(call: Call, indexer: Body, reply: Reply) -> Reply:
    """Runs an indexer, then gives the reply."""
    search, service = call.world.search, service_id(call)
    index = search.get(service, "index", indexer["targetIndexName"])
    source = search.get(service, "datasources", indexer["dataSourceName"])
    parameters = indexer.get("parameters") or {}
    most = parameters.get("maxFailedItems")
    run = _Run(
        indexer,
        index[0] if index else {"fields": []},
        parameters.get("configuration") or {},
        0 if most is None else int(most),
    )
    if indexer.get("skillsetName"):
        message = f"The skillset '{indexer['skillsetName']}' isn't executed by the emulator, and what it would make is missing."
        warning = {"name": f"Enrichment.{indexer['skillsetName']}", "key": None, "message": message}
        run.warnings.append(warning | {"details": None, "documentationLink": None})
    began = call.now
    try:
        container = _container(call, run, source[0] if source else {}, known=index is not None)
    except OutsideError as error:
        run.trouble = str(error)
        _keep(call, run, began)
        return reply

    def work() -> Reply:
        try:
            run.take(container.blobs(run.configuration))
        except OutsideError as error:
            run.trouble = str(error)
        return reply

    return Reply(later=Later(work, lambda _: _keep(call, run, began)))


def _container(call: Call, run: _Run, source: Body, *, known: bool) -> _Container:
    """Where the blobs are; raises `OutsideError` when the run can't begin."""
    if not known:
        raise OutsideError(f"there is no index '{run.indexer['targetIndexName']}'")
    if source.get("type") not in _SOURCES:
        raise OutsideError(f"data sources of type '{source.get('type')}' are not read by the emulator")
    mode = run.configuration.get("parsingMode") or "default"
    if mode not in MODES:
        raise OutsideError(f"the parsing mode '{mode}' is not implemented by the emulator")
    name = _account_of(source["credentials"].get("connectionString") or "")
    account = account_named(call.world.arm, name)
    if account is None:
        raise OutsideError(f"the connection string leads to no storage account of this sandbox: '{name}'")
    if "resourceid=" in source["credentials"]["connectionString"].lower():
        _require_role(call, account.target.id)
    elif lookup(account.body, "properties.allowSharedKeyAccess") is False:
        raise OutsideError(f"key based authentication is not permitted on the storage account '{name}'")
    azurite = call.world.storage.azurite()
    place = source["container"]
    return _Container(
        azurite,
        call.world.storage.slot(account.target.key, len(azurite.accounts)),
        place["name"],
        place.get("query") or "",
        f"{call.world.base_url}/storage/{account.target.name}/blob/{place['name']}",
        tuple(call.world.storage.unmade(call.world.arm, account.target.key, "blob", azurite)),
    )


def _account_of(connection: str) -> str:
    """The storage account of a connection string; "" when it names none."""
    if found := re.search(r"ResourceId=[^;]*/storageAccounts/([^/;]+)", connection, re.IGNORECASE):
        return found.group(1)
    if found := re.search(r"AccountName=([^;]+)", connection, re.IGNORECASE):
        return found.group(1)
    if found := re.search(r"BlobEndpoint=([^;]+)", connection, re.IGNORECASE):
        parts = [part for part in urlsplit(found.group(1)).path.split("/") if part]
        return parts[1] if len(parts) > 1 and parts[0] == "storage" else ""
    return ""


def _require_role(call: Call, account: str) -> None:
    service = call.world.arm.get(service_id(call))
    principal = principal_of(service.target.key, service.target.kind, service.body) if service else None
    if principal is None:
        raise OutsideError("the search service has no managed identity, which the connection string asks for")
    before = call.now - call.world.faults.late_roles(call.world.settings.late_roles)
    if not call.world.access.allows((principal,), account, _READ, data=True, before=before):
        raise OutsideError(
            f"the identity {principal} of the search service lacks Storage Blob Data Reader on {account}"
        )


def _keep(call: Call, run: _Run, began: float) -> None:
    """Writes the documents and the result, in the transaction that is open."""
    search, service = call.world.search, service_id(call)
    for key, document in run.written.items():
        search.put_document(service, run.index["name"], key, document)
    name = run.indexer["name"]
    held = search.get(service, RUNS, name)
    results = [run.result(began, call.world.clock.now()), *(held[0]["results"] if held else [])]
    search.put(service, RUNS, {"name": name, "results": results[:_KEPT]})


def status(call: Call, indexer: Body) -> Body:
    """How an indexer has fared."""
    held = call.world.search.get(service_id(call), RUNS, indexer["name"])
    results = held[0]["results"] if held else []
    return {
        "name": indexer["name"],
        "status": "running",
        "lastResult": results[0] if results else None,
        "executionHistory": results,
        "limits": _LIMITS,
        "currentState": None,
    }


def reset(call: Call, indexer: Body) -> None:
    """Notes that the next run begins anew, which every run here does."""
    held = call.world.search.get(service_id(call), RUNS, indexer["name"])
    now = timestamp(call.now)
    told: Body = {
        "status": "reset",
        "errorMessage": None,
        "startTime": now,
        "endTime": now,
        "errors": [],
        "warnings": [],
        "itemsProcessed": 0,
        "itemsFailed": 0,
        "initialTrackingState": None,
        "finalTrackingState": None,
    }
    results = [told, *(held[0]["results"] if held else [])]
    call.world.search.put(service_id(call), RUNS, {"name": indexer["name"], "results": results[:_KEPT]})
