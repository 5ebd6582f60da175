"""`python -m foundry.sandbox.engine {preview|up|refresh|destroy|cancel|stack output|stack export|stack import|config set}` with the CLI's flags.

Environment as the CLI's: PULUMI_BACKEND_URL (file://...), PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, PULUMI_STACK,
PULUMI_DEBUG_PROVIDERS, NO_COLOR. Exit status: 0; 1 for a failure and for a wrong command line;
2 where nobody is there to say yes; 6 where there is no such stack; 7 where --expect-no-changes found changes.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from foundry.sandbox.engine import backend, configuration, inspect, lock, restore
from foundry.sandbox.engine.arguments import Arguments, UnattendedError, UsageError, parse
from foundry.sandbox.engine.digest import EventLines, PreviewDocument
from foundry.sandbox.engine.display import Display, outputs_text
from foundry.sandbox.engine.errors import EngineError
from foundry.sandbox.engine.events import Event
from foundry.sandbox.engine.project import load_project
from foundry.sandbox.engine.runner import Operation, Options, Outcome, run

CHANGES_FOUND = 7


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command → exit status. Prints; never raises."""
    try:
        return _command(parse(sys.argv[1:] if argv is None else argv))
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1


def _command(arguments: Arguments) -> int:
    root = (arguments.cwd or Path.cwd()).resolve()
    stack = arguments.stack or os.environ.get("PULUMI_STACK", "")
    if not stack:
        raise UsageError("no stack selected: give --stack NAME or set PULUMI_STACK")
    url = os.environ.get("PULUMI_BACKEND_URL", "")
    if not url:
        raise UsageError("no backend: set PULUMI_BACKEND_URL to a folder, file:///...")
    if arguments.verb in ("cancel", "stack output", "stack export", "stack import", "config set"):
        return _look(arguments, root, stack, url)
    options = Options(
        root=root,
        stack=stack,
        backend_url=url,
        refresh=arguments.refresh,
        targets=arguments.targets,
        parallel=arguments.parallel,
        config_file=arguments.config_file,
        debug_providers=os.environ.get("PULUMI_DEBUG_PROVIDERS", ""),
        clear_pending_creates=arguments.clear_pending_creates,
        import_pending_creates=_pairs(arguments.import_pending_creates),
    )
    return operate(Operation(arguments.verb), options, arguments)


def _pairs(pairs: Sequence[str]) -> dict[str, str]:
    """`--import-pending-creates URN --import-pending-creates ID ...`: what is named is looked up, the rest stays pending."""
    if len(pairs) % 2:
        raise UsageError("--import-pending-creates: expected pairs of URN and ID")
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def operate(operation: Operation, options: Options, arguments: Arguments) -> int:
    """Preview where the CLI would, ask where it would, run → exit status. For front ends that resolve options of their own."""
    if operation is Operation.PREVIEW:
        return _status(_show(operation, options, arguments), arguments)
    if not (arguments.yes or arguments.preview_only) and _nobody_answers(arguments):
        raise UnattendedError("--yes must be passed in to proceed when running in non-interactive mode")
    if not arguments.skip_preview or arguments.preview_only:
        outcome = _show(Operation.PREVIEW, replace(options, of=operation), arguments)
        if arguments.preview_only or not outcome.succeeded:
            return _status(outcome, arguments)
    if not arguments.yes and not _confirmed(operation, options):
        return 1
    return _status(_show(operation, options, arguments), arguments)


def _status(outcome: Outcome, arguments: Arguments) -> int:
    if not outcome.succeeded:
        return 1
    if arguments.expect_no_changes and outcome.has_changes:
        print("error: no changes were expected but changes were proposed", file=sys.stderr)
        return CHANGES_FOUND
    return 0


