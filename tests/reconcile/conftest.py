"""One emulator for the module's tests, one Foundry project for each test, and the session under test."""

import functools
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.ai.agents import AgentsClient
from azure.core.credentials import AccessToken

from foundry.reconcile import Session
from foundry.sandbox.emulator import Serving, Settings, serve
from foundry.service.connect import AzureServices
from foundry.service.patience import Patience, Timing

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
DEPLOYER = "00000000-0000-4000-8000-0000000000d1"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso"
SEARCH = f"{GROUP}/providers/Microsoft.Search/searchServices/finder"
ROLES = {
    "Foundry User": "53ca6127-db72-4b80-b1b0-d745d6d5456d",
    "Search Service Contributor": "7ca78c08-252a-4471-8644-bb5ff32d4ba0",
    "Search Index Data Contributor": "8ebe5a00-799e-43f5-93ac-243d3dce84a7",
}
OWNER = {"project": "shop", "stack": "dev", "stackId": "11111111-1111-4111-8111-111111111111"}
OTHER = {"project": "shop", "stack": "dev", "stackId": "22222222-2222-4222-8222-222222222222"}

_numbers = itertools.count(1)


@functools.cache
def _calls() -> requests.Session:
    """One for all tests: to read the certificates that are trusted takes longer than a call."""
    return requests.Session()


class Credential:
    """Tokens of the emulator's identity endpoint."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        reply = _calls().get(
            f"{self.serving.url}/identity/token",
            params={"api-version": "2019-08-01", "resource": scopes[0].removesuffix("/.default")},
            headers={"X-IDENTITY-HEADER": self.serving.identity_header},
            verify=str(self.serving.ca),
            timeout=60,
        )
        return AccessToken(reply.json()["access_token"], int(time.time()) + 3600)


@dataclass
class FakeTime:
    """A clock that jumps: sleeping costs next to nothing, and is written down."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        time.sleep(0.002)


@dataclass
class World:
    """A Foundry project on the emulator, and what a test does to it behind the product's back."""

    serving: Serving
    name: str
    endpoint: str
    time: FakeTime
    root: Path

    @property
    def project(self) -> str:
        return f"{ACCOUNT}/projects/{self.name}"

    @property
    def other(self) -> dict[str, str]:
        """A second clone of the same project: the same names, another stack id."""
        return OTHER

    @property
    def data_path(self) -> str:
        return f"/accounts/contoso/api/projects/{self.name}"

    def session(self, **patience: Any) -> Session:
        """What a new provider process starts with."""
        given = {"look_up": 5.0, **patience}
        timing = Timing(self.time.clock, self.time.sleep, lambda: 0.5)
        bounds = Patience(timing=timing, **given)
        env = {"FAC_ARM_ENDPOINT": self.serving.url}
        services = AzureServices(credential=lambda: Credential(self.serving), patience=bounds, env=env)
        return Session(services, bounds, root=self.root)

    @property
    def search(self) -> str:
        """The ARM id of the search service that all tests share."""
        return SEARCH

    def credential(self) -> Credential:
        """The deployer."""
        return Credential(self.serving)

    def official(self) -> AgentsClient:
        """The official client, as somebody at a desk uses it."""
        return AgentsClient(self.endpoint, Credential(self.serving))

    def faults(self, *rules: dict[str, Any]) -> None:
        """Puts a fault plan in force for this project's data plane."""
        plan = [
            {
                "match": {**rule["match"], "path": self.data_path + rule["match"]["path"]},
                "action": rule["action"],
            }
            if "match" in rule
            else rule
            for rule in rules
        ]
        assert self.control("PUT", "/faults", plan).status_code == 200

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"X-IDENTITY-HEADER": self.serving.identity_header}
        url = f"{self.serving.url}/_sandbox{path}"
        return _calls().request(
            method, url, json=body, headers=headers, verify=str(self.serving.ca), timeout=60
        )

    def requests(self, method: str, path: str) -> list[dict[str, Any]]:
        """Requests of this project so far, by method and path below the project (exact)."""
        return [
            entry
            for entry in self.control("GET", "/requests").json()
            if entry["method"] == method and entry["path"] == self.data_path + path
        ]

    def agent(self, name: str = "desk", owner: dict[str, str] = OWNER, **definition: Any) -> dict[str, Any]:
        """Inputs of an agent."""
        told = {
            "name": name,
            "model": "chat",
            "instructions": "Be brief.",
            "metadata": {},
            "tools": [],
            **definition,
        }
        return {
            "owner": owner,
            "name": name,
            "dialect": "classic",
            "project": self.project,
            "endpoint": self.endpoint,
            "lifecycle": {},
            "definition": {key: value for key, value in told.items() if value is not None},
        }

    def store(
        self, *files: dict[str, Any], name: str = "handbook", owner: dict[str, str] = OWNER, **more: Any
    ) -> dict[str, Any]:
        """Inputs of a vector store."""
        return {
            **self.agent(name, owner),
            "definition": {"name": name, "metadata": {}, "files": list(files), **more},
        }

    def file(self, path: str, content: str, owner: dict[str, str] = OWNER) -> dict[str, Any]:
        """Inputs of a file, which is written to the project folder."""
        import hashlib

        local = self.root / path
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_text(content)
        return {
            "owner": owner,
            "dialect": "classic",
            "project": self.project,
            "endpoint": self.endpoint,
            "lifecycle": {},
            "path": path,
            "filename": local.name,
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
            "size": len(content.encode()),
            "purpose": "assistants",
        }


