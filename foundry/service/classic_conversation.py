"""Conversations of the classic dialect: threads, messages, runs and run steps, through the official client.

Source: azure-ai-agents 1.1, and Azure docs, "Threads, runs and messages in the Foundry Agent Service".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, Final

from foundry.model import Conversation, FoundryError, Image, KnowledgeFile
from foundry.service.conversation import (
    PATIENCE_SECONDS,
    Ask,
    Call,
    GeneratedFile,
    Keeper,
    Left,
    Read,
    Source,
    Traces,
    Transcript,
    answer_to,
    in_our_words,
    nobody,
    transcript,
)

_RUNNING: Final = frozenset(("queued", "in_progress", "cancelling"))
_ATTEMPTS: Final = 3
_PAGE: Final = 100


class ClassicConversations:
    """`Conversations` in the classic dialect of one project."""

    def __init__(
        self,
        endpoint: str,
        *,
        read: Read,
        shown: Callable[[str], str],
        credential: Any = None,
        transport: Any = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is sent yet.

        Args:
            endpoint: the project's endpoint.
            read: the content of a local file.
            shown: the name of a file at the service to the name that people know it by.
            credential: an Entra credential; the default chain when None.
            transport: azure-core's, for another way to the service than its own.
            clock: seconds from any beginning.
            sleep: takes seconds.
        """
        from azure.ai.agents import AgentsClient
        from azure.identity import DefaultAzureCredential

        self.client: Any = AgentsClient(
            endpoint,
            credential or DefaultAzureCredential(),
            connection_timeout=10,
            read_timeout=100,
            **({"transport": transport} if transport else {}),
        )
        self.read = read
        self._shown = shown
        self.clock = clock
        self.sleep = sleep

    def hold(self, agent: str, talk: Conversation, keeper: Keeper, otherwise: Ask = nobody) -> Transcript:
        """See `Conversations`."""
        with in_our_words("talk to", agent), Traces(keeper, self.delete) as traces:
            return _Thread(self, keeper, otherwise, traces).talk(agent, talk)

    def delete(self, kind: str, identity: str) -> None:
        """See `Conversations`."""
        from azure.core.exceptions import ResourceNotFoundError

        client = self.client
        deletes: dict[str, Callable[[str], None]] = {
            "thread": client.threads.delete,
            "store": client.vector_stores.delete,
            "file": client.files.delete,
            "agent": client.delete_agent,
        }
        with in_our_words("delete", identity), suppress(ResourceNotFoundError):
            deletes[kind](identity)

    def leftovers(self, keeper: Keeper) -> Iterator[Left]:
        """See `Conversations`."""
        with in_our_words("list", "what checks left"):
            yield from self._leftovers(keeper)

    def _leftovers(self, keeper: Keeper) -> Iterator[Left]:
        listings: dict[str, Callable[..., Any]] = {
            "thread": self.client.threads.list,
            "store": self.client.vector_stores.list,
            "agent": self.client.list_agents,
        }
        for kind, listing in listings.items():
            newest = next(listing(limit=_PAGE, order="desc").by_page(), ())
            for item in newest:
                run = keeper.run_of(item.metadata, None)
                if run is not None:
                    yield Left(kind, item.id, run, int(item.created_at.timestamp()))
        for file in self.client.files.list().data:
            run = keeper.run_of(None, file.filename)
            if run is not None:
                yield Left("file", file.id, run, int(file.created_at.timestamp()))

    def name_of(self, file_id: str) -> str:
        """The name that people know a file by; its id when it is gone."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._shown(self.client.files.get(file_id).filename)
        except ResourceNotFoundError:
            return file_id


class _Thread:
    """One conversation, on a thread of its own."""

    def __init__(self, service: ClassicConversations, keeper: Keeper, otherwise: Ask, traces: Traces) -> None:
        self._service = service
        self._client = service.client
        self._clock = service.clock
        self._sleep = service.sleep
        self._keeper = keeper
        self._otherwise = otherwise
        self._traces = traces
        self._thread = ""

    def talk(self, agent: str, talk: Conversation) -> Transcript:
        first = self._first_message(talk)
        resources = self._resources(talk)
        thread = self._client.threads.create(metadata=dict(self._keeper.mark), tool_resources=resources)
        self._traces.keep("thread", thread.id)
        self._thread = thread.id
        began = self._clock()
        runs = []
        for position, question in enumerate(talk.ask):
            message = {"role": "user", "content": question} | (first if position == 0 else {})
            self._client.messages.create(thread_id=thread.id, body=message)
            runs.append(self._answered(agent, talk))
        seconds = self._clock() - began
        tokens = [run.usage.total_tokens for run in runs if run.usage]
        return self._transcript(runs, seconds, tokens)

    # ---- what goes with the questions

    def _first_message(self, talk: Conversation) -> dict[str, Any]:
        message: dict[str, Any] = {}
        if talk.attachments:
            message["attachments"] = [
                {
                    "tools": [{"type": tool} for tool in attachment.tools],
                    **(
                        {"file_id": self._upload(attachment.file)}
                        if attachment.file
                        else {"data_source": dict(attachment.data_source or {})}
                    ),
                }
                for attachment in talk.attachments
            ]
        if talk.images:
            message["content"] = [{"type": "text", "text": talk.ask[0]}, *map(self._picture, talk.images)]
        return message

    def _picture(self, image: Image) -> dict[str, Any]:
        detail = {"detail": image.detail} if image.detail else {}
        if image.file:
            return {"type": "image_file", "image_file": {"file_id": self._upload(image.file), **detail}}
        return {"type": "image_url", "image_url": {"url": image.url, **detail}}

    def _resources(self, talk: Conversation) -> Any:
        if not talk.knowledge:
            return None
        files = [self._upload(file) for file in talk.knowledge]
        store = self._client.vector_stores.create(
            name="check", file_ids=files, metadata=dict(self._keeper.mark)
        )
        self._traces.keep("store", store.id)
        deadline = self._clock() + PATIENCE_SECONDS
        while store.status == "in_progress":
            self._wait(deadline, "the conversation's vector store isn't ready", "use fewer or smaller files")
            store = self._client.vector_stores.get(store.id)
        failed = list(self._client.vector_store_files.list(vector_store_id=store.id, filter="failed"))
        if failed:
            why = failed[0].last_error.message if failed[0].last_error else "no reason given"
            raise FoundryError(
                f"{self._service.name_of(failed[0].id)} can't be searched: {why}", fix="correct the file"
            )
        return {"file_search": {"vector_store_ids": [store.id]}}

    def _upload(self, file: KnowledgeFile) -> str:
        uploaded = self._client.files.upload(
            file=self._service.read(file), filename=self._keeper.filename(file.filename), purpose="assistants"
        )
        self._traces.keep("file", uploaded.id)
        return str(uploaded.id)

    # ---- runs

    def _answered(self, agent: str, talk: Conversation) -> Any:
        deadline = self._clock() + PATIENCE_SECONDS
        for attempt in range(1, _ATTEMPTS + 1):
            run = (
                self._streamed(agent, talk, deadline) if talk.stream else self._polled(agent, talk, deadline)
            )
            if run.status == "completed":
                return run
            code = run.last_error.code if run.last_error else None
            if code != "rate_limit_exceeded" or attempt == _ATTEMPTS:
                break
            pause = _pause(run.last_error.message, attempt)
            if self._clock() + pause > deadline:
                break
            self._sleep(pause)
        raise FoundryError(
            f"the run ended as {_word(run.status)}: {_reason(run)}",
            fix="look at the agent's tools and model",
        )

    def _polled(self, agent: str, talk: Conversation, deadline: float) -> Any:
        run = self._client.runs.create(thread_id=self._thread, agent_id=agent)
        while True:
            if run.status == "requires_action":
                run = self._client.runs.submit_tool_outputs(
                    thread_id=self._thread, run_id=run.id, tool_outputs=self._outputs(run, talk)
                )
            elif run.status in _RUNNING:
                self._wait(deadline, "the agent hasn't answered", "ask again, or look at its run", run.id)
                run = self._client.runs.get(thread_id=self._thread, run_id=run.id)
            else:
                return run

    def _streamed(self, agent: str, talk: Conversation, deadline: float) -> Any:
        from azure.ai.agents.models import AgentEventHandler, ThreadRun

        run: Any = None
        with self._client.runs.stream(
            thread_id=self._thread, agent_id=agent, event_handler=AgentEventHandler()
        ) as events:
            for kind, data, _ in events:
                if kind == "error":
                    raise FoundryError(f"the stream broke off: {data}", fix="ask again")
                if self._clock() > deadline:
                    self._give_up("the agent hasn't answered", "ask again, or look at its run", run.id)
                if not isinstance(data, ThreadRun):
                    continue
                run = data
                if run.status == "requires_action":
                    self._client.runs.submit_tool_outputs_stream(
                        thread_id=self._thread,
                        run_id=run.id,
                        tool_outputs=self._outputs(run, talk),
                        event_handler=events,
                    )
        if run is None:
            raise FoundryError("the stream ended without a word on the run", fix="ask again")
        return run

    def _outputs(self, run: Any, talk: Conversation) -> list[dict[str, str]]:
        action = run.required_action
        if action is None or action.type != "submit_tool_outputs":
            self._cancel(run.id)
            waiting = [call for call in _calls_of(action) if call.get("server_label")]
            names = ", ".join(f"{call['name']} of {call['server_label']}" for call in waiting)
            raise FoundryError(
                f"the run waits for somebody to approve {names or 'a tool call'}",
                fix="say `require_approval: never` for what is checked",
            )
        try:
            return [
                {
                    "tool_call_id": call.id,
                    "output": answer_to(
                        call.function.name, call.function.arguments, talk.functions, self._otherwise
                    ),
                }
                for call in action.submit_tool_outputs.tool_calls
            ]
        except FoundryError:
            self._cancel(run.id)
            raise

    def _wait(self, deadline: float, what: str, fix: str, run: str | None = None) -> None:
        if self._clock() > deadline:
            self._give_up(what, fix, run)
        self._sleep(0.2)

    def _give_up(self, what: str, fix: str, run: str | None) -> None:
        if run:
            self._cancel(run)
        raise FoundryError(f"{what} in {PATIENCE_SECONDS:.0f} s", fix=fix)

    def _cancel(self, run: str) -> None:
        from azure.core.exceptions import AzureError

        try:
            self._client.runs.cancel(thread_id=self._thread, run_id=run)
        except AzureError:
            # The thread is deleted next, and the run with it.
            return

    # ---- what came of it

    def _transcript(self, runs: Sequence[Any], seconds: float, tokens: Sequence[int]) -> Transcript:
        calls = [call for run in runs for call in self._calls(self._thread, run.id)]
        reply = _Reply(self._service)
        for message in self._client.messages.list(thread_id=self._thread, run_id=runs[-1].id, order="asc"):
            if message.role == "assistant":
                reply.take(message)
        files = [self._generated(identity, name) for identity, name in reply.generated.items()]
        return transcript(
            reply.texts, reply.plain, calls, reply.sources, files, seconds=seconds, tokens=tokens
        )

    def _calls(self, thread: str, run: str) -> Iterator[Call]:
        """The calls of a run, each followed by those of the agent that it handed over to, where the step names its run."""
        for step in self._client.run_steps.list(thread_id=thread, run_id=run, order="asc"):
            for call in getattr(step.step_details, "tool_calls", None) or ():
                yield Call(str(call.type), _name(call), step.agent_id)
                other = call.get("connected_agent") or {}
                if other.get("thread_id") and other.get("run_id"):
                    yield from self._calls(other["thread_id"], other["run_id"])

    def _generated(self, identity: str, name: str) -> GeneratedFile:
        content = b"".join(self._client.files.get_content(identity))
        self._traces.keep("file", identity)
        return GeneratedFile(name, content)


class _Reply:
    """The messages of an answer: texts with what their placeholders stand for, sources, generated files."""

    def __init__(self, service: ClassicConversations) -> None:
        self._service = service
        self.texts: list[str] = []
        self.plain: list[str] = []
        self.sources: list[Source] = []
        self.generated: dict[str, str] = {}

    def take(self, message: Any) -> None:
        for part in message.content:
            if part.type == "text":
                self._take_text(part.text.value, part.text.annotations)
            elif part.type == "image_file":
                self.generated[part.image_file.file_id] = f"{part.image_file.file_id}.png"

    def _take_text(self, text: str, annotations: Sequence[Any]) -> None:
        plain = text
        for note in annotations:
            source = self._source(note)
            if source is not None:
                self.sources.append(source)
                told, bare = f"[{source.name}]", ""
            elif note.type == "file_path":
                told = bare = PurePosixPath(note.text).name
                self.generated[note.file_path.file_id] = told
            else:
                continue
            text, plain = text.replace(note.text, told), plain.replace(note.text, bare)
        self.texts.append(text)
        self.plain.append(plain)

    def _source(self, note: Any) -> Source | None:
        if note.type == "file_citation":
            return Source(self._service.name_of(note.file_citation.file_id))
        if note.type == "url_citation":
            url = note.url_citation.url
            return Source(note.url_citation.title or url, url)
        return None


def _name(call: Mapping[str, Any]) -> str | None:
    inner = call.get(str(call["type"]))
    name = inner.get("name") if isinstance(inner, Mapping) else call.get("server_label")
    return str(name) if name else None


def _calls_of(action: Any) -> Sequence[Mapping[str, Any]]:
    inner = action.get(action["type"]) if isinstance(action, Mapping) and "type" in action else None
    calls: Sequence[Mapping[str, Any]] = inner.get("tool_calls") or () if isinstance(inner, Mapping) else ()
    return calls


def _pause(message: str, attempt: int) -> float:
    # The service says in words how long to wait: "Try again in 23 seconds."
    told = re.search(r"in (\d+(?:\.\d+)?) ?s", message or "")
    return float(told.group(1)) if told else 5.0 * 2 ** (attempt - 1)


def _word(status: Any) -> str:
    return str(getattr(status, "value", status))


def _reason(run: Any) -> str:
    if run.last_error:
        return str(run.last_error.message)
    if run.incomplete_details:
        return _word(getattr(run.incomplete_details, "reason", run.incomplete_details))
    return "no reason given"
