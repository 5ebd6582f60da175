"""Uploaded files. See `foundry.reconcile` for the six functions.

The service keeps no metadata on a file, so the mark is in its name: the stem, twelve hex digits that stand for this stack
and this content, and the suffix. So a lost state or a lost answer finds the file again, and another stack's is never
taken for ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Final

from foundry.diff import changes
from foundry.model import UNKNOWN, Owner
from foundry.reconcile.differences import handling, moved
from foundry.reconcile.inputs import is_versioned, owner_of
from foundry.reconcile.local_files import content_of
from foundry.reconcile.problems import needs
from foundry.reconcile.references import users, uses_file
from foundry.reconcile.session import KnowledgeView, Session
from foundry.reconcile.shapes import Difference, Made, Problem, Props, Seen
from foundry.service.errors import NotFound
from foundry.service.live import LiveFile
from foundry.service.log import PROGRESS
from foundry.service.protocols import KnowledgeService

KIND: Final = "File"
INPUTS: Final = (
    "owner",
    "dialect",
    "project",
    "endpoint",
    "lifecycle",
    "path",
    "filename",
    "sha256",
    "size",
    "purpose",
)
_FIXED: Final = ("sha256", "filename", "purpose")
_HANDLING: Final = ("endpoint", "owner", "lifecycle", "size")
_UNUSABLE: Final = frozenset({"error", "deleting", "deleted"})


def service_filename(owner: Owner, filename: str, sha256: str, *, versioned: bool = False) -> str:
    """The file's name at the service, unique for a stack, a content and a dialect."""
    marked = f"{owner.stack_id}:{sha256}{':versioned' if versioned else ''}"
    word = hashlib.sha256(marked.encode()).hexdigest()[:12]
    name = PurePosixPath(filename)
    return f"{name.stem}.{word}{name.suffix}"


def check(_olds: Props, news: Props) -> list[Problem]:
    """What is wrong with the inputs."""
    problems = [*needs(news, "project", "endpoint", "path", "filename", "sha256")]
    size = news.get("size")
    if isinstance(size, int | float) and size <= 0:
        problems.append(Problem("size", "is 0; the service refuses empty files"))
    return problems


def diff(_id: str, olds: Props, news: Props) -> Difference:
    """What would change: everything that makes up a file makes another file."""
    found = (*handling(olds, news, _HANDLING), *changes(KIND, _definition(olds), _definition(news)))
    fixed = tuple(change.path for change in found if change.path in _FIXED)
    return Difference(found, (*moved(olds, news, "project"), *fixed))


def create(session: Session, news: Props) -> Made:
    """Uploads the file, or finds it uploaded. Twins that an interrupted run left, and nothing lists, are deleted."""
    view, owner = session.knowledge(news), owner_of(news)
    service = view.service.waiting_for_roles()
    filename, sha256 = str(news["filename"]), str(news["sha256"])
    name = service_filename(owner, filename, sha256, versioned=is_versioned(news))

    def matching() -> list[LiveFile]:
        return _matching(view, service, news, name)

    def uploaded() -> LiveFile | None:
        return next(iter(matching()), None)

    def just_uploaded() -> LiveFile | None:
        view.files.forget()
        return uploaded()

    found = session.first_look_up(view.files, uploaded)
    if found is None:
        content = content_of(session.root, str(news["path"]), sha256)
        purpose = str(news.get("purpose") or "assistants")
        found = session.make_once(
            lambda: service.upload_file(name, content, purpose), just_uploaded, f"file {name}"
        )
    view.files.put(found)
    view.files_in_use.add(found.id)
    for twin in matching():
        if twin.id not in view.files_in_use and not _is_listed(view, service, twin.id):
            PROGRESS.info("file %s: uploaded twice by an interrupted run; %s is deleted", name, twin.id)
            service.delete_file(twin.id)
            view.files.drop(twin.id)
    return Made(found.id, _outs(news, found.id, name))


