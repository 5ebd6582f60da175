"""What is told of a preview while the CLI prints nothing: from its event log, in the CLI's own shapes."""

from __future__ import annotations

import json
from typing import Any

from foundry.cli.progress import Progress

AGENT = "urn:pulumi:s::p::foundry:components:FoundryEnvironment$pulumi-python:dynamic/foundry:Agent::desk"
STORE = "urn:pulumi:s::p::pulumi-python:dynamic/foundry:VectorStore::handbook"


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def event(kind: str, urn: str, **more: Any) -> bytes:
    content = more if kind == "diagnosticEvent" else {"metadata": {"urn": urn, **more}}
    return json.dumps({"sequence": 1, kind: {**content, "urn": urn}}).encode()


def test_what_was_read_and_compared_is_counted_with_the_last_one() -> None:
    told = Progress(Clock())
    assert str(told) == "the engine and the program are starting"
    for urn in (AGENT, STORE):
        told.take(event("resourcePreEvent", urn, op="refresh"))
        told.take(event("resOutputsEvent", urn, op="refresh"))
    assert str(told) == "2 read, last VectorStore handbook"
    told.take(event("resOutputsEvent", "urn:pulumi:s::p::pulumi:providers:azure-native::default", op="same"))
    told.take(event("resourcePreEvent", AGENT, op="same"))
    told.take(event("resOutputsEvent", AGENT, op="same"))
    assert str(told) == "2 read, 1 compared with the declarations, last Agent desk"


def test_what_takes_long_is_named_with_what_its_provider_says_of_it() -> None:
    clock = Clock()
    told = Progress(clock)
    told.take(event("resourcePreEvent", AGENT, op="refresh"))
    clock.now = 1
    assert "waiting" not in str(told)
    clock.now = 7
    told.take(event("diagnosticEvent", AGENT, severity="info", ephemeral=True, message="429, waiting 5 s\n"))
    assert str(told).endswith("; waiting for Agent desk 7s (429, waiting 5 s)")
    told.take(event("resOpFailedEvent", AGENT, op="refresh"))
    assert "waiting" not in str(told)


def test_lines_that_are_no_events_are_passed_over() -> None:
    told = Progress(Clock())
    for line in (b"", b"{", b"[]", b'{"summaryEvent": {}}', b'{"resourcePreEvent": {}}'):
        told.take(line)
    assert str(told) == "the engine and the program are starting"
