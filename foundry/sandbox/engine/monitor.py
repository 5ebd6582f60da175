"""The two services a program speaks to: the resource monitor and the engine. They translate, and refuse by name; the rest is elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    alias_pb2,
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    resource_pb2,
    resource_pb2_grpc,
)

from foundry.sandbox.engine import builtin
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.deployment import Deployment
from foundry.sandbox.engine.errors import EngineError, NotSupportedError
from foundry.sandbox.engine.events import Diagnostic, Event
from foundry.sandbox.engine.execution import StoppedError
from foundry.sandbox.engine.goal import Alias, Goal
from foundry.sandbox.engine.provider import CHANNEL_OPTIONS
from foundry.sandbox.engine.registry import with_version
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.values import Properties, from_struct, to_struct

Context = grpc.aio.ServicerContext[Any, Any]

# By the names that SupportsFeature knows, and as the enumeration that GetDeploymentInfo answers.
_FEATURES = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
}
# Not supported, and refused by name where a program uses them. Were they denied here, the SDK would raise "please update the Pulumi
# CLI" with a traceback instead.
_REFUSED_WHEN_USED = {
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "parameterization": resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    "replacementTrigger": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
}
_ANSWERED = _FEATURES | _REFUSED_WHEN_USED
_SEVERITIES = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_AFTER_STOP = "Resource monitor has terminated, shutting down"


def duration_seconds(text: str) -> float:
    """`1h30m` → seconds, whole ones as int. Raises EngineError."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise EngineError(f"custom timeout {text!r}: expected a duration such as 30s, 5m or 1h30m")
    seconds: float = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    return int(seconds) if seconds.is_integer() else seconds


def _refuse(request: resource_pb2.RegisterResourceRequest) -> None:
    """Raise NotSupportedError for what this engine leaves to the CLI."""
    asked = {
        "a remote component": request.remote,
        f"the resource type {request.type}": request.custom
        and urns.package_of(request.type) == builtin.PACKAGE
        and not urns.is_provider_type(request.type),
        "the resource option import_": bool(request.importId),
        "the resource option transforms": bool(request.transforms),
        "the resource option hooks": request.HasField("hooks") and bool(request.hooks.ListFields()),
        "the resource option state_migrations": bool(request.state_migrations),
        "the resource option replacement_trigger": request.HasField("replacement_trigger"),
        "the resource option env_var_mappings": bool(request.envVarMappings),
        "the resource option plugin_download_url": bool(request.pluginDownloadURL),
        "the checksum of a plugin": bool(request.pluginChecksums),
        "a snippet": bool(request.snippetId),
        "a parameterized package": bool(request.packageRef),
    }
    for feature, is_asked in asked.items():
        if is_asked:
            raise NotSupportedError(f"{feature} ({request.type} {request.name!r})")


def _refuse_read(request: resource_pb2.ReadResourceRequest) -> None:
    if urns.package_of(request.type) == builtin.PACKAGE and request.type != builtin.STACK_REFERENCE:
        raise NotSupportedError(f"reading {request.type} {request.name!r}")
    if request.packageRef or request.pluginDownloadURL:
        raise NotSupportedError(f"a parameterized or downloaded provider ({request.type} {request.name!r})")


def _refuse_invoke(request: resource_pb2.ResourceInvokeRequest) -> None:
    if urns.package_of(request.tok) == "pulumi" or request.packageRef or request.pluginDownloadURL:
        raise NotSupportedError(f"the function {request.tok}")


def _alias(alias: alias_pb2.Alias) -> Alias:
    if alias.WhichOneof("alias") == "urn":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )


