"""A file of a neighbouring tool as declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from foundry.manifest.marked import Mapping as Marked
from foundry.manifest.marked import plain
from foundry.manifest.report import Report
from foundry.manifest.yaml12 import read as read_yaml
from foundry.model import Finding, FoundryError, Position
from foundry.service.classic_bodies import definition_of
from foundry.service.protocols import LiveAgent
from foundry.transfer.declared import Names, declared_fields
from foundry.transfer.foreign import Foreign, Place
from foundry.transfer.neighbours.fields import Fields, Notes
from foundry.transfer.neighbours.property_schema import to_json_schema


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    `environment` has deployments and connections in the fields of an Environment; `losses` and `deviations` are told by field.
    """

    format: str
    agents: tuple[Foreign, ...]
    environment: Mapping[str, Any] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


class UnreadableError(FoundryError):
    """The file has faults; `findings` tells each with its place."""

    def __init__(self, what: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(what, fix="correct them, or leave the fields out")
        self.findings = findings


def read(text: str, path: str, *, beside: Callable[[str], str | None]) -> Reading:
    """Read a file in whichever format it is.

    Args:
        text: its content.
        path: what findings call it.
        beside: gives the text of a file that is named relative to this one; None where there is none.

    Raises:
        FoundryError: it is in none of the formats, or has faults.
    """
    notes = Notes(path)
    front = re.match(r"---\r?\n(.*?)\r?\n---\r?\n?(.*)", text, re.DOTALL)
    if front and (path.endswith((".prompty", ".md")) or "\n---" in text):
        tree, body = _tree(front[1], path), front[2].replace("\r\n", "\n")
        known: tuple[str, _Read] = ("Prompty", lambda: _prompty(tree, body, notes, beside))
    else:
        tree = _tree(_quoted_places(text, notes), path)
        known = _format_of(tree, notes, beside)
    name, reader = known
    agents, environment = reader()
    if notes.faults:
        raise UnreadableError(
            f"{path} (read as {name}) has {len(notes.faults)} {'fault' if len(notes.faults) == 1 else 'faults'}",
            tuple(notes.faults),
        )
    return Reading(name, agents, environment, tuple(notes.losses), tuple(notes.deviations))


_Read = Callable[[], tuple[tuple[Foreign, ...], dict[str, Any]]]
_AZURE_TOOLS: Final = {
    "codeInterpreter": "code_interpreter",
    "fileSearch": "file_search",
    "webSearch": "web_search",
    "bingGrounding": "bing_grounding",
    "azureAiSearch": "azure_ai_search",
}
# Agent types of Semantic Kernel (python/semantic_kernel/agents, `register_agent_type`) and their older names.
_KERNEL_AGENTS: Final = frozenset(
    ("foundry_agent", "azureai_agent", "chat_completion_agent", "openai_assistant", "azure_assistant", "openai_responses",
     "azure_openai_responses")
)  # fmt: skip
_KERNEL_SETTING: Final = re.compile(r"\$\{(?:AzureAI|AzureOpenAI|OpenAI):(\w+)\}")
_ENV: Final = re.compile(r"=Env\.(\w+)|\$\{env:(\w+)(?::([^}]*))?\}")


def _tree(text: str, path: str) -> Marked:
    report = Report()
    found = read_yaml(text, path, report, material=True).value
    if not isinstance(found, Marked):
        told = report.sorted() or (
            Finding(Position(path), "the document is no mapping", "start it with a key"),
        )
        raise UnreadableError(f"{path} can't be read as YAML or JSON", told)
    if report.failed:
        raise UnreadableError(f"{path} can't be read as YAML or JSON", report.sorted())
    return found


def _format_of(tree: Marked, notes: Notes, beside: Callable[[str], str | None]) -> tuple[str, _Read]:
    kind = tree.get("kind")
    if "services" in tree:
        return "azd", lambda: _azd(tree, notes, beside)
    if str(tree.get("object", "")).startswith("agent.version"):
        return "agent version", lambda: _version(tree, notes)
    if str(tree.get("type")) in _KERNEL_AGENTS and kind is None:
        return "Semantic Kernel", lambda: _kernel(tree, notes)
    if tree.get("object") == "assistant" or (
        str(tree.get("id", "")).startswith("asst_") and "version" not in tree
    ):
        return "SDK dump", lambda: _sdk(tree, notes)
    if str(tree.get("version")) == "1.0.0" and "kind" not in tree:
        return "VS Code agent/1.0.0", lambda: _vscode(tree, notes)
    if "template" in tree and kind is None and isinstance(tree["template"], Mapping):
        return "AgentSchema manifest", lambda: _manifest(tree, notes, beside)
    if kind == "Prompt":
        return "Agent Framework", lambda: ((_schema_agent(Fields(tree, notes), beside),), {})
    if kind == "prompt" or (kind is None and "model" in tree and "instructions" in tree):
        return "AgentSchema", lambda: ((_schema_agent(Fields(tree, notes), beside),), {})
    if kind in ("hosted", "workflow", "Workflow", "external", "voice"):
        raise FoundryError(
            f"{notes.path} is of kind {str(kind).lower()}, and only prompt agents are read",
            fix="declare it by hand, in the dialect versioned: `hosted: {image: …}` (or `code`), `workflow: {file: …}`, `external: {}` or "
            "`voice: {…}`",
        )
    raise FoundryError(
        f"{notes.path} is in none of the formats that are read",
        fix="these are: AgentSchema, azd (azure.yaml), Agent Framework, Prompty, VS Code agent/1.0.0, Semantic Kernel, an SDK dump",
    )


def _quoted_places(text: str, notes: Notes) -> str:
    """AgentSchema's manifests hold `{{parameter}}` without quotes, which is no YAML."""
    made = re.sub(r"(?m)(:[ \t]+|-[ \t]+)(\{\{\s*\w+\s*\}\})[ \t]*$", r'\1"\2"', text)
    if made != text:
        notes.deviations.append("`{{…}}` without quotes: read as text")
    return made


# ---- AgentSchema and the Agent Framework


def _manifest(
    tree: Marked, notes: Notes, beside: Callable[[str], str | None]
) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    fields = Fields(tree, notes)
    fields.take("name")
    fields.lose(
        ("displayName", "description", "metadata"), "a manifest's own; the agent in `template` has its own"
    )
    parameters = plain(tree.get("parameters")) or {}
    fields.take("parameters")
    fields.lose(("resources",), "declare deployments and connections in the Environment")
    defaults = {
        name: item.get("default")
        for name, item in (to_json_schema(parameters).get("properties") or {}).items()
    }
    _fill_places(tree["template"], defaults, notes)
    agent = _schema_agent(fields.inside("template"), beside, name=str(tree.get("name") or ""))
    fields.done()
    return (agent,), {}


def _fill_places(tree: Any, values: Mapping[str, Any], notes: Notes) -> None:
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(items):
        if isinstance(value, str) and key != "instructions":
            tree[key] = _filled_places(str(key), value, values, notes)
        else:
            _fill_places(value, values, notes)


def _filled_places(key: str, text: str, values: Mapping[str, Any], notes: Notes) -> str:
    def place(found: re.Match[str]) -> str:
        if values.get(found[1]) is not None:
            return str(values[found[1]])
        notes.losses.append(f"{key}: the parameter `{found[1]}` has no default; its place stays as text")
        return found[0]

    return re.sub(r"\{\{\s*(\w+)\s*\}\}", place, text)


def _schema_agent(fields: Fields, beside: Callable[[str], str | None], *, name: str = "") -> Foreign:
    fields.take("kind")
    told: dict[str, Any] = {}
    name = str(fields.take("name") or name)
    fields.lose(("displayName",), "a declaration has `name` and `service_name` alone")
    _put(told, "description", fields.take("description"))
    told["model"] = _model(fields, told)
    more = [fields.take("instructions"), fields.take("additionalInstructions")]
    _put(told, "instructions", "\n\n".join(str(text) for text in more if text))
    _metadata(fields, told)
    fields.lose(
        ("inputSchema", "inputs"), "inputs are `structured_inputs`, which only the dialect versioned has"
    )
    output = fields.take("outputSchema", "outputs")
    if output:
        told["response_format"] = _answer(name, output)
    fields.lose(("template", "configurations"), "the service fills no templates")
    tools = dict(_schema_tools(fields, beside))
    _put(told, "tools", tools)
    fields.done()
    return Foreign(name, told)


def _model(fields: Fields, told: dict[str, Any]) -> Any:
    model = fields.take("model")
    if not isinstance(model, Mapping):
        return _env("model", model, fields)
    inside = fields.inside("model")
    name = _env("model.id", inside.take("id"), fields)
    inside.lose(("provider", "apiType", "publisher"), "the deployment says which model it is")
    connection = inside.take("connection")
    if isinstance(connection, Mapping) and str(connection.get("kind", "")).lower() not in (
        "foundry",
        "remote",
    ):
        inside.lost("connection", "a deployment of the Environment, or `model: {connection, deployment}`")
    options = inside.inside("options")
    options.take("kind")
    _put(told, "temperature", options.take("temperature"))
    _put(told, "top_p", options.take("topP", "top_p"))
    options.lose(
        ("frequencyPenalty", "maxOutputTokens", "presencePenalty", "seed", "topK", "stopSequences",
         "allowMultipleToolCalls", "additionalProperties"),
        "an agent of the service has no such option",
    )  # fmt: skip
    options.done()
    inside.done()
    return name


def _env(where: str, value: Any, fields: Fields) -> Any:
    """`=Env.NAME` and `${env:NAME:default}` as a setting of the stack."""
    if not isinstance(value, str):
        return value

    def place(found: re.Match[str]) -> str:
        if found[3] is not None:
            fields.lost(where, f"the environment variable {found[2]}; its default is written")
            return found[3]
        name = found[1] or found[2]
        fields.notes.deviations.append(
            f"{where}: the environment variable {name} is the setting foundry:{name} (`pulumi config set foundry:{name} …`)"
        )
        return f"${{config.{name}}}"

    filled = _ENV.sub(place, value)
    return Place(filled) if "${config." in filled and "${config." not in value else filled


def _metadata(fields: Fields, told: dict[str, Any]) -> None:
    metadata = fields.take("metadata")
    if isinstance(metadata, Mapping):
        texts = {}
        for key, value in metadata.items():
            if isinstance(value, list):
                texts[key] = ", ".join(str(item) for item in value)
                fields.notes.deviations.append(f"metadata.{key}: a list, read as one text")
            elif value is not None:
                texts[key] = (
                    value
                    if isinstance(value, str)
                    else str(value).lower()
                    if isinstance(value, bool)
                    else str(value)
                )
        _put(told, "metadata", texts)


def _answer(name: str, schema: Any) -> dict[str, Any]:
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:57] or "agent"
    return {"type": "json_schema", "name": f"{stem}_answer", "schema": to_json_schema(schema)}


