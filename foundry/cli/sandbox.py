"""`fac sandbox`: the local stand-in for Azure, inside a project or on its own.

Without a Pulumi project around it the sandbox is a fake Foundry for anybody's tests: its folder is FAC_SANDBOX_HOME, or `.sandbox` here.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundry.cli.options import Commands
from foundry.cli.project import Project, find_project
from foundry.model import FoundryError

if TYPE_CHECKING:
    from foundry.sandbox.host import Sandbox
    from foundry.testing.cloud import Cloud

_FAILED = 1


def add(commands: Commands) -> None:
    """Register the command and its actions."""
    text = "the local stand-in for Azure"
    parser = commands.add_parser("sandbox", help=text, description=text)
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, run: Any, told: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = actions.add_parser(name, help=told, description=told)
        made.set_defaults(run=run)
        return made

    start = action("start", _start, "start it, or find it running")
    start.add_argument("--port", type=int, help="the emulator's port; the provider takes the next one")
    start.add_argument(
        "--with-storage",
        action="store_true",
        help="serve queues and blobs too: installs Azurite with npm where it isn't found",
    )
    action("stop", _stop, "stop it; its data stay")
    action("status", _status, "say what of it runs: 1 when something is missing")
    action("env", _env, "print the variables that lead unmodified clients to it, for `eval`")
    action("erase", _erase, "stop it and delete everything in it")
    project = action(
        "project", _project, "make a Foundry project in it, without Pulumi, and print its endpoint"
    )
    project.add_argument("name", nargs="?", default="tests", help="the project (default: %(default)s)")
    project.add_argument("--account", default="contoso", help="the account (default: %(default)s)")
    project.add_argument(
        "--model", action="append", help="a model deployment; may be repeated (default: gpt-4.1)"
    )
    role = action("role", _role, "give the deployer, who you are in it, a built-in role")
    role.add_argument("role", help="name of the role, as `Storage Queue Data Contributor`")
    role.add_argument("--scope", help="ARM id it holds at and below (default: the whole subscription)")
    role.add_argument("--principal", help="object id of somebody else")
    faults = action(
        "faults",
        _faults,
        "make it fail, delay, drop or lag by a plan; without a file, print the plan in force",
    )
    faults.add_argument(
        "file", nargs="?", help="the plan: a list of rules in YAML or JSON (docs/emulator.md)"
    )
    faults.add_argument("--clear", action="store_true", help="no more faults")
    rules = action(
        "rules", _rules, "say how agents behave in runs: one file of rules for each, named like the agent"
    )
    rules.add_argument("files", nargs="+", help="<agent>.yaml (docs/emulator.md)")


def _find(arguments: argparse.Namespace) -> tuple[Project | None, Path]:
    """The project, where there is one, and the sandbox's folder."""
    here = Path(arguments.cwd).resolve()
    try:
        project = find_project(here)
    except FoundryError:
        if any((folder / "Pulumi.yaml").is_file() for folder in (here, *here.parents)):
            raise
        project = None
    from foundry.cli.operations import sandbox_home

    if project is not None:
        return project, sandbox_home(project)
    return None, Path(os.environ.get("FAC_SANDBOX_HOME") or here / ".sandbox").resolve()


def _start(arguments: argparse.Namespace) -> int:
    from foundry.cli.operations import make_stacks_known
    from foundry.sandbox import host

    project, home = _find(arguments)
    sandbox = host.start(home, port=arguments.port, with_storage=arguments.with_storage, on_event=_say)
    if project is not None:
        make_stacks_known(project, sandbox.state)
    _say(f"The sandbox answers at {sandbox.url}.")
    if project is None:
        _say('Next: eval "$(fac sandbox env)", and `fac sandbox project` makes a Foundry project in it.')
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    from foundry.sandbox import host

    _, home = _find(arguments)
    _say("The sandbox is stopped." if host.stop(home) else "The sandbox wasn't running.")
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    from foundry.sandbox import host

    _, home = _find(arguments)
    host.erase(home)
    _say("The sandbox and everything in it are gone.")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from foundry.sandbox import host

    _, home = _find(arguments)
    state = host.status(home)
    where = f" at {state.sandbox.url}" if state.sandbox else ""
    _say(
        f"The sandbox{where}: emulator {state.emulator.value}, provider {state.provider.value}, "
        f"storage {state.storage.value}."
    )
    return 0 if state.healthy else _FAILED