def goal_of(request: resource_pb2.RegisterResourceRequest, provider: str) -> Goal:
    """A registration → the goal. Raises NotSupportedError and EngineError."""
    inputs = from_struct(request.object)
    dependencies = tuple(sorted(set(request.dependencies)))
    by_property = {k: tuple(sorted(set(d.urns))) for k, d in request.propertyDependencies.items()}
    if not by_property:
        by_property = dict.fromkeys(inputs, dependencies)
    for key in inputs:
        by_property.setdefault(key, ())
    timeouts = request.customTimeouts if request.HasField("customTimeouts") else None
    given = (
        {k: getattr(timeouts, k) for k in ("create", "update", "delete", "read")}
        if timeouts is not None
        else {}
    )
    before = (
        request.deleteBeforeReplace
        if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
        else None
    )
    if urns.is_provider_type(request.type) and request.version:
        inputs = with_version(inputs, request.version)
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=inputs,
        parent=request.parent,
        provider=provider,
        dependencies=dependencies,
        property_dependencies=by_property,
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=before,
        deleted_with=request.deletedWith,
        replace_with=tuple(request.replace_with),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        hide_diffs=tuple(request.hideDiffs),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        custom_timeouts={k: duration_seconds(v) for k, v in given.items() if v},
        aliases=(*(Alias(urn=u) for u in request.aliasURNs), *(_alias(a) for a in request.aliases)),
        source_position=_position(request),
    )


def _position(request: resource_pb2.RegisterResourceRequest) -> str:
    position = request.sourcePosition
    return f"{position.uri}#{position.line}" if request.HasField("sourcePosition") and position.uri else ""


class ResourceMonitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Registrations, reads and invokes of one program."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._providers_of: dict[str, dict[str, str]] = {}

    async def GetDeploymentInfo(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Tell the SDK what it may ask for, all at once."""
        planner = self._deployment.planner
        return resource_pb2.DeploymentInfo(
            project=planner.project,
            stack=planner.stack,
            organization="organization",
            dryRun=self._deployment.is_preview,
            parallel=self._deployment.parallel,
            supportedFeatures=list(_ANSWERED.values()),
        )

    async def ExistsResource(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refused."""
        await self._refused(context, NotSupportedError(f"asking whether a resource exists ({request.type})"))

    async def SupportsFeature(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Tell the SDK what it may ask for."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _ANSWERED)

    async def RegisterResource(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Bring a resource to its goal, and answer when it is there."""
        try:
            _refuse(request)
            provider = await self._provider_for(request) if request.custom else ""
            resource = await self._deployment.to_the_end(
                self._deployment.register(goal_of(request, provider))
            )
        except StoppedError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, _AFTER_STOP)
        except EngineError as error:
            await self._refused(context, error)
        if not request.custom:
            self._providers_of[resource.urn] = {
                **self._providers_of.get(request.parent, {}),
                **request.providers,
            }
        return _answer(resource, self._deployment)

    async def _provider_for(self, request: Any) -> str:
        if urns.is_provider_type(request.type):
            return ""
        package = urns.package_of(request.type)
        named = (
            request.provider
            or request.providers.get(package)
            or self._providers_of.get(request.parent, {}).get(package)
        )
        return named or await self._deployment.default_provider(package, request.version)

    async def _refused(self, context: Context, error: EngineError) -> None:
        self._deployment.fail(str(error))
        await context.abort(grpc.StatusCode.UNAVAILABLE, _AFTER_STOP)

    async def RegisterResourceOutputs(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Take the outputs of a component or of the stack."""
        try:
            await self._deployment.register_outputs(request.urn, from_struct(request.outputs))
        except EngineError as error:
            await self._refused(context, error)
        return empty_pb2.Empty()

    async def ReadResource(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Look up a resource that is managed elsewhere."""
        try:
            _refuse_read(request)
            provider = await self._provider_for_read(request)
            goal = Goal(
                type=request.type,
                name=request.name,
                custom=True,
                inputs=from_struct(request.properties),
                parent=request.parent,
                provider=provider,
                dependencies=tuple(request.dependencies),
                additional_secret_outputs=tuple(request.additionalSecretOutputs),
            )
            resource = await self._deployment.to_the_end(self._deployment.read(goal, request.id))
        except StoppedError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, _AFTER_STOP)
        except EngineError as error:
            await self._refused(context, error)
        return resource_pb2.ReadResourceResponse(urn=resource.urn, properties=to_struct(resource.outputs))

    async def _provider_for_read(self, request: Any) -> str:
        package = urns.package_of(request.type)
        named = request.provider or self._providers_of.get(request.parent, {}).get(package)
        return named or await self._deployment.default_provider(package, request.version)

    async def Invoke(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Call a provider's function."""
        package = urns.package_of(request.tok)
        try:
            await self._deployment.ready.wait()
            _refuse_invoke(request)
            reference = request.provider or await self._deployment.default_provider(package, request.version)
            provider = self._deployment.registry.get(reference)
            result, faults = await provider.invoke(request.tok, from_struct(request.args))
        except StoppedError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, _AFTER_STOP)
        except NotSupportedError as error:
            await self._refused(context, error)
        except EngineError as error:
            await context.abort(
                grpc.StatusCode.UNKNOWN, f"invocation of {request.tok} returned an error: {error}"
            )
        failures = [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in faults]
        reply = resource_pb2.ResourceInvokeResponse(failures=failures)
        getattr(reply, "return").CopyFrom(to_struct(result))
        return reply

    async def Call(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refused: methods of remote components."""
        await self._refused(context, NotSupportedError(f"the method call {request.tok}"))

    async def RegisterStackTransform(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Refused."""
        await self._refused(context, NotSupportedError("a stack transform"))

    async def RegisterStackInvokeTransform(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Refused."""
        await self._refused(context, NotSupportedError("an invoke transform"))

    async def RegisterResourceHook(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refused."""
        await self._refused(context, NotSupportedError(f"the resource hook {request.name!r}"))

    async def RegisterErrorHook(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refused."""
        await self._refused(context, NotSupportedError(f"the error hook {request.name!r}"))

    async def RegisterPackage(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refused: parameterized packages."""
        await self._refused(context, NotSupportedError(f"the parameterized package {request.name!r}"))

    async def SignalAndWaitForShutdown(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """The program has nothing more to say, and nothing to wait for: hooks aren't supported."""
        return empty_pb2.Empty()


def _answer(resource: Resource, deployment: Deployment) -> Any:
    outputs: Properties = resource.outputs if resource.custom else {}
    skipped = resource.urn in deployment.planner.skipped
    return resource_pb2.RegisterResourceResponse(
        urn=resource.urn,
        id="" if skipped else resource.id,
        object=to_struct({} if skipped else outputs),
        unknown=skipped,
    )


class EngineService(engine_pb2_grpc.EngineServicer):
    """What a program tells people."""

    def __init__(self, tell: Callable[[Event], None], deployment: Deployment) -> None:
        self._tell = tell
        self._deployment = deployment
        self._root = ""

    async def Log(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Pass a message on, unless it only says that the run stopped, which is known."""
        severity = _SEVERITIES.get(request.severity, "info")
        if severity == "debug":
            return empty_pb2.Empty()
        if severity == "error" and self._deployment.stop_reason and _AFTER_STOP in request.message:
            return empty_pb2.Empty()
        self._tell(
            Diagnostic(severity=severity, text=request.message, urn=request.urn, is_status=request.ephemeral)
        )
        return empty_pb2.Empty()

    async def GetRootResource(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """The stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    async def SetRootResource(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    async def StartDebugging(self, request: Any, context: Context) -> Any:  # noqa: N802, ARG002
        """Refused."""
        self._deployment.fail(str(NotSupportedError("attaching a debugger")))
        return empty_pb2.Empty()

    async def RequirePulumiVersion(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refused: this engine has no version of the CLI's."""
        self._deployment.fail(
            str(NotSupportedError(f"require_pulumi_version ({request.pulumi_version_range})"))
        )
        await context.abort(grpc.StatusCode.UNAVAILABLE, _AFTER_STOP)


async def serve(deployment: Deployment, tell: Callable[[Event], None]) -> tuple[grpc.aio.Server, str]:
    """Both services on one loopback port → server and address."""
    server = grpc.aio.server(options=CHANNEL_OPTIONS)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(ResourceMonitor(deployment), server)
    engine_pb2_grpc.add_EngineServicer_to_server(EngineService(tell, deployment), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"
