"""What files hold, where the service gives it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Final

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError

from foundry.service.connect import default_credential

_OPTIONS: Final = {"retry_total": 4, "connection_timeout": 10, "read_timeout": 100}
# An upload for agents is answered with 400 (data plane of the Agent Service).
_KEPT: Final = (400, 403, 404)


class Contents:
    """The contents of one project's files. The classic service keeps those of purpose `assistants` to itself."""

    def __init__(
        self, endpoint: str, *, credential: Callable[[], TokenCredential] = default_credential
    ) -> None:
        from azure.ai.agents import AgentsClient

        self._files = AgentsClient(endpoint.rstrip("/"), credential(), **_OPTIONS).files

    def pour(self, file_id: str, into: IO[bytes]) -> bool:
        """Write the content of a file piece by piece; False where the service doesn't give it.

        Raises:
            azure.core.exceptions.AzureError: the service didn't answer, or broke off.
            OSError: `into` can't be written.
        """
        try:
            for piece in self._files.get_content(file_id):
                into.write(piece)
        except HttpResponseError as error:
            if error.status_code in _KEPT:
                return False
            raise
        return True
