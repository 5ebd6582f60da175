"""A conversation with a classic agent, with a service that does on the wire what the sandbox's never does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport

from foundry.model import Attachment, Conversation, FoundryError, Image
from foundry.service.classic_conversation import ClassicConversations

CHART = b"\x89PNG chart"
ENDPOINT = "https://shop.example/api/projects/service"


class Token:
    def get_token(self, *_: Any, **__: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


@dataclass
class Reply:
    """An answer of the service as azure-core takes it."""

    request: Any
    body: bytes
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    content_type: str = "application/json"
    reason: str = ""
    is_closed: bool = False
    is_stream_consumed: bool = False
    encoding: str = "utf-8"

    @property
    def content(self) -> bytes:
        return self.body

    def text(self, *_: Any) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)

    def read(self) -> bytes:
        return self.body

    def iter_bytes(self, **_: Any) -> Iterator[bytes]:
        yield self.body

    def raise_for_status(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class Service(HttpTransport[Any, Any]):
    """The data plane of one project; `runs` are what becomes of the runs, one after the other."""

    runs: list[dict[str, Any]]
    message: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    refuses_deletion: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0

    def send(self, request: Any, **_: Any) -> Any:
        path = urlsplit(request.url).path.removeprefix("/api/projects/service")
        if request.method == "DELETE":
            if self.refuses_deletion:
                return Reply(request, b'{"error": {"message": "not now"}}', 400)
            self.deleted.append(path)
            return self.told(request, {"id": path.rsplit("/", 1)[-1], "deleted": True, "object": "x"})
        match [request.method, *path.strip("/").split("/")]:
            case ["POST", "threads"]:
                return self.told(request, {"id": "thread_1", "object": "thread", "created_at": 1})
            case ["POST", "threads", _, "messages"]:
                self.asked.append(json.loads(request.content))
                return self.told(request, {"id": "msg_1", "object": "thread.message"})
            case ["POST", "threads", _, "runs", run, "cancel"]:
                self.cancelled.append(run)
                return self.told(request, self.run(self.runs[self.made - 1]))
            case ["POST", "threads", _, "runs"]:
                self.made += 1
                return self.told(request, self.run(self.runs[self.made - 1]))
            case ["GET", "threads", _, "runs", _]:
                return self.told(request, self.run(self.runs[self.made - 1]))
            case ["GET", "threads", _, "runs", _, "steps"]:
                return self.told(request, {"object": "list", "data": [], "last_id": None})
            case ["GET", "threads", _, "messages"]:
                page = [] if "after=" in request.url else [{"role": "assistant", "content": self.message}]
                return self.told(
                    request, {"object": "list", "data": page, "last_id": "msg_2" if page else None}
                )
            case ["GET", "files", _, "content"]:
                return Reply(request, CHART)
            case ["GET", "files", _]:
                return Reply(request, b'{"error": {"message": "No file found"}}', 404)
        raise AssertionError(f"{request.method} {path}")

    def run(self, became: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": f"run_{self.made}", "object": "thread.run", "thread_id": "thread_1", **became}

    def told(self, request: Any, body: Mapping[str, Any]) -> Reply:
        return Reply(request, json.dumps(body).encode())

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


@dataclass
class List:
    """A keeper that keeps everything in a list."""

    left: list[str] = field(default_factory=list)
    mark: Mapping[str, str] = field(default_factory=lambda: {"check": "us"})

    def filename(self, name: str) -> str:
        return name

    def run_of(self, metadata: Any, filename: Any) -> None:
        return None

    def made(self, kind: str, identity: str) -> None:
        self.left.append(identity)

    def gone(self, kind: str, identity: str) -> None:
        self.left.remove(identity)


@dataclass
class Clock:
    """Time that passes by sleeping only."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


