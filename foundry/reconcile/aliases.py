"""Aliases of search indexes: turned, looked at and deleted with the index that declares them.

Indexes are changed side by side, and two of them may exchange their aliases: what an alias stands for is looked at and changed under
one lock, and who declares it is kept by incarnation, so that none is deleted which another index has by now.
"""

from __future__ import annotations

from foundry.model import FoundryError
from foundry.reconcile.inputs import only_reports, owner_of
from foundry.reconcile.marks import mark_in
from foundry.reconcile.session import SearchView
from foundry.reconcile.shapes import Props
from foundry.service.errors import unless_missing
from foundry.service.log import PROGRESS


def point(view: SearchView, index: str, news: Props, incarnation: str) -> None:
    """Lets the declared alias, if there is one, stand for the index.

    Raises:
        FoundryError: it stands for an index that isn't this stack's.
    """
    alias = str(news.get("alias") or "")
    if not alias:
        return
    service = view.service.waiting_for_roles()
    with view.alias_lock:
        view.aliases_spoken_for[alias].add(incarnation)
        target = unless_missing(lambda: service.get_alias(alias))
        if target == index:
            return
        if target is not None:
            other = unless_missing(lambda: service.get_index(target))
            mark = mark_in(other.get("description"))[1] if other is not None else None
            if other is not None and (mark is None or mark.owner.stack_id != owner_of(news).stack_id):
                raise FoundryError(
                    f"alias {alias} stands for index {target}, which isn't this stack's",
                    fix="choose another alias",
                )
        PROGRESS.info("alias %s: now stands for %s", alias, index)
        service.put_alias(alias, index)
        view.aliases.put((alias, index))


def is_astray(view: SearchView, index: str, props: Props) -> bool:
    """Whether the alias that the state has for the index is gone or stands for another one; not where drift is only reported."""
    alias = props.get("alias")
    if not alias or only_reports(props):
        return False
    live = view.aliases.look(str(alias), lambda: list(view.service.list_aliases().items()))
    return live is None or live[1] != index


def drop(view: SearchView, index: str, props: Props) -> None:
    """Deletes the alias that `props` name, unless it stands for another index by now or another declaration has it."""
    alias = str(props.get("alias") or "")
    if not alias:
        return
    with view.alias_lock:
        others = view.aliases_spoken_for[alias] - {str(props.get("incarnation"))}
        if others or unless_missing(lambda: view.service.get_alias(alias)) != index:
            return
        PROGRESS.info("alias %s: no longer declared, deleted", alias)
        view.service.delete_alias(alias)
        view.aliases.drop(alias)


def refuse_if_called(view: SearchView, index: str) -> None:
    """Raises FoundryError where an alias still stands for an index that is to be deleted: the service keeps such an index."""
    names = sorted(alias for alias, target in view.service.list_aliases().items() if target == index)
    if names:
        one = len(names) == 1
        raise FoundryError(
            f"index {index} isn't deleted: the alias{'' if one else 'es'} {', '.join(names)}, which this stack doesn't declare, "
            f"stand{'s' if one else ''} for it",
            fix=f"delete {'it' if one else 'them'} or turn {'it' if one else 'them'} to another index, then run the command again",
        )
