"""Field tables of the versioned dialect: an agent's definition, and what belongs to the agent and to no version.

What the service adds or forgets is taken from the models of azure-ai-projects 2.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from foundry.diff.tables import TOOLS, Items, Leaf, Record, Sort, Table
from foundry.diff.voice import VOICE

_OWNED: Final = Leaf()
_DEFAULTED: Final = Leaf(Sort.DEFAULTED)
_SERVER: Final = Leaf(Sort.SERVER)
_UNMANAGED: Final = Leaf(Sort.FOREIGN)
_ID: Final = Leaf(caseless=True)
_OFF: Final = Leaf(absent=(False,))
_CALLERS: Final = Leaf(Sort.DEFAULTED, unordered=True)
_SETTINGS: Final = Record({}, sort=Sort.DEFAULTED)
_SCHEDULING: Final = Leaf(absent=("when_idle",))
_NAMED: Final = frozenset(
    {
        "function",
        "openapi",
        "azure_function",
        "mcp",
        "capture_structured_outputs",
        "custom",
        "namespace",
        "system",
    }
)
_NETWORK: Final = Record({"allowed_domains": Leaf(unordered=True)}, sort=Sort.DEFAULTED)
_CALLED: Final[Mapping[str, Table]] = {"async": _OFF, "defer_loading": _OFF, "allowed_callers": _CALLERS}
_FUNCTION: Final[Mapping[str, Table]] = {
    **TOOLS["function"],
    "strict": _OFF,
    "output_schema": _OWNED,
    **_CALLED,
}
_CUSTOM: Final[Mapping[str, Table]] = {"description": _OWNED, "format": _DEFAULTED, **_CALLED}
# Without an approval rule the service asks always; one that somebody adds by hand would widen what a tool may do.
_IQ: Final[Mapping[str, Table]] = {
    "connection_id": _ID,
    "server_label": _DEFAULTED,
    "server_url": _OWNED,
    "require_approval": Leaf(absent=("always",)),
}


def _name_of(one: Mapping[str, Any]) -> str:
    return str(one.get("name"))


def _one_of_namespace(tool: Mapping[str, Any]) -> Record:
    return Record(
        {"type": _OWNED, "name": _OWNED, **(_CUSTOM if tool.get("type") == "custom" else _FUNCTION)}
    )


def _one_of_toolset(_tool: Mapping[str, Any]) -> Record:
    return Record({"name": _OWNED, "enabled": _DEFAULTED})


_TOOLSET: Final[Mapping[str, Table]] = {
    "default_config": _DEFAULTED,
    "configs": Items(key=_name_of, of=_one_of_toolset),
}

_TOOLS: Final[Mapping[str, Mapping[str, Table]]] = {
    **{kind: fields for kind, fields in TOOLS.items() if kind not in ("connected_agent", "deep_research")},
    "file_search": {
        **TOOLS["file_search"],
        "ranking_options": Record(
            {"ranker": _DEFAULTED, "score_threshold": _DEFAULTED, "hybrid_search": _SETTINGS},
            sort=Sort.DEFAULTED,
        ),
        "filters": _OWNED,
    },
    "code_interpreter": {
        "file_ids": Leaf(unordered=True),
        "memory_limit": _DEFAULTED,
        "container": _OWNED,
        "network_policy": _NETWORK,
        "allowed_callers": _CALLERS,
    },
    "function": _FUNCTION,
    "mcp": {
        **TOOLS["mcp"],
        "connector_id": _OWNED,
        "tunnel_id": _OWNED,
        "connection_id": _ID,
        "response_scheduling": _SCHEDULING,
        "server_description": _OWNED,
        "defer_loading": _OFF,
        "allowed_callers": _CALLERS,
    },
    "toolbox": {"toolbox_name": _OWNED, "toolbox_version": _OWNED, "response_scheduling": _SCHEDULING},
    "system": {"description": _OWNED},
    "web_search": {
        "search_context_size": _DEFAULTED,
        "external_web_access": _DEFAULTED,
        "allowed_domains": Leaf(unordered=True),
        "user_location": _SETTINGS,
        "custom_search_configuration": Record({"connection_id": _ID, "instance_name": _OWNED}),
    },
    "image_generation": {"input_image_mask": _SETTINGS},
    "memory_search": {
        "memory_store_name": _OWNED,
        "scope": _OWNED,
        "max_memories": _DEFAULTED,
        "update_delay": _DEFAULTED,
    },
    "a2a": {
        "connection_id": _ID,
        "base_url": _OWNED,
        "agent_card_path": _DEFAULTED,
        "send_credentials_for_agent_card": _OFF,
    },
    "capture_structured_outputs": {"description": _OWNED, "schema": _OWNED, "strict": _OFF},
    "shell": {
        "environment": Record(
            {"type": _OWNED, "container_id": _OWNED, "network_policy": _NETWORK, "skills": _OWNED},
            sort=Sort.DEFAULTED,
        ),
        "file_ids": Leaf(unordered=True),
        "allowed_callers": _CALLERS,
    },
    "apply_patch": {"allowed_callers": _CALLERS},
    "custom": _CUSTOM,
    "namespace": {"description": _OWNED, "tools": Items(key=_name_of, of=_one_of_namespace)},
    "tool_search": {"execution": _DEFAULTED, "description": _OWNED, "parameters": _OWNED},
    "work_iq": _IQ,
    "fabric_iq": _IQ,
    "web_iq": _IQ,
    "microsoft_copilot_toolset": _TOOLSET,
    "github_copilot_toolset": _TOOLSET,
    "raw": {"body": _OWNED},
}


def versioned_tool_key(tool: Mapping[str, Any]) -> str:
    """The type, and beside it what tells tools of one type apart: a name, another agent, a memory store, a toolbox."""
    kind = str(tool.get("type"))
    match kind:
        case "a2a" | "work_iq" | "fabric_iq" | "web_iq":
            apart = str(tool.get("connection_id") or tool.get("base_url")).casefold()
        case "memory_search":
            apart = str(tool.get("memory_store_name"))
        case "toolbox":
            apart = str(tool.get("toolbox_name"))
        case "raw":
            body = tool.get("body")
            apart = str(body.get("type")) if isinstance(body, Mapping) else ""
        case _:
            apart = str(tool.get("name")) if kind in _NAMED else ""
    return f"{kind}:{apart}" if apart else kind


def _skill_reference(_skill: Mapping[str, Any]) -> Record:
    # A version that nobody declared is the service's: it pins the default one when it makes an agent's version.
    return Record({"name": _OWNED, "version": _DEFAULTED})


_SKILLS: Final = Items(key=_name_of, of=_skill_reference)


def _tool_table(tool: Mapping[str, Any]) -> Record:
    kind = str(tool.get("type"))
    name = _OWNED if kind in _NAMED else _SERVER
    return Record({"type": _OWNED, "name": name, **_TOOLS.get(kind, {})}, rest=_DEFAULTED)


def _event_of(selector: Mapping[str, Any]) -> str:
    return str(selector.get("event_type"))


def _selector(_selector: Mapping[str, Any]) -> Record:
    return Record({"event_type": _OWNED, "text_field": Leaf(absent=("delta",))})


VERSIONED_AGENT: Final = Record(
    {
        "name": Leaf(caseless=True),
        "kind": _OWNED,
        "description": _OWNED,
        "model": _OWNED,
        "instructions": _OWNED,
        "temperature": _DEFAULTED,
        "top_p": _DEFAULTED,
        "reasoning": Record({}, sort=Sort.DEFAULTED),
        "response_format": Record(
            {
                "type": Leaf(absent=("text",)),
                "name": _OWNED,
                "description": _OWNED,
                "schema": _OWNED,
                "strict": _DEFAULTED,
            }
        ),
        "tool_choice": Leaf(absent=("auto",)),
        "structured_inputs": Record({}, rest=_OWNED),
        "skills": _SKILLS,
        "content_filter": _OWNED,
        "invocations_moderation": Record(
            {
                "response_mode": _OWNED,
                "input_paths": _OWNED,
                "output_paths": _OWNED,
                "stream_selectors": Items(key=_event_of, of=_selector),
            }
        ),
        "harness": _OWNED,
        "blueprint_id": _DEFAULTED,
        "workflow": _OWNED,
        "hosted": Record(
            {
                "image": _OWNED,
                "registry_connection_id": _ID,
                "cpu": _OWNED,
                "memory": _OWNED,
                "environment_variables": Record({}, rest=_OWNED),
                # Where the code lies here is nobody's concern there: the hash of its zip is what is compared.
                "code_configuration": Record(
                    {
                        "runtime": _OWNED,
                        "entry_point": _OWNED,
                        "dependency_resolution": _OWNED,
                        "content_hash": Leaf(caseless=True),
                        "folder": _SERVER,
                        "files": _SERVER,
                    }
                ),
                "protocols": _DEFAULTED,
                "telemetry_config": _OWNED,
                "session_configuration": Record({"idle_timeout_seconds": _DEFAULTED}, sort=Sort.DEFAULTED),
                "enable_memory_snapshot": _DEFAULTED,
            }
        ),
        # The service tells which id it goes by where nobody said one.
        "external": Record({"otel_agent_id": _DEFAULTED}),
        "voice": VOICE,
        "metadata": Record({}, rest=Leaf(Sort.FOREIGN)),
        "tools": Items(key=versioned_tool_key, of=_tool_table),
    }
)

MEMORY_STORE: Final = Record(
    {
        "name": _OWNED,
        "description": _OWNED,
        "chat_model": _OWNED,
        "embedding_model": _OWNED,
        "options": Record({}, sort=Sort.DEFAULTED),
        "metadata": Record({}, rest=Leaf(Sort.FOREIGN)),
    }
)


def _toolbox_tool(tool: Mapping[str, Any]) -> Record:
    kind = str(tool.get("type"))
    return Record(
        {
            "type": _OWNED,
            "name": _OWNED,
            "description": _OWNED,
            **_TOOLS.get(kind, {}),
            "tool_configs": Record({}, rest=_OWNED),
        },
        rest=_DEFAULTED,
    )


TOOLBOX: Final = Record(
    {
        "name": _OWNED,
        "description": _OWNED,
        "skills": _SKILLS,
        "content_filter": _OWNED,
        "metadata": Record({}, rest=Leaf(Sort.FOREIGN)),
        "tools": Items(key=_name_of, of=_toolbox_tool),
    }
)


def _path_of(file: Mapping[str, Any]) -> str:
    return str(file.get("path"))


_FILE_OF_SKILL: Final = Record({"path": _OWNED, "sha256": _OWNED, "source": _SERVER})

SKILL: Final = Record(
    {
        "name": _OWNED,
        "description": _OWNED,
        "instructions": _OWNED,
        "license": _OWNED,
        "compatibility": _OWNED,
        "allowed_tools": Leaf(unordered=True),
        "files": Items(key=_path_of, of=lambda _: _FILE_OF_SKILL),
        "metadata": Record({}, rest=Leaf(Sort.FOREIGN)),
    }
)

# Nothing of this is managed unless it is declared, and what is declared no longer stays as it is.
SERVING: Final = Record(
    {
        "enabled": _UNMANAGED,
        "protocols": Leaf(Sort.FOREIGN, unordered=True),
        "activity": Record({"enable_m365_public_endpoint": _UNMANAGED}, sort=Sort.FOREIGN),
        "authorization": Leaf(Sort.FOREIGN, unordered=True),
        "traffic": _UNMANAGED,
        "card": Record(
            {"version": _UNMANAGED, "description": _UNMANAGED, "skills": _UNMANAGED}, sort=Sort.FOREIGN
        ),
    }
)
