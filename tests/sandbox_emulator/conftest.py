"""One emulator per module, and small helpers that speak its wire."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential
from openai import OpenAI

from foundry.sandbox.emulator import Serving, Settings, serve

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
DEPLOYER = "00000000-0000-4000-8000-0000000000d1"
DEVELOPER = "00000000-0000-4000-8000-0000000000d2"
DEVELOPERS = "00000000-0000-4000-8000-0000000000a1"
FOUNDRY_USER = "53ca6127-db72-4b80-b1b0-d745d6d5456d"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso"
PROJECT = f"{ACCOUNT}/projects/support"
API = {
    "Microsoft.CognitiveServices": "2025-06-01",
    "Microsoft.Storage": "2024-01-01",
    "Microsoft.Search": "2025-05-01",
    "Microsoft.DocumentDB": "2025-10-15",
    "Microsoft.Authorization": "2022-04-01",
}


@dataclass
class Wire:
    """Plain HTTP to one emulator, as one principal."""

    serving: Serving
    client_id: str | None = None

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.verify = str(self.serving.ca)
        self.session.trust_env = False
        self.tokens: dict[str, str] = {}

    def token(self, resource: str) -> str:
        query = {"api-version": "2019-08-01", "resource": resource}
        if self.client_id:
            query["client_id"] = self.client_id
        reply = self.session.get(
            f"{self.serving.url}/identity/token",
            params=query,
            headers={"X-IDENTITY-HEADER": self.serving.identity_header},
        )
        assert reply.status_code == 200, reply.text
        return reply.json()["access_token"]

    def send(self, method: str, path: str, audience: str | None, **options: Any) -> requests.Response:
        headers = dict(options.pop("headers", {}))
        if audience:
            if audience not in self.tokens:
                self.tokens[audience] = self.token(audience)
            headers["Authorization"] = f"Bearer {self.tokens[audience]}"
        return self.session.request(method, self.serving.url + path, headers=headers, **options)

    def arm(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        namespace = path.partition("/providers/")[2].rpartition("/providers/")[2].partition("/")[0]
        if "/providers/" in path:
            namespace = path.rpartition("/providers/")[2].partition("/")[0]
        query.setdefault("api-version", API.get(namespace, "2024-03-01"))
        return self.send(method, path, "https://management.azure.com/", params=query, json=body)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        """A PUT that must succeed, followed to its end."""
        reply = self.arm("PUT", path, body)
        assert reply.status_code in (200, 201, 202), reply.text
        self.follow(reply)
        return self.get(path)

    def follow(self, reply: requests.Response) -> dict[str, Any] | None:
        """Polls a long-running operation to its end; returns the last status body."""
        url = reply.headers.get("Azure-AsyncOperation") or reply.headers.get("Location")
        if url is None:
            return None
        for _ in range(2_000):
            polled = self.send("GET", url.removeprefix(self.serving.url), "https://management.azure.com/")
            if polled.status_code == 202 or (polled.content and polled.json().get("status") == "InProgress"):
                continue
            return polled.json() if polled.content else {}
        raise AssertionError("the operation never ended")

    def get(self, path: str) -> dict[str, Any]:
        reply = self.arm("GET", path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def delete(self, path: str) -> None:
        reply = self.arm("DELETE", path)
        assert reply.status_code in (200, 202, 204), reply.text
        self.follow(reply)

    def assign(self, scope: str, role: str, principal: str, name: str, **more: str) -> requests.Response:
        body = {
            "properties": {
                "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalId": principal,
                **more,
            }
        }
        return self.arm("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body)

    def data(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        """A call below the project, api-version v1."""
        query.setdefault("api-version", "v1")
        base = "/accounts/contoso/api/projects/support"
        return self.send(method, base + path, "https://ai.azure.com", params=query, json=body)

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"X-IDENTITY-HEADER": self.serving.identity_header}
        return self.session.request(method, f"{self.serving.url}/_sandbox{path}", json=body, headers=headers)

    def make_account(self) -> None:
        self.put(GROUP, {"location": "westus"})
        self.put(
            ACCOUNT,
            {
                "location": "westus",
                "kind": "AIServices",
                "sku": {"name": "S0"},
                "identity": {"type": "SystemAssigned"},
                "properties": {
                    "customSubDomainName": "contoso",
                    "allowProjectManagement": True,
                    "disableLocalAuth": True,
                },
            },
        )

    def make_project(self) -> None:
        self.make_account()
        self.put(PROJECT, {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})

    def deploy(self, model: str = "gpt-4.1") -> None:
        """A deployment that is called like its model."""
        body = {
            "sku": {"name": "GlobalStandard"},
            "properties": {"model": {"format": "OpenAI", "name": model}},
        }
        self.put(f"{ACCOUNT}/deployments/{model}", body)

    def allow(self, principal: str = DEPLOYER) -> None:
        """Gives the Foundry User role on the project."""
        reply = self.assign(PROJECT, FOUNDRY_USER, principal, "00000000-0000-4000-8000-00000000ff01")
        assert reply.status_code in (200, 201), reply.text

    @property
    def project_endpoint(self) -> str:
        return str(self.get(PROJECT)["properties"]["endpoints"]["AI Foundry API"])


def scenarios_of(program: Path) -> list[str]:
    """Names of the functions of a program that are marked as scenarios, without importing it."""
    return [
        node.name
        for node in ast.parse(program.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(ast.unparse(item) == "scenario" for item in node.decorator_list)
    ]


def told_by(program: Path, serving: Serving, *arguments: str, **variables: str) -> dict[str, str]:
    """What a program that prints a JSON object tells when the sandbox's variables are set."""
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **serving.environment, **variables},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@contextmanager
def emulator(folder: Path) -> Iterator[Wire]:
    """An empty emulator, whose data stand in a folder, with next to no delays."""
    with serve(folder / "sandbox", settings=Settings(operation_delay=0.01, store_delay=0.0)) as serving:
        yield Wire(serving)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """An empty emulator. A module whose tests don't get in each other's way has `wire_of_module` in its place."""
    with emulator(tmp_path) as wire:
        yield wire


