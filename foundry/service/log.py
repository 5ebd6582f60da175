"""The request log: one line per request, off by default, and never a token in it."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

REQUESTS = logging.getLogger("foundry.service.requests")
PROGRESS = logging.getLogger("foundry.progress")

# Values of other parameters may be secrets (a SAS signature, for instance) and are left out.
_PLAIN_PARAMETERS = frozenset(
    {"api-version", "limit", "after", "before", "order", "purpose", "filter", "$select", "allowIndexDowntime"}
)
# An address with a signature in it lets anybody in who reads it.
_SIGNATURE = re.compile(r"([?&]sig=)[^&\"\s]+")
_LONGEST_BODY = 20_000


def log_to_file(env: Mapping[str, str] | None = None) -> None:
    """Sends requests and progress to the file named in FAC_DEBUG_LOG; without it, does nothing.

    FAC_DEBUG_BODIES=1 adds request and answer bodies. May be called more than once.
    """
    given = os.environ if env is None else env
    path = given.get("FAC_DEBUG_LOG")
    if not path or REQUESTS.handlers:
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)sZ %(process)d %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for logger in (REQUESTS, PROGRESS):
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    if given.get("FAC_DEBUG_BODIES") == "1":
        REQUESTS.setLevel(logging.DEBUG)
        REQUESTS.warning(
            "bodies are written too (FAC_DEBUG_BODIES=1): instructions, tool settings and documents"
        )


def log_request(
    *,
    method: str,
    url: str,
    status: int | None,
    seconds: float,
    request_id: str | None,
    retry: int,
    note: str = "",
) -> None:
    """Writes one line: method, address without secrets, status, duration, request id and number of the repetition."""
    REQUESTS.info(
        "%s %s %s %d ms request-id=%s retry=%d%s",
        method,
        without_secrets(url),
        status if status is not None else "no-answer",
        round(seconds * 1000),
        request_id or "-",
        retry,
        f" {note}" if note else "",
    )


def log_bodies(sent: Any, received: Any) -> None:
    """Writes both bodies where that was asked for."""
    if REQUESTS.isEnabledFor(logging.DEBUG):
        for arrow, body in (("->", sent), ("<-", received)):
            if body is not None and not isinstance(body, bytes):
                text = json.dumps(body, ensure_ascii=False, default=repr)
                REQUESTS.debug("%s %s", arrow, _SIGNATURE.sub(r"\1…", text)[:_LONGEST_BODY])


def without_secrets(url: str) -> str:
    """The address without user info and with the values of unfamiliar parameters left out."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query)
    query = "&".join(f"{key}={value if key in _PLAIN_PARAMETERS else '…'}" for key, value in pairs)
    host = parts.netloc.rsplit("@", 1)[-1]
    return urlunsplit((parts.scheme, host, parts.path, query, ""))