def _schema_tools(fields: Fields, beside: Callable[[str], str | None]) -> Any:
    for number, (key, tool) in enumerate(fields.named("tools"), start=1):
        kind = str(tool.take("kind", "type", "id") or "")
        named = str(tool.take("name") or key or kind)
        tool.lose(("bindings",), "nothing binds a tool to an input here")
        read_tool = _SCHEMA_TOOLS.get(_AZURE_TOOLS.get(kind, kind))
        if read_tool is None:
            tool.lost("", f"a tool of kind {kind or number}: declare it by hand")
            continue
        made = read_tool(tool, beside)
        tool.done()
        label = made.pop("label", None)
        pattern = r"[^A-Za-z0-9_]+" if kind == "mcp" else r"[^A-Za-z0-9_-]+"
        yield re.sub(pattern, "_", str(label or named)).strip("_") or f"tool_{number}", made


def _function(tool: Fields, _beside: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "function"}
    _put(made, "description", tool.take("description"))
    parameters = tool.take("parameters")
    if parameters is not None:
        made["parameters"] = to_json_schema(parameters)
    tool.lose(("strict",), "only the dialect versioned has strict functions")
    return made


def _file_search(tool: Fields, _beside: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "file_search"}
    _foundry_connection(tool)
    _put(made, "vector_store_ids", tool.take("vectorStoreIds", "vector_store_ids"))
    _put(made, "max_num_results", tool.take("maximumResultCount", "max_num_results"))
    ranker, threshold = tool.take("ranker"), tool.take("scoreThreshold")
    if ranker is not None and threshold is not None:
        made["ranking_options"] = {"ranker": ranker, "score_threshold": threshold}
    elif ranker is not None or threshold is not None:
        tool.lost("ranker", "a ranker and a threshold go together")
    tool.lose(("filters",), "only the dialect versioned has filters")
    tool.lose(("description",), "the service keeps none for this tool")
    return made


