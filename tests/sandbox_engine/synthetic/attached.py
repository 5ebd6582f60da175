"""A provider that is attached to, as azure-native's stand-in is: a gRPC server that either engine finds by PULUMI_DEBUG_PROVIDERS.

Boxes live in memory by name, which is their id too. `kind` replaces, deleting first; everything else updates. `bad` fails the check,
`half` makes a create that leaves an object and an error, `hold` one that waits for `released`. `asks` wants a
refresh before each update. Create foretells in a preview, refuses what exists, and understands secrets.
"""

from __future__ import annotations

import threading
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
LONGEST_HOLD_SECONDS = 120.0
SIGNATURE = "4dabf18193072939515e22adb298388d"


def _dict(struct: struct_pb2.Struct) -> dict[str, Any]:
    result: dict[str, Any] = json_format.MessageToDict(struct)
    return result


def _struct(value: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(value)
    return struct


def _plain(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and SIGNATURE in value else value


class Boxes(provider_pb2_grpc.ResourceProviderServicer):
    """The provider and its world."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.engine = ""
        self.released = threading.Event()
        self._lock = threading.Lock()

    def Attach(self, request: Any, context: Any) -> Any:
        self.engine = request.address
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.2.3")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        olds, news = _dict(request.old_inputs), _dict(request.news)
        changed = sorted(k for k in {*olds, *news} - {"version"} if olds.get(k) != news.get(k))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=[k for k in changed if k == "world"],
            diffs=changed,
        )

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Invoke(self, request: Any, context: Any) -> Any:
        reply = provider_pb2.InvokeResponse()
        getattr(reply, "return").CopyFrom(request.args)
        return reply

    def Check(self, request: Any, context: Any) -> Any:
        news = _dict(request.news)
        if news.get("bad"):
            return provider_pb2.CheckResponse(
                inputs=request.news,
                failures=[provider_pb2.CheckFailure(property="bad", reason="boxes must be good")],
            )
        news.setdefault("made_by", "default")
        return provider_pb2.CheckResponse(inputs=_struct(news))

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = _dict(request.old_inputs), _dict(request.news)
        kinds = provider_pb2.PropertyDiff
        detailed = {}
        for key in sorted({*olds, *news}):
            if olds.get(key) == news.get(key) or key in request.ignoreChanges:
                continue
            replaces = key == "kind"
            kind = kinds.ADD if key not in olds else kinds.DELETE if key not in news else kinds.UPDATE
            if replaces:
                kind = {kinds.ADD: kinds.ADD_REPLACE, kinds.DELETE: kinds.DELETE_REPLACE}.get(
                    kind, kinds.UPDATE_REPLACE
                )
            detailed[key] = kinds(kind=kind, inputDiff=True)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=[k for k in detailed if k == "kind"],
            diffs=list(detailed),
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace="kind" in detailed,
        )

    def Create(self, request: Any, context: Any) -> Any:
        inputs = _dict(request.properties)
        name = inputs["name"]
        if request.preview:
            return provider_pb2.CreateResponse(properties=_struct({**inputs, "label": UNKNOWN}))
        with self._lock:
            self.calls.append(f"create {name}")
            if name in self.objects:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, "cannot create already existing resource")
            self.objects[name] = {k: _plain(v) for k, v in inputs.items()}
        if inputs.get("hold"):
            self.released.wait(LONGEST_HOLD_SECONDS)
        outputs = _struct({**inputs, "label": f"box {name}"})
        if inputs.get("half"):
            self._half(context, name, outputs, request.properties)
        return provider_pb2.CreateResponse(
            id=f"/boxes/{name}", properties=outputs, refresh_before_update=bool(inputs.get("asks"))
        )

    @staticmethod
    def _half(context: Any, name: str, outputs: struct_pb2.Struct, inputs: struct_pb2.Struct) -> None:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=f"/boxes/{name}", properties=outputs, inputs=inputs, reasons=["the lid doesn't close"]
            )
        )
        status = status_pb2.Status(
            code=grpc.StatusCode.UNKNOWN.value[0], message="half made", details=[detail]
        )
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "half made")

    def Read(self, request: Any, context: Any) -> Any:
        name = request.id.rpartition("/")[2]
        self.calls.append(f"read {name}")
        found = self.objects.get(name)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id,
            inputs=_struct(found),
            properties=_struct({**found, "label": f"box {name}"}),
            refresh_before_update=bool(found.get("asks")),
        )

    def Update(self, request: Any, context: Any) -> Any:
        news = _dict(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_struct({**news, "label": UNKNOWN}))
        self.calls.append(f"update {news['name']}")
        self.objects[news["name"]] = {k: _plain(v) for k, v in news.items()}
        return provider_pb2.UpdateResponse(
            properties=_struct({**news, "label": f"box {news['name']}"}),
            refresh_before_update=bool(news.get("asks")),
        )

    def Delete(self, request: Any, context: Any) -> Any:
        name = request.id.rpartition("/")[2]
        self.calls.append(f"delete {name}")
        self.objects.pop(name, None)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.calls.append("cancel")
        return empty_pb2.Empty()


def serve(boxes: Boxes) -> tuple[grpc.Server, int]:
    """Serve on loopback → server and port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(boxes, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
