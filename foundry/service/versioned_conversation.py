"""Conversations of the versioned dialect: conversations and responses, through the official clients.

Source: azure-ai-projects 2.10 (the agent is named in `agent_reference`) and openai 3, Responses API.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
from foundry.service.errors import Answer, refusal, silence, unreachable

_ROUNDS: Final = 20
"""How often an agent may ask for functions in one question."""

_ANSWERED: Final[Mapping[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}
"""Calls that the calling program answers, and what each is called with."""

_OF_PROGRAMS: Final = ("computer_call", "local_shell_call", "apply_patch_call", "shell_call")
"""Calls that the calling program carries out on a machine of its own, where no output stands beside them."""

_PAGE: Final = 100
_CALL: Final = re.compile(r"^(?P<tool>\w+?)(_preview|(?<=custom)_tool)?_call$")
_MARKER: Final = re.compile(r"【[^】]*】")


class VersionedConversations:
    """`Conversations` in the versioned dialect of one project."""

    def __init__(
        self,
        endpoint: str,
        *,
        read: Read,
        shown: Callable[[str], str],
        credential: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent yet.

        Args:
            endpoint: the project's endpoint.
            read: the content of a local file.
            shown: the name of a file at the service to the name that people know it by.
            credential: an Entra credential; the default chain when None.
            clock: seconds from any beginning.
        """
        from azure.ai.projects import AIProjectClient
        from azure.identity import DefaultAzureCredential

        self.project: Any = AIProjectClient(endpoint, credential or DefaultAzureCredential())
        self.client: Any = self.project.get_openai_client(timeout=PATIENCE_SECONDS, max_retries=3)
        self.read = read
        self.shown = shown
        self.clock = clock

    def hold(self, agent: str, talk: Conversation, keeper: Keeper, otherwise: Ask = nobody) -> Transcript:
        """See `Conversations`."""
        with _in_our_words("talk to", agent), Traces(keeper, self.delete) as traces:
            return _Exchange(self, keeper, otherwise, traces).talk(agent, talk)

    def delete(self, kind: str, identity: str) -> None:
        """See `Conversations`."""
        from azure.core.exceptions import ResourceNotFoundError
        from openai import NotFoundError

        deletes: dict[str, Callable[[str], Any]] = {
            "conversation": self.client.conversations.delete,
            "response": self.client.responses.delete,
            "file": self.client.files.delete,
            "agent": self.project.agents.delete,
        }
        with _in_our_words("delete", identity), suppress(NotFoundError, ResourceNotFoundError):
            deletes[kind](identity)

    def leftovers(self, keeper: Keeper) -> Iterator[Left]:
        """See `Conversations`. Conversations and responses can't be listed: only their list on disk speaks of them."""
        with _in_our_words("list", "what checks left"):
            for agent in next(self.project.agents.list(limit=_PAGE, order="desc").by_page(), ()):
                latest = agent.versions["latest"]
                run = keeper.run_of(latest["metadata"], None)
                if run is not None:
                    yield Left("agent", agent.name, run, _seconds(latest["created_at"]))
            for file in self.client.files.list(limit=_PAGE, order="desc").data:
                run = keeper.run_of(None, file.filename)
                if run is not None:
                    yield Left("file", file.id, run, int(file.created_at))


