"""The paging parameters all listings of a project share."""

from collections.abc import Sequence

from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.project.errors import invalid
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.project.objects import Page, Window


def window_of(call: Call) -> Window:
    """The window a listing call asks for; raises 400 for a limit outside 1 to 100 or an unknown order."""
    limit = call.query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise invalid(f"Invalid 'limit': expected an integer between 1 and 100, but got '{limit}'.", "limit")
    order = call.query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid(f"Invalid value: '{order}'. Supported values are: 'asc', 'desc'.", "order")
    return Window(
        limit=int(limit),
        newest_first=order == "desc",
        after=call.query.get("after") or None,
        before=call.query.get("before") or None,
        made_before=call.now - call.stale if call.stale else None,
    )


def page_of(call: Call, kind: str, parent: str = "", *, where: Sequence[tuple[str, str]] = ()) -> Page:
    """One page of the objects of a kind, as the query asks; raises 400 for a cursor that isn't known."""
    window = window_of(call)
    page = call.world.objects.page(project_id(call), kind, window, parent, where=where)
    if page is None:
        cursor = window.after or window.before
        raise invalid(f"Invalid cursor: there is no object with id '{cursor}' in this listing.", "after")
    return page