def read(session: Session, file_id: str, props: Props) -> Seen | None:
    """Whether the file is still there; its content can't be read back."""

    def live() -> LiveFile:
        view = session.knowledge(props)
        return view.files.look(file_id, view.service.list_files) or view.service.get_file(file_id)

    file = session.read(str(props["project"]), live)
    if file is None or file.status in _UNUSABLE:
        return None
    outs = dict(props)
    return Seen(outs, {key: outs[key] for key in INPUTS if key in outs})


def update(_session: Session, file_id: str, olds: Props, news: Props) -> dict[str, Any]:
    """Learns where the file is found and how it is reached; the file itself stays."""
    return _outs(news, file_id, str(olds["serviceFilename"]))


def delete(session: Session, file_id: str, props: Props) -> None:
    """Deletes the file unless a store or an agent lists it, or this process has just found it to be in use."""

    def live() -> LiveFile:
        return session.knowledge(props).service.get_file(file_id)

    file = session.unless_gone(str(props["project"]), live)
    if file is None:
        return
    view = session.knowledge(props)
    if file_id in view.files_in_use or file.filename != props.get("serviceFilename"):
        PROGRESS.info("file %s: in use again; left alone", file_id)
        return
    if _is_listed(view, view.service, file_id):
        PROGRESS.info("file %s: a store or an agent still lists it; left alone", file_id)
        return
    view.service.delete_file(file_id)
    view.files.drop(file_id)


def clear(session: Session, news: Props, kept: Collection[str], *, comes_back: bool) -> list[str]:
    """Deletes what a run that was killed uploaded from these inputs, where nothing will come back for it.

    It goes only if its name is the one that this stack gives to that very content, of that size, no state holds it, and no store, agent
    or toolbox lists it. While the content still stands at its path, a create finds the upload by its name: then it is left alone.

    Args:
        session: the process's view of the services.
        news: the inputs of the creation that was under way.
        kept: ids that the state holds.
        comes_back: whether files that are declared are created after this.

    Returns:
        The ids of what was deleted.
    """
    if comes_back and _sha256_at(session, news) == news["sha256"]:
        return []
    view = session.knowledge(news)
    name = service_filename(
        owner_of(news), str(news["filename"]), str(news["sha256"]), versioned=is_versioned(news)
    )
    going = [
        file.id
        for file in _matching(view, view.service, news, name)
        if file.id not in kept and not _is_listed(view, view.service, file.id)
    ]
    for file_id in going:
        view.service.delete_file(file_id)
        view.files.drop(file_id)
    return going


def _matching(view: KnowledgeView, service: KnowledgeService, news: Props, name: str) -> list[LiveFile]:
    """The live files of that name and the declared size, oldest first."""
    return sorted(
        (
            file
            for file in view.files.all(service.list_files)
            if file.filename == name and file.size == int(news["size"]) and file.status not in _UNUSABLE
        ),
        key=lambda file: (file.created_at, file.id),
    )


def _sha256_at(session: Session, news: Props) -> str | None:
    try:
        return hashlib.sha256((session.root / str(news["path"])).read_bytes()).hexdigest()
    except OSError:
        return None


def _is_listed(view: KnowledgeView, service: KnowledgeService, file_id: str) -> bool:
    if next(users(view, service, uses_file(file_id)), None) is not None:
        return True
    for store in view.stores.all(service.list_stores):
        try:
            if view.members(store.id).find(file_id, partial(service.list_members, store.id)):
                return True
        except NotFound:
            # A store of the other dialect may be listed here too, and be deleted over there.
            view.stores.drop(store.id)
    return False


def _definition(props: Props) -> dict[str, Any]:
    told = {key: props.get(key) for key in (*_FIXED, "path")}
    return {key: value for key, value in told.items() if value is not UNKNOWN}


def _outs(news: Props, file_id: str, name: str) -> dict[str, Any]:
    return {
        **{key: news[key] for key in INPUTS if key in news},
        "fileId": file_id,
        "serviceFilename": name,
        "adopted": False,
    }
