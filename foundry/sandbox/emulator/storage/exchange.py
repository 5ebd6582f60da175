"""A message into one queue and the answer with the same correlation id out of another, as Azure Functions tools do it.

The input is a JSON object, the arguments and `CorrelationId`; the answer is `{"Value": …, "CorrelationId": …}`.
Source: the documentation of the Azure Functions tool. How the service encodes messages isn't told; base64 is what the
queue trigger of Azure Functions expects, and both forms are read.
"""

import base64
import binascii
import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from foundry.sandbox.emulator.outside import OutsideError
from foundry.sandbox.emulator.storage.azurite import Answer, Azurite

_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of one of Azurite's accounts."""

    azurite: Azurite
    slot: int
    name: str

    def ensure(self) -> None:
        """Makes it unless it is there."""
        self.azurite.make("queue", self.slot, self.name)

    def put(self, text: str) -> None:
        """Adds a message."""
        body = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>"
        self._send("POST", "/messages", content=body.encode(), ok=(201,))

    def messages(self, *, take: bool) -> Iterator[tuple[str, str, str]]:
        """Id, pop receipt and text of up to 32 messages; those taken come back for others after a second."""
        query = {"numofmessages": "32"} | ({"visibilitytimeout": "1"} if take else {"peekonly": "true"})
        answer = self._send("GET", "/messages", query=query, ok=(200,))
        for item in ET.fromstring(answer.content).iter("QueueMessage"):  # noqa: S314 - from our own Azurite
            yield (
                item.findtext("MessageId", ""),
                item.findtext("PopReceipt", ""),
                item.findtext("MessageText", ""),
            )

    def delete(self, identity: str, receipt: str) -> None:
        """Removes a message that was taken."""
        self._send("DELETE", f"/messages/{identity}", query={"popreceipt": receipt}, ok=(204, 404))

    def _send(self, method: str, path: str, *, ok: tuple[int, ...], **more: Any) -> Answer:
        answer = self.azurite.send("queue", self.slot, method, f"/{quote(self.name)}{path}", **more)
        if answer.status not in ok:
            code = answer.headers.get("x-ms-error-code", "")
            raise OutsideError(f"the queue '{self.name}' answered {answer.status} {code}".rstrip())
        return answer


def _read(text: str) -> Any:
    for form in (text, _unwrapped(text)):
        try:
            return json.loads(form)
        except ValueError:
            continue
    return None


def _unwrapped(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def exchange(
    asked: Queue, answers: Queue, arguments: dict[str, Any], correlation: str, seconds: float
) -> str:
    """Puts the call into `asked` and waits for its answer in `answers`; other answers stay where they are.

    Raises:
        OutsideError: No answer came in time, or a queue can't be used.
    """
    asked.ensure()
    answers.ensure()
    message = json.dumps({**arguments, "CorrelationId": correlation}, ensure_ascii=False)
    asked.put(base64.b64encode(message.encode()).decode())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if any(_is_for(text, correlation) for _, _, text in answers.messages(take=False)):
            for identity, receipt, text in answers.messages(take=True):
                if _is_for(text, correlation):
                    answers.delete(identity, receipt)
                    value = _read(text).get("Value", "")
                    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        time.sleep(_PAUSE)
    raise OutsideError(
        f"no answer with CorrelationId {correlation} came into the queue '{answers.name}' within {seconds:g} s: "
        f"does a worker read the queue '{asked.name}'?"
    )


def _is_for(text: str, correlation: str) -> bool:
    message = _read(text)
    return isinstance(message, dict) and message.get("CorrelationId") == correlation
