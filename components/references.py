"""Declared agents, stores and indexes as inputs of the dynamic resources: every name replaced by what it stands for.

What a name stands for is an id (known while its owner is updated), never a computed output, so that previews stay calm; but
for the version of a skill, and of a toolbox that a voice agent has: one that changes makes a version of each agent that takes it in,
and the preview says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi

from foundry import model

T = TypeVar("T")
_CONNECTED = frozenset(
    {
        "bing_grounding",
        "bing_custom_search",
        "sharepoint_grounding",
        "fabric_dataagent",
        "browser_automation",
        "mcp",
        "deep_research",
        "a2a",
        "toolbox",
    }
)


@dataclass(frozen=True)
class Queue:
    """A storage queue as agents and prompts speak of it: the account's queue endpoint, its name, and its whole address."""

    endpoint: pulumi.Input[str]
    name: pulumi.Input[str]
    url: pulumi.Input[str]


@dataclass(frozen=True)
class Numbered:
    """A skill as agents and toolboxes speak of it, or a toolbox as voice agents do: its name, and the version that it stands for."""

    name: pulumi.Input[str]
    version: pulumi.Input[str]


@dataclass(frozen=True)
class References:
    """What the names in one project's documents stand for. A deployment that isn't here is one of an account we don't own."""

    deployments: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    connections: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Name → ARM id."""
    search_connection: pulumi.Input[str] | None = None
    """ARM id of the connection to the search service that holds this stack's indexes."""
    queues: Mapping[str, Queue] = field(default_factory=dict)
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Path → file id."""
    stores: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    indexes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    agents: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    content_filters: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    index_assets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name of an index → `<name>/versions/<version>` of its asset."""
    memories: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name → the memory store's name."""
    skills: Mapping[str, Numbered] = field(default_factory=dict)
    toolboxes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name → the address of the toolbox's MCP endpoint."""
    numbered_toolboxes: Mapping[str, Numbered] = field(default_factory=dict)
    versioned_agents: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Declared name → the versioned agent's name."""


@dataclass(frozen=True)
class Models:
    """What vectorizers of indexes call: the account's OpenAI endpoint, its deployments, and the model behind each."""

    openai_endpoint: pulumi.Input[str] | None = None
    deployments: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    model_names: Mapping[str, str] = field(default_factory=dict)


def agent_definition(agent: model.Agent, to: References) -> dict[str, Any]:
    """The `definition` input of an Agent. Fields that weren't declared, or that only versioned agents have, are left out."""
    if agent.model is None:
        raise model.FoundryError(
            f"the agent {agent.name} has no model", fix="give it one, or write `dialect: versioned`"
        )
    declared = {
        "description": agent.description,
        "instructions": agent.instructions,
        "temperature": agent.temperature,
        "top_p": agent.top_p,
        "response_format": _classic_form(agent.response_format),
    }
    return {
        "name": agent.service_name,
        "model": _model(agent.model, to),
        **{key: filled(value, to) for key, value in declared.items() if value is not None},
        "metadata": dict(agent.metadata),
        "tools": _tools(agent, model.Dialect.CLASSIC, to),
    }


def _classic_form(form: model.Json) -> model.Json:
    """A form of answers without what classic agents don't have."""
    if not isinstance(form, Mapping):
        return form
    return {key: value for key, value in form.items() if key != "strict"}


def versioned_definition(agent: model.Agent, to: References) -> dict[str, Any]:
    """The `definition` input of a VersionedAgent. Fields that weren't declared, or that only classic agents have, are left out."""
    kind: dict[str, Any] = {}
    if agent.workflow is not None:
        kind["workflow"] = filled(agent.workflow, to)
    elif agent.hosted is not None:
        kind["hosted"] = _hosted(agent.hosted, to)
    elif agent.external is not None:
        kind["external"] = dict(agent.external)
    elif agent.voice is not None:
        kind |= {**_prompt(agent, to), "voice": _voice(agent, agent.voice, to)}
    else:
        kind |= _prompt(agent, to)
    declared = {
        "description": agent.description,
        "content_filter": _content_filter(agent.content_filter, to),
        "invocations_moderation": agent.invocations_moderation,
        "blueprint_id": agent.blueprint_id,
    }
    return {
        "name": agent.service_name,
        **kind,
        **{key: filled(value, to) for key, value in declared.items() if value is not None},
        "metadata": dict(agent.metadata),
        "tools": _tools(agent, model.Dialect.VERSIONED, to),
    }


