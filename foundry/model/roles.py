"""Azure role names and the ids they stand for.

Azure matches roles by id; names change (in 2026 the "Azure AI …" roles became "Foundry …" with the same ids), so both names of
those are here. Source of the ids: Azure docs, "Azure built-in roles" and "Role-based access control for Azure AI Foundry".
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

_FOUNDRY: Final = {
    "User": "53ca6127-db72-4b80-b1b0-d745d6d5456d",
    "Project Manager": "eadc314b-1a2d-4efa-be10-5d325db5065e",
    "Account Owner": "e47c6f54-e4a2-4754-9501-8e0985b135e1",
    "Owner": "c883944f-8b7b-4483-af10-35834be79c4a",
}

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{f"Foundry {name}": guid for name, guid in _FOUNDRY.items()},
        **{f"Azure AI {name}": guid for name, guid in _FOUNDRY.items()},
        "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Azure AI Developer": "64702f94-c441-49e6-a78b-ef80e0188fee",
        "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
        "Azure AI Inference Deployment Operator": "3afb7f49-54cb-416e-8c09-6dc049efa503",
        "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
        "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
        "Cognitive Services Contributor": "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
        "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "Cognitive Services OpenAI Contributor": "a001fd3d-188f-4b5d-821b-7da978bf7442",
        "Cognitive Services Usages Reader": "bba48692-92b0-4667-a9ad-c31c7b334ac2",
        "Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Key Operator Service Role": "81a9662b-bebf-436f-a333-f67b29880f12",
        "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "Storage Queue Data Message Sender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
        "Storage Queue Data Message Processor": "8a0f0c08-91a1-4084-bc3d-661d67233fed",
        "Storage Queue Data Reader": "19e7f393-937e-4f77-808e-94535e297925",
        "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
        "Reader and Data Access": "c12c1c16-33a1-487b-954d-41c89c60f349",
        "Search Service Contributor": "7ca78c08-252a-4471-8644-bb5ff32d4ba0",
        "Search Index Data Contributor": "8ebe5a00-799e-43f5-93ac-243d3dce84a7",
        "Search Index Data Reader": "1407120a-92aa-4202-b7e9-c0e197c71c8f",
        "Cosmos DB Operator": "230815da-be43-4aae-9cb4-875f7bd000aa",
        "Cosmos DB Account Reader Role": "fbdf93bf-df7d-467e-a4d2-9458aa1360c8",
        "DocumentDB Account Contributor": "5bd9cd88-fe45-4216-938b-f97437e15450",
        "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Contributor": "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Reader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        "Monitoring Contributor": "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        "Application Insights Component Contributor": "ae349356-3a1b-4a5e-921d-050484c6347e",
        "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    }
)
"""Role name → role definition GUID."""


def role_id(name: str) -> str | None:
    """The GUID of a role by either of its names, in any case; None for a name that isn't known here."""
    return _BY_LOWER_CASE.get(name.strip().lower())


def near_roles(name: str) -> tuple[str, ...]:
    """Up to three known role names that resemble `name`, best first."""
    close = get_close_matches(name.strip().lower(), _BY_LOWER_CASE, n=3, cutoff=0.5)
    return tuple(known for wanted in close for known in ROLES if known.lower() == wanted)


_BY_LOWER_CASE: Final = {name.lower(): guid for name, guid in ROLES.items()}