def _env(arguments: argparse.Namespace) -> int:
    from foundry.cli.operations import sandbox_environment, shell_environment

    project, known = _known(arguments)
    variables = sandbox_environment(known) if project is None else shell_environment(project, known)
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _project(arguments: argparse.Namespace) -> int:
    with _asking(arguments) as cloud:
        models = arguments.model or ["gpt-4.1"]
        print(cloud.make_project(arguments.account, arguments.name, models=models))
    return 0


def _role(arguments: argparse.Namespace) -> int:
    from foundry.testing.cloud import DEPLOYER, SUBSCRIPTION

    scope, principal = arguments.scope or SUBSCRIPTION, arguments.principal or DEPLOYER
    with _asking(arguments) as cloud:
        cloud.assign(arguments.role, scope.rstrip("/"), principal)
    _say(f"{principal} is {arguments.role} at {scope}.")
    return 0


def _faults(arguments: argparse.Namespace) -> int:
    import json

    with _asking(arguments, about=arguments.file) as cloud:
        if arguments.clear:
            cloud.control("DELETE", "/faults")
            _say("There are no faults any more.")
        elif arguments.file is None:
            print(json.dumps(cloud.control("GET", "/faults"), indent=2))
        else:
            plan = cloud.control("PUT", "/faults", _read(arguments.file))
            _say(
                f"In force: {len(plan['rules'])} rule{'' if len(plan['rules']) == 1 else 's'}, seed {plan['seed']}."
            )
    return 0


def _rules(arguments: argparse.Namespace) -> int:
    from urllib.parse import quote

    told = {file: _read_rules(file) for file in arguments.files}
    for file, rules in told.items():
        name = Path(file).stem
        with _asking(arguments, about=file) as cloud:
            cloud.control("PUT", f"/rules/{quote(name)}", rules)
        _say(f"{name} follows {file}.")
    return 0


def _read_rules(file: str) -> dict[str, Any]:
    rules = _read(file)
    if not isinstance(rules, dict):
        found = "a list" if isinstance(rules, list) else "empty" if rules is None else "no mapping"
        raise FoundryError(
            f"{file} is {found}, where a mapping is wanted",
            fix="write `rules:` and the list of rules below it",
        )
    return rules


def _read(file: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FoundryError(
            f"{file} can't be read: {error}", fix="name a file with a plan or rules"
        ) from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f"{file}:{place.line + 1}:{place.column + 1}" if place else file
        raise FoundryError(
            f"{where}: no YAML: {getattr(error, 'problem', error)}", fix="correct the file"
        ) from error


def _known(arguments: argparse.Namespace) -> tuple[Project | None, Sandbox]:
    from foundry.sandbox import host

    project, home = _find(arguments)
    known = host.load(home)
    if known is None:
        raise FoundryError("there is no sandbox yet", fix="run `fac sandbox start` first")
    return project, known


class _asking:  # noqa: N801 - used as a with statement reads
    """The running sandbox, with its refusals as errors fit for a person."""

    def __init__(self, arguments: argparse.Namespace, *, about: str | None = None) -> None:
        self._sandbox = _known(arguments)[1]
        self._about = about

    def __enter__(self) -> Cloud:
        from foundry.testing.cloud import Cloud

        return Cloud(self._sandbox.url, self._sandbox.identity_header, self._sandbox.authority)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        from foundry.testing.cloud import CloudError

        if isinstance(error, CloudError):
            if error.reached:
                reason = error.reason.rstrip(".")
                told = reason if self._about is None else f"{self._about}: {reason}"
                raise FoundryError(told, fix="docs/emulator.md says what the sandbox takes") from error
            raise FoundryError(
                f"the sandbox doesn't answer: {error.reason}", fix="run `fac sandbox start` first"
            ) from error


def _say(text: str) -> None:
    print(text, flush=True)
