"""The shape of the definition of a voice agent, from the models of azure-ai-projects 2.10."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from foundry.sandbox.emulator.http import Malformed
from foundry.sandbox.emulator.projects.tools import TOOLS
from foundry.sandbox.emulator.shapes import (
    Shape,
    anything,
    array,
    by_sort,
    flag,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    record,
    tagged,
    text,
)

_type: Final = text()
_name: Final = text(least=1)
_free: Final = mapping(anything)
_any_number: Final = number(float("-inf"), float("inf"))
_millis: Final = integer(0)
_share: Final = number(0, 1)


def _optional(fields: Mapping[str, Shape]) -> dict[str, Shape]:
    return {name: nullable(shape) for name, shape in fields.items()}


def _kind(optional: Mapping[str, Shape] | None = None, **required: Shape) -> Shape:
    return record({"type": _type, **required}, _optional(optional or {}))


_choice: Final = by_sort(
    string=one_of("none", "auto", "required"),
    other=tagged(
        {
            "function": record({"type": _type, "name": _name}),
            "mcp": record({"type": _type, "server_label": _name}, _optional({"name": _name})),
        }
    ),
)
_engine: Final = tagged(
    {"hosted_agent": _kind({"version": text(pattern=r"[1-9]\d*|draft-[1-9]\d*")}, name=_name)}
)
_greeting: Final = tagged(
    {"template": _kind(text=_name), "llm_generated": _kind({"tool_choice": _choice}, prompt=_name)}
)

# ---- what is heard

_format: Final = tagged(
    {
        "audio/pcm": _kind({"rate": integer(24_000, 24_000)}),
        "audio/pcmu": _kind(),
        "audio/pcma": _kind(),
    }
)
_utterance: Final = record(
    {
        "model": one_of(
            "semantic_detection_v1",
            "semantic_detection_v1_en",
            "semantic_detection_v1_multilingual",
            "smart_end_of_turn_detection",
        )
    },
    _optional({"threshold_level": one_of("low", "medium", "high", "default"), "timeout_ms": _millis}),
)
_answers: Final[Mapping[str, Shape]] = {
    "auto_truncate": flag,
    "create_response": flag,
    "interrupt_response": flag,
}
_timing: Final[Mapping[str, Shape]] = {
    "prefix_padding_ms": _millis,
    "silence_duration_ms": _millis,
    "idle_timeout_ms": _millis,
    "speech_duration_ms": _millis,
    "end_of_utterance_detection": _utterance,
}
_azure: Final[Mapping[str, Shape]] = {
    **_answers,
    **_timing,
    "threshold": _share,
    "remove_filler_words": flag,
}
_languages: Final[Mapping[str, Shape]] = {"languages": array(_name)}
_turns: Final = tagged(
    {
        "server_vad": _kind({**_answers, **_timing, "threshold": _any_number}),
        "semantic_vad": _kind({**_answers, "eagerness": one_of("low", "medium", "high", "auto")}),
        "azure_semantic_vad": _kind({**_azure, **_languages}),
        "azure_semantic_vad_en": _kind(_azure),
        "azure_semantic_vad_multilingual": _kind({**_azure, **_languages}),
    }
)
_input: Final = record(
    {},
    _optional(
        {
            "format": _format,
            "noise_reduction": record(
                {
                    "type": one_of(
                        "near_field",
                        "far_field",
                        "azure_deep_noise_suppression",
                        "azure_deep_noise_suppression_headset",
                        "azure_personal_noise_suppression",
                    )
                }
            ),
            "turn_detection": _turns,
            "echo_cancellation": record(
                {"type": one_of("server_echo_cancellation")},
                _optional({"reference_source": one_of("server", "client"), "channels": integer(1)}),
            ),
            "transcription": record(
                {"model": _name},
                _optional(
                    {
                        "language": text(),
                        "languages": array(_name),
                        "keywords": array(_name),
                        "prompt": text(),
                        "delay": one_of("minimal", "low", "medium", "high", "xhigh"),
                        "custom_speech": mapping(text()),
                        "phrase_list": array(_name),
                        "profanity_filter": one_of("masked", "unfiltered", "removed"),
                    }
                ),
            ),
        }
    ),
)

# ---- what is said

_output: Final = record(
    {},
    _optional(
        {
            "format": _format,
            "voice_type": one_of(
                "openai",
                "azure-standard",
                "azure-custom",
                "azure-personal",
                "avatar-voice-sync",
                "azure-realtime-native",
            ),
            **{
                name: text()
                for name in (
                    "voice",
                    "voice_locale",
                    "custom_lexicon_url",
                    "custom_text_normalization_url",
                    "style",
                    "pitch",
                    "volume",
                    "custom_voice_endpoint_id",
                    "personal_voice_model",
                )
            },
            "speed": _any_number,
            "voice_temperature": _any_number,
            "prefer_locales": array(_name),
            "output_audio_timestamp_types": array(one_of("word")),
        }
    ),
)
_sound: Final = record(
    {
        "type": one_of("built_in"),
        "name": one_of(
            "office",
            "call_center",
            "busy_street",
            "people_talking",
            "street_and_metro_station",
            "ding1",
            "ding2",
        ),
    }
)
_track: Final = record({"source": _sound}, _optional({"gain": _share}))
_soundscape: Final = record(
    {},
    _optional(
        {
            **dict.fromkeys(("background", "opening", "transfer", "closing"), _track),
            "working": record(
                {"source": _sound}, _optional({"gain": _share, "delay_ms": integer(0, 10_000)})
            ),
        }
    ),
)
_interim: Final[Mapping[str, Shape]] = {
    "triggers": array(one_of("latency", "tool")),
    "latency_threshold_ms": _millis,
}
_waiting: Final = tagged(
    {
        "llm_interim_response": _kind(
            {**_interim, "model": text(), "instructions": text(), "max_completion_tokens": integer(1)}
        ),
        "static_interim_response": _kind({**_interim, "texts": array(text())}),
    }
)
_corner: Final = array(integer(0))
_avatar: Final = record(
    {"type": one_of("video_avatar", "photo_avatar"), "character": _name},
    _optional(
        {
            "style": text(),
            "customized": flag,
            "output_protocol": one_of("webrtc", "websocket"),
            "model": text(),
            "video": record(
                {},
                _optional(
                    {
                        "bitrate": integer(1),
                        "crop": record({"top_left": _corner, "bottom_right": _corner}),
                        "resolution": record({"width": integer(1), "height": integer(1)}),
                        "background": record({}, _optional({"image_url": text(), "color": text()})),
                        "gop_size": integer(1),
                    }
                ),
            ),
            "scene": record(
                {},
                _optional(
                    dict.fromkeys(
                        (
                            "zoom",
                            "position_x",
                            "position_y",
                            "rotation_x",
                            "rotation_y",
                            "rotation_z",
                            "amplitude",
                        ),
                        _any_number,
                    )
                ),
            ),
            "output_audit_audio": flag,
        }
    ),
)

# ---- what it uses

_scheduling: Final[Mapping[str, Shape]] = {
    "response_scheduling": one_of("silent", "when_idle", "interrupt", "skip_if_busy")
}


def _mcp(value: Any, path: str) -> None:
    # Connectors and tunnels aren't for voice agents.
    for field in ("connector_id", "tunnel_id"):
        if isinstance(value, dict) and field in value:
            raise Malformed(f"{path}.{field}", "unknown", f"Unknown parameter: '{path}.{field}'.")
    _scheduled(TOOLS["mcp"], value, path)


def _scheduled(shape: Shape, value: dict[str, Any], path: str) -> None:
    here = {name: item for name, item in value.items() if name in _scheduling}
    record({}, _optional(_scheduling))(here, path)
    shape({name: item for name, item in value.items() if name not in here}, path)


_tool: Final = tagged(
    {
        "function": _kind({"description": text(), "parameters": _free}, name=_name),
        "mcp": _mcp,
        "system": record(
            {"type": _type, "name": one_of("end_conversation")}, _optional({"description": text()})
        ),
        "toolbox": _kind(_scheduling, toolbox_name=_name, toolbox_version=_name),
    }
)
_subagent: Final = record(
    {"agent_name": _name, "agent_capabilities": _name},
    _optional(
        {
            "agent_version": _name,
            "invoke_timeout_seconds": integer(1),
            "response_policy": record(
                {},
                _optional(
                    {
                        "immediate_ack": flag,
                        "gap_filling_interval": integer(1),
                        "ack_instructions": text(),
                        "gap_filling_instructions": text(),
                        "enable_delta_progress": flag,
                        "progress_instructions": text(),
                        "progress_update_interval": integer(1),
                    }
                ),
            ),
        }
    ),
)


def voice_of(rai: Shape, structured_inputs: Shape) -> Callable[[Any, str], None]:
    """The shape of a voice agent; `rai` and `structured_inputs` are those of every agent."""
    whole = record(
        {"kind": _type},
        _optional(
            {
                "rai_config": rai,
                "model_type": one_of("managed", "self_deployed"),
                "model": _name,
                "conversation_engine": _engine,
                "instructions": text(most=256_000),
                "greeting": _greeting,
                "audio": record({}, _optional({"input": _input, "output": _output})),
                "soundscape": _soundscape,
                "output_modalities": array(one_of("text", "audio", "animation", "avatar")),
                "max_output_tokens": by_sort(string=one_of("inf"), other=integer(1)),
                "include": array(
                    one_of(
                        "item.input_audio_transcription.logprobs",
                        "item.input_audio_transcription.phrases",
                        "file_search_call.results",
                    )
                ),
                "interim_response": _waiting,
                "avatar": _avatar,
                "tools": array(_tool, most=128),
                "tool_choice": _choice,
                "parallel_tool_calls": flag,
                "structured_inputs": structured_inputs,
                "subagent_config": record({"subagents": array(_subagent)}),
                "store": flag,
            }
        ),
    )

    def check(value: Any, path: str) -> None:
        whole(value, path)
        engine = value.get("conversation_engine") is not None
        modelled = [name for name in ("model_type", "model") if value.get(name) is not None]
        if len(modelled) != (0 if engine else 2):
            message = f"Exactly one of '{path}.conversation_engine' and '{path}.model' with '{path}.model_type' must be given."
            raise Malformed(f"{path}.conversation_engine", "value", message)
        for name in ("instructions", "tools", "tool_choice") if engine else ():
            if value.get(name) is not None:
                where = f"{path}.{name}"
                raise Malformed(where, "value", f"'{where}' can't be given with a conversation engine.")
        if engine and (value.get("greeting") or {}).get("tool_choice") == "required":
            where = f"{path}.greeting.tool_choice"
            raise Malformed(where, "value", f"'{where}' can't be 'required' with a conversation engine.")

    return check