class _Exchange:
    """One conversation."""

    def __init__(
        self, service: VersionedConversations, keeper: Keeper, otherwise: Ask, traces: Traces
    ) -> None:
        self._service = service
        self._client = service.client
        self._clock = service.clock
        self._keeper = keeper
        self._otherwise = otherwise
        self._traces = traces

    def talk(self, agent: str, talk: Conversation) -> Transcript:
        more = self._more(talk)
        conversation = self._client.conversations.create(metadata=dict(self._keeper.mark))
        self._traces.keep("conversation", conversation.id)
        began = self._clock()
        responses: list[dict[str, Any]] = []
        last: list[dict[str, Any]] = []
        for position, question in enumerate(talk.ask):
            content = [{"type": "input_text", "text": question}, *(more if position == 0 else ())]
            asked = [{"type": "message", "role": "user", "content": content}]
            last = self._answered(agent, conversation.id, asked, talk)
            responses += last
        seconds = self._clock() - began
        tokens = [one["usage"]["total_tokens"] for one in responses if one.get("usage")]
        return self._transcript(responses, last, seconds, tokens)

    def _more(self, talk: Conversation) -> list[dict[str, Any]]:
        files = [
            {"type": "input_file", "file_id": self._upload(attachment.file, "user_data")}
            for attachment in talk.attachments
            if attachment.file
        ]
        return [*files, *(self._picture(image) for image in talk.images)]

    def _picture(self, image: Image) -> dict[str, Any]:
        where = {"file_id": self._upload(image.file, "vision")} if image.file else {"image_url": image.url}
        return {"type": "input_image", "detail": image.detail or "auto", **where}

    def _upload(self, file: KnowledgeFile, purpose: str) -> str:
        named = (self._keeper.filename(file.filename), self._service.read(file))
        uploaded = self._client.files.create(file=named, purpose=purpose)
        self._traces.keep("file", uploaded.id)
        return str(uploaded.id)

    # ---- responses

    def _answered(
        self, agent: str, conversation: str, asked: list[dict[str, Any]], talk: Conversation
    ) -> list[dict[str, Any]]:
        deadline = self._clock() + PATIENCE_SECONDS
        responses = []
        for _ in range(_ROUNDS):
            response = self._response(agent, conversation, asked, stream=talk.stream)
            responses.append(response)
            items = response.get("output") or ()
            _require_answer(response, items)
            wanted = [item for item in items if item["type"] in _ANSWERED]
            if not wanted:
                return responses
            if self._clock() > deadline:
                raise FoundryError(f"the agent hasn't answered in {PATIENCE_SECONDS:.0f} s", fix="ask again")
            asked = [
                {
                    "type": f"{item['type']}_output",
                    "call_id": item["call_id"],
                    "output": answer_to(
                        item["name"], item[_ANSWERED[item["type"]]], talk.functions, self._otherwise
                    ),
                }
                for item in wanted
            ]
        raise FoundryError(
            f"the agent called functions {_ROUNDS} times and came to no answer",
            fix="look at its instructions",
        )

    def _response(
        self, agent: str, conversation: str, asked: list[dict[str, Any]], *, stream: bool
    ) -> dict[str, Any]:
        request = {
            "conversation": conversation,
            "input": asked,
            "extra_body": {"agent_reference": {"type": "agent_reference", "name": agent}},
        }
        if not stream:
            response = self._client.responses.create(**request)
            self._traces.keep("response", response.id)
            answer: dict[str, Any] = response.to_dict(warnings=False)
            return answer
        ended: dict[str, Any] | None = None
        with self._client.responses.create(**request, stream=True) as events:
            for event in events:
                if event.type == "response.created":
                    self._traces.keep("response", event.response.id)
                elif event.type == "error":
                    raise FoundryError(f"the stream broke off: {event.message}", fix="ask again")
                elif event.type in {"response.completed", "response.failed", "response.incomplete"}:
                    ended = event.response.to_dict(warnings=False)
        if ended is None:
            raise FoundryError("the stream ended without an answer", fix="ask again")
        return ended

    # ---- what came of it

    def _transcript(
        self,
        responses: Sequence[Mapping[str, Any]],
        last: Sequence[Mapping[str, Any]],
        seconds: float,
        tokens: Sequence[int],
    ) -> Transcript:
        texts: list[str] = []
        plain: list[str] = []
        sources: list[Source] = []
        files: list[GeneratedFile] = []
        for item in last[-1].get("output") or ():
            if item["type"] == "image_generation_call" and item.get("result"):
                files.append(GeneratedFile(f"{item['id']}.png", base64.b64decode(item["result"])))
            for part in item.get("content") or () if item["type"] == "message" else ():
                if part["type"] != "output_text":
                    continue
                notes = list(part.get("annotations") or ())
                text, bare = self._with_sources(part["text"], notes, sources)
                texts.append(text)
                plain.append(bare)
                files += self._generated(notes)
        calls = [call for response in responses for call in _calls(response.get("output") or ())]
        return transcript(texts, plain, calls, sources, files, seconds=seconds, tokens=tokens)

    def _with_sources(
        self, text: str, notes: Sequence[Mapping[str, Any]], sources: list[Source]
    ) -> tuple[str, str]:
        """A text with the name of its source where each citation stands, and the same text without either."""
        spots: dict[tuple[int, int], list[str]] = {}
        for note in notes:
            source = self._source(note)
            if source is None:
                continue
            sources.append(source)
            labels = spots.setdefault(_spot(text, note), [])
            if source.name not in labels:
                labels.append(source.name)
        plain = text
        for (start, end), labels in sorted(spots.items(), reverse=True):
            told = " ".join(f"[{label}]" for label in labels)
            text = f"{text[:start]}{told if end > start else f' {told}'}{text[end:]}"
            plain = plain[:start] + plain[end:]
        return text, plain

    def _source(self, note: Mapping[str, Any]) -> Source | None:
        match note["type"]:
            case "file_citation":
                name = note.get("filename") or self._client.files.retrieve(note["file_id"]).filename
                return Source(self._service.shown(name))
            case "url_citation":
                return Source(note.get("title") or note["url"], note["url"])
            case _:
                return None

    def _generated(self, notes: Sequence[Mapping[str, Any]]) -> Iterator[GeneratedFile]:
        for note in notes:
            if note["type"] == "container_file_citation":
                content = self._client.containers.files.content.retrieve(
                    note["file_id"], container_id=note["container_id"]
                )
                yield GeneratedFile(note["filename"], content.read())


