"""A stack as it stands: what its state holds, and the services that its objects live in."""

from __future__ import annotations

import importlib
import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from foundry.cli import operations, recovery, settings
from foundry.cli.engines import Run, last_line
from foundry.cli.project import Project
from foundry.model import FoundryError, Owner, dialect_of, toolbox_address, unpacked
from foundry.reconcile import Session
from foundry.service.connect import AzureServices
from foundry.transfer.names import Names

_STACK: Final = "pulumi:pulumi:Stack"
_PROVIDER_KEY: Final = "__provider"
_VERSIONED_TYPE: Final = "Versioned"
_OF_SEARCH: Final = "CognitiveSearch"
_SEARCH_CONNECTION: Final = "search"
"""What the setup calls the connection to its search service."""
_NO_STACK: Final = re.compile(r"no stack named '.*' found")
"""The CLI's words (pkg/backend/backenderr), which are the embedded engine's too."""
CLASSIC: Final = "classic"
VERSIONED: Final = "versioned"


class NothingYetError(FoundryError):
    """The backend has no such stack, or nothing was ever made in it."""


@dataclass(frozen=True)
class Held:
    """An object that the state holds: its kind (Agent, VectorStore, …), its Pulumi name, its id, what is recorded of it.

    Kinds of the versioned dialect are resource types of their own (VersionedAgent, …); `declared` is that of the declaration.
    """

    kind: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    @property
    def is_versioned(self) -> bool:
        """Whether it is of the versioned dialect."""
        return self.kind.startswith(_VERSIONED_TYPE)

    @property
    def declared(self) -> str:
        """The kind of its declaration."""
        return self.kind.removeprefix(_VERSIONED_TYPE)

    @property
    def dialect(self) -> str:
        """The dialect that it lives in."""
        return dialect_of(self.kind)

    @property
    def table(self) -> str:
        """The field table that its definitions are compared by."""
        return self.kind if self.declared == "Agent" else self.declared


@dataclass(frozen=True)
class Standing:
    """One stack: the engine that keeps its state, its outputs, and what it holds."""

    run: Run
    outputs: Mapping[str, Any]
    resources: Sequence[Mapping[str, Any]]

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """The agents, stores, files and indexes in the state, by kind and name."""
        return tuple(sorted(held_in(self.resources), key=lambda one: (one.kind, one.name)))

    @property
    def going(self) -> tuple[str, ...]:
        """Ids of objects that are replaced and whose deletion the state has yet to see done."""
        return tuple(str(one["id"]) for one in self.resources if one.get("delete") and one.get("id"))

    def of_kind(self, kind: str) -> tuple[Held, ...]:
        """What the state holds of one kind."""
        return tuple(one for one in self.held if one.kind == kind)

    def declared(self, kind: str) -> tuple[Held, ...]:
        """What the state holds of declarations of one kind, in both dialects, the classic ones first."""
        return tuple(one for one in self.held if one.declared == kind)

    @cached_property
    def project_endpoints(self) -> tuple[str, ...]:
        """Where the stack's projects answer: the first one's address first."""
        told = [str(self.outputs["projectEndpoint"])] if self.outputs.get("projectEndpoint") else []
        held = [str(one.inputs["endpoint"]) for one in self.held if not one.kind.startswith("Search")]
        return tuple(dict.fromkeys([*told, *held]))

    @cached_property
    def search_endpoints(self) -> tuple[str, ...]:
        """Where the search services answer that hold the stack's indexes, or would hold them."""
        held = [str(one.inputs["endpoint"]) for one in self.held if one.kind.startswith("Search")]
        told = [_search_endpoint(one) for one in self.resources]
        return tuple(dict.fromkeys([*held, *(endpoint for endpoint in told if endpoint)]))

    def names(self, folder: str) -> Names:
        """What the ids in this state stand for in a document of a folder (relative to the project root)."""
        queues: Mapping[str, str] = self.outputs.get("queues") or {}
        return Names(
            stores={one.id: one.name for one in self.declared("VectorStore")},
            agents={one.id: one.name for one in self.declared("Agent")},
            indexes={one.id: one.name for one in self.of_kind("SearchIndex")},
            assets={one.id: one.name for one in self.of_kind("IndexAsset")},
            search_connections={
                str(one["id"]).lower()
                for one in self.resources
                if str(one.get("type")).endswith("ProjectConnection")
                and ((one.get("inputs") or {}).get("properties") or {}).get("category") == _OF_SEARCH
            },
            queues={
                (url.rpartition("/")[0].rstrip("/"), url.rpartition("/")[2]): name
                for name, url in queues.items()
            },
            files={
                one.id: posixpath.relpath(str(one.inputs["path"]), folder) for one in self.declared("File")
            },
            memories={one.id: one.name for one in self.of_kind("MemoryStore")},
            toolboxes={
                toolbox_address(str(one.inputs["endpoint"]), one.id): one.name
                for one in self.of_kind("Toolbox")
            },
            skills={
                (one.id, version): one.name
                for one in self.of_kind("Skill")
                for version in (one.outputs.get("version"), None)
            },
        )

    @cached_property
    def services(self) -> AzureServices:
        """The services, reached with the environment that the engine has."""
        os.environ.update(self.run.environment)
        return AzureServices(env=self.run.environment)


