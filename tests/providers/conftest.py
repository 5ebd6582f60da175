"""A Pulumi project in a folder of its own, run by the real CLI against the emulator."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.core.credentials import AccessToken

from foundry.sandbox.emulator import Serving, serve

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
DEPLOYER = "00000000-0000-4000-8000-0000000000d1"
FOUNDRY_USER = "53ca6127-db72-4b80-b1b0-d745d6d5456d"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso"
PROJECT = f"{ACCOUNT}/projects/support"

PROGRAM = """
import hashlib
import json
import os
import signal
from pathlib import Path

import pulumi

from foundry import providers

# The CLI interrupts the program when a resource fails; as in our own program, that isn't worth a stack of frames.
signal.signal(signal.SIGINT, lambda *_: os._exit(1))

told = json.loads(Path("told.json").read_text())
common = {
    "owner": {"project": "shop", "stack": "dev", "stackId": "11111111-1111-4111-8111-111111111111"},
    "project": told["project"],
    "endpoint": told["endpoint"],
}
content = Path("knowledge/returns.md").read_bytes()


class Room(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Room", name, {}, opts)


def options(**more):
    parent = Room(told["room"]) if told.get("room") else None
    return pulumi.ResourceOptions(parent=parent, **more)


dialect = told.get("dialect", "classic")
word = "Versioned" if dialect == "versioned" else ""
File, VectorStore, Agent = (getattr(providers, word + kind) for kind in ("File", "VectorStore", "Agent"))

digest = hashlib.sha256(content).hexdigest()
file = File("knowledge/returns.md", path="knowledge/returns.md", filename="returns.md", sha256=digest,
            size=len(content), **common)
store = VectorStore("handbook", name="handbook", **common, definition={
    "name": "handbook",
    "metadata": {},
    "files": [{"path": "knowledge/returns.md", "sha256": digest, "file_id": file.id}],
})
aliases = [pulumi.Alias(name=previous) for previous in told.get("previous_names", [])]
agent = Agent(told["name"], name=told["name"], **common, lifecycle=told.get("lifecycle", {}), definition={
    "name": "desk",
    "model": "chat",
    "instructions": told["instructions"],
    "metadata": {},
    "tools": [{"name": "policies", "type": "file_search", "vector_store_ids": [store.id], "max_num_results": 8}],
}, opts=options(aliases=aliases))
pulumi.export("agent", agent.id)
pulumi.export("store", store.id)
"""


class Credential:
    """Tokens of the emulator's identity endpoint."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        reply = requests.get(
            f"{self.serving.url}/identity/token",
            params={"api-version": "2019-08-01", "resource": scopes[0].removesuffix("/.default")},
            headers={"X-IDENTITY-HEADER": self.serving.identity_header},
            verify=str(self.serving.ca),
            timeout=60,
        )
        return AccessToken(reply.json()["access_token"], int(time.time()) + 3600)


@dataclass
class Stack:
    """One Pulumi project with one stack."""

    folder: Path
    env: dict[str, str]
    serving: Serving
    told: dict[str, Any]

    def pulumi(self, *arguments: str, fails: bool = False, **env: str) -> str:
        """Runs the CLI; returns what it printed, both streams."""
        (self.folder / "told.json").write_text(json.dumps(self.told))
        ran = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert (ran.returncode != 0) == fails, ran.stdout
        return ran.stdout

    def up(self, *arguments: str, fails: bool = False, **env: str) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, fails=fails, **env)

    def preview(self, *arguments: str) -> str:
        return self.pulumi("preview", "--diff", *arguments)

    def unchanged(self) -> str:
        """Runs up where nothing may change."""
        return self.up("--expect-no-changes")

    def outputs(self) -> dict[str, str]:
        return json.loads(self.pulumi("stack", "output", "--json"))

    def official(self) -> AgentsClient:
        """The official client, as somebody at a desk uses it."""
        return AgentsClient(
            self.told["endpoint"], Credential(self.serving), connection_verify=str(self.serving.ca)
        )

    def projects(self) -> AIProjectClient:
        """The official client of versioned agents."""
        return AIProjectClient(
            self.told["endpoint"], Credential(self.serving), connection_verify=str(self.serving.ca)
        )

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"X-IDENTITY-HEADER": self.serving.identity_header}
        url = f"{self.serving.url}/_sandbox{path}"
        return requests.request(
            method, url, json=body, headers=headers, verify=str(self.serving.ca), timeout=60
        )


def arm(serving: Serving, path: str, body: Any, version: str) -> Any:
    """A PUT to ARM that must succeed, with its operation followed to the end."""
    token = Credential(serving).get_token("https://management.azure.com/.default").token
    options: Any = {"headers": {"Authorization": f"Bearer {token}"}, "verify": str(serving.ca), "timeout": 10}
    url = f"{serving.url}{path}"
    reply = requests.put(url, params={"api-version": version}, json=body, **options)
    assert reply.status_code in (200, 201, 202), reply.text
    follow = reply.headers.get("Azure-AsyncOperation")
    while follow and requests.get(follow, **options).json().get("status") == "InProgress":
        time.sleep(0.01)
    return requests.get(url, params={"api-version": version}, **options).json()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with serve(tmp_path / "emulator") as running:
        yield running


@pytest.fixture
def stack(serving: Serving, tmp_path: Path) -> Stack:
    if shutil.which("pulumi") is None:
        pytest.skip("the real `pulumi` CLI isn't on PATH")
    arm(serving, GROUP, {"location": "westus"}, "2024-03-01")
    properties = {"customSubDomainName": "contoso", "allowProjectManagement": True, "disableLocalAuth": True}
    account = {
        "location": "westus",
        "kind": "AIServices",
        "sku": {"name": "S0"},
        "identity": {"type": "SystemAssigned"},
        "properties": properties,
    }
    arm(serving, ACCOUNT, account, "2025-06-01")
    project = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}
    made = arm(serving, PROJECT, project, "2025-06-01")
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{FOUNDRY_USER}"
    assignment = (
        f"{PROJECT}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000ff01"
    )
    body = {"properties": {"roleDefinitionId": role, "principalId": DEPLOYER}}
    arm(serving, assignment, body, "2022-04-01")

    folder = tmp_path / "program"
    (folder / "knowledge").mkdir(parents=True)
    (folder / "knowledge/returns.md").write_text("Returns within 30 days.\n")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\noptions: {refresh: always}\n")
    (tmp_path / "backend").mkdir()
    env = {
        **os.environ,
        **serving.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'backend'}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "FAC_RETRY_BUDGET_SECONDS": "5",
        "FAC_AUTHORISATION_WAIT_SECONDS": "5",
        "FAC_LOOK_UP_WAIT_SECONDS": "1",
        "FAC_DEBUG_LOG": str(tmp_path / "requests.log"),
    }
    told = {
        "project": PROJECT,
        "endpoint": made["properties"]["endpoints"]["AI Foundry API"],
        "name": "order-desk",
        "instructions": "Answer from the handbook.",
    }
    made_stack = Stack(folder, env, serving, told)
    made_stack.pulumi("stack", "init", "dev")
    return made_stack
