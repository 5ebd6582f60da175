from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

for _name in ("declared", "pulumi_recorder"):
    _spec = importlib.util.spec_from_file_location(_name, Path(__file__).with_name(f"{_name}.py"))
    assert _spec
    assert _spec.loader
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_name] = _module
    _spec.loader.exec_module(_module)

# The program and the provider process both run in the project root; so do these tests.
sys.path.insert(0, str(Path(__file__).parents[2]))


_STOOD_UP: dict[str, Any] = {}


@pytest.fixture
def stand_up() -> Any:
    """Makes the environment of a manifest, and returns everything that was registered."""
    import pulumi
    from declared import manifest
    from pulumi_recorder import World, run

    from components import Deployer, FoundryEnvironment, FoundryEnvironmentArgs
    from foundry import model

    def make(
        declared: model.Environment | model.Manifest,
        *,
        world: World | None = None,
        preview: bool = False,
        principal_type: str = "ServicePrincipal",
        connection_id: Callable[[str, str], str] = lambda endpoint, name: f"{endpoint} {name}",
    ) -> World:
        whole = manifest(declared) if isinstance(declared, model.Environment) else declared
        # A world is only looked at, and the same program makes the same one: once is enough.
        same = f"{whole} {principal_type}"
        if world is None and same in _STOOD_UP:
            return _STOOD_UP[same]

        def program() -> Any:
            return FoundryEnvironment(
                whole.environment.name,
                FoundryEnvironmentArgs(
                    whole,
                    secret=lambda key: pulumi.Output.secret(f"value of {key}"),
                    deployer=Deployer(principal_type=principal_type),
                    connection_id=connection_id,
                ),
            ).outputs

        stood_up = run(program, world, preview=preview)
        if world is None:
            _STOOD_UP[same] = stood_up
        return stood_up

    return make
