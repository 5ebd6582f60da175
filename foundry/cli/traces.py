"""`--trace`: a command's calls, and the conversations it holds, as OpenTelemetry spans."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from foundry.service.tracing import DESTINATIONS, TRACES, variables


def add(command: argparse.ArgumentParser) -> None:
    """Give a command the options."""
    command.add_argument(
        "--trace",
        choices=DESTINATIONS,
        help="record its calls as OpenTelemetry spans: on standard error, or to a collector (OTEL_EXPORTER_OTLP_…)",
    )
    command.add_argument(
        "--trace-content",
        action="store_true",
        help="record questions and answers too: they stand in the traces in clear",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command, traced where that was asked for."""
    destination = getattr(arguments, "trace", None)
    if destination is None:
        return int(arguments.run(arguments))
    if arguments.trace_content:
        print("Traces hold questions and answers in clear.", file=sys.stderr)
    TRACES.begin(destination, content=arguments.trace_content, parent=os.environ.get("TRACEPARENT"))
    with tempfile.TemporaryDirectory() as folder:
        # Engines show nothing of what the processes say that they start, so those write here.
        file = Path(folder) / "spans"
        try:
            with TRACES.root(f"fac {arguments.command}"):
                os.environ.update(variables(destination, file, content=arguments.trace_content))
                os.environ.update(TRACES.environment())
                return int(arguments.run(arguments))
        finally:
            if file.exists():
                print(file.read_text(encoding="utf-8", errors="replace"), end="", file=sys.stderr)
            TRACES.end()
            if TRACES.lost:
                print(f"fac: {TRACES.lost}", file=sys.stderr)
