"""Pulumi's `ResourceProvider` service over ARM, with the semantics of the real azure-native provider.

Stateless but for the configuration of each connected engine, so several engines may be attached at once and come and go.
"""

# ruff: noqa: ARG002, D102, N802 - names, parameters and meaning of the methods are the protocol's

from __future__ import annotations

import functools
import importlib.metadata
import json
import logging
import random
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from foundry.sandbox.azure_native.arm import Arm, ArmError, Deadline
from foundry.sandbox.azure_native.checking import faults
from foundry.sandbox.azure_native.differences import Change, Difference, differences, follow
from foundry.sandbox.azure_native.functions import FunctionError, Functions
from foundry.sandbox.azure_native.kinds import KINDS, Kind, Token
from foundry.sandbox.azure_native.mapping import (
    body,
    expected_outputs,
    inputs_from,
    outputs,
    resource_id,
)
from foundry.sandbox.azure_native.shapes import SDK, ResourceShape, resource_shape
from foundry.sandbox.azure_native.wire import UNKNOWN, decode, encode, has_unknown, mark_secrets, reveal

_log = logging.getLogger(__name__)

# A resource that takes longer is reported with what it was last seen doing. The real provider allows an hour and more.
_PATIENCE_SECONDS: Final = 1800.0
_READ_SECONDS: Final = 120.0
_REMEMBERED_ENGINES: Final = 256
_GROUPS_API_VERSION: Final = "2024-03-01"
_SUBSCRIPTIONS_API_VERSION: Final = "2022-12-01"

