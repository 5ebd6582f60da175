"""The engine's own provider: references to other stacks of the same backend."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from foundry.sandbox.engine import backend
from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.diff import Diff
from foundry.sandbox.engine.errors import EngineError, ProviderError
from foundry.sandbox.engine.provider import CheckFailed, Made, Provider
from foundry.sandbox.engine.secrets import open_salt, passphrase
from foundry.sandbox.engine.state import Resource, has_ciphertext, opened
from foundry.sandbox.engine.values import Properties, has_secret

PACKAGE = "pulumi"
STACK_REFERENCE = "pulumi:pulumi:StackReference"


class Builtin(Provider):
    """Answers reads of stack references from the backend's files; nothing else is ever asked of it."""

    def __init__(self, backend_url: str, project: str) -> None:
        self.package = PACKAGE
        self._url = backend_url
        self._project = project

    async def close(self) -> None:
        """There is no connection to give up."""

    async def check_config(
        self,
        urn: str,  # noqa: ARG002 - the signatures are the provider's
        olds: Properties,  # noqa: ARG002
        news: Properties,
    ) -> tuple[Properties, list[CheckFailed]]:
        """It has no configuration."""
        return news, []

    async def diff_config(
        self,
        urn: str,  # noqa: ARG002
        old: Resource,  # noqa: ARG002
        news: Properties,  # noqa: ARG002
        ignore: Sequence[str],  # noqa: ARG002
    ) -> Diff:
        """It has no configuration."""
        return Diff(changes=None)

    async def configure(self, urn: str, id_: str, inputs: Properties) -> None:
        """It has no configuration."""

    async def read(self, resource: Resource, *, state: Properties) -> Made:  # noqa: ARG002
        """The outputs of the stack that is the resource's id. Raises ProviderError."""
        if resource.type != STACK_REFERENCE:
            raise ProviderError(f"unknown resource type {resource.type}")
        try:
            outputs = await asyncio.to_thread(self._outputs, resource.id)
        except EngineError as error:
            raise ProviderError(f"stack reference {resource.id!r}: {error}") from None
        names = sorted(k for k, v in outputs.items() if has_secret(v))
        return Made(
            id=resource.id, outputs={"name": resource.id, "outputs": outputs, "secretOutputNames": names}
        )

    def _outputs(self, name: str) -> Properties:
        parts = name.split("/")
        stack = backend.open_stack(self._url, parts[1] if len(parts) == 3 else self._project, name)
        deployment = backend.load(stack)
        if deployment is None:
            raise EngineError(f"unknown stack {name!r}")
        root = next((r for r in deployment.resources if r.type == urns.STACK_TYPE and not r.delete), None)
        if root is None:
            return {}
        if not has_ciphertext(root.outputs):
            return root.outputs
        phrase = passphrase()
        if phrase is None:
            raise EngineError(
                "its outputs hold secrets, but there is no passphrase: set PULUMI_CONFIG_PASSPHRASE"
            )
        return dict(opened(root.outputs, open_salt(deployment.salt, phrase), root.urn))
