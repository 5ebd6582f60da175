"""Finding the live object that a declaration means: by its mark, or by the id it is to be adopted under."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from foundry.model import FoundryError, Owner
from foundry.reconcile.marks import mark_of, refuse_unless_ours
from foundry.service.errors import NotFound


class Marked(Protocol):
    """A live object with metadata."""

    @property
    def id(self) -> str:
        """Its id at the service."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """Its metadata, the mark included."""
        ...


M = TypeVar("M", bound=Marked)


def find_claimed(
    kind: str,
    owner: Owner,
    name: str,
    *,
    adopt: Mapping[str, Any] | None,
    listed: Sequence[M],
    get: Callable[[str], M],
    versioned: bool = False,
) -> M | None:
    """The object with our mark for `name`, or the one to adopt; None when there is neither.

    It is read anew, because the listing may be older than its last change.

    Raises:
        FoundryError: several objects have the mark; the one to adopt isn't there or is another stack's.
        ServiceError: it couldn't be read.
    """
    ours = [
        one
        for one in listed
        if (mark := mark_of(one.metadata)) is not None and mark.belongs_to(owner, name, versioned=versioned)
    ]
    if adopt is not None:
        wanted = str(adopt.get("id") or _called(kind, str(adopt["name"]), name, listed))
        return _adoptable(kind, owner, name, adopt={**adopt, "id": wanted}, ours=ours, get=get)
    if len(ours) > 1:
        ids = ", ".join(sorted(one.id for one in ours))
        raise FoundryError(
            f"{len(ours)} {kind}s carry this stack's mark for {name!r}: {ids}",
            fix="delete all but one of them (the portal or the official SDK can), then run the command again",
        )
    for one in ours:
        try:
            return get(one.id)
        except NotFound:
            return None
    return None


def live_name(one: Marked) -> str:
    """What the service calls a live object."""
    definition = getattr(one, "definition", None)
    return str(definition.get("name") if isinstance(definition, Mapping) else getattr(one, "name", ""))


def _called(kind: str, wanted: str, name: str, listed: Sequence[M]) -> str:
    """The id of the one live object with a name. Raises FoundryError when there is none, or more than one."""
    found = sorted(one.id for one in listed if live_name(one) == wanted)
    if len(found) == 1:
        return found[0]
    what = (
        f"{len(found)} {kind}s are called {wanted!r}: {', '.join(found)}"
        if found
        else f"no {kind} is called {wanted!r}"
    )
    raise FoundryError(
        f"{name!r} can't adopt by name: {what}",
        fix="write lifecycle.adopt: {id: …} with the id of the one that is meant",
    )


def _adoptable(
    kind: str,
    owner: Owner,
    name: str,
    *,
    adopt: Mapping[str, Any],
    ours: Sequence[M],
    get: Callable[[str], M],
) -> M:
    wanted = str(adopt["id"])
    others = [one.id for one in ours if one.id != wanted]
    if others:
        raise FoundryError(
            f"{kind} {wanted} can't be adopted as {name!r}: this stack already has {', '.join(others)} under that name",
            fix="remove lifecycle.adopt, or delete that one first",
        )
    try:
        one = get(wanted)
    except NotFound:
        raise FoundryError(
            f"{kind} {wanted}, which {name!r} is to adopt, isn't in this project",
            fix="correct lifecycle.adopt.id, or remove it to have one made",
        ) from None
    refuse_unless_ours(f"{kind} {wanted}", mark_of(one.metadata), owner, adopt)
    return one