def serving_inputs(agent: model.Agent) -> dict[str, Any]:
    """The `serving` input of a VersionedAgent: only what was declared."""
    enabled = {} if agent.enabled is None else {"enabled": agent.enabled}
    return {**enabled, **(agent.endpoint or {})}


def _prompt(agent: model.Agent, to: References) -> dict[str, Any]:
    plain_text = agent.response_format in (None, "auto")
    declared = {
        "instructions": agent.instructions,
        "temperature": agent.temperature,
        "top_p": agent.top_p,
        "response_format": None if plain_text else agent.response_format,
        "reasoning": agent.reasoning,
        "harness": agent.harness,
        "tool_choice": _tool_choice(agent, agent.tool_choice),
        "skills": [_skill(reference, to, with_version=True) for reference in agent.skills] or None,
        # The service reads a missing `required` as false, and some of its clients write that.
        "structured_inputs": {
            name: {key: part for key, part in dict(value).items() if (key, part) != ("required", False)}
            for name, value in agent.structured_inputs.items()
            if isinstance(value, Mapping)
        }
        or None,
    }
    made = {} if agent.model is None else {"model": _model(agent.model, to)}
    return {**made, **{key: filled(value, to) for key, value in declared.items() if value is not None}}


def _tool_choice(agent: model.Agent, choice: str | None) -> str | dict[str, str] | None:
    chosen = next((tool for tool in agent.tools if tool.name == choice), None)
    if chosen is None:
        return choice
    kind = "function" if chosen.type == "logic_app" else chosen.type
    return {"type": kind, "name": chosen.name} if kind in ("function", "mcp") else {"type": kind}


def _hosted(hosted: Mapping[str, Any], to: References) -> dict[str, Any]:
    rest = {key: filled(value, to) for key, value in hosted.items() if key != "registry_connection"}
    if "registry_connection" not in hosted:
        return rest
    registry = _of(to.connections, "connection", hosted["registry_connection"])
    return {**rest, "registry_connection_id": registry}


def _voice(agent: model.Agent, voice: Mapping[str, Any], to: References) -> dict[str, Any]:
    told: dict[str, Any] = filled(voice, to)
    if told.get("model_type") == "self_deployed":
        told["model"] = _model(told["model"], to)
    greeting = told.get("greeting") or {}
    if "tool_choice" in greeting:
        told["greeting"] = {**greeting, "tool_choice": _tool_choice(agent, greeting["tool_choice"])}
    if "conversation_engine" in told:
        told["conversation_engine"] = _named_agent(told["conversation_engine"], "name", to)
    if "subagent_config" in told:
        asked = told["subagent_config"]["subagents"]
        told["subagent_config"] = {"subagents": [_named_agent(one, "agent_name", to) for one in asked]}
    return told


def _named_agent(declared: Mapping[str, Any], name: str, to: References) -> dict[str, Any]:
    """What refers to an agent of this stack as `agent`, with its name at the service under `name`."""
    rest = {key: value for key, value in declared.items() if key != "agent"}
    if "agent" not in declared:
        return rest
    return {**rest, name: _of(to.versioned_agents, "versioned agent", declared["agent"])}


def _tools(agent: model.Agent, dialect: model.Dialect, to: References) -> list[dict[str, Any]]:
    said = (tool.said_in(dialect) for tool in agent.tools)
    return [
        _voice_toolbox(tool, to) if agent.voice is not None and tool.type == "toolbox" else _tool(tool, to)
        for tool in said
        if tool is not None
    ]


