"""One environment: its platform and what lives on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pulumi

from foundry import model, providers

from .contents import fill
from .knowledge_definitions import reads_our_blobs
from .naming import Names
from .place import Deployer, Place, Platform, Secret
from .references import Queue, References


@dataclass(frozen=True)
class FoundryEnvironmentArgs:
    """What an environment is made of. `secret` looks a key of the stack's encrypted configuration up."""

    manifest: model.Manifest
    secret: Secret
    deployer: Deployer = field(default_factory=Deployer)
    connection_id: Callable[[str, str], str] = providers.connection_id
    """(endpoint of a project, name) → ARM id; used on somebody else's platform only."""


class FoundryEnvironment(pulumi.ComponentResource):
    """Everything that a manifest declares.

    Makes the platform (see `Account`, `Project`, `ContentFilters`, `ModelDeployments`, `Storage`, `Search`, `ThreadStore`, `Monitoring`,
    `Connections`, `Access`, `CapabilityHosts`; and the resource group, unless it names one that exists) and then the dynamic resources
    `foundry.providers.File`, `VectorStore`, `SearchIndex` and `Agent` as its own children. On somebody else's platform (`existing`) it
    makes these alone. A program holds one: what it makes is called as it is in the declarations.
    """

    project_endpoint: pulumi.Output[str]
    """Where the first project answers."""
    agents: dict[str, pulumi.Output[str]]
    vector_stores: dict[str, pulumi.Output[str]]
    search_indexes: dict[str, pulumi.Output[str]]
    """Declared name → the index's name at the service."""
    index_assets: dict[str, pulumi.Output[str]]
    """Declared name of an index → `<name>/versions/<version>` of its asset, as agents' tools refer to it."""
    model_deployments: list[pulumi.Input[str]]
    queues: dict[str, pulumi.Input[str]]
    """Declared name → address."""
    versioned: dict[str, dict[str, pulumi.Output[str]]]
    """What there is of the versioned dialect, by the name of its stack output and the declared name; {} without any."""

    def __init__(
        self, name: str, args: FoundryEnvironmentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("foundry:components:FoundryEnvironment", name, None, opts)
        environment = args.manifest.environment
        if environment.existing is not None:
            platform = _existing(environment, environment.existing, args)
        else:
            # Here, because on somebody else's platform nothing of Azure's classes is needed, and loading them takes its time.
            from .platform import build

            platform = build(
                environment,
                Names(environment.name, args.manifest.owner.stack_id),
                deployer=args.deployer,
                secret=args.secret,
                parent=self,
                blobs_are_indexed=any(map(reads_our_blobs, args.manifest.search_indexes)),
                evaluated=frozenset(
                    agent.project for agent in args.manifest.agents if agent.evaluation is not None
                ),
            )
        contents = fill(args.manifest, platform, parent=self)
        self.project_endpoint = pulumi.Output.from_input(next(iter(platform.projects.values())).endpoint)
        # Whoever looks a declared name up finds it: the classic id where there is one, else the versioned one.
        self.agents = {**contents.versioned_agents, **contents.agents}
        self.vector_stores = {**contents.versioned_vector_stores, **contents.vector_stores}
        versioned = {
            "versionedAgents": contents.versioned_agents,
            "agentVersions": contents.agent_versions,
            "versionedVectorStores": contents.versioned_vector_stores,
            "memoryStores": contents.memory_stores,
            "toolboxes": contents.toolbox_urls,
            "skills": contents.skills,
        }
        self.versioned = {name: made for name, made in versioned.items() if made}
        self.index_assets = contents.index_assets
        self.search_indexes = contents.search_indexes
        self.model_deployments = list(platform.models.deployments.values())
        self.queues = dict(platform.queue_urls)
        # The names of all that is in it are the stack's outputs: once is enough, and packing a thousand ids takes its time.
        self.register_outputs({"projectEndpoint": self.project_endpoint})

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The stack outputs by their public names."""
        return {
            "projectEndpoint": self.project_endpoint,
            "agents": self.agents,
            "vectorStores": self.vector_stores,
            "searchIndexes": self.search_indexes,
            "modelDeployments": self.model_deployments,
            "queues": self.queues,
            **({"indexAssets": self.index_assets} if self.index_assets else {}),
            **self.versioned,
        }


def _existing(
    environment: model.Environment, existing: model.Existing, args: FoundryEnvironmentArgs
) -> Platform:
    """Somebody else's project. Its endpoint stands for its ARM id too: no right on Azure Resource Manager is needed to know it."""
    manifest = args.manifest
    queues: dict[str, Queue] = {}
    if existing.stack is not None:
        platform = pulumi.StackReference(existing.stack)
        told = platform.get_output("projectEndpoint").apply(partial(_endpoint, existing.stack))
        urls = platform.get_output("queues")
        queues = {name: _queue(urls, name) for name in sorted(set(_named(manifest, *_QUEUES)))}
    else:
        told = pulumi.Output.from_input(existing.project_endpoint or "")
    connections = {
        name: told.apply(partial(_connection, args.connection_id, name))
        for name in sorted(set(_named(manifest, "connection")))
    }
    used = {
        *(agent.project for agent in manifest.agents),
        *(store.project for store in manifest.vector_stores),
        *(store.project for store in manifest.memory_stores),
        *(toolbox.project for toolbox in manifest.toolboxes),
        *(skill.project for skill in manifest.skills),
    }
    keys = sorted({*environment.projects, *used}) or [environment.name]
    return Platform(
        projects={key: Place(told, told) for key in keys},
        references={key: References(connections=connections, queues=queues) for key in keys},
    )


def _endpoint(stack: str, told: Any) -> str:
    if not isinstance(told, str) or not told:
        raise pulumi.RunError(f"the stack {stack} has no output projectEndpoint: bring it up first")
    return told


_QUEUES = ("input_queue", "output_queue")


def _named(manifest: model.Manifest, *fields: str) -> Iterator[str]:
    """The names that tools give in some fields, at whatever depth."""

    def below(value: Any) -> Iterator[str]:
        match value:
            case Mapping():
                for key, each in value.items():
                    if key in fields and isinstance(each, str):
                        yield each
                    else:
                        yield from below(each)
            case list() | tuple():
                for each in value:
                    yield from below(each)

    tools = [tool for agent in manifest.agents for tool in agent.tools]
    tools += [tool for toolbox in manifest.toolboxes for tool in toolbox.tools]
    for tool in tools:
        yield from below(tool.settings)


def _connection(look_up: Callable[[str, str], str], name: str, endpoint: str) -> str:
    try:
        return look_up(endpoint, name)
    except model.FoundryError as error:
        raise pulumi.RunError(str(error)) from None


def _queue(urls: pulumi.Output[Any], name: str) -> Queue:
    def url(told: Any) -> str:
        if not isinstance(told, Mapping) or name not in told:
            raise pulumi.RunError(
                f"the platform's stack has no queue {name}; it has: {', '.join(told or ()) or 'none'}"
            )
        return str(told[name])

    address = urls.apply(url)
    return Queue(
        address.apply(lambda whole: whole.rpartition("/")[0]), pulumi.Output.from_input(name), address
    )
