"""The ASGI application: reads a request, lets the fault plan have its say, runs the handler in one transaction."""

import asyncio
import logging
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from foundry.sandbox.emulator.access.routes import FAMILY as ACCESS
from foundry.sandbox.emulator.arm.cloud import FAMILY as CLOUD
from foundry.sandbox.emulator.arm.routes import FAMILY as ARM
from foundry.sandbox.emulator.assistants.routes import FAMILY as ASSISTANTS
from foundry.sandbox.emulator.control.routes import FAMILY as CONTROL
from foundry.sandbox.emulator.files.routes import FAMILY as FILES
from foundry.sandbox.emulator.files.routes import LARGEST
from foundry.sandbox.emulator.http import (
    Call,
    Family,
    Feed,
    Later,
    Malformed,
    Problem,
    Reply,
    Router,
    not_implemented,
    plain_path,
)
from foundry.sandbox.emulator.identity.routes import FAMILY as IDENTITY
from foundry.sandbox.emulator.models.routes import FAMILY as MODELS
from foundry.sandbox.emulator.openai.batches import FAMILY as OPENAI_BATCHES
from foundry.sandbox.emulator.openai.evals import FAMILY as OPENAI_EVALS
from foundry.sandbox.emulator.openai.files import FAMILY as OPENAI_FILES
from foundry.sandbox.emulator.openai.responses import Responses
from foundry.sandbox.emulator.openai.routes import ENDPOINT as AGENT_ENDPOINT
from foundry.sandbox.emulator.openai.routes import FAMILY as OPENAI
from foundry.sandbox.emulator.openai.vector_stores import FAMILY as OPENAI_VECTOR_STORES
from foundry.sandbox.emulator.projects.assets import FAMILY as ASSETS
from foundry.sandbox.emulator.projects.evaluation import FAMILY as EVALUATION
from foundry.sandbox.emulator.projects.evaluators import FAMILY as EVALUATORS
from foundry.sandbox.emulator.projects.memory_stores import FAMILY as MEMORY_STORES
from foundry.sandbox.emulator.projects.platform import FAMILY as PLATFORM
from foundry.sandbox.emulator.projects.routes import FAMILY as VERSIONED_AGENTS
from foundry.sandbox.emulator.projects.toolboxes import FAMILY as TOOLBOXES
from foundry.sandbox.emulator.search.routes import FAMILY as SEARCH
from foundry.sandbox.emulator.storage.routes import FAMILY as STORAGE
from foundry.sandbox.emulator.threads.routes import FAMILY as THREADS
from foundry.sandbox.emulator.threads.runs import Runs
from foundry.sandbox.emulator.vector_stores.routes import FAMILY as VECTOR_STORES
from foundry.sandbox.emulator.world import World

_log = logging.getLogger(__name__)

#: In the order of the ledger. Roles stand before ARM, whose generic routes would take their paths.
FAMILIES: Final[Sequence[Family]] = (
    CONTROL,
    IDENTITY,
    CLOUD,
    ACCESS,
    ARM,
    ASSISTANTS,
    FILES,
    VECTOR_STORES,
    THREADS,
    VERSIONED_AGENTS,
    OPENAI_FILES,
    OPENAI_VECTOR_STORES,
    OPENAI_BATCHES,
    OPENAI_EVALS,
    OPENAI,
    AGENT_ENDPOINT,
    PLATFORM,
    ASSETS,
    TOOLBOXES,
    MEMORY_STORES,
    EVALUATION,
    EVALUATORS,
    MODELS,
    SEARCH,
    STORAGE,
)

_FORM_OVERHEAD: Final = 1024 * 1024
_CONTROL: Final = "/_sandbox/"
_FEED_PAUSE: Final = 0.02
_PACE: Final = 0.1
_AT_ONCE: Final = 10


class Connections(Protocol):
    """Whoever can cut the connection a request came by."""

    def cut(self, client: tuple[str, int], *, sent: bool) -> None:
        """Closes the connection of that peer, after what has been `sent` has left, or else at once."""


def _internal_error(message: str) -> Reply:
    return Reply(500, {"error": {"code": "InternalServerError", "message": message}})