def _voice_toolbox(tool: model.Tool, to: References) -> dict[str, Any]:
    settings = dict(tool.settings)
    told: dict[str, Any] = {"name": tool.name, "type": tool.type}
    if "toolbox" in settings:
        made = _of(to.numbered_toolboxes, "toolbox", settings.pop("toolbox"))
        told |= {"toolbox_name": made.name, "toolbox_version": made.version}
    if "version" in settings:
        told["toolbox_version"] = settings.pop("version")
    return {**told, **settings}


def store_definition(store: model.VectorStore, to: References, dialect: model.Dialect) -> dict[str, Any]:
    """The `definition` input of a VectorStore in one dialect."""
    attributes = store.attributes if dialect is model.Dialect.VERSIONED else {}
    definition: dict[str, Any] = {
        "name": store.service_name,
        "metadata": dict(store.metadata),
        "files": [
            {
                "path": file.path,
                "sha256": file.sha256,
                "file_id": to.files[file.path],
                **({"attributes": filled(attributes[file.path], to)} if file.path in attributes else {}),
            }
            for file in sorted(store.files)
        ],
    }
    if store.expires_after_days is not None:
        definition["expires_after_days"] = store.expires_after_days
    if store.chunking_strategy is not None:
        definition["chunking_strategy"] = filled(store.chunking_strategy, to)
    if store.data_sources:
        definition["data_sources"] = [filled(source, to) for source in store.data_sources]
    return definition


def memory_definition(store: model.MemoryStore, to: References) -> dict[str, Any]:
    """The `definition` input of a MemoryStore."""
    more = {"description": store.description, "options": dict(store.options)}
    return {
        "name": store.service_name,
        "chat_model": to.deployments.get(store.chat_model, store.chat_model),
        "embedding_model": to.deployments.get(store.embedding_model, store.embedding_model),
        **{key: value for key, value in more.items() if value},
        "metadata": dict(store.metadata),
    }


def evaluation_definition(agent: model.Agent, evaluation: model.Evaluation, to: References) -> dict[str, Any]:
    """The `definition` input of an Evaluation: the eval that an agent's rule runs."""
    return {
        "name": f"{agent.service_name} continuous evaluation",
        "testing_criteria": [_criterion(one, to) for one in evaluation.evaluators],
    }


def _criterion(one: model.Evaluator, to: References) -> dict[str, Any]:
    judge = {} if one.model is None else {"model": to.deployments.get(one.model, one.model)}
    more = {
        "evaluator_version": one.evaluator_version,
        "initialization_parameters": {**judge, **one.initialization_parameters},
        "data_mapping": dict(one.data_mapping),
    }
    return {
        "name": one.name,
        "evaluator_name": one.evaluator_name,
        **{key: value for key, value in more.items() if value},
    }


def rule_definition(
    evaluation: model.Evaluation, *, agent_name: pulumi.Input[str], eval_id: pulumi.Input[str]
) -> dict[str, Any]:
    """The `definition` input of an EvaluationRule."""
    more = {
        "max_hourly_runs": evaluation.max_hourly_runs,
        "sampling_rate": evaluation.sampling_rate,
        "display_name": evaluation.display_name,
        "description": evaluation.description,
    }
    return {
        "id": evaluation.rule_id,
        "agent_name": agent_name,
        "eval_id": eval_id,
        "enabled": evaluation.enabled,
        **{key: value for key, value in more.items() if value is not None},
    }


def toolbox_definition(toolbox: model.Toolbox, to: References) -> dict[str, Any]:
    """The `definition` input of a Toolbox. Skills of this stack stand there without a version: the service follows them."""
    declared = {
        "description": toolbox.description,
        "skills": [_skill(reference, to, with_version=False) for reference in toolbox.skills],
        "content_filter": _content_filter(toolbox.content_filter, to),
    }
    return {
        "name": toolbox.service_name,
        "tools": [_tool(tool, to) for tool in toolbox.tools],
        **{key: value for key, value in declared.items() if value},
        "metadata": dict(toolbox.metadata),
    }