_KINDS_OF_CHANGE: Final[Mapping[tuple[Change, bool], provider_pb2.PropertyDiff.Kind.ValueType]] = {
    (Change.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Change.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Change.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Change.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Change.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Change.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}

Request = TypeVar("Request")
Response = TypeVar("Response")


class RefusedError(Exception):
    """A call that can't be answered: the message is what the user reads.

    Attributes:
        details: A message that tells the engine more, such as that a resource exists although its creation failed.
    """

    def __init__(self, message: str, details: provider_pb2.ErrorResourceInitFailed | None = None) -> None:
        super().__init__(message)
        self.details = details


@dataclass(frozen=True)
class Settings:
    """What an engine has configured; empty where it hasn't."""

    subscription: str = ""
    tenant: str = ""
    location: str = ""


@dataclass(frozen=True)
class Resource:
    """A resource type as one request needs it."""

    kind: Kind
    shape: ResourceShape
    api_version: str

    def version_for(self, inputs: Mapping[str, Any]) -> str:
        """The API version to use: a generic resource chooses its own."""
        chosen = reveal(inputs.get("apiVersion"))
        return chosen if isinstance(chosen, str) else self.api_version


def _answering(
    method: Callable[[AzureNative, Request, grpc.ServicerContext], Response],
) -> Callable[[AzureNative, Request, grpc.ServicerContext], Response]:
    """Turns what goes wrong in a method into the protocol's errors, one line each, never a traceback."""

    @functools.wraps(method)
    def answer(self: AzureNative, request: Request, context: grpc.ServicerContext) -> Response:
        try:
            return method(self, request, context)
        except RefusedError as refusal:
            _abort(context, str(refusal), refusal.details)
        except (ArmError, FunctionError) as error:
            _abort(context, str(error))
        except Exception as error:
            _log.exception("%s failed", method.__name__)
            _abort(
                context,
                f"a fault in the local Azure provider: {type(error).__name__}: {error}. Its log says more",
            )

    return answer


def _abort(
    context: grpc.ServicerContext, message: str, details: provider_pb2.ErrorResourceInitFailed | None = None
) -> NoReturn:
    if details is not None:
        packed = AnyMessage()
        packed.Pack(details)
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort doesn't return")


class AzureNative(provider_pb2_grpc.ResourceProviderServicer):
    """The service.

    Args:
        arm: Where resources live.
        subscription: Id of the subscription for engines that configure none; empty to ask ARM for the first one.
    """

    def __init__(self, arm: Arm, *, subscription: str = "") -> None:
        self._arm = arm
        self._default = Settings(subscription=subscription)
        self._engines: OrderedDict[str, Settings] = OrderedDict()
        self._lock = threading.Lock()

    # Connection and configuration

    @_answering
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False
        )

    @_answering
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:
        return Empty()

    @_answering
    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version(SDK))

    @_answering
    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        schema = {"name": "azure-native", "version": importlib.metadata.version(SDK)}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @_answering
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    @_answering
    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        # As in the real provider, another subscription or tenant shows in the ids of resources, not here.
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @_answering
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        given: Mapping[str, Any] = reveal(decode(request.args))
        settings = Settings(
            subscription=_text(given.get("subscriptionId")),
            tenant=_text(given.get("tenantId")),
            location=_text(given.get("location")),
        )
        with self._lock:
            self._engines[context.peer()] = settings
            self._engines.move_to_end(context.peer())
            while len(self._engines) > _REMEMBERED_ENGINES:
                self._engines.popitem(last=False)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    @_answering
    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        # Operations under way go on to their end, as with the real provider: the engine waits for them and saves what they
        # made, while an abandoned one would leave a resource that no state knows.
        return Empty()

    # Resources

    @_answering
    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        resource = _resource(request.urn)
        inputs, olds = decode(request.news), decode(request.olds)
        self._name(resource.kind, inputs, olds, _logical_name(request.urn), request.randomSeed)
        self._locate(resource, inputs, olds, context)
        found = [
            provider_pb2.CheckFailure(property=fault.path, reason=fault.reason)
            for fault in faults(inputs, resource.shape.inputs)
        ]
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=found)

    @_answering
    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        resource = _resource(request.urn)
        found = differences(resource.kind, decode(request.old_inputs), decode(request.news))
        return _diff_response(found)

    @_answering
    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        resource = _resource(request.urn)
        inputs = decode(request.properties)
        if request.preview:
            expected = expected_outputs(resource.shape, inputs)
            return provider_pb2.CreateResponse(id="", properties=encode(mark_secrets(expected, inputs)))
        plain = reveal(inputs)
        version = resource.version_for(plain)
        identifier = resource_id(resource.kind, plain, self._subscription(context))
        deadline = self._arm.deadline(request.timeout or _PATIENCE_SECONDS)
        if self._arm.get(identifier, version, deadline) is not None:
            raise RefusedError(f"cannot create already existing resource '{identifier}'")
        made = self._write(resource, identifier, inputs, deadline)
        return provider_pb2.CreateResponse(id=identifier, properties=encode(made))

    @_answering
    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        resource = _resource(request.urn)
        inputs, before = decode(request.inputs), decode(request.properties)
        version = resource.version_for(inputs or before)
        live = self._arm.get(request.id, version, self._arm.deadline(_READ_SECONDS))
        if live is None:
            return provider_pb2.ReadResponse(id="")
        now = outputs(resource.kind, resource.shape, live, version)
        if inputs and before:
            followed = follow(inputs, before, now, resource.shape.inputs)
        else:
            try:
                followed = inputs_from(resource.kind, resource.shape, now, request.id)
            except ValueError as error:
                raise RefusedError(str(error)) from None
        return provider_pb2.ReadResponse(
            id=request.id, properties=encode(mark_secrets(now, inputs)), inputs=encode(followed)
        )

    @_answering
    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        resource = _resource(request.urn)
        inputs = decode(request.news)
        if request.preview:
            expected = expected_outputs(resource.shape, inputs)
            before = decode(request.olds)
            expected.update({name: before[name] for name in ("name", "location") if name in before})
            return provider_pb2.UpdateResponse(properties=encode(mark_secrets(expected, inputs)))
        deadline = self._arm.deadline(request.timeout or _PATIENCE_SECONDS)
        made = self._write(resource, request.id, inputs, deadline)
        return provider_pb2.UpdateResponse(properties=encode(made))

    @_answering
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        resource = _resource(request.urn)
        version = resource.version_for(decode(request.old_inputs))
        deadline = self._arm.deadline(request.timeout or _PATIENCE_SECONDS)
        self._arm.delete(request.id, version, deadline)
        return Empty()

    # Functions

    @_answering
    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        arguments = reveal(decode(request.args))
        if has_unknown(arguments):
            raise RefusedError(f"{request.tok} was called with an argument that isn't known yet")
        settings = self._settings(context)
        functions = Functions(
            self._arm, self._subscription(context), settings.tenant, self._arm.deadline(_READ_SECONDS)
        )
        response = provider_pb2.InvokeResponse()
        # The field's name is a keyword of Python.
        getattr(response, "return").CopyFrom(encode(functions.call(request.tok, arguments)))
        return response

    # Parts

    def _write(
        self, resource: Resource, identifier: str, inputs: Mapping[str, Any], deadline: Deadline
    ) -> dict[str, Any]:
        """Puts the resource and returns its outputs.

        Raises:
            ArmError: ARM refused, and nothing was made.
            RefusedError: Something was made, or begun, before it failed; the details carry what is there now.
        """
        plain = reveal(inputs)
        version = resource.version_for(plain)
        accepted: list[bool] = []
        try:
            reply = self._arm.put(
                identifier,
                version,
                body(resource.kind, resource.shape, plain),
                deadline,
                on_accepted=lambda: accepted.append(True),
            )
        except ArmError as error:
            if not accepted:
                raise
            raise self._half_made(resource, identifier, inputs, version, error) from None
        return _outputs(resource, reply, inputs, version)

    def _half_made(
        self, resource: Resource, identifier: str, inputs: Mapping[str, Any], version: str, error: ArmError
    ) -> Exception:
        """The error of an accepted write that failed, with what it left behind so that the engine records it."""
        try:
            live = self._arm.get(identifier, version, self._arm.deadline(_READ_SECONDS))
        except ArmError:
            return error
        if live is None:
            return error
        details = provider_pb2.ErrorResourceInitFailed(
            id=identifier,
            properties=encode(_outputs(resource, live, inputs, version)),
            inputs=encode(inputs),
            reasons=[str(error)],
        )
        return RefusedError(str(error), details)

    @staticmethod
    def _name(
        kind: Kind, inputs: dict[str, Any], olds: Mapping[str, Any], logical_name: str, seed: bytes
    ) -> None:
        """Fills in the resource's own name where the program leaves it open."""
        parameter = kind.name_parameter
        if inputs.get(parameter) is not None:
            return
        if olds.get(parameter) is not None:
            inputs[parameter] = olds[parameter]
            return
        chance = random.Random(seed) if seed else random.SystemRandom()  # noqa: S311 - a name, not a secret
        if kind.name == "RoleAssignment":
            inputs[parameter] = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        elif kind.directly_in_group:
            inputs[parameter] = f"{logical_name}{chance.getrandbits(32):08x}"
        else:
            inputs[parameter] = logical_name

    def _locate(
        self,
        resource: Resource,
        inputs: dict[str, Any],
        olds: Mapping[str, Any],
        context: grpc.ServicerContext,
    ) -> None:
        """Fills in the location where the program leaves it open: as before, that of the group, or the configured one."""
        if "location" not in resource.shape.inputs.fields or inputs.get("location") is not None:
            return
        group = reveal(inputs.get("resourceGroupName"))
        location = olds.get("location")
        if location is None and resource.kind.name != "ResourceGroup":
            if group is UNKNOWN:
                location = UNKNOWN
            elif isinstance(group, str):
                location = self._group_location(group, context)
        location = location or self._settings(context).location
        if location:
            inputs["location"] = location

    def _group_location(self, group: str, context: grpc.ServicerContext) -> str | None:
        path = resource_id(
            KINDS["resources", "ResourceGroup"], {"resourceGroupName": group}, self._subscription(context)
        )
        found = self._arm.get(path, _GROUPS_API_VERSION, self._arm.deadline(_READ_SECONDS))
        return _text(found.get("location")) if found else None

    def _settings(self, context: grpc.ServicerContext) -> Settings:
        with self._lock:
            settings = self._engines.get(context.peer())
            if settings is None and self._engines:
                # The engine's connection was broken and made anew, which changes its address but isn't followed by Configure.
                settings = next(reversed(self._engines.values()))
        return settings or self._default

    def _subscription(self, context: grpc.ServicerContext) -> str:
        configured = self._settings(context).subscription or self._default.subscription
        if configured:
            return configured
        found = self._arm.get("/subscriptions", _SUBSCRIPTIONS_API_VERSION, self._arm.deadline(_READ_SECONDS))
        for subscription in (found or {}).get("value", []):
            return _text(subscription.get("subscriptionId"))
        raise RefusedError("no subscription is configured: set azure-native:subscriptionId")


