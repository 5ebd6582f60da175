"""The program that Pulumi runs: settings → manifest → environment → outputs."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from components import Deployer, FoundryEnvironment, FoundryEnvironmentArgs, leave_out_debug_lines
from foundry.manifest import Setting, load
from foundry.model import FoundryError, Severity


class StackSettings:
    """The stack's configuration as the engine gives it, so that `--config` counts too."""

    def get(self, key: str) -> Setting | None:
        """The value of a key in its full form; None when it isn't set."""
        namespace, _, name = key.partition(":")
        value = pulumi.Config(namespace).get(name)
        return None if value is None else Setting(value, secret=pulumi.runtime.is_config_secret(key))


async def main() -> Mapping[str, Any]:
    """Stand the stack's environment up → its outputs. Raises `pulumi.RunError` with every finding at once."""
    if "FAC_DEBUG_LOG" not in os.environ:
        leave_out_debug_lines()
    loaded = load(Path.cwd(), pulumi.get_stack(), settings=StackSettings())
    if loaded.manifest is None:
        raise pulumi.RunError("\n".join(str(finding) for finding in loaded.findings))
    for finding in loaded.findings:
        if finding.severity is Severity.WARNING:
            pulumi.log.warn(str(finding))
    config = pulumi.Config("foundry")
    deployer = Deployer(
        principal_type=config.get("deployerPrincipalType")
        or ("ServicePrincipal" if os.environ.get("CI") else "User"),
        settle_seconds=config.get_float("roleSettleSeconds", 60.0),
    )
    try:
        environment = FoundryEnvironment(
            loaded.manifest.environment.name,
            FoundryEnvironmentArgs(loaded.manifest, secret=config.require_secret, deployer=deployer),
        )
    except FoundryError as error:
        raise pulumi.RunError(str(error)) from None
    # Lets every registration begin before Pulumi waits for them. It waits for those that have begun one after the other, but for
    # outputs by asking all of them again whenever one is there: with a thousand agents, seconds.
    await asyncio.sleep(0)
    return environment.outputs


def leave(*_: object) -> None:
    """End without a traceback: when a resource fails, Pulumi interrupts the program, and has told why already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, leave)
    pulumi.run(main)
