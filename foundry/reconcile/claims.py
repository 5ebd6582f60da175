"""Whether a live object is the one that a declaration means: by its mark, its name, or the id it is to be adopted under."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from foundry.model import FoundryError, Owner
from foundry.reconcile.inputs import lifecycle_of, owner_of
from foundry.reconcile.marks import NO_DIGEST, Mark, mark_of, refuse_unless_ours
from foundry.reconcile.session import Session
from foundry.reconcile.shapes import Props
from foundry.service.errors import NotFound, unless_missing
from foundry.service.log import PROGRESS


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
T = TypeVar("T")


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


def find_named(
    title: str,
    news: Props,
    get: Callable[[str], T],
    mark_of_live: Callable[[T], Mark | None],
    *,
    ignoring_case: bool = False,
) -> T | None:
    """The object of the declared name, for a kind whose name is its identity; None when there is none.

    Raises:
        FoundryError: it is another stack's, or nobody's and not declared to be adopted; the one to adopt isn't there.
        ServiceError: it couldn't be read.
    """
    name, adopt = str(news["definition"]["name"]), lifecycle_of(news).get("adopt")
    wanted = refuse_another_name(title, news, ignoring_case=ignoring_case)
    live = unless_missing(lambda: get(name))
    if live is None:
        if adopt is not None:
            raise FoundryError(
                f"{title} {wanted}, which {news['name']!r} is to adopt, isn't in this project",
                fix="correct lifecycle.adopt.id, or remove it to have one made",
            )
        return None
    mark = mark_of_live(live)
    refuse_unless_ours(f"{title} {name}", mark, owner_of(news), adopt)
    if mark is None and adopt is None:
        raise FoundryError(
            f"the project has {_article(title)} {title} {name!r} already, and this tool didn't make it",
            fix=f"take it over with lifecycle.adopt: {name}, or declare another `service_name`",
        )
    return live


def refuse_another_name(title: str, news: Props, *, ignoring_case: bool = False) -> str:
    """The name to adopt, "" for none. Raises FoundryError when it isn't the declared one."""
    name, adopt = str(news["definition"]["name"]), lifecycle_of(news).get("adopt")
    if adopt is None:
        return ""
    wanted = str(adopt.get("id") or adopt.get("name"))
    if wanted != name and not (ignoring_case and wanted.casefold() == name.casefold()):
        raise FoundryError(
            f"{news['name']!r} is called {name!r} at the service and is to adopt {wanted!r}, "
            f"and {_article(title)} {title} can't be renamed",
            fix=f"declare `service_name: {wanted}`, or remove lifecycle.adopt",
        )
    return wanted


def refuse_another_id(title: str, identifier: str, news: Props) -> None:
    """Raises FoundryError when an object that is managed already is to adopt another one."""
    adopt = lifecycle_of(news).get("adopt")
    if adopt is not None and adopt.get("id", identifier) != identifier:
        raise FoundryError(
            f"{news['name']!r} is {title} {identifier} already and can't adopt {adopt['id']}",
            fix=f"remove lifecycle.adopt, or declare the adopted {title} under another name",
        )


def with_incarnation(listed: Sequence[M], incarnation: str) -> M | None:
    """The one that a request of ours has just made."""
    return next(
        (
            one
            for one in listed
            if (mark := mark_of(one.metadata)) is not None and mark.incarnation == incarnation
        ),
        None,
    )


def renewed(
    what: str,
    session: Session,
    found: Mark | None,
    olds: Props,
    news: Props,
    *,
    adopted: bool | None = None,
    digest: str = NO_DIGEST,
    versioned: bool = False,
) -> Mark:
    """The mark that an update writes: with the incarnation that the state has if the live object has it too, else a new one.

    `found` is the live object's mark, `what` names the object for people. Without `adopted`, it was adopted if the state or
    the declaration says so. Raises FoundryError if it is another stack's.
    """
    owner, adopt, incarnation = owner_of(news), lifecycle_of(news).get("adopt"), olds.get("incarnation")
    refuse_unless_ours(what, found, owner, adopt, incarnation=incarnation)
    kept = found is not None and found.incarnation == incarnation
    return Mark(
        owner,
        str(news["name"]),
        digest,
        str(incarnation) if kept else session.incarnation(),
        adopted=bool(olds.get("adopted")) or adopt is not None if adopted is None else adopted,
        versioned=versioned,
    )


def is_taken_over(what: str, mark: Mark | None, props: Props) -> bool:
    """Whether the live object isn't the one in the state any more, so that a delete leaves it alone; told in the log."""
    if mark is not None and mark.incarnation == props.get("incarnation"):
        return False
    PROGRESS.info("%s: taken over since; left alone", what)
    return True


def existing(what: str, look: Callable[[], T]) -> T:
    """What an update is about to change. Raises FoundryError when it isn't there any more."""
    try:
        return look()
    except NotFound as error:
        raise FoundryError(
            f"{what} is gone: {error.what}", fix="run `pulumi refresh`, then up again"
        ) from None


def _article(title: str) -> str:
    return "an" if title[0] in "aeiou" else "a"


def live_name(one: Marked) -> str:
    """What the service calls a live object."""
    definition = getattr(one, "definition", None)
    return str(definition.get("name") if isinstance(definition, Mapping) else getattr(one, "name", ""))


def only_called(name: str, listed: Sequence[Marked]) -> str | None:
    """The id of the one live object that the service calls so; None where there is none, or more than one."""
    found = [one.id for one in listed if live_name(one) == name]
    return found[0] if len(found) == 1 else None


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