@pytest.fixture(scope="module")
def wire_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One emulator for all tests of a module."""
    with emulator(tmp_path_factory.mktemp("module")) as wire:
        yield wire


@pytest.fixture(scope="module")
def project_of_module(wire_of_module: Wire) -> Wire:
    """One emulator for all tests of a module, with a project in which the deployer may build, and a deployment."""
    wire_of_module.make_project()
    wire_of_module.allow()
    wire_of_module.deploy()
    return wire_of_module


@pytest.fixture
def project(wire: Wire) -> Wire:
    """An emulator with a project in which the deployer may build."""
    wire.make_project()
    wire.allow()
    return wire


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    """The environment variables that lead unmodified clients to the emulator."""
    for name, value in wire.serving.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def agents(azure: None, project: Wire) -> Iterator[AgentsClient]:
    """The official client of the project."""
    with AgentsClient(project.project_endpoint, DefaultAzureCredential()) as client:
        yield client


@pytest.fixture
def projects(azure: None, project: Wire) -> Iterator[AIProjectClient]:
    """The official client of the versioned dialect, without preview features."""
    with AIProjectClient(project.project_endpoint, DefaultAzureCredential()) as client:
        yield client


@pytest.fixture
def preview(azure: None, project: Wire) -> Iterator[AIProjectClient]:
    """The official client of the versioned dialect, with preview features."""
    with AIProjectClient(project.project_endpoint, DefaultAzureCredential(), allow_preview=True) as client:
        yield client


@pytest.fixture
def client(projects: AIProjectClient) -> Iterator[OpenAI]:
    """The OpenAI client of the project."""
    with projects.get_openai_client() as client:
        yield client
