"""What looking after many agents costs: requests, seconds and state, at several latencies of the service.

    python bench/agents.py [--agents 10 100 1000] [--latency 0 100 300] [--dialect classic] [--in-flight 16]

The provider's own functions run against an emulator in a process of its own, which answers each request of the data plane after
the latency (milliseconds). `--in-flight` is how many of them run at once, as `--parallel` is for an engine. Every operation begins with a new
session, as a provider's process does. Prints a table in Markdown; works in a temporary folder, on a free port.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundry.model import packed
from foundry.reconcile import Session
from foundry.service.connect import AzureServices
from foundry.service.log import REQUESTS
from foundry.service.patience import Patience
from foundry.testing import Cloud
from foundry.testing.cloud import SUBSCRIPTION
from foundry.testing.sandbox import environment

MODULES = {"classic": "agent", "versioned": "versioned_agent"}
PROMPT = "You answer questions of the service team from what you know, in one sentence. " * 20


class Counter(logging.Handler):
    """Counts the requests that the product's own log tells of."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, _record: logging.LogRecord) -> None:
        self.count += 1


@dataclass
class Bench:
    """Agents of one size of stack at one latency."""

    endpoint: str
    dialect: str
    in_flight: int
    counter: Counter

    @property
    def kind(self) -> Any:
        return importlib.import_module(f"foundry.reconcile.{MODULES[self.dialect]}")

    def session(self) -> Session:
        bounds = Patience(look_up=0.0)
        return Session(AzureServices(patience=bounds), bounds)

    def inputs(self, number: int, temperature: float = 0.2) -> dict[str, Any]:
        name = f"agent-{number:04}"
        owner = {"project": "bench", "stack": "dev", "stackId": "11111111-1111-4111-8111-111111111111"}
        return {
            "owner": owner,
            "name": name,
            "dialect": self.dialect,
            "project": f"{SUBSCRIPTION}/resourceGroups/bench",
            "endpoint": self.endpoint,
            "lifecycle": {},
            "definition": {
                "name": name,
                "model": "chat",
                "description": f"Agent number {number}",
                "instructions": PROMPT,
                "temperature": temperature,
                "metadata": {"team": "bench"},
                "tools": [{"name": "code", "type": "code_interpreter"}],
            },
        }

    def run(self, work: Callable[[Session, Any], Any], items: Sequence[Any]) -> tuple[list[Any], int, float]:
        """All results, the requests and the seconds."""
        session, before, began = self.session(), self.counter.count, time.monotonic()
        with ThreadPoolExecutor(self.in_flight) as pool:
            results = list(pool.map(lambda item: work(session, item), items))
        return results, self.counter.count - before, time.monotonic() - began

    def measure(self, count: int) -> Iterator[tuple[str, int, float, str]]:
        """Rows: the operation, requests, seconds, and what else is to be said."""
        kind = self.kind
        made, requests, seconds = self.run(
            lambda session, number: kind.create(session, self.inputs(number)), range(count)
        )
        state = [
            {"inputs": packed(self.inputs(number), {}), "outputs": packed(one.outs, {})}
            for number, one in enumerate(made)
        ]
        size = sum(len(json.dumps(each)) for each in state) / count
        yield "create", requests, seconds, f"{size:.0f} bytes of state each"

        def unchanged(session: Session, number: int) -> None:
            seen = kind.read(session, made[number].id, made[number].outs)
            found = kind.diff(made[number].id, seen.outs, self.inputs(number))
            assert not found.changes, found

        _, requests, seconds = self.run(unchanged, range(count))
        yield "no change: refresh and compare", requests, seconds, f"⌈N/100⌉ + 2 = {-(-count // 100) + 2}"

        def one_changed(session: Session, number: int) -> None:
            seen = kind.read(session, made[number].id, made[number].outs)
            wanted = self.inputs(number, temperature=0.7 if number == 0 else 0.2)
            if kind.diff(made[number].id, seen.outs, wanted).changes:
                outs = kind.update(session, made[number].id, seen.outs, wanted)
                made[number] = type(made[number])(made[number].id, outs)

        _, requests, seconds = self.run(one_changed, range(count))
        yield "one agent changed", requests, seconds, ""
        _, requests, seconds = self.run(lambda session, one: kind.delete(session, one.id, one.outs), made)
        yield "destroy", requests, seconds, ""


@contextmanager
def emulator(home: Path) -> Iterator[Cloud]:
    command = [sys.executable, "-m", "foundry.sandbox.emulator", "--home", str(home), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Cloud(line.split()[-1], (home / "identity-header").read_text(), home / "ca.pem")
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 100, 300], help="milliseconds")
    parser.add_argument("--dialect", choices=sorted(MODULES), default="classic")
    parser.add_argument("--in-flight", type=int, default=16)
    options = parser.parse_args()
    counter = Counter()
    REQUESTS.addHandler(counter)
    REQUESTS.setLevel(logging.INFO)
    REQUESTS.propagate = False
    print(
        f"{options.dialect}, {options.in_flight} in flight, {os.cpu_count()} processors, {platform.machine()}\n"
    )
    print("| agents | latency | operation | requests | seconds | ms per agent | |")
    print("|---:|---:|---|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder)) as cloud:
        endpoint = cloud.make_project()
        os.environ.update(environment(cloud, str(cloud.authority), endpoint, ("chat",)))
        bench = Bench(endpoint, options.dialect, options.in_flight, counter)
        for latency in options.latency:
            rule = {"match": {"path": "^/accounts/"}, "action": {"delay": latency / 1000}}
            cloud.control("PUT", "/faults", [rule] if latency else [])
            for count in options.agents:
                for what, requests, seconds, more in bench.measure(count):
                    each = seconds / count * 1000
                    print(
                        f"| {count} | {latency} ms | {what} | {requests} | {seconds:.2f} | {each:.1f} | {more} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
