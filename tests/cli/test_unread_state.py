"""A state that can't be read isn't taken for an empty one; what a stack made is known to an export in either dialect, and to callers.

The Pulumi CLI is a script here that says what the CLI says (3.260).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundry.cli import main

NO_LOGIN = "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"
NO_STACK = "error: no stack named 'dev' found"
UNREAD = "the state of stack dev can't be read: PULUMI_ACCESS_TOKEN must be set"
ENDPOINT = "https://acme.services.ai.azure.com/api/projects/desk"
FILES = {
    "Pulumi.yaml": "name: desk\nruntime: python\nstackConfigDir: stacks\n",
    "stacks/Pulumi.dev.yaml": """\
config:
  azure-native:subscriptionId: 00000000-0000-4000-8000-000000000001
  foundry:stackId: 3f0e9a52-7c1d-4b68-9e35-0d2a6b8c4f71
  foundry:layers: [dev]
""",
    "stacks/dev/environment.yaml": f"kind: Environment\nname: desk\ndialect: classic\nexisting: {{project_endpoint: '{ENDPOINT}'}}\n",
    "stacks/dev/agents/desk.yaml": "kind: Agent\nname: desk\nmodel: chat\ninstructions: {file: ../prompts/desk.md}\n",
    "stacks/dev/prompts/desk.md": "Help.\n",
    "stacks/dev/agents/finder.yaml": """\
kind: Agent
name: finder
dialect: both
model: chat
instructions: Find.
tools:
  handbook: {type: file_search, vector_stores: [handbook]}
  sums: {type: code_interpreter, files: [data.csv]}
""",
    "stacks/dev/agents/data.csv": "1\n",
    "stacks/dev/vector-stores/handbook.yaml": "kind: VectorStore\nname: handbook\ndialect: both\nfiles: [handbook.md]\n",
    "stacks/dev/vector-stores/handbook.md": "Rules.\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a stack that isn't the sandbox's."""
    for path, text in FILES.items():
        file = tmp_path / "project" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "project"