def arm(serving: Serving, path: str, body: Any, version: str, method: str = "PUT") -> Any:
    """One call to ARM that must succeed, with its operation followed to the end."""
    token = Credential(serving).get_token("https://management.azure.com/.default").token
    options: Any = {"headers": {"Authorization": f"Bearer {token}"}, "verify": str(serving.ca), "timeout": 10}
    url = f"{serving.url}{path}"
    reply = requests.request(method, url, params={"api-version": version}, json=body, **options)
    assert reply.status_code in (200, 201, 202, 204), reply.text
    follow = reply.headers.get("Azure-AsyncOperation") or reply.headers.get("Location")
    while follow:
        polled = requests.get(follow, **options)
        if polled.status_code != 202 and not (polled.content and polled.json().get("status") == "InProgress"):
            break
        time.sleep(0.01)
    if method == "DELETE":
        return None
    return requests.get(url, params={"api-version": version}, **options).json()


def furnish(serving: Serving) -> None:
    """An account and a search service, and the roles that their data planes ask of the deployer."""
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
    search = {"location": "westus", "sku": {"name": "basic"}, "properties": {"disableLocalAuth": True}}
    arm(serving, SEARCH, search, "2025-05-01")
    for number, (scope, role) in enumerate(
        [
            (ACCOUNT, "Foundry User"),
            (SEARCH, "Search Service Contributor"),
            (SEARCH, "Search Index Data Contributor"),
        ]
    ):
        name = f"00000000-0000-4000-8000-00000000ff0{number}"
        definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": DEPLOYER}}
        arm(serving, f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body, "2022-04-01")


def new_project(serving: Serving, root: Path) -> World:
    """A project of its own on an emulator, with an empty request log."""
    name = f"project-{next(_numbers)}"
    body = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}
    made = arm(serving, f"{ACCOUNT}/projects/{name}", body, "2025-06-01")
    world = World(serving, name, made["properties"]["endpoints"]["AI Foundry API"], FakeTime(), root)
    world.control("DELETE", "/requests")
    return world


@contextmanager
def trusted(serving: Serving) -> Iterator[None]:
    """Lets the clients of this process trust an emulator's certificate."""
    before = {key: os.environ.get(key) for key in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}
    os.environ.update({key: str(serving.bundle) for key in before})
    yield
    for key, value in before.items():
        os.environ.pop(key) if value is None else os.environ.update({key: value})


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serve(tmp_path_factory.mktemp("emulator"), settings=Settings(check_host_roles=False)) as running:
        furnish(running)
        yield running


@pytest.fixture
def world(serving: Serving, tmp_path: Path) -> Iterator[World]:
    with trusted(serving):
        running = new_project(serving, tmp_path)
        yield running
        running.control("DELETE", "/faults")


@pytest.fixture
def slow_world(tmp_path: Path) -> Iterator[World]:
    """A project on an emulator of its own, whose stores take an hour to process a file."""
    with serve(tmp_path / "emulator", settings=Settings(store_delay=3600)) as running, trusted(running):
        furnish(running)
        yield new_project(running, tmp_path)


@pytest.fixture
def gone(serving: Serving) -> Callable[[str], None]:
    """Deletes an ARM resource."""
    return lambda path: arm(serving, path, None, "2025-06-01", "DELETE")


@pytest.fixture
def search_endpoint(serving: Serving) -> str:
    """The address of the search service."""
    made = requests.get(
        f"{serving.url}{SEARCH}",
        params={"api-version": "2025-05-01"},
        headers={
            "Authorization": f"Bearer {Credential(serving).get_token('https://management.azure.com/.default').token}"
        },
        verify=str(serving.ca),
        timeout=60,
    ).json()
    return str(made["properties"]["endpoint"])


@pytest.fixture
def standard_setup(world: World) -> Callable[[], None]:
    """Gives the project the capability hosts of a standard setup."""

    def make() -> None:
        for scope in (ACCOUNT, world.project):
            host = {"properties": {"capabilityHostKind": "Agents"}}
            arm(world.serving, f"{scope}/capabilityHosts/agents", host, "2025-06-01")

    return make


@pytest.fixture
def search_agent(world: World, standard_setup: Callable[[], None]) -> Callable[[str], dict[str, Any]]:
    """Inputs of an agent that searches an index; the project gets the capability host that the tool needs."""
    standard_setup()

    def inputs(index: str) -> dict[str, Any]:
        connection = f"{world.project}/connections/search"
        tool = {
            "name": "stock",
            "type": "azure_ai_search",
            "index_connection_id": connection,
            "index_name": index,
        }
        return world.agent("stock", tools=[tool])

    return inputs