def _code_interpreter(tool: Fields, _beside: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "code_interpreter"}
    _put(made, "file_ids", tool.take("fileIds", "file_ids"))
    tool.lose(("description",), "the service keeps none for this tool")
    return made


def _mcp(tool: Fields, _beside: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "mcp"}
    _put(made, "label", tool.take("serverName"))
    url = tool.take("url", "server_url")
    connection = tool.take("connection")
    if isinstance(connection, Mapping):
        url = url or connection.get("endpoint") or connection.get("target")
        if connection.get("name"):
            tool.lost(
                "connection", f"the connection {connection['name']}: a classic agent's MCP server has none"
            )
        elif str(connection.get("kind", "anonymous")).lower() not in ("anonymous", "remote", "reference"):
            tool.lost("connection", "credentials: declare a connection by hand")
    made["server_url"] = _env("server_url", url, tool) or ""
    if not url:
        tool.fault(
            "serverName",
            "the MCP server has no address",
            "write `connection: {kind: anonymous, endpoint: …}`",
        )
    _put(made, "allowed_tools", tool.take("allowedTools", "allowed_tools"))
    approval = tool.inside("approvalMode", "approval_mode")
    mode = str(approval.take("kind") or "")
    always = approval.take("alwaysRequireApprovalTools")
    never = approval.take("neverRequireApprovalTools")
    if mode in ("always", "never"):
        made["require_approval"] = mode
    elif mode == "specify":
        made["require_approval"] = {
            key: value for key, value in (("always", always), ("never", never)) if value
        }
    tool.lose(("serverDescription", "description"), "the service keeps none for this tool")
    return made