@pytest.fixture
def fac(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[..., tuple[int, str]]:
    """Runs a command where the CLI prints and says so."""
    monkeypatch.delenv("FAC_ENGINE", raising=False)
    monkeypatch.setenv("PATH", str(project / "bin"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    (project / "bin").mkdir()
    pulumi = project / "bin/pulumi"

    def run(*arguments: str, printed: str = "", said: str = "", code: int = 0) -> tuple[int, str]:
        (project / "printed").write_text(printed)
        pulumi.write_text(f'#!/bin/sh\n/bin/cat {project / "printed"}\necho "{said}" >&2\nexit {code}\n')
        pulumi.chmod(0o755)
        ended = main(["--cwd", str(project), *arguments])
        told = capsys.readouterr()
        return ended, told.out + told.err

    return run


@pytest.mark.parametrize(
    "command",
    [
        ("show",),
        ("graph",),
        ("pull", "desk"),
        ("import", "--endpoint", ENDPOINT),
        ("orphans", "--endpoint", ENDPOINT),
        ("export", "desk", "--to", "sdk"),
    ],
)
def test_a_state_that_cannot_be_read_is_an_error(fac: Any, command: tuple[str, ...]) -> None:
    code, told = fac(*command, "-s", "dev", said=NO_LOGIN, code=3)
    assert (code, UNREAD in told) == (1, True), told
    assert "never brought up" not in told
    assert "not up yet" not in told


def test_an_export_that_needs_nothing_of_the_stack_needs_no_state(fac: Any) -> None:
    code, told = fac("export", "desk", "--to", "prompty", "-s", "dev", said=NO_LOGIN, code=3)
    assert (code, "Help." in told) == (0, True), told


@pytest.mark.parametrize(
    "answer", [{"said": NO_STACK, "code": 6}, {"printed": '{"version": 3, "deployment": null}'}]
)
def test_a_stack_that_was_never_brought_up_holds_nothing(fac: Any, answer: dict[str, Any]) -> None:
    code, told = fac("show", "-s", "dev", **answer)
    assert (code, told.count("not up yet")) == (0, 9), told
    code, told = fac("export", "desk", "--to", "sdk", "-s", "dev", **answer)
    assert (code, "bring the stack up first" in told) == (1, True), told
    code, told = fac("pull", "desk", "-s", "dev", **answer)
    assert (code, "fac up -s dev" in told) == (1, True), told


def made(kind: str, name: str, identifier: str, **inputs: Any) -> dict[str, Any]:
    """A resource of a state."""
    return {
        "type": f"pulumi-python:dynamic/foundry:{kind}",
        "urn": f"urn:pulumi:dev::desk::pulumi-python:dynamic/foundry:{kind}::{name}",
        "id": identifier,
        "inputs": {"endpoint": ENDPOINT, "name": name, **inputs},
        "outputs": {},
    }


DATA = "stacks/dev/agents/data.csv"
STATE = json.dumps(
    {
        "version": 3,
        "deployment": {
            "resources": [
                made("VectorStore", "handbook", "vs_classic"),
                made("VersionedVectorStore", "handbook", "vs_versioned"),
                made("File", DATA, "assistant-classic", path=DATA),
                made("VersionedFile", DATA, "assistant-versioned", path=DATA),
            ]
        },
    }
)


@pytest.mark.parametrize("target", ["agentschema", "framework", "vscode"])
@pytest.mark.parametrize(("dialect", "other"), [("versioned", "classic"), ("both", "versioned")])
def test_an_export_has_the_ids_of_the_dialect_that_the_agent_is_in(
    fac: Any, project: Path, target: str, dialect: str, other: str
) -> None:
    file = project / "stacks/dev/agents/finder.yaml"
    file.write_text(file.read_text().replace("both", dialect))
    code, told = fac("export", "finder", "--to", target, "-s", "dev", printed=STATE)
    assert (code, f"-{other}" in told or f"_{other}" in told) == (0, False), told
    assert ("vs_versioned" if dialect == "versioned" else "vs_classic") in told
    assert ("assistant-versioned" if dialect == "versioned" else "assistant-classic") in told


def test_an_export_writes_over_no_file_that_was_not_named(fac: Any, project: Path) -> None:
    export = ("export", "desk", "--to", "azd", "-s", "dev", "-o")
    for _ in range(2):
        code, told = fac(*export, str(project / "made.yaml"), said=NO_STACK, code=6)
        assert (code, f"Wrote {project / 'made.yaml'}" in told) == (0, True), told
    (project / "desk.md").write_text("Another's.\n")
    code, told = fac(*export, str(project / "azure.yaml"), said=NO_STACK, code=6)
    assert (code, f"the format wants {project / 'desk.md'} beside it" in told) == (1, True), told
    assert (project / "desk.md").read_text() == "Another's.\n"
    assert not (project / "azure.yaml").exists()
    code, told = fac(*export, str(project / "elsewhere/desk.md"), said=NO_STACK, code=6)
    assert (code, "a file of its own called desk.md" in told) == (1, True), told


def test_callers_get_an_index_by_its_alias_and_without_one_by_the_name_that_is_live(fac: Any) -> None:
    search = "https://acme.search.windows.net"
    resources = [
        made("SearchIndex", name, f"{name}-0a1b2c3d", endpoint=search, definition={"name": name}, **more)
        for name, more in (("boots", {"alias": "all-boots"}), ("tents", {}))
    ]
    state = json.dumps({"version": 3, "deployment": {"resources": resources}})
    code, told = fac("output", "--format", "dotenv", "-s", "dev", printed=state)
    assert code == 0, told
    assert "SEARCH_INDEX_BOOTS_NAME=all-boots\n" in told
    assert "SEARCH_INDEX_TENTS_NAME=tents-0a1b2c3d\n" in told


@pytest.mark.parametrize("verb", ["destroy", "refresh"])
def test_a_placeholder_in_the_settings_is_named_before_an_engine_is_started(
    fac: Any, project: Path, verb: str
) -> None:
    settings = project / "stacks/Pulumi.dev.yaml"
    whole = settings.read_text()
    settings.write_text(f'{whole}  foundry:location: "<region>"\n')
    code, told = fac(verb, "-s", "dev", "--yes", said=NO_LOGIN, code=3)
    assert (code, "stacks/Pulumi.dev.yaml:5:" in told, "placeholder <region>" in told) == (2, True, True), (
        told
    )
    # What is declared may have any faults when it goes.
    settings.write_text(whole)
    (project / "stacks/dev/agents/desk.yaml").write_text("kind: Agent\nname: desk\nmodle: chat\n")
    code, told = fac(verb, "-s", "dev", "--yes", said=NO_LOGIN, code=3)
    assert (code, "modle" in told) == (3, False), told


def test_checks_before_a_classic_form_goes_are_not_passed_over(fac: Any, project: Path) -> None:
    agent = project / "stacks/dev/agents/desk.yaml"
    agent.write_text(
        f"{agent.read_text()}dialect: versioned\nchecks: {{greeting: {{ask: Hello, expect: {{contains: [Hello]}}}}}}\n"
    )
    code, told = fac("up", "-s", "dev", "--yes", said=NO_LOGIN, code=3)
    assert (code, UNREAD in told) == (1, True), told
