"""Agents that are spoken with, and those that run elsewhere: what the service refuses of them, and the values they become.

Sources: the models of azure-ai-projects 2.10 (`VoiceAgentDefinition` and what it holds).
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any, Final

from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, Mark, Sequence
from foundry.manifest.schema import limit
from foundry.manifest.world import World, items, section, unfilled, words
from foundry.model import Dialect

CHOOSABLE: Final = frozenset(("function", "logic_app", "mcp"))
"""Tools that a voice agent's `tool_choice` can name."""

_TOOLS: Final[AnyMapping[str, frozenset[str]]] = {
    "function": frozenset(("description", "parameters")),
    "logic_app": frozenset(("description", "parameters", "workflow", "trigger")),
    "mcp": frozenset(
        (
            "server_url",
            "server_description",
            "allowed_tools",
            "require_approval",
            "connection",
            "defer_loading",
            "allowed_callers",
            "response_scheduling",
        )
    ),
    "toolbox": frozenset(("toolbox", "toolbox_name", "version", "response_scheduling")),
    "system": frozenset(("description",)),
}
"""Tools that a voice agent has, and the fields of each."""

_ONLY_HERE: Final = ("response_scheduling", "toolbox_name", "version")
_CONTROLS: Final = ("end_conversation",)
_NOT_BESIDE_AN_ENGINE: Final = ("instructions", "tools", "tool_choice")
_AZURE: Final = (
    "voice_locale",
    "voice_temperature",
    "custom_lexicon_url",
    "custom_text_normalization_url",
    "prefer_locales",
    "pitch",
    "volume",
)
_OF_VOICES: Final[AnyMapping[str, tuple[str, ...]]] = {
    "openai": ("voice",),
    "azure-realtime-native": ("voice",),
    "azure-standard": ("voice", *_AZURE, "style"),
    "azure-custom": ("voice", *_AZURE, "custom_voice_endpoint_id"),
    "azure-personal": ("voice", *_AZURE, "personal_voice_model"),
    "avatar-voice-sync": (*_AZURE, "personal_voice_model"),
}
"""Fields of `audio.output` that not every type of voice has."""

_SPEECH: Final = ("azure-speech", "azure-speech-streaming")
_STREAMING: Final = "azure-speech-streaming"
_TRANSCRIBERS: Final[AnyMapping[str, tuple[str, ...]]] = {
    "languages": ("gpt-transcribe", "gpt-live-transcribe"),
    "keywords": ("gpt-transcribe", "gpt-live-transcribe"),
    "delay": ("gpt-realtime-whisper",),
    "profanity_filter": _SPEECH,
}
"""Fields of a transcription that only some models know."""

_OF_AVATARS: Final = ("animation", "avatar")
_ENGINE: Final = "voice_conversation_engine"


def voice_of(document: Document, world: World) -> dict[str, Any] | None:
    """What an agent says under `voice`, its texts read. It is to be used only when the report has no errors."""
    tree = document.tree
    voice = tree.get("voice")
    if not isinstance(voice, Mapping):
        # What has a finding already is left out of the tree, and makes it no agent of another kind.
        written = world.documents.by_kind[document.kind][document.name].tree
        if "voice" not in written:
            _check_tools_of_others(tree, section(written, "tools"), world)
        return None
    _check_engine(tree, voice, world)
    _check_audio(voice, world)
    _check_tools(tree, world)
    if voice.get("model_type") == "self_deployed" and "model" in voice:
        world.deployment(voice["model"], voice.values_at["model"])
    for modality, at in words(voice, "output_modalities"):
        if modality in _OF_AVATARS and "avatar" not in voice:
            world.report.error(
                at, f"`{modality}` needs an avatar", "declare `avatar`, or take it out of `output_modalities`"
            )
    for subagent, _ in items(section(voice, "subagent_config"), "subagents"):
        if isinstance(subagent, Mapping) and "agent" in subagent:
            _check_subagent(subagent, world)
    told: dict[str, Any] = _read(voice, world)
    return told


def check_callable(tree: Mapping, world: World) -> None:
    """Find checks of agents that can't be asked anything in text."""
    for kind, why in (("external", "the service never runs it"), ("voice", "it is spoken with")):
        if kind in tree and "checks" in tree:
            what = f"`checks` are conversations in text, and this agent is `{kind}`: {why}"
            world.report.error(tree.keys_at["checks"], what, "leave them out")


def _read(value: Any, world: World) -> Any:
    """A value with the texts of the files that it names."""
    if isinstance(value, Mapping):
        longest = limit("Agent", "properties", "instructions")
        return {
            key: world.text(value, key, longest) if _is_file(part) else _read(part, world)
            for key, part in value.items()
        }
    return [_read(part, world) for part in value] if isinstance(value, Sequence) else unfilled(value)


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and "file" in value


# ---- who holds the conversation