def _openapi(tool: Fields, beside: Callable[[str], str | None]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "openapi"}
    _put(made, "description", tool.take("description"))
    told = tool.take("specification")
    if isinstance(told, str):
        text = beside(told)
        if text is None:
            tool.fault("specification", f"there is no file {told} beside this one", "put it there")
        else:
            made["spec"] = plain(_tree(text, told))
    else:
        made["spec"] = told or {}
    connection = tool.take("connection")
    if isinstance(connection, Mapping) and connection.get("name"):
        made["auth"] = {"type": "connection", "connection": str(connection["name"])}
    elif isinstance(connection, Mapping) and str(connection.get("kind")) not in ("anonymous", "None"):
        tool.lost("connection", "declare the connection in the Environment and name it in `auth`")
    else:
        made["auth"] = {"type": "anonymous"}
    return made


def _bing(tool: Fields, _beside: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "bing_grounding"}
    connection = tool.take("connection", "connections")
    name = connection.get("name") if isinstance(connection, Mapping) else connection
    if not name:
        tool.fault(
            "connection", "Bing needs a connection by name", "write `connection: {kind: reference, name: …}`"
        )
    made["connection"] = str(name or "")
    options = tool.inside("options")
    for key in ("market", "set_lang", "count", "freshness"):
        _put(made, key, options.take(key))
    options.done()
    tool.lose(("description",), "the service keeps none for this tool")
    return made