def _require_answer(response: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    if response.get("status") not in {"completed", None}:
        error, details = response.get("error") or {}, response.get("incomplete_details") or {}
        reason = error.get("message") or details.get("reason") or "no reason given"
        raise FoundryError(
            f"the response ended as {response['status']}: {reason}", fix="look at the agent's tools and model"
        )
    done = {item.get("call_id") for item in items if item["type"].endswith("_call_output")}
    left = [
        item["type"] for item in items if item["type"] in _OF_PROGRAMS and item.get("call_id") not in done
    ]
    if left:
        told = left[0].removesuffix("_call")
        raise FoundryError(
            f"the response waits for the calling program to carry out what the tool {told} asks for",
            fix="ask this agent from a program of its own",
        )
    waiting = [item for item in items if item["type"] == "mcp_approval_request"]
    if waiting:
        names = ", ".join(f"{item['name']} of {item['server_label']}" for item in waiting)
        raise FoundryError(
            f"the response waits for somebody to approve {names}",
            fix="say `require_approval: never` for what is checked",
        )


def _calls(items: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    for item in items:
        found = _CALL.match(item["type"])
        if found:
            name = item.get("server_label") or item.get("name")
            yield Call(found["tool"], str(name) if name else None)


def _spot(text: str, note: Mapping[str, Any]) -> tuple[int, int]:
    """Where a citation stands: over its placeholder where the text has one, else at the place that the service names."""
    start = int(note.get("start_index", note.get("index", len(text))) or 0)
    marker = _MARKER.match(text, start)
    if marker is not None:
        return marker.span()
    at = min(int(note.get("end_index", start) or start), len(text))
    return at, at


def _seconds(moment: Any) -> int:
    return int(moment.timestamp()) if hasattr(moment, "timestamp") else int(moment)


@contextmanager
def _in_our_words(operation: str, subject: str) -> Iterator[None]:
    import openai

    try:
        with in_our_words(operation, subject):
            yield
    except openai.APIStatusError as error:
        try:
            body = json.loads(error.response.text)
        except ValueError:
            body = error.response.text
        headers = {key.lower(): value for key, value in error.response.headers.items()}
        raise refusal(operation, subject, Answer(error.status_code, headers, body)) from error
    except openai.APITimeoutError as error:
        raise silence(operation, subject, str(error)) from error
    except openai.APIConnectionError as error:
        raise unreachable(operation, subject, str(error.__cause__ or error)) from error
    except openai.OpenAIError as error:
        raise FoundryError(str(error).splitlines()[0], fix="ask again") from error
