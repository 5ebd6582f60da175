"""preview, up, refresh and destroy of a stack: the sandbox where it lives there, the engine, and what a killed run left."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli import agreeing, engines, lost_state, previewing, recovery, settings, uploads
from foundry.cli.engines import Engine, Run
from foundry.cli.project import Project, default_stack
from foundry.model import FoundryError
from foundry.sandbox import host

if TYPE_CHECKING:
    from foundry.model import Manifest
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
        run = Run(_embedded(), project.root, stack, environment)
    else:
        run = Run(engines.choose(None, sandbox=False), project.root, stack, environment)
    folder = recovery.backend_folder(environment.get("PULUMI_BACKEND_URL", ""))
    if folder is not None:
        recovery.refuse_damaged(folder, project.name, stack)
    return run


def prepare(project: Project, stack: str, *, wanted: str | None, say: Say, recover: bool = True) -> Run:
    """The engine set to work on a stack: sandbox running, locks and processes of killed runs gone.

    Raises:
        FoundryError: there is no such stack, no engine that serves it, or its state is damaged.
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
    folder = recovery.backend_folder(environment.get("PULUMI_BACKEND_URL", ""))
    if recover:
        say(f"Stack {stack}, run by {engine.name}.")
        if folder is not None:
            recovery.release_dead_locks(folder, project.name, stack, project.root, say)
    if folder is not None:
        recovery.refuse_damaged(folder, project.name, stack)
    return run


def operate(
    project: Project,
    run: Run,
    verb: str,
    arguments: Sequence[str],
    *,
    manifest: Manifest | None = None,
    say: Say,
) -> int:
    """Run one operation and return the engine's exit code. `manifest` is what is declared, where that was looked at.

    Raises:
        FoundryError: another run is under way on the stack.
    """
    if verb == "preview":
        return previewing.preview(
            run,
            arguments,
            manifest,
            say=say,
            afterwards=lambda document: _say_what_is_there(project, run, document, say),
        )
    folder = recovery.backend_folder(run.environment.get("PULUMI_BACKEND_URL", ""))
    left: tuple[str, ...] = ()
    if folder is not None:
        recovery.refuse_locked(folder, project.name, run.stack)
    if (
        folder is not None
        and verb in {"up", "destroy"}
        and (pending := recovery.pending_creates(folder, project.name, run.stack))
    ):
        environment = {**run.environment, "FAC_PENDING_OPERATIONS": "1"}
        run = Run(run.engine, run.root, run.stack, environment)
        comes_back = verb == "up"
        uploads.clear(run, _azure(run), pending, say, comes_back=comes_back)
        left = () if comes_back else recovery.places_left(folder, project.name, run.stack, pending)
        code = recovery.resolve_pending(
            run, folder, project.name, _finder(project, run), say, comes_back=comes_back
        )
        if code:
            return code
    if verb == "up" and (
        lost_state.is_empty(run)
        if folder is None
        else not recovery.has_state(folder, project.name, run.stack)
    ):
        _take_back_what_is_there(project, run, say)
    agreed = "--yes" in arguments or "-y" in arguments
    asked = verb in {"up", "destroy"} and agreeing.is_asked(arguments)
    if asked:
        refused = agreeing.ask(project, run, verb, arguments, manifest, say=say)
        if refused is not None:
            return refused
        arguments = [*arguments, "--yes"]
    command = [verb, "--stack", run.stack, *arguments]
    if verb in {"up", "destroy"} and (asked or agreed) and "--skip-preview" not in arguments:
        command.append("--skip-preview")
    code = run.interactive(command)
    if code and verb == "destroy" and agreeing.reads_what_is_live(arguments):
        if agreed:
            say("Destroying again without reading what is live first (--refresh=false).")
            code = run.interactive([*command, "--refresh=false"])
        else:
            say(agreeing.PAST_WHAT_IS_LIVE.format(run.stack))
    for endpoint in left if code == 0 else ():
        say(
            "What the killed run was making may be left: "
            f"`fac orphans -s {run.stack} --endpoint {endpoint}` lists it, and deletes it with --delete."
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
        if as_review:
            return previewing.review(run, more, say=say)
        return previewing.preview(run, more, None, say=say)


def declared_filename(name: str) -> str:
    """The name people gave a file: without the twelve hexadecimal digits that mark it as this stack's."""
    return re.sub(r"\.[0-9a-f]{12}(?=\.[^.]+$|$)", "", name)


def _embedded() -> Engine:
    return engines.choose("embedded", sandbox=True)


def _take_back_what_is_there(project: Project, run: Run, say: Say) -> None:
    config = settings.read(project.settings_file(run.stack))
    azure = _azure(run)
    if marked := _marked(config, azure):
        lost_state.take_back(
            run, azure, marked=marked, subscription=_subscription(config), settings=config, say=say
        )


def _say_what_is_there(project: Project, run: Run, document: Mapping[str, Any], say: Say) -> None:
    """After a preview that makes everything: whether Azure has some of it already, so that an up makes less."""
    if any(step.get("oldState") for step in document.get("steps") or ()):
        return
    with contextlib.suppress(
        FoundryError
    ):  # whoever may only preview need not be able to list a subscription
        marked = _marked(settings.read(project.settings_file(run.stack)), _azure(run))
        if marked:
            say(
                f"The state is empty, but {len(marked)} resources in Azure carry this stack's mark. Is it the right backend? Where the state "
                "is lost, `fac up` takes back what is there, and makes nothing twice."
            )


def _marked(config: Mapping[str, Any], azure: AzureServices) -> set[str]:
    subscription = _subscription(config)
    if not subscription:
        return set()
    return azure.azure_resources_tagged(subscription, lost_state.TAG, str(config.get(settings.STACK_ID, "")))


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
