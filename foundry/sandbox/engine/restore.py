"""A deployment taken in from outside, as `stack import` does."""

from __future__ import annotations

import json
from pathlib import Path

from foundry.sandbox.engine import backend, snapshot
from foundry.sandbox.engine.errors import EngineError, NotSupportedError
from foundry.sandbox.engine.inspect import crypter_of
from foundry.sandbox.engine.project import Project
from foundry.sandbox.engine.secrets import Crypter
from foundry.sandbox.engine.state import (
    CHECKPOINT_VERSION,
    checkpoint_text,
    has_ciphertext,
    read_deployment,
    text_of,
    with_secrets_opened,
)


def import_text(project: Project, stack: backend.Stack, config_file: Path | None, text: str) -> None:
    """Replace a stack's state by what `stack export` prints; the one before stays beside it as `.bak`.

    Pending operations are left out, as the CLI leaves them out.

    Raises:
        EngineError: the text isn't a deployment, has secrets that can't be opened, or can't be written.
    """
    try:
        document = json.loads(text)
        version, given = document["version"], document["deployment"]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError("this isn't what `stack export` prints: no version and deployment") from error
    if version != CHECKPOINT_VERSION:
        raise NotSupportedError(f"deployment version {version}")
    deployment = read_deployment(given or {}, "the deployment")
    crypter: Crypter | None = None
    if any(has_ciphertext(item.inputs) or has_ciphertext(item.outputs) for item in deployment.resources):
        crypter = crypter_of(project, stack, config_file, deployment)
        deployment.resources = [with_secrets_opened(item, crypter) for item in deployment.resources]
    backend.initialise(stack)
    backend.back_up(stack)
    checkpoint = checkpoint_text(
        stack=stack.qualified,
        time=snapshot.now(),
        salt=deployment.salt,
        resources=[text_of(item, crypter) for item in deployment.resources],
        pending=(),
        metadata=deployment.metadata,
    )
    try:
        backend.write(stack, checkpoint)
    except OSError as error:
        raise EngineError(f"the state can't be written: {stack.file}: {error.strerror}") from error
