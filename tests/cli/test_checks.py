"""Checks of live agents through the command line: what passes, what fails, what is written, and that nothing stays behind."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from .conftest import Clone, make_clone

CLERK = """\
kind: Agent
name: clerk
model: chat
description: Tells prices, and reads what customers send
instructions: Answer from your tools.
tools:
  price_of:
    type: function
    description: The price of an article in EUR
    parameters: {type: object, properties: {article: {type: string}}, required: [article]}
  notes: {type: file_search, vector_stores: [handbook]}
  figures: {type: code_interpreter}
checks:
  price:
    ask: What is the price of an article in EUR?
    functions: {price_of: {eur: 479.95}}
    expect: {contains: ["479.95"], tools: [price_of], max_tokens: 5000}
  price-streamed:
    ask: What is the price of an article in EUR?
    stream: true
    functions: {price_of: {eur: 479.95}}
    expect: {contains: ["479.95"], tools: [price_of]}
  price-nobody-tells:
    ask: What is the price of an article in EUR?
    expect: {contains: ["479.95"]}
  too-much-asked:
    ask: What is the price of an article in EUR?
    functions: {price_of: dear}
    expect: {contains: [cheap], cites: [harpoons.md], tools: [notes], max_tokens: 1}
  own-knowledge:
    ask: Who repairs harpoons?
    knowledge: [../data/harpoons.md]
    expect: {matches: ['Queequeg, below'], cites: [harpoons.md], tools: [notes]}
  attached:
    ask: [What is the price of an article in EUR?, Who repairs harpoons?]
    functions: {price_of: "12"}
    attachments: [{file: ../data/harpoons.md, tools: [file_search]}]
    images: [{file: ../data/boot.png, detail: low}, {url: "https://pictures.example/boot.png"}]
    expect: {contains: [Queequeg], cites: [harpoons.md], tools: [price_of, notes]}
  attached-data:
    ask: "calculate: count the rows of the data table, sum of tons"
    attachments: [{file: ../data/whales.csv, tools: [code_interpreter]}]
    expect: {tools: [figures], contains: ["169"]}
"""

LIVE = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential

client = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
print([thread.id for thread in client.threads.list()])
print([store.name for store in client.vector_stores.list()])
print([agent.name for agent in client.list_agents() if "-try-" in agent.name])
print([name for name in ("harpoons", "whales", "boot") for file in client.files.list().data if name in file.filename])
"""
NOTHING_LEFT = "[]\n['handbook']\n[]\n[]\n"


