"""Looking at a stack's state without a run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from foundry.sandbox.engine import backend
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.errors import EngineError, NoStackError
from foundry.sandbox.engine.project import Project, load_settings
from foundry.sandbox.engine.secrets import Crypter, open_salt, passphrase
from foundry.sandbox.engine.state import Deployment, Resource, has_ciphertext, opened, to_json
from foundry.sandbox.engine.values import SECRET, SIGNATURE, Properties, map_secrets, masked, plain


def _load(stack: backend.Stack) -> Deployment:
    deployment = backend.load(stack)
    if deployment is None:
        raise NoStackError(f"no stack named '{stack.name}' found")
    return deployment


def crypter_of(
    project: Project, stack: backend.Stack, config_file: Path | None, deployment: Deployment
) -> Crypter:
    """What opens the secrets of a state. Raises EngineError where the passphrase or its salt is missing."""
    salt = deployment.salt or load_settings(config_file or project.settings_file(stack.name)).salt
    phrase = passphrase()
    if phrase is None or not salt:
        raise EngineError("the state holds secrets, but there is no passphrase: set PULUMI_CONFIG_PASSPHRASE")
    return open_salt(salt, phrase)


def stack_outputs(
    project: Project, stack: backend.Stack, config_file: Path | None, *, show_secrets: bool
) -> Properties:
    """The stack's outputs; secrets in plain text or as `[secret]`. Raises EngineError for a stack that isn't there."""
    deployment = _load(stack)
    root = next((r for r in deployment.resources if r.type == urns.STACK_TYPE and not r.delete), None)
    if root is None:
        return {}
    if not show_secrets:
        return dict(masked(root.outputs))
    if not has_ciphertext(root.outputs):
        return root.outputs
    return dict(plain(opened(root.outputs, crypter_of(project, stack, config_file, deployment), root.urn)))


def export_text(
    project: Project, stack: backend.Stack, config_file: Path | None, *, show_secrets: bool
) -> str:
    """The deployment as `stack export` prints it. Raises EngineError."""
    deployment = _load(stack)
    resources = deployment.resources
    crypter: Crypter | None = None
    if show_secrets and any(has_ciphertext(r.inputs) or has_ciphertext(r.outputs) for r in resources):
        crypter = crypter_of(project, stack, config_file, deployment)

    def exported(resource: Resource) -> dict[str, Any]:
        if crypter is None:
            return to_json(resource)
        return to_json(
            resource,
            properties={
                "inputs": _in_plain_text(resource.inputs, crypter),
                "outputs": _in_plain_text(resource.outputs, crypter),
            },
        )

    version = "3.0.0-embedded"
    document: dict[str, Any] = {
        "manifest": {
            "time": "0001-01-01T00:00:00Z",
            "magic": hashlib.sha256(version.encode()).hexdigest(),
            "version": version,
        },
        "resources": [exported(r) for r in resources],
        "metadata": deployment.metadata,
    }
    if deployment.salt:
        document["secrets_providers"] = {"type": "passphrase", "state": {"salt": deployment.salt}}
    if deployment.pending:
        document["pending_operations"] = [
            {"resource": exported(p.resource), "type": p.kind} for p in deployment.pending
        ]
    return json.dumps({"version": 3, "deployment": document}, indent=4)


def _in_plain_text(properties: Properties, crypter: Crypter) -> Properties:
    def shown(value: Any) -> Any:
        return {SIGNATURE: SECRET, "plaintext": json.dumps(value, separators=(",", ":"))}

    return dict(map_secrets(opened(properties, crypter, ""), shown))
