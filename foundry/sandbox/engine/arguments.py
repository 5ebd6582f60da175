"""The command line, by the CLI's own names. What isn't known is refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from foundry.sandbox.engine.errors import EngineError, NotSupportedError

_VERBS = {
    "preview": "preview", "pre": "preview",
    "up": "up", "update": "up",
    "refresh": "refresh",
    "destroy": "destroy", "down": "destroy",
    "cancel": "cancel",
    "stack": "stack",
    "config": "config",
}  # fmt: skip
_SHORT = {
    "-s": "--stack", "-C": "--cwd", "-y": "--yes", "-j": "--json", "-t": "--target", "-p": "--parallel", "-f": "--skip-preview",
    "-r": "--refresh",
}  # fmt: skip
_WITH_VALUE = {
    "--stack",
    "--cwd",
    "--target",
    "--parallel",
    "--color",
    "--config-file",
    "--file",
    "--import-pending-creates",
    "--save-preview",
}
_SWITCHES = {
    "--yes", "--json", "--diff", "--expect-no-changes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--show-secrets",
    "--clear-pending-creates", "--preview-only", "--show-sames", "--show-reads", "--show-replacement-steps", "--suppress-progress",
    "--secret",
}  # fmt: skip
_OPTIONAL = {"--refresh", "--suppress-permalink"}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_EVERYWHERE = {"--stack", "--cwd", "--color", "--non-interactive"}
_RUN = _EVERYWHERE | {
    "--json", "--diff", "--target", "--parallel", "--config-file", "--suppress-outputs", "--suppress-permalink", "--suppress-progress",
    "--show-sames", "--show-replacement-steps",
}  # fmt: skip
_CHANGE = _RUN | {"--yes", "--skip-preview"}
_OF = {
    "preview": _RUN
    | {"--refresh", "--expect-no-changes", "--show-reads", "--show-secrets", "--save-preview"},
    "up": _CHANGE | {"--refresh", "--expect-no-changes", "--show-reads", "--show-secrets"},
    "refresh": _CHANGE
    | {"--expect-no-changes", "--preview-only", "--clear-pending-creates", "--import-pending-creates"},
    "destroy": _CHANGE | {"--refresh", "--preview-only", "--save-preview"},
    "cancel": _EVERYWHERE | {"--yes"},
    "stack output": _EVERYWHERE | {"--json", "--show-secrets", "--config-file"},
    "stack export": _EVERYWHERE | {"--show-secrets", "--config-file", "--file"},
    "stack import": _EVERYWHERE | {"--config-file", "--file"},
    "config set": _EVERYWHERE | {"--secret", "--config-file"},
}


class UsageError(EngineError):
    """The command line itself is wrong."""


class UnattendedError(UsageError):
    """Nobody is there who could agree to what is about to be done."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """A command line, understood."""

    verb: str
    words: tuple[str, ...] = ()
    stack: str = ""
    cwd: Path | None = None
    yes: bool = False
    json: bool = False
    diff: bool = False
    expect_no_changes: bool = False
    refresh: bool | None = None
    targets: tuple[str, ...] = ()
    parallel: int = 0
    skip_preview: bool = False
    preview_only: bool = False
    non_interactive: bool = False
    color: str = "auto"
    config_file: Path | None = None
    suppress_outputs: bool = False
    show_sames: bool = False
    show_reads: bool = False
    show_replacement_steps: bool = False
    show_secrets: bool = False
    clear_pending_creates: bool = False
    import_pending_creates: tuple[str, ...] = ()
    file: Path | None = None
    save_preview: Path | None = None
    secret: bool = False


@dataclass
class _Reader:
    words: list[str] = field(default_factory=list)
    flags: list[tuple[str, str]] = field(default_factory=list)


def parse(argv: Sequence[str]) -> Arguments:
    """The command line → arguments. Raises UsageError for a broken one, NotSupportedError naming what is the CLI's alone."""
    reader = _Reader()
    rest = iter(argv)
    for argument in rest:
        if argument.startswith("-") and argument != "-":
            reader.flags += _flags(argument, rest)
        else:
            reader.words.append(argument)
    if not reader.words:
        raise UsageError(
            "which command? preview, up, refresh, destroy, cancel, stack output, stack export, stack import or config set"
        )
    given, *words = reader.words
    verb = _VERBS.get(given)
    if verb is None:
        raise NotSupportedError(f"the command {given!r}")
    if verb == "stack":
        if not words or words[0] not in ("output", "export", "import"):
            raise NotSupportedError("the command 'stack" + (f" {words[0]}" if words else "") + "'")
        verb, words = f"stack {words[0]}", words[1:]
    if verb == "config":
        if words[:1] != ["set"]:
            raise NotSupportedError("the command 'config" + (f" {words[0]}" if words else "") + "'")
        verb, words = "config set", words[1:]
        if not 1 <= len(words) <= 2:
            raise UsageError("config set: expected a key, and its value or the value on standard input")
    if words and verb not in ("stack output", "config set"):
        raise NotSupportedError(f"the argument {words[0]!r} of {given!r}")
    result = Arguments(verb=verb, words=tuple(words))
    for name, value in reader.flags:
        if name not in _OF[verb]:
            raise UsageError(f"unknown flag: {name} (of {verb!r})")
        result = _with(result, name, value)
    if result.save_preview is not None and verb == "destroy" and not result.preview_only:
        raise UsageError("destroy: --save-preview goes with --preview-only")
    return result


