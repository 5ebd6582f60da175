"""The field table of agents that are spoken with.

What the service adds or forgets is taken from the models of azure-ai-projects 2.10: it has defaults for what is heard and said,
and none for greetings, sounds, faces, engines and other agents.
"""

from __future__ import annotations

from typing import Any, Final

from foundry.diff.tables import Items, Leaf, Record, Sort

_OWNED: Final = Leaf()
_DEFAULTED: Final = Leaf(Sort.DEFAULTED)
_SET: Final = Leaf(Sort.DEFAULTED, unordered=True)

# Of a field below that isn't declared, whatever the service fills in is its own.
_SETTINGS: Final = Record({}, sort=Sort.DEFAULTED)
_DETECTION: Final = Record({"end_of_utterance_detection": _SETTINGS, "languages": _SET}, sort=Sort.DEFAULTED)
_HEARD: Final = Record(
    {
        "format": _SETTINGS,
        "noise_reduction": _SETTINGS,
        "turn_detection": _DETECTION,
        "echo_cancellation": _SETTINGS,
        "transcription": Record(
            {"languages": _SET, "keywords": _SET, "phrase_list": _SET, "custom_speech": _SETTINGS},
            sort=Sort.DEFAULTED,
        ),
    },
    sort=Sort.DEFAULTED,
)
_SAID: Final = Record(
    {"format": _SETTINGS, "prefer_locales": _SET, "output_audio_timestamp_types": _SET}, sort=Sort.DEFAULTED
)
_TRACK: Final = Record({"source": _OWNED, "gain": Leaf(absent=(1,))})


def _agent_name(subagent: Any) -> str:
    return str(subagent.get("agent_name"))


def _subagent(_subagent: Any) -> Record:
    return Record(
        {
            "agent_name": _OWNED,
            "agent_version": _OWNED,
            "agent_capabilities": _OWNED,
            "response_policy": _SETTINGS,
        }
    )


VOICE: Final = Record(
    {
        "model_type": _OWNED,
        "model": _OWNED,
        "conversation_engine": Record({"type": _OWNED, "name": _OWNED, "version": _OWNED}),
        "greeting": Record(
            {"type": _OWNED, "text": _OWNED, "prompt": _OWNED, "tool_choice": Leaf(absent=("none",))}
        ),
        "audio": Record({"input": _HEARD, "output": _SAID}, sort=Sort.DEFAULTED),
        "soundscape": Record(
            {
                "background": _TRACK,
                "working": Record({**_TRACK.fields, "delay_ms": Leaf(absent=(1000,))}),
                "opening": _TRACK,
                "transfer": _TRACK,
                "closing": _TRACK,
            }
        ),
        "output_modalities": Leaf(absent=(["audio"],), unordered=True),
        "max_output_tokens": _DEFAULTED,
        "include": Leaf(unordered=True),
        "interim_response": Record({"type": _OWNED, "triggers": _SET, "texts": _OWNED}),
        "avatar": Record(
            {
                "type": _OWNED,
                "character": _OWNED,
                "customized": Leaf(absent=(False,)),
                "output_audit_audio": Leaf(absent=(False,)),
                "video": Record(
                    {"crop": _SETTINGS, "resolution": _SETTINGS, "background": _SETTINGS}, sort=Sort.DEFAULTED
                ),
                "scene": _SETTINGS,
            }
        ),
        "parallel_tool_calls": _DEFAULTED,
        "subagent_config": Record({"subagents": Items(key=_agent_name, of=_subagent)}),
        "store": Leaf(absent=(False,)),
    }
)
