"""Agents: their references, files and limits checked, and the value they become."""

from __future__ import annotations

import re
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from foundry.code_archives import IN_MEMORY, LARGEST_CODE, unpackable, zip_into, zipped_size
from foundry.manifest.checks import checks_of
from foundry.manifest.evaluations import evaluation_of
from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping, plain
from foundry.manifest.near import meant
from foundry.manifest.schema import limit
from foundry.manifest.tools import tools_of
from foundry.manifest.voices import CHOOSABLE, check_callable, voice_of
from foundry.manifest.world import World, items, section, unfilled, words
from foundry.model import Agent, Dialect, ModelElsewhere, SkillReference

_CHOICES: Final = ("none", "auto", "required")
_CHOOSABLE: Final = frozenset(
    (
        "function",
        "logic_app",
        "custom",
        "mcp",
        "file_search",
        "code_interpreter",
        "image_generation",
        "shell",
        "apply_patch",
        "computer",
        "computer_use",
        "programmatic_tool_calling",
    )
)
_LONGEST_WORKFLOW: Final = 1_000_000
_REASONING: Final = re.compile(r"(o\d|gpt-5)(?!.*chat)")
"""Models that refuse sampling options (reported: microsoft/semantic-kernel issue 12727)."""

TEMPLATED: Final = frozenset(("instructions", "description", "tools"))
"""The fields that may speak of what only a deployment knows."""


def agent_of(document: Document, world: World) -> Agent:
    """The agent that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    dialect = world.dialect_of(tree)
    _check_sampling(tree, world)
    if dialect is not Dialect.VERSIONED and world.knows_dialect(document):
        _check_classic(tree, world)
    check_callable(tree, world)
    return Agent(
        name=document.name,
        service_name=str(tree.get("service_name", document.name)),
        project=world.project_of(tree),
        dialect=dialect,
        model=_model(tree, world),
        description=world.text(tree, "description", limit("Agent", "properties", "description")),
        instructions=world.text(tree, "instructions", limit("Agent", "properties", "instructions")),
        temperature=tree.get("temperature"),
        top_p=tree.get("top_p"),
        response_format=_response_format(tree, world),
        metadata=dict(section(tree, "metadata")),
        tools=tools_of(document, world),
        skills=skills_of(tree, world),
        reasoning=plain(tree["reasoning"]) if isinstance(tree.get("reasoning"), Mapping) else None,
        tool_choice=_tool_choice(tree, world),
        structured_inputs=_structured_inputs(tree, world),
        content_filter=content_filter(tree, world),
        invocations_moderation=_moderation(tree, world),
        harness=tree.get("harness"),
        blueprint_id=_blueprint(tree, world),
        workflow=world.text(tree, "workflow", _LONGEST_WORKFLOW),
        hosted=_hosted(tree, world),
        external=plain(tree["external"]) if isinstance(tree.get("external"), Mapping) else None,
        voice=voice_of(document, world),
        enabled=tree.get("enabled"),
        endpoint=plain(tree["endpoint"]) if isinstance(tree.get("endpoint"), Mapping) else None,
        keep_versions=tree.get("keep_versions"),
        evaluation=evaluation_of(document, world),
        checks=checks_of(tree, world),
        lifecycle=world.lifecycle(document),
        position=tree.mark.position,
    )


def _model(tree: Mapping, world: World) -> str | ModelElsewhere | None:
    model = tree.get("model")
    if model is None:
        return None
    if isinstance(model, Mapping):
        if "connection" in model:
            world.connection(
                model["connection"], model.values_at["connection"], ("AzureOpenAI", "AIServices")
            )
        return ModelElsewhere(str(model.get("connection")), str(model.get("deployment")))
    world.deployment(model, tree.values_at["model"])
    return str(model)


def _tool_choice(tree: Mapping, world: World) -> str | None:
    """The word, or the key of a tool that a model can be told to use (tool choices of azure-ai-projects 2.10)."""
    greeting = section(section(tree, "voice"), "greeting")
    _choice(greeting, tree, world)
    return _choice(tree, tree, world)


def _choice(holder: Mapping, tree: Mapping, world: World) -> str | None:
    choice, tools = holder.get("tool_choice"), section(tree, "tools")
    choosable = CHOOSABLE if "voice" in tree else _CHOOSABLE
    if not isinstance(choice, str) or choice in _CHOICES:
        return choice if isinstance(choice, str) else None
    at = holder.values_at["tool_choice"]
    if choice not in tools:
        fix = meant(choice, [*_CHOICES, *tools], none="leave it out", have="it can be")
        world.report.error(at, f"`tool_choice` names a tool `{choice}` that the agent does not have", fix)
    elif isinstance(tools[choice], Mapping) and tools[choice].get("type") not in choosable:
        kinds = ", ".join(sorted(choosable))
        what = f"`{choice}` is of a type that can't be chosen"
        world.report.error(at, what, f"write auto, required or none, or name a tool of type {kinds}")
    return choice


def _structured_inputs(tree: Mapping, world: World) -> dict[str, Any]:
    inputs = {}
    for name, told in section(tree, "structured_inputs").items():
        if isinstance(told, Mapping):
            schema = {"schema": world.json_schema(told, "schema")} if "schema" in told else {}
            inputs[name] = unfilled(dict(told)) | schema
    return inputs


def skills_of(tree: Mapping, world: World) -> tuple[SkillReference, ...]:
    """The skills that an agent or a toolbox refers to; a finding for one that isn't declared."""
    found = []
    for told, at in items(tree, "skills"):
        if isinstance(told, str):
            world.document("Skill", told, at)
            found.append(SkillReference(skill=told))
        elif isinstance(told, Mapping):
            found.append(SkillReference(name=str(told.get("name")), version=told.get("version")))
    return tuple(found)