def _flags(argument: str, rest: Iterator[str]) -> list[tuple[str, str]]:
    """One argument, and its value from the rest if it takes one → flags by their long names; `-yf` is two."""
    name, has_value, value = argument.partition("=")
    if not name.startswith("--"):
        if len(name) > 2:
            first = _SHORT.get(name[:2])
            if first is None:
                raise NotSupportedError(f"the flag {name[:2]}")
            if first in _WITH_VALUE:
                return [(first, argument[2:])]
            return [(first, ""), *_flags("-" + argument[2:], rest)]
        name = _SHORT.get(name, name)
    if name in _WITH_VALUE:
        if not has_value:
            value = next(rest, "")
            if not value:
                raise UsageError(f"flag needs an argument: {name}")
        return [(name, value)]
    if name not in _SWITCHES and name not in _OPTIONAL:
        raise NotSupportedError(f"the flag {name}")
    return [(name, value if has_value else "true")]


def _truth(name: str, value: str) -> bool:
    try:
        return _TRUTH[value.lower()] if value else True
    except KeyError:
        raise UsageError(f"{name}={value}: expected true or false") from None


def _with(arguments: Arguments, name: str, value: str) -> Arguments:
    match name:
        case "--stack":
            return replace(arguments, stack=value)
        case "--cwd":
            return replace(arguments, cwd=Path(value))
        case "--config-file":
            return replace(arguments, config_file=Path(value))
        case "--file":
            return replace(arguments, file=Path(value))
        case "--save-preview":
            return replace(arguments, save_preview=Path(value))
        case "--target":
            if "*" in value:
                raise NotSupportedError(f"a pattern as target ({value})")
            return replace(arguments, targets=(*arguments.targets, value))
        case "--parallel":
            if not value.isdigit():
                raise UsageError(f"--parallel {value}: expected a number")
            return replace(arguments, parallel=int(value) or 1)
        case "--import-pending-creates":
            return replace(arguments, import_pending_creates=(*arguments.import_pending_creates, value))
        case "--color":
            if value not in ("always", "never", "raw", "auto"):
                raise UsageError(f"--color {value}: expected always, never, raw or auto")
            return replace(arguments, color=value)
        case "--suppress-permalink" | "--suppress-progress":
            return arguments
        case _:
            return replace(arguments, **{name.removeprefix("--").replace("-", "_"): _truth(name, value)})  # type: ignore[arg-type]
