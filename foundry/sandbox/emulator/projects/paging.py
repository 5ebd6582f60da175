"""The paging parameters and the envelopes that listings of the versioned dialect share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from foundry.sandbox.emulator.http import Call, Reply
from foundry.sandbox.emulator.project.guard import project_id
from foundry.sandbox.emulator.project.objects import Window
from foundry.sandbox.emulator.projects.errors import invalid

Body = dict[str, Any]

_LINKED: Final = 100
_SKIP: Final = "skipToken"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of kept objects, before they are put as the service shows them."""

    items: list[Body]
    has_more: bool

    def body(self, shown: list[Body], key: str = "id") -> Body:
        """The paging envelope around the shown objects.

        `last_id` is null on an empty page, which is what ends the iteration of azure-ai-projects; `has_more` is what
        ends that of the OpenAI client.
        """
        ids = [item[key] for item in shown]
        return {
            "object": "list",
            "data": shown,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
            "has_more": self.has_more,
        }


def page_of(
    call: Call,
    kind: str,
    parent: str = "",
    *,
    where: Sequence[tuple[str, str]] = (),
    cursor: Callable[[str], str] = lambda given: given,
    most: int = 100,
    default: int = 20,
) -> Listed:
    """One page of the objects of a kind, as the query asks.

    Args:
        call: The request.
        kind: Kind of the objects.
        parent: What they stand below; "" for the project.
        where: Values of top-level fields that the objects must have.
        cursor: Turns a cursor as clients know it into an id in the store.
        most: Largest page.
        default: Size of a page that isn't asked for.

    Raises 400 for a limit out of bounds, an unknown order or an unknown cursor.
    """
    limit = call.query.get("limit", str(default))
    if not limit.isdigit() or not 1 <= int(limit) <= most:
        raise invalid(
            f"Invalid 'limit': expected an integer between 1 and {most}, but got '{limit}'.", "limit"
        )
    order = call.query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid(f"Invalid value: '{order}'. Supported values are: 'asc', 'desc'.", "order")
    after, before = call.query.get("after"), call.query.get("before")
    window = Window(
        limit=int(limit),
        newest_first=order == "desc",
        after=cursor(after) if after else None,
        before=cursor(before) if before else None,
        made_before=call.now - call.stale if call.stale else None,
    )
    page = call.world.objects.page(project_id(call), kind, window, parent, where=where)
    if page is None:
        message = f"Invalid cursor: there is no object with id '{after or before}' in this listing."
        raise invalid(message, "after" if after else "before")
    return Listed(page.items, page.has_more)


def linked(call: Call, found: Sequence[Body], most: int = _LINKED) -> Reply:
    """One page, of `most` items, of a listing that is told whole, with a link to the next; raises 400 for a link nobody gave."""
    given = call.query.get(_SKIP, "0")
    if not given.isdigit():
        raise invalid(f"Invalid '{_SKIP}': '{given}'.", _SKIP)
    begin = int(given)
    body: Body = {"value": list(found[begin : begin + most])}
    if begin + most < len(found):
        query = urlencode({**call.query, _SKIP: begin + most})
        body["nextLink"] = f"{call.world.base_url}{call.raw_path}?{query}"
    return Reply(body=body)
