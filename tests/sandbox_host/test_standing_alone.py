"""`fac sandbox` in a folder that is no project: a fake Foundry for anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from azure.ai.agents import AgentsClient
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource import ResourceManagementClient


class Shell:
    """Runs `fac` in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI", "FAC_S"))}
        self.environment = {**kept, "FAC_SANDBOX_HOME": str(folder / "sandbox")}

    def fac(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "foundry.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def does(self, *arguments):
        code, printed, errors = self.fac(*arguments)
        assert code == 0, printed + errors
        return printed

    def is_refused(self, *arguments):
        code, _, errors = self.fac(*arguments)
        assert code == 1
        assert "Traceback" not in errors
        return errors


@pytest.fixture(scope="module")
def shell(tmp_path_factory, module_port):
    shell = Shell(tmp_path_factory.mktemp("alone"))
    shell.environment["FAC_AZURITE"] = "/nonexistent/azurite"
    shell.does("sandbox", "start", "--port", str(module_port))
    yield shell
    shell.does("sandbox", "erase")


@pytest.fixture(scope="module")
def printed(shell):
    """What `env` and `project` print."""
    return shell.does("sandbox", "env"), shell.does("sandbox", "project", "support", "--model", "small")


@pytest.fixture
def agents(printed, monkeypatch):
    variables, endpoint = printed
    for line in variables.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value.strip("'"))
    with AgentsClient(endpoint.strip(), DefaultAzureCredential()) as client:
        yield client


def test_a_project_is_made_without_pulumi_and_serves_the_official_client(shell, agents):
    agent = agents.create_agent(model="small", name="echo")
    rules = shell.folder / "echo.yaml"
    rules.write_text("rules:\n  - say: You said ${question}\n", encoding="utf-8")
    assert shell.does("sandbox", "rules", str(rules)) == f"echo follows {rules}.\n"
    run = agents.create_thread_and_process_run(
        agent_id=agent.id, thread={"messages": [{"role": "user", "content": "hello"}]}
    )
    (said, *_) = agents.messages.list(run.thread_id)
    assert said.text_messages[0].text.value == "You said hello"


def test_a_management_client_finds_resource_manager_by_what_env_prints(agents):
    client = ResourceManagementClient(
        DefaultAzureCredential(),
        "00000000-0000-4000-8000-000000000001",
        base_url=os.environ["FAC_ARM_ENDPOINT"],
        credential_scopes=["https://management.azure.com/.default"],
    )
    assert [group.name for group in client.resource_groups.list()] == ["sandbox"]


def test_making_a_project_again_changes_nothing(shell, printed):
    assert shell.does("sandbox", "project", "support", "--model", "small") == printed[1]


def test_faults_come_from_a_plan_file_and_go_again(shell, agents):
    plan = shell.folder / "plan.yaml"
    plan.write_text(
        "seed: 7\nrules:\n- match: {method: GET, path: /assistants$}\n  action: {status: 403}\n",
        encoding="utf-8",
    )
    assert shell.does("sandbox", "faults", str(plan)) == "In force: 1 rule, seed 7.\n"
    with pytest.raises(HttpResponseError):
        list(agents.list_agents())
    (rule,) = json.loads(shell.does("sandbox", "faults"))["rules"]
    assert (rule["action"], rule["struck"]) == ({"status": 403}, 1)
    shell.does("sandbox", "faults", "--clear")
    list(agents.list_agents())


def test_what_can_not_be_is_told_in_a_line(shell):
    broken = shell.folder / "broken.yaml"
    broken.write_text("rules: [\n", encoding="utf-8")
    assert f"{broken}:2:1: no YAML" in shell.is_refused("sandbox", "faults", str(broken))
    broken.write_text("rules: [{action: {explode: 1}}]\n", encoding="utf-8")
    assert "Unknown parameter: 'rules[0].action.explode'" in shell.is_refused(
        "sandbox", "faults", str(broken)
    )
    assert "Unknown parameter: 'rules[0].action'" in shell.is_refused("sandbox", "rules", str(broken))
    assert "can't be read" in shell.is_refused("sandbox", "faults", str(shell.folder / "absent.yaml"))


def test_a_role_is_given_by_its_name(shell):
    printed = shell.does("sandbox", "role", "Storage Queue Data Contributor")
    assert " is Storage Queue Data Contributor at /subscriptions/" in printed
    assert shell.does("sandbox", "role", "Storage Queue Data Contributor") == printed
    assert "no built-in role 'Emperor'" in shell.is_refused("sandbox", "role", "Emperor")


def test_status_tells_each_part(shell):
    printed = shell.does("sandbox", "status")
    assert printed.endswith("emulator running, provider running, storage stopped.\n")


def test_without_a_sandbox_one_is_asked_for(tmp_path):
    shell = Shell(tmp_path)
    assert "fac sandbox start" in shell.is_refused("sandbox", "project")
    assert shell.fac("sandbox", "status")[0] == 1
