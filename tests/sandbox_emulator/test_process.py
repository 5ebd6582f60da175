"""The emulator as a process: start, kill, restart, ports, certificates."""

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from foundry.sandbox.emulator import Serving, serve

from .conftest import ACCOUNT, GROUP, Wire

COMMAND = [sys.executable, "-m", "foundry.sandbox.emulator"]


@contextmanager
def process(home: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], Wire]]:
    running = subprocess.Popen(
        [*COMMAND, "--home", str(home), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line.startswith("emulator ready at https://localhost:"), line
        header = (home / "identity-header").read_text()
        serving = Serving(line.split()[-1], header, home / "ca.pem", home / "bundle.pem", home)
        yield running, Wire(serving)
    finally:
        running.kill()
        running.communicate()


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    home = tmp_path / "sandbox"
    with process(home) as (running, wire):
        wire.make_project()
        wire.allow()
        agent = wire.data("POST", "/assistants", {"model": "m", "name": "kept"}).json()
        token = wire.token("https://ai.azure.com")
        running.send_signal(signal.SIGKILL)
        running.wait()
    with process(home) as (running, wire):
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/accounts/contoso/api/projects/support/assistants/{agent['id']}"
        read = wire.send("GET", path, None, params={"api-version": "v1"}, headers=headers)
        assert read.json() == agent
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0


def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    home = tmp_path / "sandbox"
    answered: list[str] = []
    with process(home) as (running, wire):
        wire.make_project()
        wire.allow()

        def write() -> None:
            mine = Wire(wire.serving)
            try:
                while True:
                    answered.append(mine.data("POST", "/assistants", {"model": "m"}).json()["id"])
            except requests.exceptions.RequestException:
                return

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        while len(answered) < 60:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.join()
    with process(home) as (_, wire):
        found: list[str] = []
        while page := wire.data(
            "GET", "/assistants", limit="100", **({"after": found[-1]} if found else {})
        ).json()["data"]:
            found += [item["id"] for item in page]
    assert set(answered) <= set(found)
    # At most the request that each writer was waiting for was done and not answered.
    assert len(found) <= len(answered) + len(writers)


def test_a_run_goes_on_by_itself_after_a_kill(tmp_path: Path) -> None:
    home = tmp_path / "sandbox"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(20)
        spec = {
            "openapi": "3.0.0",
            "servers": [{"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}],
            "paths": {"/orders": {"get": {"operationId": "list_orders", "summary": "Open orders"}}},
        }
        with process(home) as (running, wire):
            wire.make_project()
            wire.allow()
            model = {"sku": {"name": "S"}, "properties": {"model": {"format": "OpenAI", "name": "m"}}}
            wire.put(f"{ACCOUNT}/deployments/m", model)
            openapi = {"name": "orders", "spec": spec, "auth": {"type": "anonymous"}}
            tools = [{"type": "openapi", "openapi": openapi}]
            agent = wire.data("POST", "/assistants", {"model": "m", "tools": tools}).json()["id"]
            thread = {"messages": [{"role": "user", "content": "open orders"}]}
            wire.data("POST", "/threads/runs", {"assistant_id": agent, "thread": thread})
            waiting, _ = silent.accept()
            running.send_signal(signal.SIGKILL)
            running.wait()
            waiting.close()
        with process(home):
            silent.accept()[0].close()


def test_it_ends_at_once_while_a_run_waits_for_somebody_else(tmp_path: Path) -> None:
    spec = {
        "openapi": "3.0.0",
        "paths": {"/orders": {"get": {"operationId": "list_orders", "summary": "Open orders"}}},
    }
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        spec["servers"] = [{"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}]  # type: ignore[assignment]
        with process(tmp_path) as (running, wire):
            wire.make_project()
            wire.allow()
            model = {"sku": {"name": "S"}, "properties": {"model": {"format": "OpenAI", "name": "m"}}}
            wire.put(f"{ACCOUNT}/deployments/m", model)
            auth = {"type": "anonymous"}
            tool = {"type": "openapi", "openapi": {"name": "orders", "spec": spec, "auth": auth}}
            agent = wire.data("POST", "/assistants", {"model": "m", "tools": [tool]}).json()["id"]
            thread = {"messages": [{"role": "user", "content": "open orders"}]}
            run = wire.data("POST", "/threads/runs", {"assistant_id": agent, "thread": thread}).json()
            path = f"/threads/{run['thread_id']}/runs/{run['id']}"
            assert wire.data("GET", path).json()["status"] == "in_progress"
            silent.accept()
            running.send_signal(signal.SIGTERM)
            # The silent server would have been waited for half a minute.
            assert running.wait(timeout=20) == 0


def test_an_interrupt_ends_it_cleanly(tmp_path: Path) -> None:
    with process(tmp_path) as (running, wire):
        wire.put(GROUP, {"location": "westus"})
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=20)
        assert (running.returncode, errors) == (0, "")


def test_a_busy_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--home", str(tmp_path), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"emulator: port {port} is in use on 127.0.0.1; choose another one with --port\n"


def test_a_folder_serves_one_emulator(tmp_path: Path) -> None:
    with serve(tmp_path):
        done = subprocess.run(
            [*COMMAND, "--home", str(tmp_path), "--port", "0"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert "in use by another emulator" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "emulator.sqlite").write_bytes(b"no database at all, but long enough to be read as one" * 20)
    done = subprocess.run(
        [*COMMAND, "--home", str(tmp_path), "--port", "0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("emulator: ")
    assert done.stderr.count("\n") == 1


def test_the_authority_stays_and_its_files_are_private(tmp_path: Path) -> None:
    with serve(tmp_path) as first:
        authority, header = first.ca.read_bytes(), first.identity_header
    (tmp_path / "server.pem").unlink()
    with serve(tmp_path) as second:
        assert (second.ca.read_bytes(), second.identity_header) == (authority, header)
        wire = Wire(second)
        wire.put(GROUP, {"location": "westus"})
    for name in ("ca.key", "server.pem", "identity-header", "emulator.sqlite"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name


def test_a_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    other = trustme.CA().issue_cert("localhost")
    (tmp_path / "server.pem").write_bytes(other.private_key_and_cert_chain_pem.bytes())
    with serve(tmp_path) as serving:
        Wire(serving).put(GROUP, {"location": "westus"})


def test_the_bundle_trusts_the_emulator_and_the_public_authorities(tmp_path: Path) -> None:
    with serve(tmp_path) as serving:
        context = ssl.create_default_context(cafile=str(serving.bundle))
        assert len(context.get_ca_certs()) > 50
        port = int(serving.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as plain:
            for name in ("localhost", "127.0.0.1"):
                with socket.create_connection(("127.0.0.1", port)) as one:
                    context.wrap_socket(one, server_hostname=name).close()
            assert plain.getpeername()[0] == "127.0.0.1"


def test_the_port_is_the_one_asked_for_and_nothing_else_listens(tmp_path: Path) -> None:
    with serve(tmp_path) as serving:
        port = int(serving.url.rpartition(":")[2])
        outward = socket.gethostbyname(socket.gethostname())
        if not outward.startswith("127."):
            with pytest.raises(OSError), socket.create_connection((outward, port), timeout=1):
                pass
        assert json.loads(Wire(serving).control("GET", "/health").text)["url"] == serving.url


def test_it_knows_nothing_of_the_rest_of_the_product() -> None:
    code = "import sys, foundry.sandbox.emulator.__main__; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    ours = {name for name in done.stdout.split() if name.partition(".")[0] == "foundry"}
    allowed = {"foundry", "foundry.sandbox"}
    assert {name for name in ours if not name.startswith("foundry.sandbox.emulator")} == allowed
    assert not any(name.partition(".")[0] in ("azure", "pulumi", "openai") for name in done.stdout.split())
