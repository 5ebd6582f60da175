"""What a run did, kept as the CLI keeps it: `.pulumi/history/PROJECT/STACK/STACK-<time>.history.json` and the checkpoint it led to."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from foundry.sandbox.engine.backend import Stack

_GIT_SECONDS = 5


def record(
    stack: Stack, *, kind: str, began: int, succeeded: bool, counts: Mapping[str, int], root: Path
) -> None:
    """Add a run to the stack's history. Whoever can't write it loses the entry, not the run.

    Args:
        stack: the stack's place in the backend.
        kind: update, refresh or destroy.
        began: when the run began, in Unix seconds.
        succeeded: how it ended.
        counts: resources by operation.
        root: the project's folder, whose commit is noted.
    """
    folder = stack.folder / "history" / stack.project / stack.name
    message, environment = _commit(root)
    entry = {
        "kind": kind,
        "startTime": began,
        "message": message,
        "environment": environment,
        "config": {},
        "version": 0,
        "result": "succeeded" if succeeded else "failed",
        "endTime": int(time.time()),
        "resourceChanges": {operation: count for operation, count in counts.items() if count},
    }
    stem = f"{stack.name}-{time.time_ns()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.history.json").write_text(json.dumps(entry, indent=4), encoding="utf-8")
        shutil.copyfile(stack.file, folder / f"{stem}.checkpoint.json")
    except OSError:
        return


def _commit(root: Path) -> tuple[str, dict[str, str]]:
    """The subject of the commit that the project stands at, and what the CLI notes of it."""
    told = _git(root, "log", "-1", "--format=%H%n%an%n%ae%n%s")
    if told is None:
        return "", {}
    head, author, email, subject = told.split("\n", 3)
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return subject.strip(), {
        "git.head": head,
        "git.author": author,
        "git.author.email": email,
        "git.dirty": "true" if changed else "false",
    }


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
