"""Engines come, go and work at the same time; none has to know of another."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from foundry.sandbox.azure_native.serving import PortTakenError, serve

OTHER = "11111111-0000-4000-8000-000000000001"


def test_the_protocols_formalities_are_answered(engine):
    assert engine.stub.GetPluginInfo(Empty()).version.startswith("3.")
    assert engine.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1")) == Empty()
    assert engine.stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    assert '"azure-native"' in engine.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema
    assert engine.stub.DiffConfig(provider_pb2.DiffRequest()).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert engine.stub.CheckConfig(provider_pb2.CheckRequest()).failures == []
    configured = engine.configure(subscriptionId="s")
    assert configured.acceptSecrets
    assert configured.supportsPreview


def test_each_engine_keeps_its_own_configuration(engine, another_engine, arm):
    another_engine.configure(subscriptionId=OTHER)
    first, _ = engine.create("resources:ResourceGroup", {"resourceGroupName": "g", "location": "eastus"})
    second, _ = another_engine.create(
        "resources:ResourceGroup", {"resourceGroupName": "g", "location": "eastus"}
    )
    assert OTHER not in first
    assert second == f"/subscriptions/{OTHER}/resourceGroups/g"


def test_without_a_configured_subscription_arm_is_asked(another_engine, arm):
    another_engine.configure()
    arm.documents["/subscriptions"] = {"value": [{"subscriptionId": OTHER}]}
    assert another_engine.invoke("authorization:getClientConfig")["subscriptionId"] == OTHER
    arm.documents.clear()
    with pytest.raises(grpc.RpcError) as error:
        another_engine.invoke("authorization:getClientConfig")
    assert "azure-native:subscriptionId" in error.value.details()


def test_cancelling_one_engine_stops_nothing(engine, another_engine):
    another_engine.stub.Cancel(Empty())
    identifier, _ = engine.create("resources:ResourceGroup", {"resourceGroupName": "g", "location": "eastus"})
    assert identifier.endswith("/g")


def test_many_resources_are_made_at_once(engine, arm):
    waiting = threading.Barrier(12, timeout=30)
    plain = arm.answer

    def answer(seen):
        if seen.method == "PUT":
            waiting.wait()
        return plain(seen)

    arm.answer = answer
    try:
        with ThreadPoolExecutor(12) as pool:
            made = pool.map(
                lambda number: engine.create(
                    "resources:ResourceGroup", {"resourceGroupName": f"g{number}", "location": "x"}
                ),
                range(12),
            )
            assert len({identifier for identifier, _ in made}) == 12
    finally:
        del arm.answer


def test_an_arm_that_does_not_answer_is_named(arm, credential, attach):
    with serve(arm_endpoint="https://localhost:1", credential=credential, ca=arm.ca) as port:
        engine = attach(port)
        engine.configure(subscriptionId="s")
        with pytest.raises(grpc.RpcError) as error:
            engine.create("resources:ResourceGroup", {"resourceGroupName": "g", "location": "x"}, timeout=0.1)
    assert "couldn't reach https://localhost:1" in error.value.details()


def test_a_port_in_use_is_named(arm, credential):
    with serve(arm_endpoint=arm.endpoint, credential=credential, ca=arm.ca) as port:
        taken = serve(arm_endpoint=arm.endpoint, credential=credential, ca=arm.ca, port=port)
        with pytest.raises(PortTakenError, match=f"port {port} "), taken:
            pass
        process = subprocess.run(
            [
                sys.executable,
                "-m",
                "foundry.sandbox.azure_native",
                "--port",
                str(port),
                "--arm",
                arm.endpoint,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert process.returncode == 1
    assert process.stderr.startswith(f"port {port} on 127.0.0.1 is in use")
    assert "Traceback" not in process.stderr