def content_filter(tree: Mapping, world: World) -> str | None:
    """The content filter that a document names; a finding when the Environment has none of that name."""
    chosen = tree.get("content_filter")
    if not isinstance(chosen, str):
        return None
    if not chosen.startswith("Microsoft."):
        known, at = world.names("content_filters"), tree.values_at["content_filter"]
        world.refer("content filter", chosen, known, at, declare="declare it under `content_filters`")
    return chosen


def _moderation(tree: Mapping, world: World) -> dict[str, Any] | None:
    """Where the texts of invocations stand; a finding for each place that must be known and isn't (azure-ai-projects 2.10)."""
    told = tree.get("invocations_moderation")
    if not isinstance(told, Mapping):
        return None
    at = tree.keys_at["invocations_moderation"]
    if "content_filter" not in tree:
        what = "`invocations_moderation` says what a content filter looks at, and the agent names none"
        world.report.error(at, what, "write `content_filter` beside it")
    written, mode = told.get("output_content_type", "json"), told.get("response_mode")
    needed = {
        "input_paths": told.get("input_content_type", "json") == "json",
        "output_paths": written == "json" and mode in ("non_streaming", "both"),
        "stream_selectors": written == "json" and mode in ("streaming", "both"),
    }
    for field in (field for field, is_needed in needed.items() if is_needed and field not in told):
        what = f"`invocations_moderation.{field}` is missing: it is needed where JSON is spoken"
        world.report.error(at, what, "write where the text stands")
    made: dict[str, Any] = plain(told)
    return made


def _blueprint(tree: Mapping, world: World) -> str | None:
    blueprint = tree.get("blueprint_id")
    if blueprint is not None and "code" in section(tree, "hosted"):
        what = "an agent that is made from code can't be given a blueprint: the service takes none with an upload"
        world.report.error(tree.keys_at["blueprint_id"], what, "leave it out, or make it from an image")
    return blueprint if isinstance(blueprint, str) else None


def _hosted(tree: Mapping, world: World) -> dict[str, Any] | None:
    hosted = tree.get("hosted")
    if not isinstance(hosted, Mapping):
        return None
    if "registry_connection" in hosted:
        world.connection(hosted["registry_connection"], hosted.values_at["registry_connection"])
        if "code" in hosted:
            at = hosted.keys_at["registry_connection"]
            world.report.error(at, "code comes from no registry", "take `registry_connection` out")
    told: dict[str, Any] = plain(hosted)
    code = told.pop("code", None)
    if isinstance(code, dict) and isinstance(code.get("folder"), str):
        told["code_configuration"] = {
            **{key: code.get(key) for key in ("runtime", "entry_point", "dependency_resolution")},
            **_code(section(hosted, "code"), world),
        }
    return told


def _code(code: Mapping, world: World) -> dict[str, Any]:
    """The folder of a hosted agent's code, its files, and the hash of the zip that they make."""
    at = code.values_at["folder"]
    exclude = [pattern for pattern, _ in words(code, "exclude")]
    taken = world.shelf.folder(str(code["folder"]), at, exclude, what="the code")
    if taken is None:
        return {}
    folder, files = taken
    size = zipped_size({name: file.size for name, file in files.items()})
    if size > LARGEST_CODE:
        world.report.error(
            at,
            f"the code in {folder} makes a zip of {size:,} bytes, more than the {LARGEST_CODE:,} that the service takes",
            "exclude what the agent doesn't need at run time",
        )
        return {}
    with SpooledTemporaryFile(IN_MEMORY) as packed:
        try:
            content_hash = zip_into(
                packed, {name: partial(world.shelf.opened, file) for name, file in files.items()}
            )
        except OSError as error:
            raise unpackable(folder, error) from None
    return {
        "content_hash": content_hash,
        "folder": folder,
        "files": [{"path": name, "sha256": file.sha256} for name, file in sorted(files.items())],
    }


def _check_sampling(tree: Mapping, world: World) -> None:
    """Warn of sampling that the model behind the deployment refuses when a run starts."""
    deployment = section(section(world.environment, "deployments"), str(tree.get("model")))
    name = section(deployment, "model").get("name")
    if not isinstance(name, str) or not _REASONING.match(name):
        return
    for key in ("temperature", "top_p"):
        if tree.get(key) is not None:
            world.report.warning(
                tree.keys_at[key], f"{name} is a reasoning model and refuses `{key}` in a run", "leave it out"
            )


def _check_classic(tree: Mapping, world: World) -> None:
    """Find values that only the versioned dialect takes (models of azure-ai-agents 1.2 beta)."""
    for tool in section(tree, "tools").values():
        if not isinstance(tool, Mapping):
            continue
        if tool.get("type") == "computer_use" and tool.get("environment") == "ubuntu":
            world.report.error(
                tool.values_at["environment"],
                "a classic agent can't use a computer with `environment: ubuntu`",
                "write windows, mac, linux or browser",
            )
        approval = section(tool, "require_approval")
        for holder, key in ((tool, "allowed_tools"), (approval, "always"), (approval, "never")):
            if isinstance(holder.get(key), Mapping):
                at, what = holder.values_at[key], "a classic agent knows the tools of an MCP server by name"
                world.report.error(at, what, "list their names")


def _response_format(tree: Mapping, world: World) -> Any:
    told = tree.get("response_format")
    if not isinstance(told, Mapping):
        return told
    resolved = dict(told)
    if "schema" in told:
        resolved["schema"] = world.json_schema(told, "schema")
    if "description" in told:
        resolved["description"] = world.text(told, "description", limit("Agent", "properties", "description"))
    return unfilled(resolved)
