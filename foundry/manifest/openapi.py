"""What the Agent Service asks of an OpenAPI document (Azure docs: OpenAPI specified tools)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from foundry.manifest.marked import Mapping, Mark
from foundry.manifest.report import Report

_METHODS: Final = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
_OPERATION_ID: Final = re.compile(r"[A-Za-z_-]+")


def check(document: Mapping, report: Report) -> None:
    """Find what the service would refuse in the document itself, whatever the tool says."""
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith("3."):
        at = document.values_at.get("openapi", document.mark)
        report.error(
            at,
            "the document is not OpenAPI 3",
            'write `openapi: "3.0.3"`, or convert it from an older format',
        )
        return
    seen: dict[str, Mark] = {}
    found = False
    for name, operation, at in _operations(document):
        found = True
        told = operation.get("operationId")
        if told is None:
            report.error(at, f"the operation {name} has no operationId", "add one of letters, `-` and `_`")
            continue
        where = operation.values_at["operationId"]
        if not isinstance(told, str) or not _OPERATION_ID.fullmatch(told):
            report.error(
                where,
                f"the operationId `{told}` holds more than letters, `-` and `_`",
                "rename it: the service takes nothing else",
            )
        elif told in seen:
            report.error(
                where,
                f"the operationId `{told}` is used twice, first in line {seen[told].line}",
                "give each operation its own",
            )
        else:
            seen[told] = where
    if not found:
        report.error(
            document.values_at.get("paths", document.mark),
            "the document has no operation",
            "describe at least one under `paths`",
        )


def key_of(document: Mapping, report: Report) -> str | None:
    """The name of the header or query parameter that carries the key of a connection; a finding when there is none."""
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    if not isinstance(schemes, Mapping) or len(schemes) != 1:
        many = len(schemes) if isinstance(schemes, Mapping) else 0
        at = (
            components.values_at["securitySchemes"]
            if isinstance(components, Mapping) and "securitySchemes" in components
            else document.mark
        )
        report.error(
            at,
            f"the document declares {many} security schemes, and a tool with a connection needs exactly one",
            "declare one of type apiKey in header or query under `components.securitySchemes`",
        )
        return None
    (name,) = schemes
    scheme = schemes[name]
    fits = (
        isinstance(scheme, Mapping)
        and scheme.get("type") == "apiKey"
        and scheme.get("in") in ("header", "query")
    )
    if not fits or not isinstance(scheme.get("name"), str):
        report.error(
            schemes.values_at[name],
            f"the security scheme `{name}` is not an apiKey in header or query",
            "declare `type: apiKey`, `in: header` or `in: query`, and `name`",
        )
        return None
    return str(scheme["name"])


def _operations(document: Mapping) -> Iterator[tuple[str, Mapping, Mark]]:
    paths: Any = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method, operation in item.items() if isinstance(item, Mapping) else ():
            if method in _METHODS and isinstance(operation, Mapping):
                yield f"{method.upper()} {path}", operation, item.keys_at[method]