def toolbox_url(endpoint: pulumi.Input[str], name: pulumi.Input[str]) -> pulumi.Output[str]:
    """`foundry.model.toolbox_address` of what may not be known yet."""
    return pulumi.Output.all(endpoint, name).apply(lambda known: model.toolbox_address(*known))


def skill_definition(skill: model.Skill) -> dict[str, Any]:
    """The `definition` input of a Skill."""
    more = {
        "license": skill.license,
        "compatibility": skill.compatibility,
        "allowed_tools": list(skill.allowed_tools),
        "files": [
            {"path": path, "sha256": file.sha256, "source": file.path}
            for path, file in sorted(skill.files.items())
        ],
    }
    return {
        "name": skill.service_name,
        "description": skill.description,
        "instructions": skill.instructions,
        **{key: value for key, value in more.items() if value},
        "metadata": dict(skill.metadata),
    }


def index_definition(index: model.SearchIndex, models: Models) -> dict[str, Any]:
    """The service's body of an index, with address and model of its Azure OpenAI vectorizers filled in where they are absent."""
    body: dict[str, Any] = {**filled(index.definition, References()), "name": index.service_name}
    vectors = body.get("vectorSearch")
    if isinstance(vectors, Mapping) and vectors.get("vectorizers"):
        vectorizers = [_vectorizer(each, models) for each in vectors["vectorizers"]]
        body["vectorSearch"] = {**vectors, "vectorizers": vectorizers}
    return body


def asset_definition(
    asset: model.IndexAsset, *, index_name: pulumi.Input[str], to: References
) -> dict[str, Any]:
    """The `definition` input of an IndexAsset. Raises FoundryError where the project has no connection to the search service."""
    connection = to.search_connection
    if connection is None:
        raise model.FoundryError(
            f"the index asset {asset.name} needs a connection of its project to the search service",
            fix="declare `search` in the environment, or take `asset` out of the index",
        )
    more = {"description": asset.description, "field_mapping": dict(asset.field_mapping)}
    return {
        "name": asset.name,
        "connection_name": pulumi.Output.from_input(connection).apply(_last_segment),
        "index_name": index_name,
        **{key: value for key, value in more.items() if value},
        "tags": dict(asset.tags),
    }


def _last_segment(arm_id: str) -> str:
    return arm_id.rstrip("/").rsplit("/", 1)[-1]


def search_object_definition(
    one: model.SearchObject, names: Mapping[str, pulumi.Input[str]], storage_id: pulumi.Input[str] | None
) -> dict[str, Any]:
    """The service's body of what stands beside an index.

    An indexer gets the names of what was made before it. A data source without credentials reads `storage_id`, with the
    search service's own identity. Source: Azure docs, "Connect to Azure Storage using a managed identity".
    """
    body: dict[str, Any] = {**filled(one.definition, References()), "name": one.name}
    if one.family == "indexers":
        return {**names, **body}
    if one.family == "datasources" and "credentials" not in body and storage_id is not None:
        body["credentials"] = {"connectionString": pulumi.Output.concat("ResourceId=", storage_id, ";")}
    return body


def reads_our_blobs(index: model.SearchIndex) -> bool:
    """Whether an indexer of the index reads blobs of the environment's own storage account."""
    return any(
        one.family == "datasources"
        and one.definition.get("type") in ("adlsgen2", "azureblob")
        and "credentials" not in one.definition
        for one in index.beside
    )