def _ai_search(tool: Fields, _beside: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "azure_ai_search"}
    connection = tool.take("connection")
    made["connection"] = str(connection.get("name") if isinstance(connection, Mapping) else connection or "")
    index = tool.take("index", "index_name")
    if index:
        made["index_name"] = str(index)
    else:
        tool.fault("connection", "the search tool names no index", "write `index: …`")
    return made


_SCHEMA_TOOLS: Final[Mapping[str, Callable[[Fields, Callable[[str], str | None]], dict[str, Any]]]] = {
    "function": _function,
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    "mcp": _mcp,
    "openapi": _openapi,
    "bing_search": _bing,
    "bing_grounding": _bing,
    "azure_ai_search": _ai_search,
}


def _foundry_connection(tool: Fields) -> None:
    connection = tool.take("connection")
    if isinstance(connection, Mapping) and connection.get("kind") not in (None, "foundry"):
        tool.lost("connection", "the store is in the agent's own project")


# ---- azd


def _azd(
    tree: Marked, notes: Notes, beside: Callable[[str], str | None]
) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    top = Fields(tree, notes)
    top.lose(
        ("name", "metadata", "infra", "hooks", "pipeline", "resources", "workflows", "requiredVersions"),
        "azd's own",
    )
    agents: list[Foreign] = []
    environment: dict[str, Any] = {}
    for name, service in top.named("services"):
        host = str(service.take("host") or "")
        service.lose(
            ("uses", "project", "language", "docker", "config"), "the order follows from the references here"
        )
        match host:
            case "azure.ai.project":
                environment.setdefault("deployments", {}).update(_azd_deployments(service))
            case "azure.ai.connection":
                environment.setdefault("connections", {})[name] = _azd_connection(service)
            case "azure.ai.agent":
                agents += _azd_agent(name, service, beside)
            case _:
                notes.losses.append(f"services.{name}: a service on {host or 'no host'} is azd's business")
                service.everything()
        service.done()
    top.done()
    return tuple(agents), environment


def _azd_deployments(service: Fields) -> dict[str, Any]:
    made = {}
    for name, deployment in service.named("deployments"):
        deployment.take("name")
        made[name] = {"model": deployment.take("model"), "sku": deployment.take("sku")}
        deployment.lose(("raiPolicyName",), "declare it under `content_filters`")
        deployment.done()
    service.lose(("endpoint", "network", "kind", "name"), "the Environment makes its project")
    return made


