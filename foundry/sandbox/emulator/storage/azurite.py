"""The storage emulator behind the sandbox: where it is, and one signed request to it.

Azurite is a process of its own, started by whoever runs the sandbox. What it is reached by stands in `storage.json` in the
emulator's folder and is read anew by every request, so that it may come and go while the emulator runs:
`{"blob": URL, "queue": URL, "accounts": [[name, key], …]}`. Each storage account of ARM is given one of Azurite's accounts.
"""

import base64
import hashlib
import hmac
import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote, urlencode, urlsplit

from foundry.sandbox.emulator.outside import OutsideError

FILE: Final = "storage.json"
VERSION: Final = "2021-12-02"
_SIGNED_HEADERS: Final = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
MISSING: Final = (
    "storage (Azurite) doesn't run in this sandbox: start it with `fac sandbox start --with-storage`, "
    "which needs Node.js"
)


def signature(
    key: str, method: str, headers: Mapping[str, str], *, account: str, path: str, query: Mapping[str, str]
) -> str:
    """The Shared Key signature of a blob or queue request; header names in lower case, the path as it is sent.

    Source: "Authorize with Shared Key" in the reference of Azure Storage, version 2015-02-21 and later.
    """
    held = dict(headers)
    if held.get("content-length") == "0":
        held["content-length"] = ""
    if "x-ms-date" in held:
        held["date"] = ""
    lines = [method, *(held.get(name, "") for name in _SIGNED_HEADERS)]
    lines += [f"{name}:{held[name].strip()}" for name in sorted(held) if name.startswith("x-ms-")]
    lines.append(f"/{account}{path}")
    lines += [f"{name.lower()}:{query[name]}" for name in sorted(query, key=str.lower)]
    digest = hmac.new(base64.b64decode(key), "\n".join(lines).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Azurite answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running Azurite.

    Attributes:
        endpoints: Base URL by service: blob, queue.
        accounts: Names and keys of its accounts.
    """

    endpoints: Mapping[str, str]
    accounts: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, home: Path) -> Self | None:
        """The one on record in a folder; None when there is none."""
        try:
            record = json.loads((home / FILE).read_text(encoding="utf-8"))
            return cls(
                {"blob": record["blob"], "queue": record["queue"]},
                [(name, key) for name, key in record["accounts"]],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def make(self, service: str, slot: int, name: str) -> None:
        """Makes a queue or container unless it is there; raises `OutsideError`."""
        query = {"restype": "container"} if service == "blob" else {}
        answer = self.send(service, slot, "PUT", f"/{quote(name)}", query=query)
        if answer.status not in (201, 204, 409):
            raise OutsideError(f"storage (Azurite) can't make {service} '{name}': {answer.status}")

    def names(self, service: str, slot: int) -> list[str]:
        """The queues or containers of an account, up to 5,000; raises `OutsideError`."""
        answer = self.send(service, slot, "GET", "/", query={"comp": "list"})
        return [item.text or "" for item in ET.fromstring(answer.content).iter("Name")]  # noqa: S314 - from our own Azurite

    def unmake(self, service: str, slot: int, name: str) -> None:
        """Deletes a queue or container with what is in it; raises `OutsideError`."""
        query = {"restype": "container"} if service == "blob" else {}
        self.send(service, slot, "DELETE", f"/{quote(name)}", query=query)

    def send(
        self,
        service: str,
        slot: int,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        seconds: float = 30.0,
    ) -> Answer:
        """One request to a service of an account, signed with its key. `path` begins with a slash and is percent-encoded.

        Raises:
            OutsideError: It can't be reached.
        """
        name, key = self.accounts[slot]
        query = query or {}
        sent = {item.lower(): value for item, value in (headers or {}).items()}
        sent["x-ms-date"] = formatdate(usegmt=True)
        sent.setdefault("x-ms-version", VERSION)
        sent["content-length"] = str(len(content))
        # http.client would add a content type of its own to nothing; what is signed is what is sent.
        target = f"/{name}{path.rstrip('/') if path != '/' else '/'}"
        sent["authorization"] = (
            f"SharedKey {name}:{signature(key, method, sent, account=name, path=target, query=query)}"
        )
        base = urlsplit(self.endpoints[service])
        connection = HTTPConnection(base.hostname or "", base.port, timeout=seconds)
        try:
            asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
            connection.request(method, target + asked, content, sent)
            reply = connection.getresponse()
            found = {item.lower(): value for item, value in reply.getheaders()}
            return Answer(reply.status, found, reply.read())
        except (OSError, HTTPException) as error:
            raise OutsideError(f"storage (Azurite) at {base.netloc} can't be reached: {error}") from error
        finally:
            connection.close()
