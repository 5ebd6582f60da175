"""The emulator under load, and the start-up of a sandbox.

    python bench/emulator.py [--agents 5000] [--stores 200] [--files 20000] [--calls 500]

Fills one emulator over HTTPS, counts requests per second, kills it with SIGKILL in the middle of writing, starts it again and counts what is
there. Prints a table in Markdown. Needs nothing but this package and psutil; works in a temporary folder, on free ports.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil

from foundry.sandbox import host
from foundry.testing import Cloud

BASE = "/accounts/contoso/api/projects/tests"
BOUNDARY = "bench-boundary"


class Client:
    """One kept-alive connection to the data plane."""

    def __init__(self, cloud: Cloud, token: str) -> None:
        context = ssl.create_default_context(cafile=str(cloud.authority))
        port = urlsplit(cloud.url).port
        self.connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, body: object = None, **query: str) -> dict:
        target = f"{BASE}{path}?{urlencode({'api-version': 'v1', **query})}"
        content, kind = None, "application/json"
        if isinstance(body, bytes):
            content, kind = body, f"multipart/form-data; boundary={BOUNDARY}"
        elif body is not None:
            content = json.dumps(body)
        self.connection.request(method, target, content, {**self.headers, "Content-Type": kind})
        reply = self.connection.getresponse()
        text = reply.read()
        assert reply.status == 200, (reply.status, text[:300])
        return json.loads(text)


@contextmanager
def emulator(home: Path) -> Iterator[tuple[psutil.Popen, Cloud, float]]:
    """A process, its address, and the seconds until it answered."""
    began = time.monotonic()
    process = psutil.Popen(
        [sys.executable, "-m", "foundry.sandbox.emulator", "--home", str(home), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        header = (home / "identity-header").read_text()
        yield process, Cloud(line.split()[-1], header, home / "ca.pem"), time.monotonic() - began
    finally:
        process.kill()
        process.wait()


def megabytes(process: psutil.Popen) -> float:
    return process.memory_info().rss / 1e6


def token_of(cloud: Cloud) -> str:
    context = ssl.create_default_context(cafile=str(cloud.authority))
    connection = http.client.HTTPSConnection("localhost", urlsplit(cloud.url).port, context=context)
    query = urlencode({"api-version": "2019-08-01", "resource": "https://ai.azure.com"})
    connection.request(
        "GET", f"/identity/token?{query}", headers={"X-IDENTITY-HEADER": cloud.identity_header}
    )
    return json.load(connection.getresponse())["access_token"]


def agent(number: int) -> dict:
    return {
        "model": "gpt-4.1",
        "name": f"agent-{number:05}",
        "description": f"Answers questions about shelf {number}",
        "instructions": "You answer questions from what you know, in one sentence. " * 10,
        "tools": [{"type": "code_interpreter"}],
        "metadata": {"team": "customer-care", "number": str(number)},
    }


def upload(number: int) -> bytes:
    text = (
        f"# Shelf {number}\n\n" + f"The boots of shelf {number} are waterproof and come in ten sizes. " * 15
    )
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="shelf-{number}.md"\r\n\r\n'
        f"{text}\r\n--{BOUNDARY}--\r\n"
    ).encode()


def in_parallel(
    count: int, make: Callable[[], Client], work: Callable[[Client, int], None], threads: int = 4
) -> float:
    """Requests per second of `count` calls over several connections."""
    numbers = iter(range(count))
    lock = threading.Lock()

    def run() -> None:
        client = make()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            work(client, number)

    began = time.monotonic()
    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return count / (time.monotonic() - began)


def over_one_connection(count: int, make: Callable[[], Client], work: Callable[[Client, int], None]) -> float:
    """Calls per second."""
    return in_parallel(count, make, work, threads=1)


def listed(client: Client, path: str) -> tuple[int, float]:
    """How many objects a full listing gives, and its seconds."""
    began, count, after = time.monotonic(), 0, {}
    while page := client.send("GET", path, limit="100", **after)["data"]:
        count += len(page)
        after = {"after": page[-1]["id"]}
    return count, time.monotonic() - began


class Meter:
    """Requests per second, and the processor time of the emulator for each: the part that doesn't depend on what else runs."""

    def __init__(self, process: psutil.Popen) -> None:
        self.process = process

    def spent(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def of(self, count: int, work: Callable[[], float]) -> str:
        before = self.spent()
        rate = work()
        done = count or rate
        return f"{rate:.0f} a second, {(self.spent() - before) / done * 1000:.1f} ms of processor each"


def row(what: str, value: str) -> None:
    print(f"| {what} | {value} |", flush=True)


def load(options: argparse.Namespace, home: Path) -> None:
    with emulator(home) as (process, cloud, seconds):
        row("emulator alone, empty folder, until it answers", f"{seconds:.2f} s, {megabytes(process):.0f} MB")
        cloud.make_project()
        token = token_of(cloud)
        meter = Meter(process)

        def make() -> Client:
            return Client(cloud, token)

        def filled(what: str, count: int, work: Callable[[Client, int], None]) -> None:
            told = meter.of(count, lambda: in_parallel(count, make, work))
            row(what, f"{told}; {megabytes(process):.0f} MB then")

        def asked(what: str, work: Callable[[Client, int], None]) -> None:
            row(what, meter.of(options.calls, lambda: over_one_connection(options.calls, make, work)))

        agents: list[str] = []
        files: list[str] = []
        stores: list[str] = []
        each = max(1, options.files // options.stores)

        def make_store(client: Client, number: int) -> None:
            part = files[number * each : (number + 1) * each]
            body = {"name": f"store-{number}", "file_ids": part}
            stores.append(client.send("POST", "/vector_stores", body)["id"])

        filled(
            f"create {options.agents:,} agents, 4 connections",
            options.agents,
            lambda client, number: agents.append(client.send("POST", "/assistants", agent(number))["id"]),
        )
        filled(
            f"upload {options.files:,} files of 1 KB, 4 connections",
            options.files,
            lambda client, number: files.append(client.send("POST", "/files", upload(number))["id"]),
        )
        filled(f"create {options.stores} vector stores of {each} files", options.stores, make_store)
        time.sleep(0.2)
        client = make()
        for path, what in (("/assistants", "agents"), ("/vector_stores", "vector stores")):
            count, took = listed(client, path)
            row(f"list all {what}, 100 a page", f"{count:,} in {took:.2f} s")
        began = time.monotonic()
        count = len(client.send("GET", "/files")["data"])
        row("list all files, which come in one page", f"{count:,} in {time.monotonic() - began:.2f} s")
        asked(
            "get an agent",
            lambda client, number: client.send("GET", f"/assistants/{agents[number % len(agents)]}"),
        )
        asked(
            "update an agent",
            lambda client, number: client.send(
                "POST", f"/assistants/{agents[number % len(agents)]}", {"description": str(number)}
            ),
        )
        tool = {
            "tools": [{"type": "file_search"}],
            "tool_resources": {"file_search": {"vector_store_ids": stores[:1]}},
        }
        reader = client.send("POST", "/assistants", {"model": "gpt-4.1", **tool})["id"]

        def ask(client: Client, number: int) -> None:
            question = f"Are the boots of shelf {number % each} waterproof?"
            thread = {"messages": [{"role": "user", "content": question}]}
            run = client.send("POST", "/threads/runs", {"assistant_id": reader, "thread": thread})
            client.send("GET", f"/threads/{run['thread_id']}/runs/{run['id']}")

        asked(f"a question answered from a store of {each} files", ask)
        row("memory with all that", f"{megabytes(process):.0f} MB")
        size = sum(path.stat().st_size for path in home.glob("emulator.sqlite*")) / 1e6
        row("database", f"{size:.0f} MB")
        written = killed_while_writing(process, make)
    with emulator(home) as (process, cloud, seconds):
        client = Client(cloud, token)
        row("killed while writing; until it answers again", f"{seconds:.2f} s, {megabytes(process):.0f} MB")
        count, _ = listed(client, "/assistants")
        kept = options.agents + 1 + len(written)
        assert count >= kept, f"{kept} were answered for, {count} are there"
        row("agents after that", f"{count:,}, all {kept:,} that were answered for among them")


def killed_while_writing(process: psutil.Popen, make: Callable[[], Client]) -> list[str]:
    """Ids of the agents whose creation was answered before the process died."""
    written: list[str] = []

    def write() -> None:
        client = make()
        try:
            while True:
                written.append(client.send("POST", "/assistants", agent(len(written)))["id"])
        except (OSError, http.client.HTTPException):
            return

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    for writer in writers:
        writer.join()
    return written


def start_up(folder: Path) -> None:
    """The whole sandbox: emulator and provider."""
    os.environ.setdefault("FAC_AZURITE", str(folder / "none"))
    home = folder / "sandbox"
    for what in ("empty folder", "second time"):
        began = time.monotonic()
        sandbox = host.start(home)
        seconds = time.monotonic() - began
        workers = [psutil.Process(worker.pid) for worker in (sandbox.emulator, sandbox.provider) if worker]
        parts = [
            f"{item.cpu_times().user + item.cpu_times().system:.1f} s of processor, {item.memory_info().rss / 1e6:.0f} MB"
            for item in workers
        ]
        row(f"start of the sandbox, {what}", f"{seconds:.2f} s (emulator {parts[0]}; provider {parts[1]})")
        host.stop(home)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=5_000)
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    print("| | |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        start_up(Path(folder))
        load(options, Path(folder) / "load")


if __name__ == "__main__":
    main()
