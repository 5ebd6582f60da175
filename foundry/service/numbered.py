"""Toolboxes and skills: named things of a project whose versions the service numbers, and which never change.

Paths, api-version and the header of previews: azure-ai-projects 2.10. A toolbox tells its newest version with every answer;
a skill's content is told by its package alone, so each reading of one is a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from foundry.service import skill_bodies, toolbox_bodies
from foundry.service.errors import NotFound
from foundry.service.forms import Part
from foundry.service.live import LiveNumbered, LiveNumberedVersion
from foundry.service.paging import QUERY, listed
from foundry.service.wire import Wire

_PREVIEW: Final = {"Foundry-Features": "Skills=V1Preview"}
_ZIP: Final = {**_PREVIEW, "Accept": "application/zip"}


class Toolboxes:
    """`NumberedService` for the toolboxes of a project."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(self) -> Sequence[LiveNumbered]:
        """See `NumberedService`."""
        return [
            _toolbox(body)
            for body in listed(self._wire, "list toolboxes", "toolboxes", "/toolboxes", of_place=True)
        ]

    def get(self, name: str) -> LiveNumbered:
        """See `NumberedService`."""
        return _toolbox(_ask(self._wire, "read toolbox", name, "GET", f"/toolboxes/{name}"))

    def newest(self, live: LiveNumbered) -> LiveNumberedVersion:
        """See `NumberedService`."""
        return _toolbox_version(live.body["versions"]["latest"])

    def version(self, name: str, number: str) -> LiveNumberedVersion:
        """See `NumberedService`."""
        path = f"/toolboxes/{name}/versions/{number}"
        return _toolbox_version(_ask(self._wire, "read toolbox version", f"{name}:{number}", "GET", path))

    def versions(self, name: str) -> Sequence[str]:
        """See `NumberedService`."""
        path = f"/toolboxes/{name}/versions"
        return [
            str(body["version"])
            for body in listed(self._wire, "list toolbox versions", name, path, order="desc")
        ]

    def create(
        self,
        name: str,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        as_default: bool,  # noqa: ARG002 - a new version of a toolbox is set as the default one afterwards
        files: Mapping[str, bytes],  # noqa: ARG002 - a toolbox has none
    ) -> str:
        """See `NumberedService`."""
        body = toolbox_bodies.version_body(definition, metadata)
        path = f"/toolboxes/{name}/versions"
        return _number_made(self._wire, "create toolbox version", name, path, body=body)

    def files(self, name: str, number: str) -> Mapping[str, bytes]:  # noqa: ARG002 - a toolbox has none
        """See `NumberedService`."""
        return {}

    def set_default(self, name: str, number: str) -> LiveNumbered:
        """See `NumberedService`."""
        body = {"default_version": number}
        what, path = "set toolbox's default version", f"/toolboxes/{name}"
        return _toolbox(_ask(self._wire, what, name, "PATCH", path, body=body))

    def delete_version(self, name: str, number: str) -> None:
        """See `NumberedService`."""
        with suppress(NotFound):
            path = f"/toolboxes/{name}/versions/{number}"
            _ask(self._wire, "delete toolbox version", f"{name}:{number}", "DELETE", path)

    def delete(self, name: str) -> None:
        """See `NumberedService`."""
        with suppress(NotFound):
            _ask(self._wire, "delete toolbox", name, "DELETE", f"/toolboxes/{name}")


