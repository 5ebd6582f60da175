"""A provider, spoken to over gRPC: Pulumi's ResourceProvider protocol in the engine's own values.

Field names and rules are those of pulumi/pulumi, proto/pulumi/provider.proto and sdk/go/common/resource/plugin/provider_plugin.go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.answers import CallError, diff_of
from foundry.sandbox.engine.diff import Diff
from foundry.sandbox.engine.errors import ProviderError, ProviderGoneError
from foundry.sandbox.engine.state import Resource
from foundry.sandbox.engine.values import (
    UNKNOWN,
    Properties,
    copy_secretness,
    for_provider,
    from_struct,
    has_unknown,
    plain,
    to_struct,
)

LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
)

_STOPS_WITHIN_SECONDS = 1.0

Reply = TypeVar("Reply")


@dataclass(frozen=True, kw_only=True)
class CheckFailed:
    """One fault that a provider finds in inputs; `property` may be empty."""

    property: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """What create, update and read answer: `id` is empty where there is nothing; `inputs` None where read gives none.

    `faults` are the reasons of a partial failure: the object is there, but not as it should be.
    """

    id: str
    outputs: Properties
    inputs: Properties | None = None
    refresh_before_update: bool = False
    faults: tuple[str, ...] = ()


class Provider:
    """One connection to a provider. Every method raises ProviderError with the provider's own text."""

    def __init__(self, package: str, address: str) -> None:
        self.package = package
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._secrets = False
        self._resources = False
        self._previews = False
        self._is_configured = False
        self._is_given_up = False

    async def close(self) -> None:
        """Give the connection up; calls under way end with ProviderGoneError."""
        self._is_given_up = True
        await self._channel.close(None)

    async def _call(self, call: Awaitable[Reply]) -> Reply:
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise CallError(error) from None
        except asyncio.CancelledError:
            if not self._is_given_up:
                raise
            raise ProviderGoneError(f"the provider {self.package} was asked to stop, and left") from None

    async def _plainly(self, call: Awaitable[Reply]) -> Reply:
        try:
            return await self._call(call)
        except CallError as failure:
            raise self._error(failure) from None

    def _error(self, failure: CallError) -> ProviderError:
        if failure.code == grpc.StatusCode.UNAVAILABLE:
            return ProviderGoneError(f"the provider {self.package} is gone: {failure.text}")
        return ProviderError("\n".join(failure.missing) or failure.text)

    def _give(self, properties: Properties) -> Any:
        return to_struct(for_provider(properties, secrets=self._secrets, resources=self._resources))

    def _take(self, struct: Any, given: Properties) -> Properties:
        properties = from_struct(struct)
        return properties if self._secrets else copy_secretness(properties, given)

    # Configuration.

    async def attach(self, engine: str) -> None:
        """Tell a provider that runs already where the engine listens, for its log lines; one that doesn't care may lack the call."""
        try:
            await self._call(self._stub.Attach(plugin_pb2.PluginAttach(address=engine)))
        except CallError as failure:
            if failure.code != grpc.StatusCode.UNIMPLEMENTED:
                raise self._error(failure) from None

    async def check_config(
        self, urn: str, olds: Properties, news: Properties
    ) -> tuple[Properties, list[CheckFailed]]:
        """Inputs of a provider resource → as the provider completes them, and its objections."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            olds=to_struct(plain(olds)),
            news=to_struct(plain(news)),
            name=urns.name_of(urn),
            type=urns.type_of(urn),
        )
        try:
            reply = await self._call(self._stub.CheckConfig(request))
        except CallError as failure:
            if failure.code == grpc.StatusCode.UNIMPLEMENTED:
                return news, []
            raise self._error(failure) from None
        faults = [CheckFailed(property=f.property, reason=f.reason) for f in reply.failures]
        if not reply.HasField("inputs"):
            return news, faults
        return copy_secretness(from_struct(reply.inputs), news), faults

    async def diff_config(self, urn: str, old: Resource, news: Properties, ignore: Sequence[str]) -> Diff:
        """What a change of a provider resource's inputs means."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            old_inputs=to_struct(plain(old.inputs)),
            olds=to_struct(plain(old.outputs)),
            news=to_struct(plain(news)),
            ignoreChanges=ignore,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
        )
        try:
            reply = await self._call(self._stub.DiffConfig(request))
        except CallError as failure:
            if failure.code == grpc.StatusCode.UNIMPLEMENTED:
                return Diff(changes=None)
            raise self._error(failure) from None
        return diff_of(reply)

    async def configure(self, urn: str, id_: str, inputs: Properties) -> None:
        """Give the provider its configuration. With unknowns in it (in a preview) it stays unconfigured."""
        values = {k: v for k, v in inputs.items() if k != "version"}
        if has_unknown(values):
            return
        variables = {f"{self.package}:config:{k}": _text(plain(v)) for k, v in values.items()}
        reply = await self._plainly(
            self._stub.Configure(
                provider_pb2.ConfigureRequest(
                    urn=urn,
                    name=urns.name_of(urn),
                    type=urns.type_of(urn),
                    id=id_,
                    variables=variables,
                    args=to_struct(inputs),
                    acceptSecrets=True,
                    acceptResources=True,
                    sends_old_inputs=True,
                    sends_old_inputs_to_delete=True,
                )
            )
        )
        self._secrets = reply.acceptSecrets
        self._resources = reply.acceptResources
        self._previews = reply.supportsPreview
        self._is_configured = True

    # Resources.

    async def check(
        self, urn: str, olds: Properties, news: Properties, *, seed: bytes, is_preview: bool
    ) -> tuple[Properties, list[CheckFailed]]:
        """Inputs → as the provider completes them, and its objections."""
        if not self._is_configured:
            return news, []
        reply = await self._plainly(
            self._stub.Check(
                provider_pb2.CheckRequest(
                    urn=urn,
                    olds=self._give(olds),
                    news=self._give(news),
                    randomSeed=seed,
                    name=urns.name_of(urn),
                    type=urns.type_of(urn),
                )
            )
        )
        inputs = self._take(reply.inputs, news) if reply.HasField("inputs") else {}
        faults = [CheckFailed(property=f.property, reason=f.reason) for f in reply.failures]
        if not is_preview and has_unknown(inputs):
            raise ProviderError(f"the provider {self.package} answered a check with values that aren't known")
        return inputs, faults

    async def diff(self, urn: str, old: Resource, news: Properties, ignore: Sequence[str]) -> Diff:
        """What a change of inputs means."""
        if not self._is_configured:
            return Diff(changes=None)
        reply = await self._plainly(
            self._stub.Diff(
                provider_pb2.DiffRequest(
                    id=old.id,
                    urn=urn,
                    old_inputs=self._give(old.inputs),
                    olds=self._give(old.outputs),
                    news=self._give(news),
                    ignoreChanges=ignore,
                    name=urns.name_of(urn),
                    type=urns.type_of(urn),
                )
            )
        )
        return diff_of(reply)

    async def create(self, resource: Resource, *, is_preview: bool) -> Made:
        """Make the resource; in a preview, foretell what would be made."""
        if is_preview and not self._is_configured:
            return Made(id="", outputs={})
        if is_preview and not self._previews:
            return Made(id="", outputs=resource.inputs)
        request = provider_pb2.CreateRequest(
            urn=resource.urn,
            properties=self._give(resource.inputs),
            timeout=resource.custom_timeouts.get("create", 0.0),
            preview=is_preview,
            name=urns.name_of(resource.urn),
            type=resource.type,
        )
        try:
            reply = await self._call(self._stub.Create(request))
        except CallError as failure:
            if failure.partial is None:
                raise self._error(failure) from None
            return self._partial(failure.partial, resource.inputs)
        if not is_preview and reply.id in ("", UNKNOWN):
            raise ProviderError("provider did not return an ID from Create")
        return Made(
            id=reply.id,
            outputs=self._take(reply.properties, resource.inputs),
            refresh_before_update=reply.refresh_before_update,
        )

    async def update(self, old: Resource, new: Resource, ignore: Sequence[str], *, is_preview: bool) -> Made:
        """Change the resource; in a preview, foretell what it would become."""
        if is_preview and not self._is_configured:
            return Made(id=old.id, outputs={})
        if is_preview and not self._previews:
            return Made(id=old.id, outputs=new.inputs)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=new.urn,
            old_inputs=self._give(old.inputs),
            olds=self._give(old.outputs),
            news=self._give(new.inputs),
            timeout=new.custom_timeouts.get("update", 0.0),
            ignoreChanges=ignore,
            preview=is_preview,
            name=urns.name_of(new.urn),
            type=new.type,
        )
        try:
            reply = await self._call(self._stub.Update(request))
        except CallError as failure:
            if failure.partial is None:
                raise self._error(failure) from None
            return self._partial(failure.partial, new.inputs)
        return Made(
            id=old.id,
            outputs=self._take(reply.properties, new.inputs),
            refresh_before_update=reply.refresh_before_update,
        )

    async def read(self, resource: Resource, *, state: Properties) -> Made:
        """The live resource. `state` is what is known of its outputs."""
        if not self._is_configured:
            return Made(id=resource.id, outputs={})
        request = provider_pb2.ReadRequest(
            id=resource.id,
            urn=resource.urn,
            properties=self._give(state),
            inputs=self._give(resource.inputs),
            timeout=resource.custom_timeouts.get("read", 0.0),
            name=urns.name_of(resource.urn),
            type=resource.type,
        )
        try:
            reply = await self._call(self._stub.Read(request))
        except CallError as failure:
            if failure.partial is None:
                raise self._error(failure) from None
            made = self._partial(failure.partial, state)
            inputs = from_struct(failure.partial.inputs) if failure.partial.HasField("inputs") else None
            return Made(id=made.id, outputs=made.outputs, inputs=inputs, faults=made.faults)
        return Made(
            id=reply.id,
            outputs=self._take(reply.properties, state),
            inputs=self._take(reply.inputs, resource.inputs) if reply.HasField("inputs") else None,
            refresh_before_update=reply.refresh_before_update,
        )

    async def delete(self, resource: Resource) -> None:
        """Unmake the resource."""
        await self._plainly(
            self._stub.Delete(
                provider_pb2.DeleteRequest(
                    id=resource.id,
                    urn=resource.urn,
                    properties=self._give(resource.outputs),
                    old_inputs=self._give(resource.inputs),
                    timeout=resource.custom_timeouts.get("delete", 0.0),
                    name=urns.name_of(resource.urn),
                    type=resource.type,
                )
            )
        )

    async def invoke(self, token: str, arguments: Properties) -> tuple[Properties, list[CheckFailed]]:
        """Call one of the provider's functions."""
        reply = await self._plainly(
            self._stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=self._give(arguments)))
        )
        result = from_struct(getattr(reply, "return"))
        return result, [CheckFailed(property=f.property, reason=f.reason) for f in reply.failures]

    async def stop(self) -> None:
        """Ask the provider to give up what it is doing, whatever it answers, and leave it."""
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self._stub.Cancel(empty_pb2.Empty(), timeout=_STOPS_WITHIN_SECONDS)
        await self.close()

    def _partial(self, partial: Any, given: Properties) -> Made:
        return Made(
            id=partial.id,
            outputs=self._take(partial.properties, given),
            faults=tuple(partial.reasons) or ("partial failure",),
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