def lifecycle_inputs(lifecycle: model.Lifecycle) -> dict[str, Any]:
    """The `lifecycle` input: only what was declared and what the provider, not Pulumi, must know."""
    inputs: dict[str, Any] = {}
    if lifecycle.adopt is not None:
        source = {"from": lifecycle.adopt.source} if lifecycle.adopt.source else {}
        which = {"id": lifecycle.adopt.id} if lifecycle.adopt.id else {"name": lifecycle.adopt.name}
        inputs["adopt"] = {**which, **source}
    if lifecycle.on_remove is not None:
        inputs["onRemove"] = lifecycle.on_remove
    if lifecycle.on_drift != "repair":
        inputs["onDrift"] = lifecycle.on_drift
    return inputs


def beside_lifecycle(index: model.SearchIndex, one: model.SearchObject) -> dict[str, Any]:
    """The `lifecycle` input of what stands beside an index: the index's own, and taken over with it, under its own name."""
    inputs = lifecycle_inputs(index.lifecycle)
    if "adopt" in inputs:
        source = {key: value for key, value in inputs["adopt"].items() if key == "from"}
        inputs["adopt"] = {"id": one.name, **source}
    return inputs


def handed_over(lifecycle: model.Lifecycle, **called: str) -> dict[str, Any]:
    """The `lifecycle` input of what we make for something that may be adopted: taken over only from the stack that it comes from.

    `called` is its `id` or `name`.
    """
    inputs = lifecycle_inputs(lifecycle)
    source = inputs.pop("adopt", {}).get("from")
    return {**inputs, "adopt": {**called, "from": source}} if source else inputs


def asset_lifecycle(index: model.SearchIndex, asset: model.IndexAsset) -> dict[str, Any]:
    """The `lifecycle` input of an index's asset: the index's own, with the version that is taken over."""
    inputs = handed_over(index.lifecycle, id=asset.name)
    if asset.adopt is None:
        return inputs
    return {**inputs, "adopt": {**inputs.get("adopt", {}), "id": f"{asset.name}/versions/{asset.adopt}"}}


def rule_lifecycle(agent: model.Agent, evaluation: model.Evaluation) -> dict[str, Any]:
    """The `lifecycle` input of an agent's evaluation rule: the agent's own, and taken over with it, under its own id."""
    inputs = lifecycle_inputs(agent.lifecycle)
    if "adopt" in inputs:
        source = {key: value for key, value in inputs["adopt"].items() if key == "from"}
        inputs["adopt"] = {"id": evaluation.rule_id, **source}
    return inputs


def filled(value: Any, to: References) -> Any:
    """A declared value with the addresses of queues in its texts."""
    match value:
        case model.Template():
            return pulumi.Output.concat(
                *(
                    _of(to.queues, "queue", part.queue).url if isinstance(part, model.QueueUrl) else part
                    for part in value.parts
                )
            )
        case Mapping():
            return {key: filled(each, to) for key, each in value.items()}
        case list() | tuple():
            return [filled(each, to) for each in value]
        case _:
            return value


def _of(made: Mapping[str, T], kind: str, name: str) -> T:
    if name not in made:
        raise model.FoundryError(
            f"this stack makes no {kind} called {name}",
            fix=f"declare the {kind}, or give the id of one that exists in its place",
        )
    return made[name]


def _model(declared: str | model.ModelElsewhere, to: References) -> pulumi.Input[str]:
    if isinstance(declared, model.ModelElsewhere):
        connection = pulumi.Output.from_input(_of(to.connections, "connection", declared.connection))
        return connection.apply(lambda arm_id: f"{arm_id.rsplit('/', 1)[-1]}/{declared.deployment}")
    return to.deployments.get(declared, declared)


def _content_filter(declared: str | None, to: References) -> pulumi.Input[str] | None:
    return to.content_filters.get(declared, declared) if declared else None


def _skill(declared: model.SkillReference, to: References, *, with_version: bool) -> dict[str, Any]:
    if declared.skill is None:
        return {"name": declared.name, **({"version": declared.version} if declared.version else {})}
    made = _of(to.skills, "skill", declared.skill)
    return {"name": made.name, **({"version": made.version} if with_version else {})}