class Skills:
    """`NumberedService` for the skills of a project: a preview, opted into with every request."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(self) -> Sequence[LiveNumbered]:
        """See `NumberedService`."""
        return [
            _skill(body)
            for body in listed(
                self._wire, "list skills", "skills", "/skills", of_place=True, headers=_PREVIEW
            )
        ]

    def get(self, name: str) -> LiveNumbered:
        """See `NumberedService`."""
        return _skill(_ask(self._wire, "read skill", name, "GET", f"/skills/{name}", headers=_PREVIEW))

    def newest(self, live: LiveNumbered) -> LiveNumberedVersion:
        """See `NumberedService`."""
        return self.version(live.id, live.latest)

    def version(self, name: str, number: str) -> LiveNumberedVersion:
        """See `NumberedService`."""
        definition = skill_bodies.definition_of(name, self._packed(name, number))
        return LiveNumberedVersion(number, definition, definition["metadata"])

    def versions(self, name: str) -> Sequence[str]:
        """See `NumberedService`."""
        path = f"/skills/{name}/versions"
        found = listed(self._wire, "list skill versions", name, path, order="desc", headers=_PREVIEW)
        return [str(body["version"]) for body in found]

    def create(
        self,
        name: str,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        as_default: bool,
        files: Mapping[str, bytes],
    ) -> str:
        """See `NumberedService`."""
        body = skill_bodies.version_body(definition, metadata, as_default=as_default)
        parts: list[Part] | None = None
        if files:
            # What the log tells of the form.
            body = {"default": as_default, "files": sorted([*files, skill_bodies.MEMBER])}
            packed = skill_bodies.package(definition, metadata, files)
            parts = [
                # In the client's own order and words: Python's for true.
                *([("default", "True")] if as_default else []),
                ("files", (f"{name}.zip", packed, "application/zip")),
            ]
        path = f"/skills/{name}/versions"
        return _number_made(
            self._wire, "create skill version", name, path, body=body, parts=parts, headers=_PREVIEW
        )

    def files(self, name: str, number: str) -> Mapping[str, bytes]:
        """See `NumberedService`."""
        found = skill_bodies.opened(name, self._packed(name, number))
        return {path: content for path, content in found.items() if path != skill_bodies.MEMBER}

    def _packed(self, name: str, number: str) -> Any:
        path = f"/skills/{name}/versions/{number}/content"
        return _ask(self._wire, "download skill version", f"{name}:{number}", "GET", path, headers=_ZIP)

    def set_default(self, name: str, number: str) -> LiveNumbered:
        """See `NumberedService`."""
        body, path = {"default_version": number}, f"/skills/{name}"
        return _skill(
            _ask(self._wire, "set skill's default version", name, "POST", path, body=body, headers=_PREVIEW)
        )

    def delete_version(self, name: str, number: str) -> None:
        """See `NumberedService`."""
        with suppress(NotFound):
            path = f"/skills/{name}/versions/{number}"
            _ask(self._wire, "delete skill version", f"{name}:{number}", "DELETE", path, headers=_PREVIEW)

    def delete(self, name: str) -> None:
        """See `NumberedService`."""
        with suppress(NotFound):
            _ask(self._wire, "delete skill", name, "DELETE", f"/skills/{name}", headers=_PREVIEW)


def _ask(
    wire: Wire,
    operation: str,
    subject: str,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    expect = (200, 204)
    return wire.call(
        operation, subject, method, path, query=QUERY, body=body, headers=headers, expect=expect
    ).body


def _number_made(
    wire: Wire,
    operation: str,
    name: str,
    path: str,
    *,
    body: Any,
    parts: Sequence[Part] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    answer = wire.call(
        operation,
        name,
        "POST",
        path,
        query=QUERY,
        headers=headers,
        body=body,
        parts=parts,
        repeatable=False,
        of_place=True,
    )
    return str(answer.body["version"])


def _toolbox(body: Mapping[str, Any]) -> LiveNumbered:
    latest = str(body["versions"]["latest"]["version"])
    return LiveNumbered(str(body["name"]), latest, str(body.get("default_version") or latest), body)


def _toolbox_version(body: Mapping[str, Any]) -> LiveNumberedVersion:
    definition = toolbox_bodies.definition_of(body)
    return LiveNumberedVersion(str(body["version"]), definition, definition["metadata"])


def _skill(body: Mapping[str, Any]) -> LiveNumbered:
    latest = str(body["latest_version"])
    return LiveNumbered(str(body["name"]), latest, str(body.get("default_version") or latest), body)