@dataclass(frozen=True)
class Checked:
    """A clone that was brought up with `--check`, and what came of that."""

    clone: Clone
    code: int
    printed: str

    @property
    def journals(self) -> list[Path]:
        return list((self.clone.root / ".sandbox" / "checks").rglob("*.jsonl"))


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    clone = make_clone(tmp_path_factory.mktemp("checked") / "project")
    stack = clone.root / "stacks" / "sandbox"
    (stack / "data").mkdir()
    (stack / "data" / "harpoons.md").write_text(
        "# Harpoons\n\nHarpoons are repaired by Queequeg, below deck.\n"
    )
    (stack / "data" / "whales.csv").write_text("whale,tons\nsperm,40\nblue,120\nminke,9\n")
    (stack / "data" / "boot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (stack / "agents" / "clerk.yaml").write_text(CLERK)
    code, printed = clone.run("up", "--yes", "--check")
    yield Checked(clone, code, printed)
    clone.run("sandbox", "stop")


def test_up_tells_which_checks_failed_and_why_and_the_stack_stays_up(checked):
    assert checked.code == 1, checked.printed
    lines = checked.printed.splitlines()
    last = lines[-1].removeprefix("The stack is up and stays up; these checks failed: ")
    assert {"clerk: price-nobody-tells (classic)", "clerk: too-much-asked (classic)"} == set(last.split(", "))
    assert checked.clone.outputs()["agents"]["clerk"]


def test_what_is_declared_passes_also_with_files_pictures_streams_and_functions(checked):
    passed = {line.split("tokens  ")[1] for line in checked.printed.splitlines() if line.startswith("passed")}
    assert passed >= {
        f"clerk: {name} (classic)"
        for name in ("price", "price-streamed", "own-knowledge", "attached", "attached-data")
    }


def test_a_check_that_failed_shows_how_the_answer_began(checked):
    told = iter(checked.printed.partition("clerk: too-much-asked (classic)\n")[2].splitlines())
    amiss = list(itertools.takewhile(lambda line: line.startswith(" " * 10), told))
    assert amiss[0] == "          the answer does not contain 'cheap'"
    assert amiss[-1].startswith("          answered: ")
    assert "answered: nothing" not in amiss[-1]
    assert checked.printed.count("\n          answered: ") == 1


@pytest.mark.parametrize("command", ["ask", "try"])
def test_a_question_is_answered_with_what_the_checks_say_of_functions(checked, command):
    printed = checked.clone.fac(command, "clerk", "What is the price of an article in EUR?")
    assert "479.95" in printed
    assert "by    clerk, with function" in printed


def test_the_checks_of_the_example_pass(checked):
    failed = [line for line in checked.printed.splitlines() if line.startswith("FAILED")]
    assert all(" clerk: " in line for line in failed)
    assert "customer-care: worn-boots (classic)" in checked.printed


def test_nothing_that_was_made_stays_behind(checked):
    assert checked.clone.python(LIVE) == NOTHING_LEFT
    assert checked.journals == []


def test_results_are_written_for_ci_and_for_programs(checked, tmp_path):
    code, printed = checked.clone.run(
        "check",
        "--agent",
        "clerk",
        "--junit",
        str(tmp_path / "ci" / "j.xml"),
        "--json",
        str(tmp_path / "j.json"),
    )
    assert code == 1, printed

    root = ET.fromstring((tmp_path / "ci" / "j.xml").read_text())
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("7", "1", "1")
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["price"].get("classname") == "sandbox.clerk.classic"
    assert cases["price"].get("file") == "stacks/sandbox/agents/clerk.yaml"
    error = cases["price-nobody-tells"].find("error")
    assert error is not None
    assert (
        "nothing says what it answers; write its answer into a check: `functions: {price_of: …}`"
        in error.get("message", "")
    )

    document = json.loads((tmp_path / "j.json").read_text())
    assert (document["stack"], document["passed"], document["failed"]) == ("sandbox", 5, 2)
    told = {entry["check"]: entry for entry in document["checks"]}
    assert told["too-much-asked"]["failures"] == [
        "the answer does not contain 'cheap'",
        "the tool `notes` was not used; used: function price_of",
        "`harpoons.md` is not cited; cited: nothing",
        f"the conversation took {told['too-much-asked']['tokens']} tokens, more than 1",
    ]
    assert told["own-knowledge"]["cites"] == [{"name": "harpoons.md", "url": None}]
    assert told["own-knowledge"]["answer"].endswith("[harpoons.md]")


def test_one_agent_is_checked_where_one_is_named_and_an_unknown_one_is_told(checked):
    printed = checked.clone.fac("check", "--agent", "customer-care")
    assert printed.splitlines()[-1] == "2 of 2 checks passed."
    assert checked.clone.fac("check", "--agent", "quote-desk") == (
        "Nothing to check: none of these agents declares `checks`.\n"
    )
    code, printed = checked.clone.run("check", "--agent", "nobody")
    assert code == 1
    assert printed.startswith(
        "fac: stack sandbox declares no agent 'nobody'; it declares: clerk, customer-care"
    )


def test_an_answer_shows_the_file_that_its_placeholder_stands_for(checked):
    printed = checked.clone.fac("ask", "customer-care", "Can I return boots that I have worn outside?")
    assert "【" not in printed
    assert "[returns.md]\n" in printed
    assert "  cites returns.md\n" in printed


def test_what_a_killed_check_made_is_deleted_by_the_next_one(checked):
    checked.clone.python(SLOWLY)
    process = checked.clone.start("check", "--agent", "clerk")
    deadline = time.monotonic() + 60
    while not any("thread_" in path.read_text() for path in checked.journals):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate()
    checked.clone.python(QUICKLY)
    assert checked.clone.python(LIVE) != NOTHING_LEFT

    printed = checked.clone.fac("check", "--agent", "customer-care")

    assert "left by a check that was killed." in printed.splitlines()[0]
    assert checked.clone.python(LIVE) == NOTHING_LEFT
    assert checked.journals == []


MATE = """\
kind: Agent
name: mate
model: chat
instructions: Answer from the handbook.
tools: {handbook: {type: file_search, vector_stores: [handbook]}}
"""
LOG = """\
kind: VectorStore
name: log
files: [../data/harpoons.md]
"""


def test_a_declared_agent_is_tried_before_it_is_brought_up_and_its_copy_is_deleted(checked):
    mate = checked.clone.root / "stacks" / "sandbox" / "agents" / "mate.yaml"
    mate.write_text(MATE)
    try:
        printed = checked.clone.fac("try", "mate", "Can I return boots that I have worn outside?")
    finally:
        mate.unlink()
    assert "mate, as declared (a scratch copy, deleted again), was asked:" in printed
    assert "  by    mate, with file_search\n" in printed
    assert checked.clone.python(LIVE) == NOTHING_LEFT
    assert "mate" not in checked.clone.outputs()["agents"]


def test_an_agent_that_waits_for_what_only_an_up_makes_is_not_tried(checked):
    stack = checked.clone.root / "stacks" / "sandbox"
    (stack / "agents" / "mate.yaml").write_text(MATE.replace("[handbook]", "[log]"))
    (stack / "vector-stores").mkdir()
    (stack / "vector-stores" / "log.yaml").write_text(LOG)
    try:
        code, printed = checked.clone.run("try", "mate", "Who repairs harpoons?")
    finally:
        (stack / "agents" / "mate.yaml").unlink()
        (stack / "vector-stores" / "log.yaml").unlink()
    assert code == 1
    assert printed == (
        "fac: a copy of mate needs what only an `up` makes (log); "
        "bring that up first; then the agent's own edits can be tried\n"
    )


def spans(printed: str) -> dict[str, tuple[str, str]]:
    """Id → parent's id and the rest of the line, of the spans on standard error."""
    lines = [line.split(maxsplit=3) for line in printed.splitlines() if line.startswith("trace ")]
    return {one: (parent, rest.split(" ms  ", 1)[1]) for _, one, parent, rest in lines}


def test_a_trace_shows_each_check_its_conversation_and_the_requests_but_not_what_was_said(checked):
    printed = checked.clone.fac("check", "--agent", "customer-care", "--trace", "console")
    found = spans(printed)
    (root,) = [one for one, (_, name) in found.items() if name.startswith("fac check")]
    (check,) = [
        one for one, (above, name) in found.items() if name.startswith("check worn-boots") and above == root
    ]
    (talk,) = [one for one, (above, _) in found.items() if above == check]
    assert found[talk][1].startswith("invoke_agent customer-care  gen_ai.operation.name=invoke_agent")
    assert "gen_ai.usage.total_tokens=" in found[talk][1]
    assert any(above == talk for above, _ in found.values())
    traced = "\n".join(rest for _, rest in found.values())
    assert "http.request.method=POST" in traced
    assert "boots" not in traced.replace("check worn-boots", "")
    assert "Bearer" not in traced


def test_what_was_said_is_traced_only_on_request_which_is_told(checked):
    printed = checked.clone.fac("ask", "customer-care", "Boots?", "--trace", "console", "--trace-content")
    assert printed.startswith("Traces hold questions and answers in clear.\n")
    assert any('gen_ai.input.messages=[{"role": "user"' in rest for _, rest in spans(printed).values())


class Collector(TraceServiceServicer):
    """A collector that takes OTLP over gRPC."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def Export(self, request: Any, context: Any) -> ExportTraceServiceResponse:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return ExportTraceServiceResponse()


def test_a_collector_gets_one_trace_of_the_command_and_of_the_providers_it_started(checked):
    collector, server = Collector(), grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
    prompt = checked.clone.root / "stacks" / "base" / "prompts" / "customer-care.md"
    prompt.write_text(prompt.read_text() + "- Be brief.\n")
    process = checked.clone.start(
        "up", "--yes", "--trace", "otlp", env={**checked.clone.environment, **endpoint}
    )
    printed, _ = process.communicate(timeout=240)
    server.stop(None)
    assert process.returncode == 0, printed
    names = {span.name for span in collector.spans}
    assert {"fac up", "list agents", "update agent"} <= names
    assert len({span.trace_id for span in collector.spans}) == 1


def test_a_collector_that_is_away_is_told_and_stops_nothing(checked):
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    process = checked.clone.start(
        "ask",
        "customer-care",
        "Boots?",
        "--trace",
        "otlp",
        env={**checked.clone.environment, **endpoint},
    )
    printed, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    # On standard error, which is not in step with the answer.
    assert "fac: traces were lost: nobody takes them at http://127.0.0.1:9\n" in printed


def test_tidying_up_that_is_refused_stops_no_answer(checked):
    checked.clone.python(WITHOUT_LISTS)
    try:
        printed = checked.clone.fac("ask", "customer-care", "Can I return boots that I have worn outside?")
    finally:
        checked.clone.python(QUICKLY)
    assert printed.startswith(
        "What earlier checks may have left couldn't be looked for: list what checks left: "
    )
    assert "[returns.md]\n" in printed


_CONTROL = """
import os, urllib.request, ssl, json
from urllib.parse import urlsplit
parts = urlsplit(os.environ["PROJECT_ENDPOINT"])
request = urllib.request.Request(
    f"{parts.scheme}://{parts.netloc}/_sandbox/faults",
    data=json.dumps(PLAN).encode(),
    method="PUT",
    headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"], "Content-Type": "application/json"},
)
urllib.request.urlopen(request, context=ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"]))
"""
SLOWLY = f"PLAN = [{{'match': {{'path': '/runs'}}, 'action': {{'delay': 20}}}}]\n{_CONTROL}"
QUICKLY = f"PLAN = []\n{_CONTROL}"
WITHOUT_LISTS = (
    "PLAN = [{'match': {'method': 'GET', 'path': '/vector_stores$'}, 'action': {'status': 403, 'message': 'No'}}]\n"
    f"{_CONTROL}"
)