def standing(project: Project, stack: str, *, live: bool, known: bool = True) -> Standing:
    """A stack as its state has it.

    Args:
        project: where the stack's declarations are.
        stack: its name.
        live: whether its services will be asked; the sandbox is started for that.
        known: whether it is an error that the stack was never brought up; without that, it holds nothing.

    Raises:
        FoundryError: there is no such stack, its state can't be read, or it was never brought up.
    """
    run = (
        operations.prepare(project, stack, wanted=None, say=_silent, recover=False)
        if live
        else operations.reader(project, stack)
    )
    try:
        resources = exported(run)
    except NothingYetError:
        if known:
            raise
        resources = ()
    return Standing(run, outputs_of(resources), resources)


def _search_endpoint(resource: Mapping[str, Any]) -> str:
    """Where a search service answers that the stack makes, or that its setup connects its projects to; "" of anything else."""
    kind = str(resource.get("type"))
    if kind.endswith("search:Service"):
        return str((resource.get("outputs") or {}).get("endpoint") or "")
    inputs = resource.get("inputs") or {}
    properties = inputs.get("properties") or {}
    ours = kind.endswith("ProjectConnection") and inputs.get("connectionName") == _SEARCH_CONNECTION
    return str(properties.get("target") or "") if ours and properties.get("category") == _OF_SEARCH else ""


def live_definition(session: Session, held: Held) -> Mapping[str, Any] | None:
    """The live definition of an object, in the words of the one that was applied last; None when it is gone.

    Raises:
        ServiceError: the service couldn't be asked.
    """
    live = live_outputs(session, held)
    return None if live is None else live["definition"]


def live_outputs(session: Session, held: Held) -> Mapping[str, Any] | None:
    """What a refresh would find of an object; None when it is gone.

    Raises:
        ServiceError: the service couldn't be asked.
    """
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", held.table).lower()
    kind: Any = importlib.import_module(f"foundry.reconcile.{module}")
    seen = kind.read(session, held.id, held.outputs)
    return None if seen is None else cast("Mapping[str, Any]", seen.outs)


def exported(run: Run) -> Sequence[Mapping[str, Any]]:
    """The resources of a stack's state.

    Raises:
        NothingYetError: there is no such stack at the backend, or it has no state yet.
        FoundryError: the state can't be read.
    """
    done = run.captured(["stack", "export", "--stack", run.stack])
    unread = f"the state of stack {run.stack} can't be read: {last_line(done.stderr)}"
    never = f"if it was never brought up: fac up -s {run.stack}"
    if done.returncode:
        if _NO_STACK.search(done.stderr):
            raise NothingYetError(unread, fix=never)
        raise FoundryError(unread, fix="log in to the backend that has it, or put right what it names")
    try:
        deployment = json.loads(done.stdout)["deployment"]
        resources: Sequence[Mapping[str, Any]] = (deployment or {}).get("resources") or []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FoundryError(unread, fix="run `pulumi stack export`, which is to print it as JSON") from error
    if deployment is None:
        raise NothingYetError(
            f"stack {run.stack} has no state yet", fix=f"bring it up first: fac up -s {run.stack}"
        )
    return resources


def stack_owner(project: Project, stack: str) -> Owner:
    """Whose the objects of a stack are.

    Raises:
        FoundryError: the stack has no id.
    """
    project.require(stack)
    stack_id = settings.read(project.settings_file(stack)).get(settings.STACK_ID)
    if not stack_id:
        raise FoundryError(
            f"stack {stack} has no id, so no live object is known to be its own",
            fix=f"write the id that it had into {project.settings_file(stack).name} ({settings.STACK_ID})",
        )
    return Owner(project.name, stack, str(stack_id))


def outputs_of(resources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The stack's outputs, as its state has them."""
    stack = next((one for one in resources if one.get("type") == _STACK), {})
    told: Mapping[str, Any] = stack.get("outputs") or {}
    return told


def held_in(resources: Iterable[Mapping[str, Any]]) -> Iterator[Held]:
    """The agents, stores, files and indexes among the resources of a state, or of a preview's steps."""
    for resource in resources:
        kind = str(resource.get("type", "")).removeprefix(recovery.DYNAMIC)
        if kind == resource.get("type") or resource.get("delete") or not resource.get("id"):
            continue
        yield Held(
            kind,
            str(resource["urn"]).rsplit("::", 1)[-1],
            str(resource["id"]),
            unpacked(_without_provider(resource.get("inputs")), kind),
            unpacked(_without_provider(resource.get("outputs")), kind),
        )


def _without_provider(props: Any) -> dict[str, Any]:
    return {key: value for key, value in (props or {}).items() if key != _PROVIDER_KEY}


def _silent(_text: str) -> None:
    """Commands that only look say nothing of a sandbox that runs already."""