def _resource(urn: str) -> Resource:
    text = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
    token = Token.parse(text)
    kind = KINDS.get((token.module, token.name)) if token else None
    if token is None or kind is None:
        served = ", ".join(f"{module}.{name}" for module, name in sorted(KINDS))
        raise RefusedError(f"{text} isn't served by the local Azure provider; it serves {served}")
    shape = resource_shape(kind.module, kind.name)
    if shape is None:
        raise RefusedError(f"the installed {SDK} has no {text}")
    return Resource(kind, shape, token.api_version or shape.api_version)


def _logical_name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _outputs(
    resource: Resource, reply: Mapping[str, Any], inputs: Mapping[str, Any], version: str
) -> dict[str, Any]:
    made: dict[str, Any] = mark_secrets(outputs(resource.kind, resource.shape, reply, version), inputs)
    return made


def _diff_response(found: tuple[Difference, ...]) -> provider_pb2.DiffResponse:
    replaces = sorted({difference.top for difference in found if difference.replaces})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=replaces,
        # Names in Azure are taken until the old resource is gone.
        deleteBeforeReplace=bool(replaces),
        diffs=sorted({difference.top for difference in found}),
        detailedDiff={
            difference.path: provider_pb2.PropertyDiff(
                kind=_KINDS_OF_CHANGE[difference.change, difference.replaces], inputDiff=True
            )
            for difference in found
        },
        hasDetailedDiff=True,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
