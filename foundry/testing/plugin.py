"""pytest's door to the fake Foundry: the fixtures `foundry_sandbox`, `foundry_emulator` and `foundry_models`.

pytest finds it by itself where the package is installed; nothing is imported or started before a test asks for a fixture.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from foundry.testing.cloud import Cloud
    from foundry.testing.sandbox import FoundrySandbox

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def foundry_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An emulator in this process for the whole session, on a free port of loopback, with its data in a temporary folder."""
    from foundry.sandbox.emulator import Settings, serve
    from foundry.testing.cloud import Cloud

    home = tmp_path_factory.mktemp("foundry") / "sandbox"
    with serve(home, settings=Settings(operation_delay=0.01, store_delay=0.01)) as serving:
        yield Cloud(serving.url, serving.identity_header, serving.ca)


@pytest.fixture
def foundry_models() -> tuple[str, ...]:
    """Names of the model deployments of the project; override it to have others."""
    return ("gpt-4.1",)


@pytest.fixture
def foundry_sandbox(
    foundry_emulator: Cloud, foundry_models: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FoundrySandbox]:
    """A fresh, empty Foundry project, with the environment set so that `DefaultAzureCredential()` and official clients use it."""
    from foundry.testing.sandbox import ELSEWHERE, FoundrySandbox, environment

    cloud = foundry_emulator
    endpoint = cloud.make_project(project=f"tests-{next(_numbers)}", models=foundry_models)
    bundle = str(cloud.authority.with_name("bundle.pem"))
    variables = environment(cloud, bundle, endpoint, foundry_models)
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    cloud.control("DELETE", "/requests")
    yield FoundrySandbox(endpoint, foundry_models, variables, cloud)
    cloud.control("DELETE", "/faults")
    cloud.control("DELETE", "/rules")
