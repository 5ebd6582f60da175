"""Toolboxes and skills of a project: named things with numbered versions that agents refer to."""

import re
from typing import Any, Final

from foundry.sandbox.emulator.files.forms import parse_forms
from foundry.sandbox.emulator.http import Call, Family, Malformed, Reply, Route
from foundry.sandbox.emulator.project.guard import PREFIX, project_id
from foundry.sandbox.emulator.projects.definitions import NAME, RAI
from foundry.sandbox.emulator.projects.errors import absent, clash, invalid, malformed
from foundry.sandbox.emulator.projects.guard import guard, require_feature
from foundry.sandbox.emulator.projects.paging import page_of
from foundry.sandbox.emulator.projects.series import Series
from foundry.sandbox.emulator.projects.skill_packages import package, uploaded_package
from foundry.sandbox.emulator.projects.toolbox_mcp import answered
from foundry.sandbox.emulator.projects.tools import TOOLBOX_TOOLS
from foundry.sandbox.emulator.shapes import (
    array,
    flag,
    metadata,
    nullable,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

_TOOLBOX: Final = "toolbox"
_SKILL: Final = "skill"
_ZIP: Final = "application/zip"
_TOOLBOX_NAME: Final = text(least=1, most=63, pattern=r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?")
_name: Final = text(least=1)
_skill_reference: Final = tagged(
    {"skill_reference": record({"type": text(), "name": _name}, {"version": nullable(_name)})}
)
_toolbox_shape: Final = record(
    {"tools": array(tagged(TOOLBOX_TOOLS))},
    {
        "description": nullable(text(most=512)),
        "metadata": nullable(metadata),
        "skills": nullable(array(_skill_reference)),
        "policies": nullable(record({}, {"rai_config": nullable(RAI)})),
    },
)
_skill_shape: Final = record(
    {
        "inline_content": record(
            {"description": text(least=1), "instructions": text(least=1)},
            {
                "license": nullable(text()),
                "compatibility": nullable(text()),
                "metadata": nullable(metadata),
                "allowed_tools": nullable(array(text())),
            },
        )
    },
    {"default": nullable(flag)},
)


def skills_of(call: Call) -> Series:
    """The skills of the world."""
    return Series(call.world.objects, _SKILL)


def _toolboxes_of(call: Call) -> Series:
    return Series(call.world.objects, _TOOLBOX)


def _head(call: Call, series: Series, title: str) -> Body:
    head = series.head(project_id(call), call.params["name"])
    if head is None:
        raise absent(title, call.params["name"])
    return head


def _version(call: Call, series: Series, title: str, number: str) -> Body:
    version = series.version(project_id(call), call.params["name"], number)
    if version is None:
        raise absent(f"Version '{number}' of {title}", call.params["name"])
    return version


def _default_asked(call: Call, series: Series, title: str) -> Body:
    """The name after the version that a call asks for has become its default one."""
    head, asked = _head(call, series, title), call.object()
    record({"default_version": _name})(asked, "")
    number = asked["default_version"]
    if series.version(project_id(call), head["id"], number) is None:
        raise invalid(f"Version '{number}' doesn't exist.", "default_version")
    return series.set_default(project_id(call), head, number, call.now)


def _by_number(name: str, cursor: str) -> str:
    return f"{name}:{cursor}" if re.fullmatch(r"\d+", cursor) else cursor


# Toolboxes


def _toolbox_version(name: str, version: Body) -> Body:
    body = version["body"]
    told = {"id": version["id"], "name": name, "version": version["number"], "created_at": version["made"]}
    return {**body, **told, "metadata": body.get("metadata") or {}}


def _toolbox(call: Call, head: Body) -> Body:
    series = _toolboxes_of(call)
    latest = series.version(project_id(call), head["id"], head["latest"])
    assert latest is not None
    return {
        "id": head["id"],
        "name": head["id"],
        "updated_at": head["changed"],
        "default_version": series.default(head),
        "versions": {"latest": _toolbox_version(head["id"], latest)},
    }


def _create_toolbox(call: Call) -> Reply:
    _TOOLBOX_NAME(call.params["name"], "name")
    asked = call.object()
    _toolbox_shape(asked, "")
    for reference in asked.get("skills") or []:
        _pinned(call, reference, "skills")
    body = {name: item for name, item in asked.items() if item is not None}
    version = _toolboxes_of(call).add(project_id(call), call.params["name"], body, call.now)
    return Reply(body=_toolbox_version(call.params["name"], version))


def _pinned(call: Call, reference: Body, where: str) -> Body:
    """A reference to a skill with the version it means; raises 400 when there is none."""
    series, project = skills_of(call), project_id(call)
    head = series.head(project, reference["name"])
    number = reference.get("version") or (series.default(head) if head else "")
    if head is None or series.version(project, reference["name"], number) is None:
        raise invalid(f"Skill '{reference['name']}' has no version '{number}'.", where)
    return {**reference, "version": number}


def pinned_skills(call: Call, references: list[Body]) -> list[Body]:
    """The skills of a definition, each with its version; raises 400 for one that isn't there."""
    return [_pinned(call, reference, "definition.skills") for reference in references]


def _list_toolboxes(call: Call) -> Reply:
    page = page_of(call, _TOOLBOX)
    return Reply(body=page.body([_toolbox(call, head) for head in page.items]))


def _get_toolbox(call: Call) -> Reply:
    return Reply(body=_toolbox(call, _head(call, _toolboxes_of(call), "Toolbox")))


def _update_toolbox(call: Call) -> Reply:
    return Reply(body=_toolbox(call, _default_asked(call, _toolboxes_of(call), "Toolbox")))


def _delete_toolbox(call: Call) -> Reply:
    head = _head(call, _toolboxes_of(call), "Toolbox")
    _toolboxes_of(call).remove(project_id(call), head["id"])
    return Reply(204)


def _list_toolbox_versions(call: Call) -> Reply:
    series, name = _toolboxes_of(call), call.params["name"]
    _head(call, series, "Toolbox")
    page = page_of(
        call, series.version_kind, series.below(name), cursor=lambda cursor: _by_number(name, cursor)
    )
    return Reply(body=page.body([_toolbox_version(name, item) for item in page.items]))


def _get_toolbox_version(call: Call) -> Reply:
    version = _version(call, _toolboxes_of(call), "toolbox", call.params["version"])
    return Reply(body=_toolbox_version(call.params["name"], version))


def _remove_version(call: Call, series: Series, title: str) -> None:
    head = _head(call, series, title)
    version = _version(call, series, title.lower(), call.params["version"])
    others = call.world.objects.all(project_id(call), series.version_kind, series.below(head["id"]))
    if head["default"] == version["number"] and len(others) > 1:
        raise clash(f"Version '{version['number']}' is the default version of '{head['id']}'.")
    series.remove_version(project_id(call), head, version["number"], call.now)


def _delete_toolbox_version(call: Call) -> Reply:
    _remove_version(call, _toolboxes_of(call), "Toolbox")
    return Reply(204)


# Skills


def _require_preview(call: Call) -> None:
    require_feature(call, "Skills=V1Preview", "Skills")


def _skill_version(name: str, version: Body) -> Body:
    return {
        "id": version["id"],
        "skill_id": name,
        "name": name,
        "version": version["number"],
        "description": version["body"]["description"],
        "created_at": version["made"],
    }


def _skill(call: Call, head: Body) -> Body:
    series = skills_of(call)
    default = series.version(project_id(call), head["id"], series.default(head))
    assert default is not None
    return {
        "id": head["id"],
        "name": head["id"],
        "description": default["body"]["description"],
        "created_at": head["made"],
        "default_version": series.default(head),
        "latest_version": head["latest"],
    }


def _create_skill(call: Call) -> Reply:
    _require_preview(call)
    NAME(call.params["name"], "name")
    if call.headers.get("content-type", "").startswith("multipart/"):
        return _create_skill_from_files(call)
    asked = call.object()
    _skill_shape(asked, "")
    return _skill_added(call, asked["inline_content"], default=bool(asked.get("default")))


def _create_skill_from_files(call: Call) -> Reply:
    parts = parse_forms(call.headers.get("content-type", ""), call.content)
    uploaded = [part for part in parts if part.name == "files"]
    if not uploaded:
        raise Malformed("files", "missing", "Missing required parameter: 'files'.")
    try:
        body = uploaded_package([(part.filename or "", part.content) for part in uploaded])
    except ValueError as error:
        raise invalid(str(error), "files") from error
    default = any(part.name == "default" and part.content.lower() == b"true" for part in parts)
    return _skill_added(call, body, default=default)


def _skill_added(call: Call, body: Body, *, default: bool) -> Reply:
    version = skills_of(call).add(project_id(call), call.params["name"], body, call.now, default=default)
    return Reply(body=_skill_version(call.params["name"], version))


def _list_skills(call: Call) -> Reply:
    _require_preview(call)
    page = page_of(call, _SKILL)
    return Reply(body=page.body([_skill(call, head) for head in page.items]))


def _get_skill(call: Call) -> Reply:
    _require_preview(call)
    return Reply(body=_skill(call, _head(call, skills_of(call), "Skill")))


def _update_skill(call: Call) -> Reply:
    _require_preview(call)
    return Reply(body=_skill(call, _default_asked(call, skills_of(call), "Skill")))


def _delete_skill(call: Call) -> Reply:
    _require_preview(call)
    head = _head(call, skills_of(call), "Skill")
    skills_of(call).remove(project_id(call), head["id"])
    return Reply(body={"id": head["id"], "name": head["id"], "deleted": True})


def _list_skill_versions(call: Call) -> Reply:
    _require_preview(call)
    series, name = skills_of(call), call.params["name"]
    _head(call, series, "Skill")
    page = page_of(
        call, series.version_kind, series.below(name), cursor=lambda cursor: _by_number(name, cursor)
    )
    return Reply(body=page.body([_skill_version(name, item) for item in page.items]))


def _get_skill_version(call: Call) -> Reply:
    _require_preview(call)
    version = _version(call, skills_of(call), "skill", call.params["version"])
    return Reply(body=_skill_version(call.params["name"], version))


def _download_skill(call: Call) -> Reply:
    _require_preview(call)
    number = skills_of(call).default(_head(call, skills_of(call), "Skill"))
    return _package(call, number)


def _download_skill_version(call: Call) -> Reply:
    _require_preview(call)
    return _package(call, call.params["version"])


def _package(call: Call, number: str) -> Reply:
    version = _version(call, skills_of(call), "skill", number)
    return Reply(body=package(call.params["name"], version["body"]), media=_ZIP)


def _delete_skill_version(call: Call) -> Reply:
    _require_preview(call)
    name, number = call.params["name"], call.params["version"]
    _remove_version(call, skills_of(call), "Skill")
    return Reply(body={"id": f"{name}:{number}", "name": name, "version": number, "deleted": True})


# Toolboxes as MCP servers


def _invoked(call: Call, number: str) -> Reply:
    version = _version(call, _toolboxes_of(call), "toolbox", number)
    return answered(call, call.params["name"], version["body"]["tools"])


def _invoke_latest(call: Call) -> Reply:
    return _invoked(call, _head(call, _toolboxes_of(call), "Toolbox")["latest"])


def _invoke_default(call: Call) -> Reply:
    series = _toolboxes_of(call)
    return _invoked(call, series.default(_head(call, series, "Toolbox")))


def _invoke_version(call: Call) -> Reply:
    return _invoked(call, call.params["version"])


_ONE: Final = "/toolboxes/{name}"
_ONE_SKILL: Final = "/skills/{name}"

FAMILY = Family(
    name="toolboxes",
    title="Toolboxes and skills",
    prefix=PREFIX,
    guard=guard,
    refuse=malformed,
    note=(
        "A toolbox's tools are checked field by field. As an MCP server it runs file search, code interpreter, AI Search, OpenAPI "
        "operations and tools of MCP servers, the last two on loopback addresses; it neither offers nor runs tools of other types, and "
        "its tool search isn't there. A project's own identity needs no role for that, so that agents reach the toolbox by its address. Skills need the header `Skills=V1Preview`; they are "
        "made from inline content, or from a zip or files with one `SKILL.md`, whose front matter must have a description; they are downloaded as a zip, with "
        "the files beside `SKILL.md` as they were uploaded. Names follow the rule of agents' names, those of "
        "toolboxes with `_` too, as the client's samples have it; the version that was set as the default "
        "one can't be deleted before another is set (409; both unconfirmed for the service)."
    ),
    routes=(
        Route("POST", _ONE + "/versions", "create a toolbox version", _create_toolbox),
        Route("GET", "/toolboxes", "list toolboxes", _list_toolboxes),
        Route("GET", _ONE, "get a toolbox", _get_toolbox),
        Route("PATCH", _ONE, "set the default version of a toolbox", _update_toolbox),
        Route("DELETE", _ONE, "delete a toolbox", _delete_toolbox),
        Route("GET", _ONE + "/versions", "list toolbox versions", _list_toolbox_versions),
        Route("GET", _ONE + "/versions/{version}", "get a toolbox version", _get_toolbox_version),
        Route("DELETE", _ONE + "/versions/{version}", "delete a toolbox version", _delete_toolbox_version),
        Route("POST", _ONE + ":invoke_mcp", "call the latest version as an MCP server", _invoke_latest),
        Route("POST", _ONE + "/mcp", "call the default version as an MCP server", _invoke_default),
        Route(
            "POST",
            _ONE + "/versions/{version}/mcp",
            "call a toolbox version as an MCP server",
            _invoke_version,
        ),
        Route("POST", _ONE_SKILL + "/versions", "create a skill version", _create_skill),
        Route("GET", "/skills", "list skills", _list_skills),
        Route("GET", _ONE_SKILL, "get a skill", _get_skill),
        Route("POST", _ONE_SKILL, "set the default version of a skill", _update_skill),
        Route("DELETE", _ONE_SKILL, "delete a skill", _delete_skill),
        Route("GET", _ONE_SKILL + "/versions", "list skill versions", _list_skill_versions),
        Route("GET", _ONE_SKILL + "/versions/{version}", "get a skill version", _get_skill_version),
        Route("DELETE", _ONE_SKILL + "/versions/{version}", "delete a skill version", _delete_skill_version),
        Route("GET", _ONE_SKILL + "/content", "download a skill", _download_skill),
        Route(
            "GET",
            _ONE_SKILL + "/versions/{version}/content",
            "download a skill version",
            _download_skill_version,
        ),
    ),
)
