"""Operations of an OpenAPI document, and how one is called: on this machine, or not at all."""

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.responder.frames import Body

_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
_LARGEST_REPLY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document.

    Attributes:
        name: Its operationId.
        description: Summary or description.
        method: As GET.
        path: Template, as `/orders/{id}`.
        server: Base URL; empty when the document names none.
        places: Where each parameter goes: path, query, header or body.
        parameters: JSON Schema of all parameters.
    """

    name: str
    description: str
    method: str
    path: str
    server: str
    places: Mapping[str, str]
    parameters: Body

    @property
    def on_this_machine(self) -> bool:
        """Whether its server is a loopback address."""
        return is_loopback(self.server)


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine's loopback, by its text alone: names other than localhost don't count."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _resolved(spec: Body, part: Any) -> Any:
    """A part of a document with a reference to its `components` followed; other references are left."""
    for _ in range(8):
        if not isinstance(part, dict) or not str(part.get("$ref", "")).startswith("#/"):
            return part
        target: Any = spec
        for step in str(part["$ref"])[2:].split("/"):
            target = (
                target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
            )
        part = target
    return part


def operations(spec: Body) -> Iterator[Operation]:
    """The operations with an operationId; parts that are no OpenAPI are passed over."""
    paths = spec.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        if not isinstance(item, dict):
            continue
        for method, operation in item.items():
            if method in _METHODS and isinstance(operation, dict) and operation.get("operationId"):
                yield _operation(spec, path, item, method, operation)


def _operation(spec: Body, path: str, item: Body, method: str, operation: Body) -> Operation:
    places: dict[str, str] = {}
    properties: Body = {}
    required: list[str] = []
    for raw in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
        part = _resolved(spec, raw)
        if isinstance(part, dict) and isinstance(part.get("name"), str):
            places[part["name"]] = str(part.get("in", "query"))
            schema = _resolved(spec, part.get("schema") or {})
            properties[part["name"]] = {**schema, "description": part.get("description", "")}
            required += [part["name"]] if part.get("required") else []
    body = _resolved(spec, operation.get("requestBody") or {}) or {}
    media = (body.get("content") or {}).get("application/json") or {}
    schema = _resolved(spec, media.get("schema") or {})
    for name, part in (schema.get("properties") or {}).items():
        places.setdefault(name, "body")
        properties.setdefault(name, _resolved(spec, part))
    required += [name for name in schema.get("required") or [] if name not in required]
    servers = operation.get("servers") or item.get("servers") or spec.get("servers") or [{}]
    return Operation(
        name=str(operation["operationId"]),
        description=str(operation.get("summary") or operation.get("description") or ""),
        method=method.upper(),
        path=path,
        server=str(servers[0].get("url", "")) if isinstance(servers[0], dict) else "",
        places=places,
        parameters={"type": "object", "properties": properties, "required": required},
    )


def key_place(spec: Body) -> tuple[str, str] | None:
    """Where and under which name the document wants its key: `header` or `query`; None when it declares no such scheme."""
    schemes = (spec.get("components") or {}).get("securitySchemes") or {}
    for scheme in schemes.values():
        if (
            isinstance(scheme, dict)
            and scheme.get("type") == "apiKey"
            and scheme.get("in") in ("header", "query")
        ):
            return str(scheme["in"]), str(scheme.get("name", ""))
    return None


def call(
    operation: Operation,
    arguments: Body,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    seconds: float,
) -> str:
    """Calls an operation on this machine and returns the text of its reply. Redirects aren't followed.

    Raises:
        OutsideError: The server can't be reached or refuses.
    """
    path, asked, sent, body = operation.path, dict(query), dict(headers), {}
    for name, value in arguments.items():
        match operation.places.get(name):
            case "path":
                path = path.replace("{" + name + "}", quote(_plain(value), safe=""))
            case "query":
                asked[name] = _plain(value)
            case "header":
                sent[name] = _plain(value)
            case "body":
                body[name] = value
    base = urlsplit(operation.server)
    target = base.path.rstrip("/") + path + (f"?{urlencode(asked)}" if asked else "")
    where = f"{operation.name}: {operation.method} {base.scheme}://{base.netloc}{base.path.rstrip('/')}{path}"
    connect = HTTPSConnection if base.scheme == "https" else HTTPConnection
    connection = connect(base.hostname or "", base.port, timeout=seconds)
    try:
        content = json.dumps(body).encode() if body else None
        kind = {"Content-Type": "application/json"} if body else {}
        connection.request(operation.method, target, content, {"Accept": "application/json", **kind, **sent})
        reply = connection.getresponse()
        text = reply.read(_LARGEST_REPLY).decode("utf-8", "replace")
    except (OSError, HTTPException, ValueError) as error:
        raise OutsideError(f"{where} can't be reached: {error}") from error
    finally:
        connection.close()
    if reply.status >= 300:
        raise OutsideError(f"{where} answered {reply.status}: {text[:300]}")
    return text


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