def _check_engine(tree: Mapping, voice: Mapping, world: World) -> None:
    engine = voice.get("conversation_engine")
    if not isinstance(engine, Mapping):
        return
    beside = [(tree, key) for key in _NOT_BESIDE_AN_ENGINE]
    for holder, key in [(voice, "model"), (voice, "model_type"), *beside]:
        if key in holder:
            what = f"`{key}` has no place beside a `conversation_engine`, which holds the conversation"
            world.report.error(holder.keys_at[key], what, "leave it out, or declare it on that agent")
    greeting = section(voice, "greeting")
    if greeting.get("tool_choice") == "required":
        at = greeting.values_at["tool_choice"]
        what = "the tools are the `conversation_engine`'s, so the greeting can't require one"
        world.report.error(at, what, "leave `tool_choice` out")
    other = _agent(engine, world)
    hosted = section(other, "hosted") if other is not None else None
    if hosted is not None and _ENGINE not in section(hosted, "protocols"):
        world.report.error(
            engine.values_at["agent"],
            f"`{engine['agent']}` doesn't say that it speaks `{_ENGINE}`",
            f'name a `hosted` agent with `protocols: {{{_ENGINE}: "1.0.0"}}`',
        )


def _check_subagent(subagent: Mapping, world: World) -> None:
    other = _agent(subagent, world)
    kind = next((kind for kind in ("voice", "external") if other is not None and kind in other), None)
    if kind is not None:
        what = f"`{subagent['agent']}` is `{kind}`, and a voice agent asks agents in text"
        world.report.error(subagent.values_at["agent"], what, "name an agent that answers in text")


def _agent(holder: Mapping, world: World) -> Mapping | None:
    """The agent that is referred to, if there is one of the versioned dialect; a finding if not."""
    if "agent" not in holder:
        return None
    at: Mark = holder.values_at["agent"]
    found = world.document("Agent", holder["agent"], at)
    if found is None:
        return None
    if world.dialect_of(found.tree) is Dialect.CLASSIC:
        what = f"`{holder['agent']}` is a classic agent, and a voice agent knows versioned ones"
        world.report.error(at, what, f"write `dialect: versioned` or `dialect: both` for `{holder['agent']}`")
        return None
    return found.tree


# ---- what is heard and said


def _check_audio(voice: Mapping, world: World) -> None:
    audio = section(voice, "audio")
    output = section(audio, "output")
    kind = str(output.get("voice_type"))
    if kind in _OF_VOICES:
        known = {field for fields in _OF_VOICES.values() for field in fields}
        for field in (field for field in output if field in known and field not in _OF_VOICES[kind]):
            others = ", ".join(other for other, fields in _OF_VOICES.items() if field in fields)
            what = f"a voice of type {kind} has no `{field}`"
            world.report.error(output.keys_at[field], what, f"leave it out: it is for {others}")
    transcription = section(section(audio, "input"), "transcription")
    model = transcription.get("model")
    for field, models in _TRANSCRIBERS.items():
        if field in transcription and "model" in transcription and model not in models:
            what = f"the transcription model `{model}` knows no `{field}`"
            world.report.error(
                transcription.keys_at[field], what, f"leave it out: it is for {', '.join(models)}"
            )
    if model == _STREAMING and "language" not in transcription:
        at = transcription.values_at["model"]
        world.report.error(at, f"`{_STREAMING}` must know the language", "write `language`, such as `en-US`")


# ---- tools


def _check_tools(tree: Mapping, world: World) -> None:
    tools = section(tree, "tools")
    for name, tool in tools.items():
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        if not isinstance(kind, str):
            continue
        if kind not in _TOOLS:
            what = f"a voice agent has no tools of type {kind}"
            fix = "put it into a Toolbox and name that in a tool of type `toolbox`"
            world.report.error(tool.values_at["type"], what, fix)
            continue
        for field in (field for field in tool if field != "type" and field not in _TOOLS[kind]):
            what = f"`tools.{name}.{field}` has no place in a voice agent"
            world.report.error(tool.keys_at[field], what, "leave it out")
        if kind == "system" and name not in _CONTROLS:
            at = tools.keys_at[name]
            what = f"`{name}` is no control of a session"
            world.report.error(at, what, f"name the tool {' or '.join(f'`{word}`' for word in _CONTROLS)}")


def _check_tools_of_others(tree: Mapping, written: Mapping, world: World) -> None:
    """Find what only voice agents have, and a toolbox that nothing authorises; `written` are the tools with their faults."""
    for name, tool in section(tree, "tools").items():
        if not isinstance(tool, Mapping):
            continue
        if tool.get("type") == "system":
            what = "only a voice agent has sessions that a tool of type system acts on"
            world.report.error(tool.values_at["type"], what, "leave it out")
        misplaced = [field for field in _ONLY_HERE if field in tool]
        for field in misplaced:
            what = f"`tools.{name}.{field}` belongs to a voice agent"
            world.report.error(tool.keys_at[field], what, "leave it out")
        connections = sum(key in section(written, name) for key in ("connection", "connection_id"))
        if tool.get("type") == "toolbox" and not misplaced and connections != 1:
            what = "calls of a toolbox are authorised by one connection, named in one way"
            fix = "write `connection` (of the Environment) or `connection_id` (anybody else's)"
            world.report.error(tool.mark, what, fix)
