"""The shape every resource family shares: a call comes in, a table of routes finds its handler, a reply goes out.

Routes are data, so that the ledger in the documentation is printed from the same table that serves requests.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from foundry.sandbox.emulator.identity.store import Principal
    from foundry.sandbox.emulator.world import World

Json = Any
Body = dict[str, Any]

JSON_MEDIA: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Feed:
    """A body that comes piece by piece, as server-sent events do.

    Attributes:
        pull: Gives the pieces that have become ready and whether the body is complete. It runs in a transaction of its
            own each time, with the clock's Unix seconds, and is asked again a little later until it says so.
        broken: The last piece when `pull` raises: the status line is long gone by then.
    """

    pull: Callable[[float], tuple[list[bytes], bool]]
    broken: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Later:
    """The part of a call that waits for somebody else: it runs in a thread, outside of any transaction.

    Attributes:
        work: Gives the reply; may block for a bounded time, must not touch the world.
        then: Is told the reply afterwards, in a transaction.
    """

    work: Callable[[], "Reply"]
    then: "Callable[[Reply], None] | None" = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: `body` is sent as it is when it is bytes, as nothing when it is None, else as JSON.

    With a `feed` the body comes from there; with `later` the whole reply does.
    """

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON_MEDIA
    feed: Feed | None = None
    later: Later | None = None

    def encoded(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Problem(Exception):  # noqa: N818 - a refusal is a reply, not a failure of the program
    """A refusal, raised anywhere below a handler; whatever the call had written is rolled back."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Malformed(Exception):  # noqa: N818 - see Problem
    """A fault in a request's body or query, before a family has put it into its own words.

    Attributes:
        where: Dotted path of the field, or the name of the query parameter; empty for the whole body.
        sort: One of `unknown`, `missing`, `type`, `value`, `limit`, `json`.
        text: What is wrong, as one sentence.
    """

    def __init__(self, where: str, sort: str, text: str) -> None:
        super().__init__(text)
        self.where = where
        self.sort = sort
        self.text = text


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart form."""

    name: str
    filename: str | None
    content: bytes


@dataclass(slots=True)
class Call:
    """One request on its way to a handler.

    `path` is percent-decoded; `params` holds what the route's template captured; `principal` is set by the guard of
    the family; `raw_path` is the path as it was sent; `now` is the emulator's clock in Unix seconds, the same for the
    whole call; listings leave out what is younger than `stale` seconds; a reply is `broken_off` in its middle when a
    fault rule says so.
    """

    world: "World"
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    now: float
    params: dict[str, str] = field(default_factory=dict)
    principal: "Principal | None" = None
    stale: float = 0.0
    raw_path: str = ""
    broken_off: bool = False

    def json(self) -> Json:
        """The body as JSON; raises `Malformed` when it is none."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise Malformed("", "json", "The request body is not valid JSON.") from error

    def object(self) -> Body:
        """The body as a JSON object; an empty body is an empty object. Raises `Malformed`."""
        if not self.content.strip():
            return {}
        body = self.json()
        if not isinstance(body, dict):
            raise Malformed("", "type", "The request body must be a JSON object.")
        return body

    def flag(self, name: str) -> bool:
        """Whether a query parameter is the text `true`."""
        return self.query.get(name, "").lower() == "true"


Handler = Callable[[Call], Reply]
Guard = Callable[[Call], None]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: implemented when it has a handler, otherwise answered 501 by its name.

    The template captures `{name}` (one segment), `{name*}` (one or more segments) and, in parentheses, OData keys:
    `/indexes('{name}')`. `differs` says for the ledger how the emulator differs from the service.
    """

    method: str
    template: str
    title: str
    handler: Handler | None = None
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of operations that share a prefix, a guard and a way of putting errors.

    Attributes:
        name: The folder of the family.
        title: The heading in the ledger.
        prefix: Template that stands before the template of every route.
        routes: The operations, matched in order.
        guard: Authenticates the call, checks its api-version, sets `principal`.
        refuse: Puts a malformed request into the words of the service.
        note: What the ledger says about the family as a whole.
        any_case: Whether fixed parts of the path are compared without case, as ARM does.
    """

    name: str
    title: str
    prefix: str
    routes: Sequence[Route]
    guard: Guard
    refuse: Callable[[Malformed], Problem]
    note: str = ""
    any_case: bool = False


def _pattern(template: str, *, any_case: bool) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(\*?)\}", template)
    text = re.escape(parts[0])
    for name, many, fixed in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        segment = ".+" if many else "[^/']+" if fixed.startswith("'") else "[^/]+"
        text += f"(?P<{name}>{segment})" + re.escape(fixed)
    return re.compile(text, re.IGNORECASE if any_case else 0)


class Router:
    """Finds the route of a call; the first match in the order of families and routes wins."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._tables: dict[str, list[tuple[re.Pattern[str], Family, Route]]] = {}
        for family in families:
            for route in family.routes:
                pattern = _pattern(family.prefix + route.template, any_case=family.any_case)
                self._tables.setdefault(route.method, []).append((pattern, family, route))

    def find(self, method: str, path: str) -> tuple[Family, Route, dict[str, str]] | None:
        """The family, the route and the captured parts of the path; None when nothing matches."""
        for pattern, family, route in self._tables.get(method, ()):
            if match := pattern.fullmatch(path):
                return family, route, match.groupdict()
        return None


def not_implemented(what: str) -> Problem:
    """The answer to an operation the emulator lacks, naming it."""
    message = f"{what} is not implemented by the emulator"
    return Problem(Reply(501, {"error": {"code": "NotImplemented", "message": message}}))


def plain_path(raw: str) -> str:
    """The decoded path with doubled slashes at its head removed (clients prefix a scope that has one already)."""
    return "/" + unquote(raw).lstrip("/")
