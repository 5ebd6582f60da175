"""preview, up, refresh and destroy of a stack: the sandbox where it lives there, the engine, and what a killed run left."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foundry.cli import engines, lost_state, recovery, settings
from foundry.cli.engines import Engine, Run, last_line
from foundry.cli.project import Project, default_stack
from foundry.model import FoundryError
from foundry.sandbox import host

if TYPE_CHECKING:
    from foundry.service.connect import AzureServices

Say = Callable[[str], None]


def sandbox_home(project: Project) -> Path:
    """The sandbox's folder: FAC_SANDBOX_HOME, or `.sandbox` in the project."""
    return Path(os.environ.get("FAC_SANDBOX_HOME") or project.root / ".sandbox").resolve()


def sandbox_environment(sandbox: host.Sandbox) -> dict[str, str]:
    """Variables for an engine that works on the sandbox."""
    return {
        **host.environment(sandbox),
        "FAC_ARM_ENDPOINT": sandbox.url,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def shell_environment(project: Project, sandbox: host.Sandbox) -> dict[str, str]:
    """Variables for a shell: the sandbox's, and where the stack is up the two that the official samples read."""
    variables = sandbox_environment(sandbox)
    run = Run(_embedded(), project.root, "sandbox", {**os.environ, **variables})
    try:
        outputs = run.outputs()
    except FoundryError:
        return variables
    if outputs.get("projectEndpoint"):
        variables["PROJECT_ENDPOINT"] = str(outputs["projectEndpoint"])
    deployments = outputs.get("modelDeployments")
    if deployments:
        variables["MODEL_DEPLOYMENT_NAME"] = str(next(iter(deployments)))
    return variables


def make_stacks_known(project: Project, state: Path) -> None:
    """Lay the sandbox's stacks into its state folder, empty, so that the Pulumi CLI finds them without being asked to create them."""
    for stack in project.stacks():
        path = state / ".pulumi" / "stacks" / project.name / f"{stack}.json"
        if settings.is_sandbox(settings.read(project.settings_file(stack))) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            (state / ".pulumi" / "meta.yaml").write_text("version: 1\n", encoding="utf-8")
            path.write_text(
                json.dumps(
                    {
                        "version": 3,
                        "checkpoint": {"stack": f"organization/{project.name}/{stack}", "latest": None},
                    }
                ),
                encoding="utf-8",
            )


def reader(project: Project, stack: str) -> Run:
    """An engine that only reads the stack's state: nothing is started."""
    project.require(stack)
    config = settings.read(project.settings_file(stack))
    environment = dict(os.environ)
    if settings.is_sandbox(config):
        known = host.load(sandbox_home(project))
        if known is None:
            raise FoundryError("there is no sandbox yet", fix=f"bring the stack up first: fac up -s {stack}")
        environment |= sandbox_environment(known)
        return Run(_embedded(), project.root, stack, environment)
    return Run(engines.choose(None, sandbox=False), project.root, stack, environment)


def prepare(project: Project, stack: str, *, wanted: str | None, say: Say, recover: bool = True) -> Run:
    """The engine set to work on a stack: sandbox running, locks and processes of killed runs gone.

    Raises:
        FoundryError: there is no such stack, or no engine that serves it.
        foundry.sandbox.host.SandboxError: the sandbox doesn't start.
    """
    project.require(stack)
    config = settings.read(project.settings_file(stack))
    in_sandbox = settings.is_sandbox(config)
    engine = engines.choose(wanted, sandbox=in_sandbox)
    environment = dict(os.environ)
    if in_sandbox:
        home = sandbox_home(project)
        if host.load(home) is None:
            say(
                f"Starting the sandbox: an emulator of Azure and a Pulumi provider on this machine's loopback, data in {home}."
            )
            say("Nothing leaves this machine.")
        sandbox = host.start(home, on_event=say)
        make_stacks_known(project, sandbox.state)
        environment |= sandbox_environment(sandbox)
    run = Run(engine, project.root, stack, environment)
    if recover:
        say(f"Stack {stack}, run by {engine.name}.")
        folder = recovery.backend_folder(environment.get("PULUMI_BACKEND_URL", ""))
        if folder is not None:
            recovery.release_dead_locks(folder, project.name, stack, project.root, say)
    return run


def operate(project: Project, run: Run, verb: str, arguments: Sequence[str], *, say: Say) -> int:
    """Run one operation and return the engine's exit code."""
    if verb == "preview":
        return preview(run, arguments)
    folder = recovery.backend_folder(run.environment.get("PULUMI_BACKEND_URL", ""))
    if (
        folder is not None
        and verb in {"up", "destroy"}
        and recovery.pending_creates(folder, project.name, run.stack)
    ):
        environment = {**run.environment, "FAC_PENDING_OPERATIONS": "1"}
        run = Run(run.engine, run.root, run.stack, environment)
        code = recovery.resolve_pending(run, folder, project.name, _finder(project, run), say)
        if code:
            return code
    if verb == "up" and (
        lost_state.is_empty(run)
        if folder is None
        else not recovery.has_state(folder, project.name, run.stack)
    ):
        _take_back_what_is_there(project, run, say)
    command = [verb, "--stack", run.stack, *arguments]
    agreed = "--yes" in arguments or "-y" in arguments
    if verb in {"up", "destroy"} and agreed and "--skip-preview" not in arguments:
        command.append("--skip-preview")
    code = run.interactive(command)
    if code and verb == "destroy" and not any(item.startswith("--refresh") for item in arguments):
        if agreed:
            say("Destroying again without reading what is live first (--refresh=false).")
            code = run.interactive([*command, "--refresh=false"])
        else:
            say(
                f"If reading what is live is what failed, this goes past it: fac destroy -s {run.stack} --refresh=false"
            )
    if verb == "up" and code == 0 and settings.is_sandbox(settings.read(project.settings_file(run.stack))):
        _tell_how_to_go_on(project, run.stack, say)
    return code


def preview_offline(
    project: Project, stack: str, arguments: Sequence[str], *, as_review: bool, say: Say
) -> int:
    """Preview a stack against an empty, throw-away sandbox: nothing is logged in to, nothing is kept."""
    with host.ephemeral() as sandbox, tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"Pulumi.{stack}.yaml"
        copy.write_bytes(project.settings_file(stack).read_bytes())
        if not settings.read(copy).get(settings.STACK_ID):
            settings.write_stack_id(copy)
        run = Run(_embedded(), project.root, stack, {**os.environ, **sandbox_environment(sandbox)})
        more = ["--config-file", str(copy), *arguments]
        return review(run, more, say=say) if as_review else preview(run, more)


_OF_THE_ENGINE: Final = ("--json", "-j", "--diff")


def preview(run: Run, arguments: Sequence[str]) -> int:
    """Preview: what the engine would do, and then what that means, object by object; returns the engine's exit code.

    With `--diff` or `--json` it is the engine's own account alone.
    """
    command = ["preview", "--stack", run.stack, *arguments]
    if any(item in _OF_THE_ENGINE for item in arguments):
        return run.interactive(command)
    if run.engine.is_cli:
        return _preview_of_the_cli(run, command)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preview.json"
        code = run.interactive([*command, "--save-preview", str(path)])
        if path.exists():
            _tell_review(json.loads(path.read_text(encoding="utf-8")), run.stack, headline=False)
    return code


def _preview_of_the_cli(run: Run, command: Sequence[str]) -> int:
    """The CLI tells its steps either to people or as JSON: the review is made of the latter."""
    from rich.console import Console

    with Console(stderr=True).status("previewing"):
        done, document = _document(run, command)
    print(done.stderr, end="", file=sys.stderr)
    _tell_review(document, run.stack, headline=True)
    return done.returncode


def _document(run: Run, command: Sequence[str]) -> tuple[subprocess.CompletedProcess[str], Mapping[str, Any]]:
    # Drift that is only reported changes nothing, so that a preview tells of it with what stays the same alone.
    sames = () if "--show-sames" in command else ("--show-sames",)
    done = run.captured([*command, "--json", *sames])
    try:
        return done, json.loads(done.stdout)
    except ValueError:
        raise FoundryError(
            f"the preview failed: {last_line(done.stderr or done.stdout)}",
            fix="run it with --diff to see how far it gets",
        ) from None


_STYLES: Final = {
    "title": "bold",
    "heading": "bold",
    "added": "green",
    "removed": "red",
    "quiet": "dim",
}


def _tell_review(document: Mapping[str, Any], stack: str, *, headline: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from foundry.report import lines

    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines(document, stack=stack, headline=headline):
        if line.style == "title":
            console.print()
        console.print(Text(line.text, style=_STYLES.get(line.style, "")), soft_wrap=True)


def review(run: Run, arguments: Sequence[str], *, say: Say) -> int:
    """Preview, printed as the review that a pull request gets; returns the engine's exit code."""
    from foundry.report import render

    done, document = _document(run, ["preview", "--stack", run.stack, *arguments])
    # The first line is for machines.
    _, _, text = render(document, "markdown", stack=run.stack).partition("\n")
    say(text)
    return done.returncode


def declared_filename(name: str) -> str:
    """The name people gave a file: without the twelve hexadecimal digits that mark it as this stack's."""
    return re.sub(r"\.[0-9a-f]{12}(?=\.[^.]+$|$)", "", name)


def _embedded() -> Engine:
    return engines.choose("embedded", sandbox=True)


def _take_back_what_is_there(project: Project, run: Run, say: Say) -> None:
    config = settings.read(project.settings_file(run.stack))
    subscription = _subscription(config)
    if not subscription:
        return
    azure = _azure(run)
    stack_id = str(config.get(settings.STACK_ID, ""))
    marked = azure.azure_resources_tagged(subscription, lost_state.TAG, stack_id)
    if marked:
        lost_state.take_back(run, azure, marked=marked, subscription=subscription, settings=config, say=say)


def _subscription(config: Mapping[str, Any]) -> str:
    return str(config.get("azure-native:subscriptionId") or os.environ.get("ARM_SUBSCRIPTION_ID", ""))


def _azure(run: Run) -> AzureServices:
    from foundry.service.connect import AzureServices

    os.environ.update(run.environment)
    return AzureServices(env=run.environment)


def _finder(project: Project, run: Run) -> Callable[[Mapping[str, Any]], str | None]:
    from foundry.cli.azure_ids import arm_id

    subscription = _subscription(settings.read(project.settings_file(run.stack)))
    services = _azure(run)

    def exists(resource: Mapping[str, Any]) -> str | None:
        identifier = arm_id(resource["type"], resource.get("inputs") or {}, subscription)
        return identifier if identifier and services.exists_in_azure(identifier) else None

    return exists


def _tell_how_to_go_on(project: Project, stack: str, say: Say) -> None:
    which = "" if stack == default_stack() else f" -s {stack}"
    has_make = (project.root / "Makefile").exists()
    has_guide = (project.root / "docs" / "to-azure.md").exists()
    say("\nThe stack is up. To go on:")
    for command, what in (
        (f"fac preview{which}", "after editing a file under stacks/: what would change"),
        (f'fac ask AGENT "a question"{which}', "ask one of the agents something else"),
        (f"fac output{which}", "endpoints and ids, as JSON"),
        (f"fac destroy{which}", "destroy what this stack made")
        if which
        else ("make down" if has_make else "fac down", "destroy everything and stop the sandbox"),
        *([("docs/to-azure.md", "the same environment on Azure")] if has_guide else []),
    ):
        say(f"  {command:<35} {what}")
