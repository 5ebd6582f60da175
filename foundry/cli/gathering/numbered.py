"""Live memory stores, skills and toolboxes as declarations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from foundry.cli.gathering.ledger import TITLES, VERSIONED, Gathering
from foundry.code_archives import stays_out
from foundry.model import FoundryError, ServiceError, toolbox_address
from foundry.reconcile.marks import mark_of, without_mark
from foundry.service.live import LiveMemoryStore, LiveNumbered, LiveNumberedVersion
from foundry.service.protocols import NumberedService
from foundry.service.skill_bodies import MEMBER, skill_text
from foundry.transfer.declared_numbered import skill_declaration, toolbox_declaration
from foundry.transfer.declared_stores import memory_declaration
from foundry.transfer.document import Declaration
from foundry.transfer.names import Names


def declare_memories(gathering: Gathering, endpoint: str, wanted: Collection[str] | None) -> dict[str, str]:
    """Declared names by the service's; `wanted` limits it to these."""
    service = gathering.services.versioned(endpoint)
    try:
        found: Sequence[LiveMemoryStore] = service.list_memory_stores()
    except ServiceError as error:
        # A preview of the service, which not every project has.
        gathering.left.append(f"memory stores: {error.what}; agents refer to them by their names")
        return {}
    named: dict[str, str] = {}
    for live in found:
        if (wanted is not None and live.id not in wanted) or not gathering.is_open(
            "MemoryStore", live.id, live
        ):
            continue
        named[live.id] = gathering.name_for("MemoryStore", live.id, "memory")
        adopt = gathering.adoption(live.id, mark_of(live.metadata))
        gathering.declare(memory_declaration(named[live.id], live, adopt=adopt))
    return named


def declare_skills_and_toolboxes(
    gathering: Gathering, endpoint: str, stores: Mapping[str, str], names: Names
) -> Names:
    """Declares both; the names with what agents refer to. An agent keeps the version of a skill that it has."""
    service = gathering.services.versioned(endpoint)
    followed = dict(names.skills)
    for live, newest in _numbered(gathering, "Skill", service.skills):
        name = gathering.name_for("Skill", live.id, "skill")
        adopt = gathering.adoption(live.id, mark_of(newest.metadata))
        folder = _package(gathering, service.skills, name, newest)
        made = skill_declaration(name, live, newest, adopt=adopt, folder=folder)
        if _says_all(gathering, made, live):
            followed[live.id, None] = name
    toolboxes = dict(names.toolboxes)
    own = {store: name for store, name in stores.items() if gathering.dialects[store] == VERSIONED}
    known = replace(names, stores=own, skills=followed)
    for live, newest in _numbered(gathering, "Toolbox", service.toolboxes):
        name = gathering.name_for("Toolbox", live.id, "toolbox")
        adopt = gathering.adoption(live.id, mark_of(newest.metadata))
        if _says_all(gathering, toolbox_declaration(name, live, newest, known, adopt=adopt), live):
            toolboxes[toolbox_address(endpoint, live.id)] = name
    return replace(names, toolboxes=toolboxes)


def _package(
    gathering: Gathering, service: NumberedService, name: str, newest: LiveNumberedVersion
) -> str | None:
    """Takes the files of a skill along; where, relative to the documents of skills, or None where there are none to take."""
    listed = [str(file["path"]) for file in newest.definition.get("files") or ()]
    if not listed or any(stays_out(path) for path in listed):
        return None
    below = f"skill-folders/{name}"
    text = skill_text(newest.definition, without_mark(newest.metadata))
    held = service.files(str(newest.definition["name"]), newest.version)
    gathering.copies |= {f"{below}/{path}": content for path, content in held.items()}
    gathering.copies[f"{below}/{MEMBER}"] = text.encode()
    return f"../{below}"


def _says_all(gathering: Gathering, made: Declaration, live: LiveNumbered) -> bool:
    """Declares it, unless that would change what is live."""
    if made.lost:
        gathering.left.append(
            f"{TITLES[made.kind]} {live.id}: it has what the format can't say, and taking it up would change it: "
            f"{'; '.join(made.lost)}"
        )
        return False
    gathering.declare(made)
    return True


def _numbered(
    gathering: Gathering, kind: str, service: NumberedService
) -> list[tuple[LiveNumbered, LiveNumberedVersion]]:
    title, own = TITLES[kind], gathering.own(kind)
    found: list[tuple[LiveNumbered, LiveNumberedVersion]] = []
    try:
        found.extend((live, service.newest(live)) for live in service.list() if live.id not in own)
    except FoundryError as error:
        # Skills are a preview of the service, which not every project has; and a package may be none.
        gathering.left.append(f"{kind}: {error.what}; agents refer to what there is by its name")
    return [
        (live, newest)
        for live, newest in found
        if gathering.may_have(f"{title} {live.id}", live.id, mark_of(newest.metadata))
    ]