def _azd_connection(service: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {"category": service.take("category"), "target": service.take("target")}
    auth = service.take("authType")
    if auth not in (None, "AAD", "ProjectManagedIdentity"):
        service.lost("authType", f"{auth}: write `key: {{secret: …}}`")
    service.lose(("credentials", "metadata"), "write `key` or `keys` with secrets of the stack")
    service.take("name")
    return made


def _azd_agent(name: str, service: Fields, beside: Callable[[str], str | None]) -> list[Foreign]:
    kind = service.take("kind")
    service.lose(("harness", "toolbox", "skill", "skills", "memory", "raiPolicy"), "declare it by hand")
    if kind not in (None, "prompt"):
        service.lost("kind", f"a {kind} agent: declare it by hand")
        service.everything()
        return []
    told: dict[str, Any] = {"model": service.take("model")}
    name = str(service.take("name") or name)
    _put(told, "description", service.take("description"))
    instructions = service.take("instructions")
    if isinstance(instructions, str) and re.fullmatch(r"\.{0,2}/?[\w./-]+\.(md|txt|prompty)", instructions):
        text = beside(instructions)
        if text is None:
            service.fault("instructions", f"there is no file {instructions} beside this one", "put it there")
        instructions = text
    _put(told, "instructions", instructions)
    _metadata(service, told)
    _put(told, "tools", dict(_schema_tools(service, beside)))
    return [Foreign(name, told)]


# ---- Prompty


def _prompty(
    tree: Marked, body: str, notes: Notes, beside: Callable[[str], str | None]
) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    fields = Fields(tree, notes)
    told: dict[str, Any] = {}
    name = str(fields.take("name") or "")
    fields.lose(("displayName", "authors", "tags", "version", "sample"), "a declaration has no such field")
    _put(told, "description", fields.take("description"))
    told["model"] = _model(fields, told)
    _metadata(fields, told)
    fields.lose(
        ("inputs", "inputSchema"), "inputs are `structured_inputs`, which only the dialect versioned has"
    )
    outputs = fields.take("outputs", "outputSchema")
    if outputs:
        told["response_format"] = _answer(name, outputs)
    fields.lose(("template",), "the service fills no templates")
    _put(told, "tools", dict(_schema_tools(fields, beside)))
    fields.done()
    parts = re.split(r"(?m)^(system|user|assistant|developer):[ \t]*\n", body)
    system = parts[0].strip("\n")
    for role, text in zip(parts[1::2], parts[2::2], strict=True):
        if role in ("system", "developer"):
            system = f"{system}\n\n{text.strip(chr(10))}".strip("\n")
        else:
            notes.losses.append(f"the turn `{role}:` after the front matter: an agent has instructions alone")
    if system:
        told["instructions"] = system + "\n"
    return (Foreign(name, told),), {}


# ---- the VS Code extension


def _vscode(tree: Marked, notes: Notes) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    fields = Fields(tree, notes)
    fields.take("version")
    told: dict[str, Any] = {}
    name = str(fields.take("name") or "")
    identifier = fields.take("id")
    _put(told, "description", fields.take("description"))
    model = fields.inside("model")
    told["model"] = model.take("id")
    options = model.inside("options")
    _put(told, "temperature", options.take("temperature"))
    _put(told, "top_p", options.take("top_p"))
    options.done()
    model.done()
    _put(told, "instructions", fields.take("instructions"))
    _metadata(fields, told)
    tools: dict[str, Any] = {}
    for number, (_, tool) in enumerate(fields.named("tools"), start=1):
        kind, key = str(tool.take("type") or ""), str(tool.take("id") or "")
        _put(tools, _key_of_tool(key or kind, number), _tool_of_options(kind, tool))
        tool.done()
    _put(told, "tools", tools)
    fields.done()
    return (Foreign(name, told, str(identifier) if identifier else None),), {}


def _key_of_tool(name: str, number: int) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name) or f"tool_{number}"


def _tool_of_options(kind: str, tool: Fields) -> dict[str, Any] | None:
    """A tool whose settings stand under `options`; None, with a loss, for one that isn't read."""
    options = tool.inside("options")
    made: dict[str, Any] = {"type": kind}
    match kind:
        case "bing_grounding":
            connections = options.take("tool_connections") or [""]
            made["connection"] = str(connections[0]).rsplit("/", 1)[-1]
            for key in ("market", "set_lang", "freshness", "count"):
                _put(made, key, options.take(key))
        case "azure_ai_search":
            connections = options.take("tool_connections") or [""]
            made["connection"] = str(connections[0]).rsplit("/", 1)[-1]
            made["index_name"] = str(options.take("index_name") or "")
            for key in ("query_type", "top_k", "filter"):
                _put(made, key, options.take(key))
        case "code_interpreter":
            _put(made, "file_ids", options.take("file_ids"))
        case "file_search":
            _put(made, "vector_store_ids", options.take("vector_store_ids"))
        case "openapi":
            _put(made, "description", tool.take("description"))
            made["spec"] = options.take("specification") or {}
            auth = options.take("auth") or {"type": "anonymous"}
            scheme = auth.get("security_scheme") or {}
            made["auth"] = {"type": auth.get("type", "anonymous")}
            if scheme.get("connection_id"):
                made["auth"]["connection"] = str(scheme["connection_id"]).rsplit("/", 1)[-1]
            if scheme.get("audience"):
                made["auth"]["audience"] = scheme["audience"]
        case "mcp":
            made["server_url"] = options.take("server_url", "url")
            _put(made, "allowed_tools", options.take("allowed_tools"))
        case _:
            tool.lost("", f"a tool of type {kind}: declare it by hand")
            tool.everything()
            return None
    options.done()
    return made