def _show(operation: Operation, options: Options, arguments: Arguments) -> Outcome:
    if arguments.json and operation is Operation.PREVIEW:
        document = _document(arguments)
        try:
            return run(operation, options, document.take)
        finally:
            _print(document.text())
    if arguments.json:
        return run(operation, options, EventLines(_print).take)
    display = Display(
        _console(arguments),
        shows_details=arguments.diff,
        shows_changes=arguments.save_preview is None,
        shows_outputs=not arguments.suppress_outputs,
        shows_sames=arguments.show_sames,
        shows_secrets=arguments.show_secrets,
    )
    if arguments.save_preview is None:
        return _closed(display, lambda: run(operation, options, display.take))
    document = _document(arguments)

    def take(event: Event) -> None:
        document.take(event)
        display.take(event)

    try:
        return _closed(display, lambda: run(operation, options, take))
    finally:
        _save(document, arguments.save_preview)


def _closed(display: Display, work: Callable[[], Outcome]) -> Outcome:
    try:
        return work()
    finally:
        display.close()


def _document(arguments: Arguments) -> PreviewDocument:
    return PreviewDocument(
        # What is saved is for a program, which leaves out by itself what it doesn't show.
        shows_sames=arguments.show_sames or arguments.save_preview is not None,
        shows_replacement_steps=arguments.show_replacement_steps,
        shows_outputs=not arguments.suppress_outputs,
    )


def _save(document: PreviewDocument, path: Path) -> None:
    try:
        path.write_text(document.text() + "\n", encoding="utf-8")
    except OSError as error:
        raise EngineError(f"the preview can't be written to {path}: {error.strerror}") from None


def _print(text: str) -> None:
    """A text for a program, whose reader may go, too."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _turn_away()


def _turn_away() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class _LastingConsole(Console):
    """A console whose reader may go (`| head`): a run that is under way goes on to its end, unseen."""

    def on_broken_pipe(self) -> None:
        """Turn what is still to be printed away."""
        self.quiet = True
        _turn_away()


def _console(arguments: Arguments) -> Console:
    forced = {"always": True, "never": False}.get(arguments.color)
    return _LastingConsole(
        force_terminal=forced,
        no_color=arguments.color == "never" or None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _nobody_answers(arguments: Arguments) -> bool:
    return arguments.non_interactive or arguments.json or not sys.stdin.isatty()


def _confirmed(operation: Operation, options: Options) -> bool:
    answer = input(f"Do you want to perform this {operation} of {options.stack}? yes/no: ")
    return answer.strip().lower() in ("y", "yes")


def _look(arguments: Arguments, root: Path, stack: str, url: str) -> int:
    project = load_project(root)
    place = backend.open_stack(url, project.name, stack)
    if arguments.verb == "cancel":
        count = lock.cancel(place.locks)
        print(
            f"The currently running update for '{place.name}' has been canceled!"
            if count
            else f"'{place.name}' isn't locked"
        )
        return 0
    if arguments.verb == "stack export":
        text = inspect.export_text(project, place, arguments.config_file, show_secrets=arguments.show_secrets)
        if arguments.file is not None:
            arguments.file.write_text(text + "\n", encoding="utf-8")
        else:
            _print(text)
        return 0
    if arguments.verb == "stack import":
        text = arguments.file.read_text(encoding="utf-8") if arguments.file else sys.stdin.read()
        with lock.held(place.locks, lambda line: print(line, file=sys.stderr)):
            restore.import_text(project, place, arguments.config_file, text)
        print("Import complete.")
        return 0
    if arguments.verb == "config set":
        key, *given = arguments.words
        value = given[0] if given else sys.stdin.read().removesuffix("\n")
        configuration.put(project, place, arguments.config_file, key, value, is_secret=arguments.secret)
        return 0
    outputs = inspect.stack_outputs(
        project, place, arguments.config_file, show_secrets=arguments.show_secrets
    )
    if arguments.words:
        name = arguments.words[0]
        if name not in outputs:
            raise EngineError(f"current stack does not have output property '{name}'")
        value = outputs[name]
        _print(json.dumps(value, indent=2) if arguments.json or not isinstance(value, str) else value)
    elif arguments.json:
        _print(json.dumps(outputs, indent=2, sort_keys=True))
    else:
        _print("\n".join(outputs_text(outputs)) or "No output values currently in this stack")
    return 0


if __name__ == "__main__":
    gc.set_threshold(50_000, 20, 50)  # nearly all that a run makes lives to its end
    sys.exit(main())