class Application:
    """One world behind HTTP."""

    def __init__(self, world: World, connections: Connections) -> None:
        self._world = world
        self._connections = connections
        self._router = Router(FAMILIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request (ASGI)."""
        began = time.monotonic()
        request = Request(scope, receive)
        path = plain_path(scope["raw_path"].decode("latin-1"))
        call = Call(
            world=self._world,
            method=request.method,
            path=path,
            query=dict(request.query_params),
            headers=request.headers,
            content=b"",
            now=0.0,
            raw_path=scope["raw_path"].decode("latin-1"),
        )
        if path.startswith(_CONTROL):
            reply: Reply | None = await self._reply(call, request)
        else:
            reply = await self._troubled(call, request)
            self._world.log.add(
                at=round(call.now, 3),
                method=call.method,
                path=path,
                query=str(request.url.query),
                status=reply.status if reply else None,
                milliseconds=round((time.monotonic() - began) * 1000, 1),
            )
        if reply is None:
            await self._cut(request, receive)
            return
        if call.broken_off:
            await self._break_off(reply, request, receive, send)
            return
        feed = None if reply.feed is None else self._fed(reply.feed, path)
        await _response(reply, request.headers, feed, head=call.method == "HEAD")(scope, receive, send)

    async def keep_going(self) -> None:
        """Takes on, a few at a time, what nobody looks at, for as long as the emulator lives: runs, and responses in the background."""
        world = self._world
        while True:
            await asyncio.sleep(_PACE)
            for project, thread in [*world.moving][:_AT_ONCE]:
                # What still waits afterwards is put in again, behind the others.
                del world.moving[project, thread]
                self._take_on(Runs(world, project, world.clock.now()).settle, thread)
            for project, response in [*world.answering][:_AT_ONCE]:
                del world.answering[project, response]
                self._take_on(Responses(world, project, world.clock.now()).get, response)

    def _take_on(self, step: Callable[[str], object], identity: str) -> None:
        try:
            with self._world.database.transaction():
                step(identity)
        except Exception:
            _log.exception("%s can't go on", identity)

    async def _troubled(self, call: Call, request: Request) -> Reply | None:
        """The reply after the fault plan has had its say; None when the connection is to be cut."""
        trouble = self._world.faults.trouble(call.method, call.path, request.url.query)
        call.stale = trouble.stale
        call.broken_off = trouble.drop == "midway"
        if trouble.delay:
            await asyncio.sleep(trouble.delay)
        if trouble.drop == "before":
            return None
        if trouble.reply is not None and not trouble.acted:
            await request.body()
            return trouble.reply
        done = await self._reply(call, request)
        return None if trouble.drop == "after" else trouble.reply or done

    async def _reply(self, call: Call, request: Request) -> Reply:
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > LARGEST + _FORM_OVERHEAD:
            message = f"The request body exceeds {LARGEST} bytes."
            return Reply(
                400, {"error": {"code": "file_size_exceeded", "message": message}}, {"Connection": "close"}
            )
        call.content = await request.body()
        call.now = self._world.clock.now()
        reply = self._answer(call)
        return reply if reply.later is None else await self._waited(reply.later, call)

    async def _waited(self, later: Later, call: Call) -> Reply:
        try:
            reply = await asyncio.get_running_loop().run_in_executor(None, later.work)
            if later.then is not None:
                with self._world.database.transaction():
                    later.then(reply)
        except Problem as problem:
            return problem.reply
        except Exception:
            _log.exception("%s %s failed", call.method, call.path)
            return _internal_error("The emulator failed; its log says how.")
        return reply

    async def _fed(self, feed: Feed, path: str) -> AsyncIterator[bytes]:
        complete = False
        while not complete:
            try:
                with self._world.database.transaction():
                    pieces, complete = feed.pull(self._world.clock.now())
            except Exception:
                _log.exception("the stream of %s broke", path)
                pieces, complete = [feed.broken("The emulator failed; its log says how.")], True
            for piece in pieces:
                yield piece
            if not complete:
                await asyncio.sleep(_FEED_PAUSE)

    def _answer(self, call: Call) -> Reply:
        found = self._router.find(call.method, call.path)
        if found is None:
            return not_implemented(f"{call.method} {call.path}").reply
        family, route, call.params = found
        if route.handler is None:
            return not_implemented(f"{call.method} {call.path}").reply
        try:
            with self._world.database.transaction():
                family.guard(call)
                return route.handler(call)
        except Problem as problem:
            return problem.reply
        except Malformed as fault:
            return family.refuse(fault).reply
        except sqlite3.Error as error:
            _log.error("%s %s: the database can't be written: %s", call.method, call.path, error)
            return _internal_error(f"The emulator can't write its database: {error}.")
        except Exception:
            _log.exception("%s %s failed", call.method, call.path)
            return _internal_error("The emulator failed; its log says how.")

    async def _break_off(self, reply: Reply, request: Request, receive: Receive, send: Send) -> None:
        """Sends the first half of a reply, or of what a stream has ready, and cuts the connection."""
        if reply.feed is None:
            whole = reply.encoded()
        else:
            with self._world.database.transaction():
                pieces, _ = reply.feed.pull(self._world.clock.now())
            whole = b"".join(pieces)
        # One byte more than will ever come, in a reply without a body too.
        length = b"%d" % (len(whole) + 1)
        headers = [(b"content-type", reply.media.encode()), (b"content-length", length)]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
        await self._cut(request, receive, sent=True)

    async def _cut(self, request: Request, receive: Receive, *, sent: bool = False) -> None:
        if request.client is not None:
            self._connections.cut((request.client.host, request.client.port), sent=sent)
        while (await receive())["type"] != "http.disconnect":
            pass


def _response(reply: Reply, asked: Headers, feed: AsyncIterator[bytes] | None, *, head: bool) -> Response:
    headers = {"x-ms-request-id": str(uuid.uuid4()), **reply.headers}
    if client_id := asked.get("x-ms-client-request-id"):
        headers["x-ms-client-request-id"] = client_id
    if feed is not None:
        return StreamingResponse(feed, reply.status, headers=headers, media_type=reply.media)
    empty = reply.body is None or head
    return Response(
        b"" if empty else reply.encoded(),
        reply.status,
        headers=headers,
        media_type=None if empty else reply.media,
    )