# ---- Semantic Kernel


def _kernel(tree: Marked, notes: Notes) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    fields = Fields(tree, notes)
    kind = str(fields.take("type"))
    if kind not in ("foundry_agent", "azureai_agent"):
        notes.deviations.append(f"type: {kind} lives in a program; here it becomes an agent of the service")
    told: dict[str, Any] = {}
    name = str(fields.take("name") or "")
    identifier = fields.take("id")
    _put(told, "description", fields.take("description"))
    model = fields.inside("model")
    told["model"] = model.take("id")
    model.lose(("api", "connection"), "the deployment is one of the Environment")
    options = model.inside("options")
    _put(told, "temperature", options.take("temperature"))
    _put(told, "top_p", options.take("top_p"))
    for key in options.everything():
        if key not in ("temperature", "top_p"):
            options.lost(key, "an agent of the service has no such option")
    model.done()
    _put(told, "instructions", fields.take("instructions"))
    fields.lose(("template", "prompt_template", "inputs", "outputs"), "the service fills no templates")
    fields.lose(("extras",), "whatever it is for, the service doesn't know it")
    tools: dict[str, Any] = {}
    for number, (_, tool) in enumerate(fields.named("tools"), start=1):
        kind, key = str(tool.take("type") or ""), str(tool.take("id") or "")
        made = _tool_of_options(kind, tool)
        if kind != "openapi":
            tool.lose(("description",), "the service keeps none for this tool")
        tool.lose(("extras",), "whatever it is for, the service doesn't know it")
        _put(tools, _key_of_tool(key or kind, number), made)
        tool.done()
    _put(told, "tools", tools)
    fields.done()
    is_id = str(identifier).startswith("asst_")
    return (Foreign(name, _kernel_settings(told, "", notes), str(identifier) if is_id else None),), {}


def _kernel_settings(value: Any, where: str, notes: Notes) -> Any:
    """`${AzureAI:NAME}` as a setting of the stack, wherever it stands."""
    if isinstance(value, dict):
        below = f"{where}." if where else ""
        return {key: _kernel_settings(item, f"{below}{key}", notes) for key, item in value.items()}
    if isinstance(value, list):
        return [_kernel_settings(item, where, notes) for item in value]
    if not isinstance(value, str) or not _KERNEL_SETTING.search(value):
        return value
    for name in _KERNEL_SETTING.findall(value):
        notes.deviations.append(
            f"{where}: the setting {name} is foundry:{name} here (`pulumi config set foundry:{name} …`)"
        )
    return Place(_KERNEL_SETTING.sub(r"${config.\1}", value))


# ---- what the official clients print


def _sdk(tree: Marked, notes: Notes) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    body = plain(tree)
    definition = definition_of(body)
    live = LiveAgent(str(body.get("id") or ""), 0, definition, definition["metadata"], body)
    told, lost = declared_fields(live, Names())
    notes.losses += lost
    name = str(told.pop("service_name") or "")
    identifier = str(body["id"]) if str(body.get("id", "")).startswith("asst_") else None
    return (Foreign(name, told, identifier),), {}


