"""Command line: `python -m foundry.sandbox.emulator --home DIR --port P`."""

import argparse
import os
import sys
from pathlib import Path

from foundry.sandbox.emulator.database import DatabaseUnusableError
from foundry.sandbox.emulator.ledger import ledger
from foundry.sandbox.emulator.server import PortBusyError, create_emulator, quiet
from foundry.sandbox.emulator.settings import Settings


def _arguments() -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(prog="python -m foundry.sandbox.emulator", description=__doc__)
    parser.add_argument("--home", type=Path, help="folder for certificates, identity header and database")
    parser.add_argument(
        "--port", type=int, default=8443, help="port on 127.0.0.1; 0 takes a free one (default 8443)"
    )
    parser.add_argument(
        "--operation-delay",
        type=float,
        default=default.operation_delay,
        metavar="SECONDS",
        help="life of a slow ARM operation (default %(default)s)",
    )
    parser.add_argument(
        "--store-delay",
        type=float,
        default=default.store_delay,
        metavar="SECONDS",
        help="time a vector store needs for a file (default %(default)s)",
    )
    parser.add_argument(
        "--store-polls",
        type=int,
        default=default.store_polls,
        metavar="N",
        help="reads a vector store file waits for on top (default %(default)s)",
    )
    parser.add_argument(
        "--run-delay",
        type=float,
        default=default.run_delay,
        metavar="SECONDS",
        help="time a run stays queued (default %(default)s)",
    )
    parser.add_argument(
        "--version-delay",
        type=float,
        default=default.version_delay,
        metavar="SECONDS",
        help="time a hosted agent version is being created (default %(default)s)",
    )
    parser.add_argument(
        "--reuse-versions",
        action="store_true",
        help="return the latest agent version when a new one would say the same",
    )
    parser.add_argument(
        "--separate-dialects",
        action="store_true",
        help="keep files and vector stores of the classic dialect apart from those below /openai/v1",
    )
    parser.add_argument(
        "--late-roles",
        type=float,
        default=default.late_roles,
        metavar="SECONDS",
        help="time before a role assignment counts (default %(default)s)",
    )
    parser.add_argument(
        "--no-host-role-check", action="store_true", help="let capability hosts succeed without roles"
    )
    parser.add_argument(
        "--tool-seconds",
        type=float,
        default=default.tool_seconds,
        metavar="SECONDS",
        help="how long a tool's server, a queue or a model may take (default %(default)s)",
    )
    parser.add_argument(
        "--rules",
        type=Path,
        default=os.environ.get("FAC_SANDBOX_RULES"),
        metavar="DIR",
        help="folder with rules that agents follow, besides `rules` in the home (default: FAC_SANDBOX_RULES)",
    )
    parser.add_argument(
        "--model-url",
        default=os.environ.get("FAC_SANDBOX_MODEL_URL", ""),
        metavar="URL",
        help="a model that speaks OpenAI's chat completions answers (default: FAC_SANDBOX_MODEL_URL; its key: FAC_SANDBOX_MODEL_KEY)",
    )
    parser.add_argument(
        "--model-name",
        default=os.environ.get("FAC_SANDBOX_MODEL_NAME", ""),
        metavar="NAME",
        help="the model's name there (default: FAC_SANDBOX_MODEL_NAME, or the deployment a run names)",
    )
    parser.add_argument("--ledger", action="store_true", help="print the ledger (docs/emulator.md) and stop")
    return parser


def main() -> int:
    """Runs the emulator in the foreground; 0 after a clean stop, 1 when it can't start."""
    parser = _arguments()
    given = parser.parse_args()
    if given.ledger:
        sys.stdout.write(ledger())
        return 0
    if given.home is None:
        parser.error("--home is required")
    quiet()
    settings = Settings(
        operation_delay=given.operation_delay,
        store_delay=given.store_delay,
        store_polls=given.store_polls,
        run_delay=given.run_delay,
        version_delay=given.version_delay,
        reuse_versions=given.reuse_versions,
        separate_dialects=given.separate_dialects,
        late_roles=given.late_roles,
        tool_seconds=given.tool_seconds,
        rules=given.rules and given.rules.resolve(),
        model_url=given.model_url,
        model_name=given.model_name,
        model_key=os.environ.get("FAC_SANDBOX_MODEL_KEY", ""),
        check_host_roles=not given.no_host_role_check,
    )
    try:
        emulator = create_emulator(given.home, given.port, settings)
    except (PortBusyError, DatabaseUnusableError, OSError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    emulator.run(lambda: print(f"emulator ready at {emulator.serving.url}", flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
