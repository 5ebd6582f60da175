"""Workflows of Azure Logic Apps, called as the functions that agents know them by.

Source: Azure docs, "Workflow Triggers - List Callback Url" (api-version 2016-06-01), and "Call Azure Logic Apps as functions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from foundry.model import FoundryError
from foundry.service.wire import Wire

_QUERY: Final = {"api-version": "2016-06-01"}
_SECONDS: Final = 120
"""How long a workflow may take to answer a request (Azure docs, limits of Logic Apps: a synchronous answer)."""

Post = Callable[[str, str], tuple[int, str]]
"""Sends a JSON text to an address: status, and the text of the answer."""


class Workflows:
    """The workflows that a deployer may call."""

    def __init__(self, resource_manager: Wire, post: Post | None = None) -> None:
        """Nothing is sent yet. `resource_manager` reaches Azure Resource Manager."""
        self._resource_manager = resource_manager
        self._post = post or _posted

    def call(self, workflow: str, trigger: str, arguments: str) -> str:
        """Start a workflow and return what it answers.

        Args:
            workflow: ARM id.
            trigger: name of its request trigger.
            arguments: the body, as JSON.

        Raises:
            FoundryError: there is no such trigger, the identity may not call it, or the workflow fails.
        """
        name = workflow.rsplit("/", 1)[-1]
        path = f"{workflow}/triggers/{trigger}/listCallbackUrl"
        answer = self._resource_manager.call(
            "look up trigger", f"{name}/{trigger}", "POST", path, query=_QUERY
        )
        told: Mapping[str, Any] = answer.body or {}
        # The address holds a signature that lets anybody call the workflow: it stands in no message.
        address = str(told.get("value", ""))
        if not address:
            raise FoundryError(f"the trigger {trigger} of {name} has no address", fix="look at the workflow")
        try:
            status, text = self._post(address, arguments)
        except Exception as error:
            # Clients put the whole address into their messages.
            raise FoundryError(
                f"the workflow {name} doesn't answer ({type(error).__name__})", fix="look at its runs"
            ) from None
        if status >= 400:
            raise FoundryError(f"the workflow {name} answered with status {status}", fix="look at its runs")
        return text


def _posted(address: str, text: str) -> tuple[int, str]:
    from azure.core import PipelineClient
    from azure.core.rest import HttpRequest

    with PipelineClient[Any, Any](base_url="", policies=[]) as client:
        response = client.send_request(
            HttpRequest("POST", address, content=text, headers={"Content-Type": "application/json"}),
            connection_timeout=10,
            read_timeout=_SECONDS,
        )
        return int(response.status_code), str(response.text())