def _version(tree: Marked, notes: Notes) -> tuple[tuple[Foreign, ...], dict[str, Any]]:
    """A version of an agent of the newer service, as its clients and the portal's export have it."""
    fields = Fields(tree, notes)
    for key in ("object", "id", "version", "created_at", "status", "draft", "kind"):
        fields.take(key)
    name = str(fields.take("name") or "")
    told: dict[str, Any] = {}
    _put(told, "description", fields.take("description"))
    _metadata(fields, told)
    inside = fields.inside("definition") if "definition" in fields else fields
    inside.take("kind")
    told["model"] = inside.take("model")
    for key in ("instructions", "temperature", "top_p"):
        _put(told, key, inside.take(key))
    form = (inside.take("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        told["response_format"] = {
            key: form[key] for key in ("type", "name", "description", "schema") if form.get(key)
        }
    elif form.get("type") == "json_object":
        told["response_format"] = {"type": "json_object"}
    inside.lose(
        ("reasoning", "tool_choice", "structured_inputs", "rai_config"), "only the dialect versioned has it"
    )
    tools: dict[str, Any] = {}
    for number, (_, tool) in enumerate(inside.named("tools"), start=1):
        key, made = _version_tool(tool)
        if made is not None:
            tools[re.sub(r"[^A-Za-z0-9_-]+", "_", key) or f"tool_{number}"] = made
        tool.done()
    _put(told, "tools", tools)
    fields.done()
    if inside is not fields:
        inside.done()
    return (Foreign(name, told),), {}


def _version_tool(tool: Fields) -> tuple[str, dict[str, Any] | None]:
    kind = str(tool.take("type") or "").removesuffix("_preview")
    made: dict[str, Any] = {"type": kind}
    match kind:
        case "file_search":
            for key in ("vector_store_ids", "max_num_results", "ranking_options"):
                _put(made, key, tool.take(key))
            return kind, made
        case "function":
            name = str(tool.take("name"))
            _put(made, "description", tool.take("description"))
            _put(made, "parameters", tool.take("parameters"))
            tool.lose(("strict",), "only the dialect versioned has strict functions")
            return name, made
        case "mcp":
            made["server_url"] = tool.take("server_url")
            _put(made, "allowed_tools", tool.take("allowed_tools"))
            _put(made, "require_approval", tool.take("require_approval"))
            tool.lose(("project_connection_id",), "a classic agent's MCP server has no connection")
            return str(tool.take("server_label") or kind), made
        case "code_interpreter":
            tool.lose(("container",), "the files of a container: list them by hand")
            return kind, made
        case "openapi":
            inner = tool.inside("openapi")
            auth = inner.take("auth") or {}
            scheme = auth.get("security_scheme") or {}
            made["spec"] = inner.take("spec") or {}
            made["auth"] = {"type": auth.get("type", "anonymous")}
            connection = scheme.get("project_connection_id") or scheme.get("connection_id")
            if connection:
                made["auth"] = {"type": "connection", "connection": str(connection).rsplit("/", 1)[-1]}
            if scheme.get("audience"):
                made["auth"]["audience"] = scheme["audience"]
            _put(made, "description", inner.take("description"))
            _put(made, "default_params", inner.take("default_params"))
            inner.take("functions")
            name = str(inner.take("name"))
            inner.done()
            return name, made
        case "azure_ai_search":
            indexes = (tool.take("azure_ai_search") or {}).get("indexes") or [{}]
            index = indexes[0]
            made["connection"] = str(index.get("project_connection_id") or "").rsplit("/", 1)[-1]
            for key in ("index_name", "query_type", "top_k", "filter"):
                _put(made, key, index.get(key))
            return kind, made
        case _:
            tool.lost("", f"a tool of type {kind}: declare it by hand")
            tool.everything()
            return kind, None


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    if value not in (None, "", [], {}):
        tree[key] = value
