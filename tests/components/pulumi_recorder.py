"""Runs a Pulumi program against Pulumi's own mock monitor and keeps what it registered, with its edges."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, TypeAlias

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func
from pulumi.runtime.sync_await import _sync_await

from foundry.model import unpacked

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
DEPLOYER = "00000000-0000-4000-8000-0000000000d1"

Outputs: TypeAlias = Mapping[str, Any] | None

_ARM_TYPES = {
    "azure-native:resources:ResourceGroup": ("", "resourceGroupName"),
    "azure-native:cognitiveservices:Account": ("Microsoft.CognitiveServices/accounts", "accountName"),
    "azure-native:cognitiveservices:Project": (
        "Microsoft.CognitiveServices/accounts/projects",
        "accountName",
        "projectName",
    ),
    "azure-native:cognitiveservices:Deployment": (
        "Microsoft.CognitiveServices/accounts/deployments",
        "accountName",
        "deploymentName",
    ),
    "azure-native:cognitiveservices:RaiPolicy": (
        "Microsoft.CognitiveServices/accounts/raiPolicies",
        "accountName",
        "raiPolicyName",
    ),
    "azure-native:cognitiveservices:AccountConnection": (
        "Microsoft.CognitiveServices/accounts/connections",
        "accountName",
        "connectionName",
    ),
    "azure-native:cognitiveservices:ProjectConnection": (
        "Microsoft.CognitiveServices/accounts/projects/connections",
        "accountName",
        "projectName",
        "connectionName",
    ),
    "azure-native:cognitiveservices:AccountCapabilityHost": (
        "Microsoft.CognitiveServices/accounts/capabilityHosts",
        "accountName",
        "capabilityHostName",
    ),
    "azure-native:cognitiveservices:ProjectCapabilityHost": (
        "Microsoft.CognitiveServices/accounts/projects/capabilityHosts",
        "accountName",
        "projectName",
        "capabilityHostName",
    ),
    "azure-native:storage:StorageAccount": ("Microsoft.Storage/storageAccounts", "accountName"),
    "azure-native:storage:Queue": (
        "Microsoft.Storage/storageAccounts/queueServices/queues",
        "accountName",
        "=default",
        "queueName",
    ),
    "azure-native:storage:BlobContainer": (
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        "accountName",
        "=default",
        "containerName",
    ),
    "azure-native:search:Service": ("Microsoft.Search/searchServices", "searchServiceName"),
    "azure-native:cosmosdb:DatabaseAccount": ("Microsoft.DocumentDB/databaseAccounts", "accountName"),
    "azure-native:operationalinsights:Workspace": (
        "Microsoft.OperationalInsights/workspaces",
        "workspaceName",
    ),
    "azure-native:applicationinsights:Component": ("Microsoft.Insights/components", "resourceName"),
}
SKILL_VERSION = "7"
TOOLBOX_VERSION = "5"
_COMPUTED = {
    "RoleAssignment": {"createdOn": "2026-01-01T00:00:00Z"},
    "Skill": {"version": SKILL_VERSION},
    "Toolbox": {"version": TOOLBOX_VERSION},
}


@dataclass(frozen=True)
class Registered:
    """One registration as the engine would have got it; inputs of our own resources as they are spoken of, `raw` as they lie."""

    urn: str
    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    parent: str
    depends_on: frozenset[str]
    uses: Mapping[str, frozenset[str]]
    options: Any
    raw: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]


@dataclass
class World(mocks.Mocks):
    """Everything that a program registered. Answers as Azure would: with ids, endpoints and identities."""

    updating: bool = False
    """As in a preview of an update: of every Azure resource only the id is known, whatever it is asked."""
    internal_id: str | None = "0123456789abcdef0123456789abcdef"
    resources: list[Registered] = field(default_factory=list)
    reads: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            queues = {"orders": "https://q.example/orders", "answers": "https://q.example/answers"}
            told = {"projectEndpoint": "https://theirs.example", "queues": queues}
            return args.name, {"name": args.name, "outputs": told, "secretOutputNames": []}
        if not args.custom:
            return None, {}
        if self.updating and args.typ.startswith("azure-native:"):
            return arm_id(args.typ, args.name, args.inputs), {}
        kind = args.typ.rpartition(":")[2]
        return arm_id(args.typ, args.name, args.inputs), {**args.inputs, **_COMPUTED.get(kind, {})}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        self.reads.append((args.token, args.args))
        return self._answer(args.token, args.args)

    def _answer(self, token: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        match token:
            case "azure-native:authorization:getClientConfig":
                return {
                    "clientId": "client",
                    "objectId": DEPLOYER,
                    "subscriptionId": SUBSCRIPTION,
                    "tenantId": "tenant",
                }
            case "azure-native:cognitiveservices:getAccount":
                name = asked["accountName"]
                openai = f"https://{name}.openai.example/"
                return {
                    "properties": {
                        "endpoint": f"https://{name}.cognitive.example/",
                        "endpoints": {"OpenAI Language Model Instance API": openai},
                    }
                }
            case "azure-native:cognitiveservices:getProject":
                name = asked["projectName"]
                api = f"https://{asked['accountName']}.ai.example/api/projects/{name}"
                return {
                    "identity": {"principalId": f"identity of {name}"},
                    "properties": {"endpoints": {"AI Foundry API": api}},
                }
            case "azure-native:storage:getStorageAccount":
                name = asked["accountName"]
                return {
                    "primaryEndpoints": {
                        service: f"https://{name}.{service}.example/" for service in ("blob", "queue", "file")
                    }
                }
            case "azure-native:search:getService":
                name = asked["searchServiceName"]
                return {
                    "endpoint": f"https://{name}.search.example",
                    "identity": {"principalId": f"identity of {name}"},
                }
            case "azure-native:cosmosdb:getDatabaseAccount":
                return {"documentEndpoint": f"https://{asked['accountName']}.documents.example:443/"}
            case "azure-native:applicationinsights:getComponent":
                return {"connectionString": "InstrumentationKey=hidden"}
            case "azure-native:resources:getResource":
                return {"properties": {"internalId": self.internal_id} if self.internal_id else {}}
        raise AssertionError(f"nobody answers {token}")

    def of(self, kind: str) -> list[Registered]:
        """What was registered of one kind, components apart, in the order of registration."""
        return [each for each in self.resources if each.kind == kind and each.options.custom]

    def one(self, kind: str, name: str | None = None) -> Registered:
        """The only one of a kind, or of a kind and a name."""
        found = [each for each in self.of(kind) if name is None or each.name == name]
        assert len(found) == 1, f"{kind} {name}: {[each.name for each in self.of(kind)]}"
        return found[0]

    def waits_for(self, later: Registered, earlier: Registered) -> bool:
        """Whether `later` is made after `earlier`, over however many steps."""
        by_urn = {each.urn: each for each in self.resources}
        seen: set[str] = set()
        front = [later.urn]
        while front:
            urn = front.pop()
            if urn in seen or urn not in by_urn:
                continue
            seen.add(urn)
            front += by_urn[urn].depends_on
        return earlier.urn in seen - {later.urn}


class _Monitor(mocks.MockMonitor):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.world = world

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            raw = rpc.deserialize_properties(request.object, keep_unknowns=True)
            ours = request.type.startswith("pulumi-python:dynamic/foundry:")
            self.world.resources.append(
                Registered(
                    urn=answer.urn,
                    type=request.type,
                    name=request.name,
                    id=answer.id,
                    inputs=unpacked(raw, request.type.rpartition(":")[2]) if ours else raw,
                    parent=request.parent,
                    depends_on=frozenset(request.dependencies),
                    uses={key: frozenset(found.urns) for key, found in request.propertyDependencies.items()},
                    options=request,
                    raw=raw,
                )
            )
        return answer


def run(
    program: Callable[[], Outputs | Awaitable[Outputs]], world: World | None = None, *, preview: bool = False
) -> World:
    """Run a program to its end. What it returns is kept as the world's outputs, resolved."""
    world = world or World()
    mocks.set_mocks(world, project="foundry-as-code", stack="test", preview=preview, monitor=_Monitor(world))
    told: dict[str, Any] = {}

    async def everything() -> None:
        outputs = program()
        if isawaitable(outputs):
            outputs = await outputs
        pulumi.Output.from_input(outputs or {}).apply(told.update)

    SETTINGS.rpc_manager.clear()
    SETTINGS.outputs.clear()
    _sync_await(run_pulumi_func(everything))
    world.outputs = told
    return world


def arm_id(kind: str, name: str, inputs: Mapping[str, Any]) -> str:
    """The id that Azure would give; any text for what isn't an Azure resource."""
    known = _ARM_TYPES.get(kind)
    if known is None:
        return f"id-of-{name}"
    base = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{inputs['resourceGroupName']}"
    if not known[0]:
        return base
    provider, *types = known[0].split("/")
    names = [key[1:] if key.startswith("=") else inputs[key] for key in known[1:]]
    pairs = "/".join(f"{part}/{own}" for part, own in zip(types, names, strict=True))
    return f"{base}/providers/{provider}/{pairs}"
