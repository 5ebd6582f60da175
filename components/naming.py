"""Names of Azure resources: explicit and the same in every run, so that an id is known before its resource exists."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """Azure names made from an environment's stem.

    `stem` has 3 to 16 lower-case letters, digits and dashes. Names that must be unique in all of Azure end in six characters derived
    from the stack's id, so that two clones of a repository never ask for the same one. Length limits and alphabets: Azure docs,
    "Naming rules and restrictions for Azure resources".
    """

    stem: str
    stack_id: str

    @property
    def mark(self) -> dict[str, str]:
        """The tag that everything taggable carries, so that it is known as this stack's even when the state is lost."""
        return {"foundry-as-code": self.stack_id}

    @property
    def suffix(self) -> str:
        """Six characters of a-z and 2-7, the same for the life of a stack."""
        digest = hashlib.sha256(self.stack_id.strip().lower().encode()).digest()
        return base64.b32encode(digest).decode().lower()[:6]

    @property
    def account(self) -> str:
        """The Foundry account, which is its subdomain too: 2 to 64, unique in all of Azure."""
        return self._unique("ai")

    @property
    def search(self) -> str:
        """The AI Search service: 2 to 60, no two dashes in a row, unique in all of Azure."""
        return self._unique("search")

    @property
    def thread_store(self) -> str:
        """The Cosmos DB account: 3 to 44, unique in all of Azure."""
        return self._unique("threads")

    @property
    def storage(self) -> str:
        """The storage account: 3 to 24 letters and digits, unique in all of Azure."""
        return f"st{re.sub('[^a-z0-9]', '', self.stem)}{self.suffix}"[:24]

    @property
    def workspace(self) -> str:
        """The Log Analytics workspace: 4 to 63, unique in its resource group."""
        return self._local("logs")

    @property
    def application_insights(self) -> str:
        """The Application Insights component, unique in its resource group."""
        return self._local("insights")

    @property
    def resource_group(self) -> str:
        """The resource group, for an environment that doesn't name one."""
        return f"rg-{self._dashed}"

    @property
    def _dashed(self) -> str:
        return re.sub("-+", "-", self.stem)

    def _local(self, role: str) -> str:
        return f"{self._dashed}-{role}"

    def _unique(self, role: str) -> str:
        return f"{self._local(role)}-{self.suffix}"
