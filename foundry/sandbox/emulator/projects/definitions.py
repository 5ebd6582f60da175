"""The shapes of agent definitions and of what belongs to an agent, from the models of azure-ai-projects 2.10."""

from collections.abc import Mapping
from typing import Any, Final

from foundry.sandbox.emulator.assistants.tools import stored_tool
from foundry.sandbox.emulator.http import Malformed
from foundry.sandbox.emulator.projects.tools import TOOLS
from foundry.sandbox.emulator.projects.voices import voice_of
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    by_sort,
    flag,
    integer,
    mapping,
    metadata,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)

Body = dict[str, Any]

#: Names of agents (documentation of azure-ai-projects 2.10).
NAME: Final = text(least=1, most=63, pattern=r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?")

_type: Final = text()
_name: Final = text(least=1)
_free: Final = mapping(anything)


def _optional(fields: Mapping[str, Shape]) -> dict[str, Shape]:
    return {name: nullable(shape) for name, shape in fields.items()}


RAI: Final = record({"rai_policy_name": _name}, _optional({"invocations_moderation": _free}))

_choice: Final = by_sort(
    string=one_of("none", "auto", "required"),
    other=tagged(
        {
            **{
                name: record({"type": _type})
                for name in (
                    "apply_patch",
                    "shell",
                    "programmatic_tool_calling",
                    "code_interpreter",
                    "computer",
                    "computer_use",
                    "computer_use_preview",
                    "file_search",
                    "image_generation",
                    "web_search_preview",
                    "web_search_preview_2025_03_11",
                )
            },
            "allowed_tools": record(
                {"type": _type, "mode": one_of("auto", "required"), "tools": array(_free)}
            ),
            "custom": record({"type": _type, "name": _name}),
            "function": record({"type": _type, "name": _name}),
            "mcp": record({"type": _type, "server_label": _name}, _optional({"name": _name})),
        }
    ),
)
FORMAT: Final = tagged(
    {
        "text": record({"type": _type}),
        "json_object": record({"type": _type}),
        "json_schema": record(
            {"type": _type, "name": text(pattern=r"[a-zA-Z0-9_-]{1,64}"), "schema": _free},
            _optional({"description": text(), "strict": flag}),
        ),
    }
)
_summary: Final = one_of("auto", "concise", "detailed")

#: Options of a model that an agent's definition and a response share.
SAMPLING: Final[Mapping[str, Shape]] = {
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "reasoning": record(
        {},
        _optional(
            {
                "mode": one_of("standard", "pro"),
                "effort": one_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
                "summary": _summary,
                "context": one_of("auto", "current_turn", "all_turns"),
                "generate_summary": _summary,
            }
        ),
    ),
    "tools": array(tagged(TOOLS), most=128),
    "tool_choice": _choice,
}

_structured_inputs: Final = mapping(
    record(
        {},
        _optional({"description": text(), "default_value": anything, "schema": _free, "required": flag}),
    )
)
_prompt: Final = record(
    {"kind": _type, "model": _name},
    _optional(
        {
            "rai_config": RAI,
            "instructions": text(most=256_000),
            **SAMPLING,
            "text": record({}, _optional({"format": FORMAT})),
            "structured_inputs": _structured_inputs,
            "harness": record({"type": one_of("github_copilot_preview", "microsoft_copilot_preview")}),
            "skills": array(record({"name": _name}, _optional({"version": _name}))),
        }
    ),
)

_PROTOCOLS: Final = (
    "activity",
    "responses",
    "a2a",
    "mcp",
    "invocations",
    "voice",
    "invocations_ws",
    "voice_conversation_engine",
)
_telemetry_endpoint: Final = tagged(
    {
        "OTLP": record(
            {
                "kind": _type,
                "data": array(one_of("ContainerStdoutStderr", "ContainerOtel", "Metrics")),
                "endpoint": _name,
                "protocol": one_of("Http", "Grpc"),
            },
            _optional(
                {
                    "auth": record(
                        {
                            "type": one_of("header"),
                            "header_name": _name,
                            "secret_id": _name,
                            "secret_key": _name,
                        }
                    )
                }
            ),
        )
    },
    "kind",
)
_hosted_record: Final = record(
    {"kind": _type, "cpu": _name, "memory": _name},
    _optional(
        {
            "rai_config": RAI,
            "environment_variables": mapping(text()),
            "container_configuration": record(
                {"image": _name}, _optional({"registry_connection_id": text()})
            ),
            "code_configuration": record(
                {
                    "runtime": _name,
                    "entry_point": array(text(), least=1),
                    "dependency_resolution": one_of("bundled", "remote_build"),
                }
            ),
            "protocol_versions": array(record({"protocol": one_of(*_PROTOCOLS), "version": _name})),
            "telemetry_config": record({"endpoints": array(_telemetry_endpoint)}),
            "session_configuration": record({}, _optional({"idle_timeout_seconds": integer(120, 14_400)})),
            "enable_memory_snapshot": flag,
        }
    ),
)


def _hosted(value: Any, path: str) -> None:
    _hosted_record(value, path)
    sources = ("container_configuration", "code_configuration")
    if sum(value.get(name) is not None for name in sources) != 1:
        where = f"{path}.{sources[0]}"
        raise Malformed(
            where, "value", f"Exactly one of '{path}.{sources[0]}' and '{path}.{sources[1]}' must be given."
        )


DEFINITION: Final = tagged(
    {
        "prompt": _prompt,
        "hosted": _hosted,
        "workflow": record({"kind": _type}, _optional({"rai_config": RAI, "workflow": text()})),
        "external": record({"kind": _type}, _optional({"rai_config": RAI, "otel_agent_id": text()})),
        "voice": voice_of(RAI, _structured_inputs),
    },
    "kind",
)

_LABELS: Final = _optional({"description": text(most=512), "metadata": metadata})

VERSION: Final = record(
    {"definition": DEFINITION},
    {
        **_LABELS,
        **_optional(
            {
                "blueprint_reference": record(
                    {"type": one_of("ManagedAgentIdentityBlueprint"), "blueprint_id": _name}
                ),
                "digital_worker_type": one_of("m365"),
                "draft": flag,
            }
        ),
    },
)

#: The JSON part beside an uploaded zip.
CODE_VERSION: Final = record({"definition": DEFINITION}, _LABELS)

_scheme: Final = tagged(
    {name: record({"type": _type}) for name in ("Entra", "BotService", "BotServiceRbac", "BotServiceTenant")}
)
_endpoint: Final = record(
    {},
    _optional(
        {
            "version_selector": record(
                {
                    "version_selection_rules": array(
                        record(
                            {
                                "type": one_of("FixedRatio"),
                                "agent_version": _name,
                                "traffic_percentage": integer(0, 100),
                            }
                        ),
                        least=1,
                    )
                }
            ),
            "protocol_configuration": record(
                {},
                _optional(
                    {
                        "activity": record({}, _optional({"enable_m365_public_endpoint": flag})),
                        **{
                            name: record({})
                            for name in ("responses", "a2a", "mcp", "invocations", "invocations_ws")
                        },
                    }
                ),
            ),
            "authorization_schemes": array(_scheme),
        }
    ),
)
_card: Final = record(
    {
        "version": _name,
        "skills": array(
            record(
                {"id": _name, "name": _name},
                _optional({"description": text(), "tags": array(text()), "examples": array(text())}),
            )
        ),
    },
    _optional({"description": text()}),
)

#: A merge patch of what belongs to the agent and not to a version.
DETAILS: Final = record({}, _optional({"agent_endpoint": _endpoint, "agent_card": _card}))


def stored_definition(definition: Body) -> Body:
    """A definition as the service returns it: unset fields left out, functions derived from OpenAPI documents."""
    stored = _set(definition)
    if "tools" in stored:
        stored["tools"] = [
            _set(stored_tool(tool) if tool["type"] == "openapi" else tool) for tool in stored["tools"]
        ]
    return stored


def _set(fields: Body) -> Body:
    return {name: item for name, item in fields.items() if item is not None}
