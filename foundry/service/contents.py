"""What files hold, where the service gives it back."""

from __future__ import annotations

from collections.abc import Callable

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError

from foundry.service.connect import default_credential

_TIMEOUTS = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 100}


class Contents:
    """The contents of one project's files. The classic service keeps those of purpose `assistants` to itself."""

    def __init__(
        self, endpoint: str, *, credential: Callable[[], TokenCredential] = default_credential
    ) -> None:
        from azure.ai.agents import AgentsClient

        self._files = AgentsClient(endpoint.rstrip("/"), credential(), **_TIMEOUTS).files

    def of(self, file_id: str) -> bytes | None:
        """The content of a file; None where the service doesn't give it."""
        try:
            return b"".join(self._files.get_content(file_id))
        except HttpResponseError:
            return None