def _tool(tool: model.Tool, to: References) -> dict[str, Any]:
    settings = {key: filled(value, to) for key, value in tool.settings.items()}
    resolved: dict[str, Any] = {"name": tool.name, "type": tool.type}
    match tool.type:
        case "file_search" if "vector_stores" in settings:
            stores = settings.pop("vector_stores")
            resolved["vector_store_ids"] = [_of(to.stores, "vector store", store) for store in stores]
        case "code_interpreter" if tool.files:
            settings.pop("files", None)
            resolved["file_ids"] = [to.files[file.path] for file in tool.files]
        case "azure_ai_search":
            resolved |= _searched(settings, to)
        case "openapi":
            resolved |= _openapi(settings, to)
        case "azure_function":
            for end in ("input_queue", "output_queue"):
                resolved[end] = _queue(settings.pop(end), to)
        case "connected_agent" if "agent" in settings:
            resolved["agent_id"] = _of(to.agents, "agent", settings.pop("agent"))
        case "memory_search" if "memory_store" in settings:
            resolved["memory_store_name"] = _of(to.memories, "memory store", settings.pop("memory_store"))
        case "toolbox":
            # Agents know toolboxes as MCP servers only.
            resolved["type"] = "mcp"
            resolved["server_url"] = _of(to.toolboxes, "toolbox", settings.pop("toolbox"))
        case "logic_app":
            # The service knows no such tool: the calling program runs the workflow as it runs any function.
            resolved["type"] = "function"
            settings = {key: settings[key] for key in ("description", "parameters") if key in settings}
    if "custom_search_configuration" in settings:
        custom = dict(settings.pop("custom_search_configuration"))
        connection = _of(to.connections, "connection", custom.pop("connection"))
        resolved["custom_search_configuration"] = {"connection_id": connection, **custom}
    if tool.type in _CONNECTED and "connection" in settings:
        resolved["connection_id"] = _of(to.connections, "connection", settings.pop("connection"))
    if tool.type in ("deep_research", "image_generation") and "model" in settings:
        resolved["model"] = _model(settings.pop("model"), to)
    return {**resolved, **settings}


def _searched(settings: dict[str, Any], to: References) -> dict[str, Any]:
    if "index" in settings:
        return {
            "index_connection_id": to.search_connection,
            "index_name": _of(to.indexes, "search index", settings.pop("index")),
        }
    if "index_asset" in settings:
        return {"index_asset_id": _of(to.index_assets, "index asset", settings.pop("index_asset"))}
    if "connection" in settings:
        return {"index_connection_id": _of(to.connections, "connection", settings.pop("connection"))}
    return {}


def _openapi(settings: dict[str, Any], to: References) -> dict[str, Any]:
    spec = settings.pop("spec")
    server = settings.pop("server_url", None)
    auth = dict(settings.pop("auth", None) or {"type": "anonymous"})
    if "connection" in auth:
        auth["connection_id"] = _of(to.connections, "connection", auth.pop("connection"))
    return {"spec": {**spec, "servers": [{"url": server}]} if server else spec, "auth": auth}


def _queue(declared: str | Mapping[str, Any], to: References) -> dict[str, Any]:
    if isinstance(declared, str):
        queue = _of(to.queues, "queue", declared)
        return {"endpoint": queue.endpoint, "queue_name": queue.name}
    return dict(declared)


def _vectorizer(declared: Mapping[str, Any], models: Models) -> dict[str, Any]:
    parameters = declared.get("azureOpenAIParameters")
    if declared.get("kind") != "azureOpenAI" or not parameters or "deploymentId" not in parameters:
        return dict(declared)
    deployment = parameters["deploymentId"]
    ours = {"resourceUri": models.openai_endpoint} if models.openai_endpoint is not None else {}
    if deployment in models.model_names:
        ours["modelName"] = models.model_names[deployment]
    made = {"deploymentId": models.deployments.get(deployment, deployment)}
    return {**declared, "azureOpenAIParameters": {**ours, **parameters, **made}}