ONE_QUESTION = Conversation(("Draw it",))
COMPLETED = {"status": "completed", "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}
ANSWER = [{"type": "text", "text": {"value": "Done.", "annotations": []}}]


def limited(said: str) -> dict[str, Any]:
    return {"status": "failed", "last_error": {"code": "rate_limit_exceeded", "message": said}}


def hold(service: Service, keeper: List, clock: Clock, talk: Conversation = ONE_QUESTION) -> Any:
    conversations = ClassicConversations(
        ENDPOINT,
        read=lambda file: b"",
        shown=str,
        credential=Token(),
        transport=service,
        clock=lambda: clock.now,
        sleep=clock.sleep,
    )
    return conversations.hold("asst_1", talk, keeper)


def test_files_that_an_agent_made_are_kept_and_deleted_at_the_service():
    note = {
        "type": "file_path",
        "text": "sandbox:/mnt/data/sales.csv",
        "start_index": 4,
        "end_index": 31,
        "file_path": {"file_id": "assistant-2"},
    }
    service = Service(
        [COMPLETED],
        [
            {"type": "image_file", "image_file": {"file_id": "assistant-1"}},
            {"type": "text", "text": {"value": "See sandbox:/mnt/data/sales.csv.", "annotations": [note]}},
        ],
    )
    keeper = List()

    came = hold(service, keeper, Clock())

    assert {file.name: file.content for file in came.files} == {"assistant-1.png": CHART, "sales.csv": CHART}
    assert came.text == "See sales.csv."
    assert came.tokens == 7
    assert set(service.deleted) == {"/files/assistant-1", "/files/assistant-2", "/threads/thread_1"}
    assert keeper.left == []


def test_a_cited_file_that_is_gone_is_named_by_its_id():
    note = {
        "type": "file_citation",
        "text": "【0】",
        "file_citation": {"file_id": "assistant-9", "quote": ""},
    }
    service = Service(
        [COMPLETED], [{"type": "text", "text": {"value": "So it is.【0】", "annotations": [note]}}]
    )
    came = hold(service, List(), Clock())
    assert (came.text, came.plain) == ("So it is.[assistant-9]", "So it is.")


def test_a_deployment_at_its_limit_is_waited_for_as_long_as_the_service_says():
    clock = Clock()
    came = hold(
        Service([limited("Try again in 23 seconds."), limited("Later."), COMPLETED], ANSWER), List(), clock
    )
    assert came.text == "Done."
    assert clock.slept == [23.0, 10.0]


def test_a_deployment_that_stays_at_its_limit_is_told():
    keeper = List()
    with pytest.raises(FoundryError) as caught:
        hold(Service([limited("Too many.")] * 3), keeper, Clock())
    assert str(caught.value) == ("the run ended as failed: Too many.; look at the agent's tools and model")
    assert keeper.left == []


@pytest.mark.parametrize(
    ("became", "told"),
    [
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_completion_tokens"}},
            "the run ended as incomplete: max_completion_tokens; look at the agent's tools and model",
        ),
        (
            {"status": "expired"},
            "the run ended as expired: no reason given; look at the agent's tools and model",
        ),
        (
            {
                "status": "requires_action",
                "required_action": {
                    "type": "submit_tool_approval",
                    "submit_tool_approval": {
                        "tool_calls": [{"id": "1", "type": "mcp", "name": "search", "server_label": "docs"}]
                    },
                },
            },
            "the run waits for somebody to approve search of docs; say `require_approval: never` for what is checked",
        ),
        (
            {"status": "in_progress"},
            "the agent hasn't answered in 300 s; ask again, or look at its run",
        ),
    ],
)
def test_a_run_that_comes_to_no_answer_is_told_and_leaves_nothing(became, told):
    keeper, service = List(), Service([became])
    with pytest.raises(FoundryError) as caught:
        hold(service, keeper, Clock())
    assert str(caught.value) == told
    assert keeper.left == []
    assert service.deleted == ["/threads/thread_1"]


def test_what_cannot_be_deleted_stays_on_the_list_and_the_answer_counts():
    keeper = List()
    came = hold(Service([COMPLETED], ANSWER, refuses_deletion=True), keeper, Clock())
    assert came.text == "Done."
    assert keeper.left == ["thread_1"]


def test_a_blob_and_a_public_picture_go_with_the_first_question_as_they_are():
    blob = {"type": "uri_asset", "uri": "https://store.blob.core.windows.net/exports/june.csv"}
    talk = Conversation(
        ("What is in it?", "And in July?"),
        attachments=(Attachment(("code_interpreter",), data_source=blob),),
        images=(Image(url="https://pictures.example/boot.png", detail="high"),),
    )
    service = Service([COMPLETED, COMPLETED], ANSWER)

    came = hold(service, List(), Clock(), talk)

    first, second = service.asked
    assert first == {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is in it?"},
            {
                "type": "image_url",
                "image_url": {"url": "https://pictures.example/boot.png", "detail": "high"},
            },
        ],
        "attachments": [{"data_source": blob, "tools": [{"type": "code_interpreter"}]}],
    }
    assert second == {"role": "user", "content": "And in July?"}
    assert came.tokens == 14
