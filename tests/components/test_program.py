"""`__main__.py`: the program that Pulumi runs."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import set_all_config
from pulumi_recorder import World, run

_ROOT = Path(__file__).parents[2]
_STACK_ID = "5d2f6f0c-1d5e-4f43-9b3c-0a8f3f0a1b2c"
_ENVIRONMENT = """
kind: Environment
name: contoso
location: swedencentral
dialect: classic
setup: basic
resource_group: {name: rg-contoso}
projects:
  support: {display_name: Support, description: Orders}
deployments:
  chat:
    model: {format: OpenAI, name: gpt-4.1-mini, version: "2025-04-14"}
    sku: {name: GlobalStandard, capacity: 50}
"""
_AGENT = """
kind: Agent
name: care
model: chat
instructions: Help.
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Runs `__main__.py` in a project of its own: files as given, settings as given."""
    shutil.copy(_ROOT / "Pulumi.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)

    def execute(agent: str = _AGENT, **settings: str) -> World:
        base = tmp_path / "stacks" / "base"
        (base / "agents").mkdir(parents=True, exist_ok=True)
        (base / "environment.yaml").write_text(_ENVIRONMENT)
        (base / "agents" / "care.yaml").write_text(agent)
        (tmp_path / "stacks" / "Pulumi.test.yaml").write_text("config: {}\n")
        given = {"stackId": _STACK_ID, "layers": json.dumps(["base"]), **settings}
        set_all_config({f"foundry:{key}": value for key, value in given.items()})
        return run(_load().main)

    yield execute
    set_all_config({})


def _load():
    spec = importlib.util.spec_from_file_location("the_program", _ROOT / "__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_stack_s_declarations_are_stood_up(program):
    world = program()

    assert world.one("Agent", "care").inputs["definition"]["instructions"] == "Help."
    assert world.one("Deployment", "chat")


def test_every_finding_is_told_at_once(program):
    wrong = "kind: Agent\nname: care\nmodel: chta\ntemprature: 1\n"

    with pytest.raises(pulumi.RunError) as told:
        program(wrong)

    lines = [
        line for line in str(told.value).splitlines() if line.startswith("stacks/base/agents/care.yaml:")
    ]
    assert any(":3:" in line and "chta" in line for line in lines)
    assert any(":4:" in line and "temprature" in line for line in lines)


@pytest.mark.parametrize(
    ("environment", "settings", "principal_type"),
    [
        ({}, {}, "User"),
        ({"CI": "true"}, {}, "ServicePrincipal"),
        ({"CI": "true"}, {"deployerPrincipalType": "User"}, "User"),
        ({}, {"deployerPrincipalType": "ServicePrincipal"}, "ServicePrincipal"),
    ],
)
def test_who_deploys_is_configured_or_told_by_the_ci(
    program, monkeypatch, environment, settings, principal_type
):
    monkeypatch.delenv("CI", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assignment = program(**settings).one("RoleAssignment", "deployer-foundry-user-on-support")
    assert assignment.inputs["principalType"] == principal_type


def _lines(caplog, level: int) -> list[str]:
    return [record.message for record in caplog.records if record.levelno == level]


def test_the_sdk_s_debug_lines_are_left_out_and_warnings_are_not(program, monkeypatch, caplog):
    monkeypatch.delenv("FAC_DEBUG_LOG", raising=False)
    caplog.set_level(logging.DEBUG)

    program(_AGENT.replace("Help.", "Help with order #5."))

    assert not [
        line for line in _lines(caplog, logging.DEBUG) if "registering resource" in line and "care" in line
    ]
    assert [line for line in _lines(caplog, logging.WARNING) if "no part of the text" in line]


def test_whoever_looks_for_a_fault_gets_the_sdk_s_debug_lines(program, monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("FAC_DEBUG_LOG", str(tmp_path / "requests.log"))
    caplog.set_level(logging.DEBUG)

    program()

    assert [
        line for line in _lines(caplog, logging.DEBUG) if "registering resource" in line and "care" in line
    ]


def test_an_interrupted_program_says_nothing():
    interrupted = (
        "import importlib.util, os, signal, sys;"
        f"spec = importlib.util.spec_from_file_location('the_program', {str(_ROOT / '__main__.py')!r});"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module);"
        "signal.signal(signal.SIGINT, module.leave);"
        "os.kill(os.getpid(), signal.SIGINT)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", interrupted],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 128 + signal.SIGINT
    assert ended.stdout + ended.stderr == ""
