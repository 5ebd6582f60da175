"""Worlds to be generated: every kind of the format in either dialect, with references between them, and what may follow a world.

A thing has a place ("desk"), of which a world has one at most. From world to world it may come and go, be called otherwise (with
`previous_names` or without), and differ in every field. What the service or we refuse by rule isn't generated: a memory store of
one name keeps its models, an index without `rebuild` its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

BASE = Path(__file__).parents[1] / "versioned" / "_base"
OURS = "gen-"
"""What everything on the search service, which all tests share, begins with."""

Document = dict[str, Any]
Draw = Any


@dataclass(frozen=True)
class Generated:
    """The documents of a world by their places, and the material that they name by its path."""

    documents: Mapping[str, Document]
    material: Mapping[str, str] = field(repr=False)

    def files(self) -> dict[str, str]:
        """The text of each file, by path."""
        told = {
            f"{place}.yaml": json.dumps(document, ensure_ascii=False, indent=1)
            for place, document in self.documents.items()
        }
        return {**self.material, **told}


def some(**fields: Any) -> Any:
    """A mapping with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def one_of(*values: Any) -> Any:
    return st.sampled_from(values)


texts = one_of(
    "Be brief.",
    "Ünïcode, „quotes“ and {{input}}",
    "two\nlines",
    "a: b # c",
    "$y {z}: 'q' \"w\"\n",
    " padded ",
)
pairs = st.dictionaries(one_of("team", "tier"), texts, max_size=2)
dialects = one_of("classic", "both", "versioned")
schemas = one_of(
    {"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "object", "properties": {}}
)
approvals = one_of("always", "never", {"never": ["fetch"]}, {"always": ["fetch"], "never": ["search"]})
callers = one_of(["direct"], ["direct", "programmatic"], ["programmatic", "direct"])


def tool(kind: str, optional: Mapping[str, Any] | None = None, **required: Any) -> Any:
    """A tool with these fields."""
    fixed = st.fixed_dictionaries({"type": st.just(kind), **required}, optional=dict(optional or {}))
    return fixed.map(dict)


# ---- material

CONTENTS = one_of("Returns within 30 days.", "Returns within 60 days.", "Sizes S to XL.")
WEATHER = """\
openapi: "3.0.3"
info: {title: Weather, version: "1"}
servers: [{url: "https://weather.example"}]
paths: {/now: {get: {operationId: weather_now, responses: {"200": {description: The weather}}}}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Api-Key}}}
"""


@st.composite
def materials(draw: Draw) -> dict[str, str]:
    """Documents whose contents may be equal, tables, code, a skill's folder."""
    names = ("returns", "sizes", "prices")
    lines = [
        f'{{"id": "{number}", "title": "{draw(one_of("Boots", "Tents"))}"}}\n'
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]
    front = yaml.safe_dump({"description": draw(texts), **draw(some(license=texts))}, allow_unicode=True)
    return {
        **{f"knowledge/{name}.md": draw(CONTENTS) for name in names},
        "data/orders.csv": draw(one_of("id,total\n1,20\n", "id,total\n1,25\n")),
        "data/products.jsonl": "".join(lines),
        "box/main.py": draw(one_of("print('Hello.')\n", "print('Hallo.')\n")),
        "folder/SKILL.md": f"---\n{front}---\nRead rules.md.\n",
        "folder/rules.md": draw(texts),
        "openapi/weather.yaml": WEATHER,
        "flow.txt": f"kind: workflow\ntrigger:\n  kind: {draw(one_of('OnConversationStart', 'OnError'))}\n",
    }


# ---- knowledge

attributes = st.dictionaries(
    one_of("team", "year"),
    st.one_of(texts, st.booleans(), st.integers(-9, 9), one_of(0.5, -2.25)),
    min_size=1,
)
chunking = one_of(
    {"type": "auto"},
    {"type": "static", "max_chunk_size_tokens": 400, "chunk_overlap_tokens": 50},
    {"type": "static", "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
)


@st.composite
def stores(draw: Draw, material: Mapping[str, str]) -> Document:
    document = {
        "kind": "VectorStore",
        "dialect": draw(dialects),
        **draw(
            some(
                metadata=pairs,
                expires_after=st.integers(1, 365).map(lambda days: {"days": days}),
                chunking_strategy=chunking,
                service_name=one_of("The handbook", "Handbook"),
            )
        ),
    }
    if document["dialect"] == "classic" and draw(st.integers(0, 4)) == 0:
        document.pop("chunking_strategy", None)
        uri = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/contracts/paths/2026"
        return {**document, "data_sources": [{"type": "uri_asset", "uri": uri}]}
    named: list[Any] = draw(
        one_of(
            ["knowledge/*.md"],
            ["knowledge/sizes.md"],
            ["knowledge/returns.md", "knowledge/prices.md"],
        )
    )
    told = draw(st.none() | attributes)
    if document["dialect"] != "classic" and told:
        # Files with one content must have the same attributes.
        same = [path for path in material if path.startswith("knowledge/")]
        twins = [path for path in same if material[path] == material["knowledge/sizes.md"]]
        named = [*named, *({"path": path, "attributes": told} for path in twins)]
    return {**document, "files": named}


@st.composite
def memories(draw: Draw) -> Document:
    """What a store of a name was made with stays with the name."""
    name = draw(one_of("people", "folk"))
    fixed = {
        "people": {"chat_model": "chat", "embedding_model": "research"},
        "folk": {
            "chat_model": "chat",
            "embedding_model": "chat",
            "options": {"user_profile_enabled": True, "default_ttl_seconds": 86400},
        },
    }[name]
    return {
        "kind": "MemoryStore",
        "service_name": name,
        **fixed,
        **draw(some(description=texts, metadata=pairs)),
    }


# ---- indexes

VECTOR = {
    "name": "embedding",
    "type": "Collection(Edm.Single)",
    "searchable": True,
    "dimensions": 3,
    "vectorSearchProfile": "default",
}
SHAPES = ("plain", "wider", "otherwise")
"""The second is the first with a field more; to the third there is no way in place."""


def fields_of(shape: str, maps: list[str]) -> list[Document]:
    found = [
        {"name": "id", "type": "Edm.String", "key": True},
        {
            "name": "title",
            "type": "Edm.String",
            "searchable": True,
            **({"synonymMaps": maps} if maps else {}),
        },
        {"name": "price", "type": "Edm.String" if shape == "otherwise" else "Edm.Double", "filterable": True},
        VECTOR,
    ]
    more = {"name": "brand", "type": "Edm.String", "searchable": True, "facetable": True}
    return [*found, more] if shape == "wider" else found


settings_of_index = some(
    description=texts,
    semantic=one_of(
        {"configurations": [{"name": "main", "prioritizedFields": {"titleField": {"fieldName": "title"}}}]}
    ),
    scoringProfiles=one_of(
        [{"name": "fresh", "text": {"weights": {"title": 2}}}],
        [{"name": "fresh", "text": {"weights": {"title": 5}}}],
    ),
    corsOptions=one_of({"allowedOrigins": ["https://shop.example"], "maxAgeInSeconds": 300}),
)
filling = st.fixed_dictionaries(
    {
        "data_source": st.fixed_dictionaries(
            {
                "type": st.just("azureblob"),
                "container": one_of({"name": "manuals"}, {"name": "papers", "query": "2026"}),
            },
            optional={"description": texts},
        ),
        "indexer": some(
            description=texts,
            schedule=one_of({"interval": "PT2H"}, {"interval": "P1D"}, {"interval": "PT60M"}),
            disabled=st.booleans(),
            parameters=one_of({"batchSize": 10}),
        ),
    },
    optional={
        "skillset": st.fixed_dictionaries(
            {
                "skills": st.just(
                    [
                        {
                            "name": "language",
                            "@odata.type": "#Microsoft.Skills.Text.LanguageDetectionSkill",
                            "inputs": [{"name": "text", "source": "/document/content"}],
                            "outputs": [{"name": "languageCode", "targetName": "language"}],
                        }
                    ]
                )
            },
            optional={"description": texts},
        )
    },
)
assets = st.one_of(
    st.none(),
    st.just(True),
    some(
        name=one_of("catalogue", "shelf"),
        description=texts,
        tags=pairs,
        field_mapping=one_of({"content_fields": ["title"]}, {"content_fields": ["title"], "url_field": "id"}),
    ).filter(bool),
)


@st.composite
def indexes(draw: Draw, place: str, before: Document | None, other: Document | None) -> Document:
    """An index; `other` is one of the same world, whose alias and maps it leaves alone, and whose maps it may name."""
    other = other or {}
    document: Document = {
        "kind": "SearchIndex",
        "service_name": draw(one_of(f"{OURS}{place}", f"{OURS}{place}", f"{OURS}{place}-b")),
    }
    was = before if before and before["service_name"] == document["service_name"] else None
    shape = draw(st.sampled_from(SHAPES))
    asset = draw(assets)
    if isinstance(asset, dict) and "name" in asset:
        asset = {**asset, "name": f"{place}-{asset['name']}"}
    document |= {"asset": asset} if asset else {}
    if not draw(st.integers(0, 2)):
        document |= draw(filling)
    else:
        document |= draw(some(documents=st.just(["data/products.jsonl"])))
        alias = draw(one_of(None, f"{OURS}current", f"{OURS}current", f"{OURS}live"))
        alias = None if alias == other.get("alias") else alias
        document |= {"alias": alias} if alias else {}
        if alias and draw(st.integers(0, 2)):
            document["rebuild"] = "behind_alias"
    if was and document.get("rebuild") is None:
        there = was["definition"]["fields"]
        allowed = {"plain": ("plain", "wider")}.get(shape_of(there), (shape_of(there),))
        shape = draw(st.sampled_from(allowed))
    maps = draw(
        st.dictionaries(
            one_of(f"{OURS}{place}-colours", f"{OURS}{place}-shades"),
            st.fixed_dictionaries({"synonyms": one_of("red, crimson", "red, scarlet\nnavy => blue\n")}),
            max_size=2,
        )
    )
    theirs = other.get("synonym_maps", {})
    maps = {name: told for name, told in maps.items() if name not in theirs}
    if maps:
        document["synonym_maps"] = maps
    named = sorted({**maps, **theirs})[:1] if draw(st.booleans()) else []
    definition = {"fields": fields_of(shape, named), **draw(settings_of_index)}
    definition["vectorSearch"] = {
        "algorithms": [{"name": "h", "kind": "hnsw"}],
        "profiles": [{"name": "default", "algorithm": "h"}],
    }
    return {**document, "definition": definition}


def shape_of(fields: list[Document]) -> str:
    if len(fields) > 4:
        return "wider"
    return "otherwise" if fields[2]["type"] == "Edm.String" else "plain"


# ---- skills and toolboxes

versions = some(keep_versions=st.integers(1, 2))
in_text = st.fixed_dictionaries(
    {"description": texts, "instructions": texts},
    optional={
        "license": texts,
        "compatibility": texts,
        "allowed_tools": one_of(["Read"], ["Read", "Bash(git:*)"]),
    },
)


@st.composite
def skills(draw: Draw, name: str) -> Document:
    told = draw(st.one_of(st.just({"folder": "folder"}), in_text))
    more = draw(some(metadata=pairs, service_name=one_of(f"{name}-a", f"{name}-b")))
    return {"kind": "Skill", **told, **more, **draw(versions)}


@st.composite
def searches(draw: Draw, world: Mapping[str, Document], *, of_agents: bool = True) -> Document:
    """A tool that searches an index: a declared one, its asset (of agents), or somebody else's."""
    more = draw(some(top_k=st.integers(1, 50), filter=st.just("price gt 1")))
    index = world.get("products")
    ways = [
        "theirs",
        *(["ours"] if index else []),
        *(["asset"] if index and index.get("asset") and of_agents else []),
    ]
    way = draw(st.sampled_from(ways))
    told = {"type": "azure_ai_search", **more}
    if way == "theirs":
        return {
            **told,
            "connection": "search",
            "index_name": "theirs",
            **draw(some(query_type=one_of("simple", "vector"))),
        }
    if way == "asset":
        return {**told, "index_asset": index["name"]}
    kinds = ["simple", "vector", "vector_simple_hybrid"]
    if "semantic" in index["definition"]:
        kinds.append("vector_semantic_hybrid")
    return {**told, "index": index["name"], **draw(some(query_type=st.sampled_from(kinds)))}


web_search = tool(
    "web_search",
    {
        "search_context_size": one_of("low", "high"),
        "allowed_domains": one_of(["example.com"], ["contoso.com", "example.com"]),
        "user_location": one_of({"country": "DE"}, {"country": "DE", "city": "Berlin"}),
        "external_web_access": st.booleans(),
        "custom_search_configuration": st.just({"connection": "custom-bing", "instance_name": "shop"}),
    },
)
a2a = tool(
    "a2a",
    {"agent_card_path": st.just("/card.json"), "send_credentials_for_agent_card": st.booleans()},
    connection=st.just("orders-agent"),
)
weather = tool(
    "openapi",
    {
        "description": texts,
        "server_url": one_of("https://weather.example", "https://other.example"),
        "auth": one_of(
            {"type": "anonymous"},
            {"type": "connection", "connection": "weather-key"},
            {"type": "managed_identity", "audience": "https://ledger.example"},
        ),
    },
    spec=st.just({"file": "openapi/weather.yaml"}),
)

shells = st.one_of(
    tool(
        "shell",
        {"allowed_callers": callers},
        environment=st.just({"type": "container_reference", "container_id": "c"}),
    ),
    tool(
        "shell",
        {
            "files": st.just(["data/orders.csv"]),
            "environment": one_of(
                {"type": "container_auto", "memory_limit": "4g"},
                {"type": "container_auto", "network_policy": {"type": "disabled"}},
            ),
        },
    ),
)
asked_of_work = {
    "mails": st.just({"type": "work_iq", "connection": "work"}),
    "facts": tool(
        "fabric_iq",
        {"server_url": st.just("https://fabric.example/mcp"), "require_approval": approvals},
        connection=st.just("fabric"),
    ),
    "pages": tool(
        "web_iq",
        {"server_label": st.just("pages"), "require_approval": approvals},
        connection=st.just("weather-key"),
    ),
}


def mcp(*, versioned: bool) -> Any:
    fields = {"allowed_tools": one_of(["fetch"], ["fetch", "search"]), "require_approval": approvals}
    if versioned:
        fields |= {
            "connection": st.just("weather-key"),
            "server_description": texts,
            "defer_loading": st.booleans(),
            "allowed_callers": callers,
        }
    return tool("mcp", fields, server_url=one_of("https://docs.example/mcp", "https://wiki.example/mcp"))


def code(*, versioned: bool) -> Any:
    fields = {"files": one_of(["data/orders.csv"], ["data/orders.csv", "knowledge/sizes.md"])}
    if versioned:
        fields |= {
            "memory_limit": one_of("1g", "4g"),
            "network_policy": one_of(
                {"type": "disabled"}, {"type": "allowlist", "allowed_domains": ["example.com"]}
            ),
            "allowed_callers": callers,
        }
    return tool("code_interpreter", fields)


def file_search(store: str, *, versioned: bool) -> Any:
    fields = {
        "max_num_results": st.integers(1, 50),
        "ranking_options": st.just({"ranker": "auto", "score_threshold": 0.5}),
    }
    if versioned:
        fields["filters"] = one_of(
            {"type": "eq", "key": "team", "value": "a"},
            {"type": "or", "filters": [{"type": "gte", "key": "year", "value": 2026}]},
        )
    return tool("file_search", fields, vector_stores=st.just([store]))


@st.composite
def toolboxes(draw: Draw, name: str, world: Mapping[str, Document]) -> Document:
    settings = some(
        description=texts,
        tool_configs=one_of({"*": {"pin": True}}, {"*": {"additional_search_text": "news"}}),
    )
    kinds: dict[str, Any] = {
        "run": code(versioned=True),
        "docs": mcp(versioned=True),
        "web": web_search,
        "find": st.just({"type": "toolbox_search"}),
        "stock": searches(world, of_agents=False),
        "weather": weather,
        "colleague": a2a,
        "browser": st.just({"type": "browser_automation", "connection": "playwright"}),
        "older": st.just({"type": "raw", "body": {"type": "a2a_preview", "base_url": "https://a.example/"}}),
        "console": shells,
        "later": st.just({"type": "reminder"}),
        **asked_of_work,
    }
    for store in stores_of(world, "versioned"):
        kinds["policies"] = file_search(store, versioned=True)
    tools = {key: {**one, **draw(settings)} for key, one in draw(some(**kinds)).items()}
    document = {"kind": "Toolbox", "tools": tools, **draw(versions)}
    document |= draw(
        some(
            description=texts,
            metadata=pairs,
            content_filter=st.just("strict"),
            service_name=one_of(f"{name}_a", f"{name}_b"),
        )
    )
    document |= taken_in(draw, world)
    return document


def taken_in(draw: Draw, world: Mapping[str, Document]) -> Document:
    """The skills that a toolbox or an agent takes in."""
    names = [one["name"] for one in world.values() if one["kind"] == "Skill"]
    if not names or not draw(st.booleans()):
        return {}
    return {"skills": draw(st.lists(st.sampled_from(names), min_size=1, unique=True))}


def stores_of(world: Mapping[str, Document], dialect: str) -> list[str]:
    """The names of the stores that one can refer to from a dialect."""
    return [
        one["name"]
        for one in world.values()
        if one["kind"] == "VectorStore" and one["dialect"] in (dialect, "both")
    ]


# ---- agents

formats = st.one_of(
    one_of("auto", {"type": "text"}, {"type": "json_object"}),
    st.fixed_dictionaries(
        {"type": st.just("json_schema"), "name": st.just("answer"), "schema": schemas},
        optional={"description": texts},
    ),
)
counts = {"market": one_of("en-GB", "de-DE"), "count": st.integers(1, 50), "freshness": st.just("Week")}
bing = {
    "web": tool("bing_grounding", counts, connection=st.just("bing")),
    "sites": tool(
        "bing_custom_search", counts, connection=st.just("custom-bing"), instance_name=one_of("a", "b")
    ),
}
in_both: dict[str, Any] = {
    **bing,
    "weather": weather,
    "quote": tool(
        "azure_function",
        {"description": texts},
        parameters=schemas,
        input_queue=st.just("quote-in"),
        output_queue=one_of("quote-out", "quote-in"),
    ),
    "intranet": st.just({"type": "sharepoint_grounding", "connection": "sharepoint"}),
    "sales": st.just({"type": "fabric_dataagent", "connection": "fabric"}),
    "browser": st.just({"type": "browser_automation", "connection": "playwright"}),
    "screen": tool(
        "computer_use",
        environment=one_of("browser", "windows"),
        display_width=one_of(1024, 1280),
        display_height=st.just(768),
    ),
}
answered = {
    "count": tool("function", {"description": texts, "parameters": schemas}),
    "send_mail": tool(
        "logic_app",
        {"description": texts},
        workflow=st.just("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Logic/workflows/send"),
        trigger=st.just("When_a_HTTP_request_is_received"),
        parameters=schemas,
    ),
}
in_versioned: dict[str, Any] = {
    "look": web_search,
    "picture": tool(
        "image_generation",
        {"quality": one_of("low", "high"), "partial_images": st.integers(1, 3)},
        model=st.just("pictures"),
    ),
    "order": tool("capture_structured_outputs", {"strict": st.booleans()}, description=texts, schema=schemas),
    "colleague": a2a,
    "console": shells,
    "patch": tool("apply_patch", {"allowed_callers": callers}),
    "release": tool(
        "custom",
        {
            "description": texts,
            "format": one_of(
                {"type": "text"}, {"type": "grammar", "syntax": "regex", "definition": "[a-z]+"}
            ),
            "async": st.booleans(),
        },
    ),
    "crm": tool(
        "namespace",
        description=texts,
        tools=st.fixed_dictionaries(
            {"find": tool("function", {"description": texts, "parameters": schemas})},
            optional={"note": tool("custom", {"description": texts})},
        ),
    ),
    "find": st.just({"type": "tool_search"}),
    **asked_of_work,
    "newest": st.just({"type": "raw", "body": {"type": "web_search_preview", "search_context_size": "low"}}),
}
of_function = {
    "strict": st.booleans(),
    "output_schema": schemas,
    "async": st.booleans(),
    "allowed_callers": callers,
}
endpoints = some(
    protocols=one_of(["responses"], ["responses", "a2a"], ["a2a", "responses"]),
    authorization=one_of(["Entra"], ["Entra", "BotService"]),
    traffic=st.just({"latest": 100}),
    card=st.fixed_dictionaries(
        {"version": one_of("1.0", "1.1")},
        optional={
            "description": texts,
            "skills": one_of({}, {"prices": {"name": "P", "description": "By region"}}),
        },
    ),
).filter(bool)
measures = some(model=st.just("chat"), data_mapping=st.just({"query": "{{item.query}}"}))
evaluations = st.fixed_dictionaries(
    {
        "rule": st.just("continuous"),
        "evaluators": st.dictionaries(one_of("relevance", "violence"), measures, min_size=1, max_size=2),
    },
    optional={
        "sampling_rate": one_of(0.5, 10, 100),
        "max_hourly_runs": st.integers(1, 9),
        "enabled": st.booleans(),
        "description": texts,
        "display_name": texts,
        "rule_id": one_of("quality", "answers"),
    },
)
of_versioned = some(
    reasoning=one_of({"effort": "low"}, {"effort": "high", "summary": "auto"}),
    content_filter=one_of("strict", "Microsoft.DefaultV2"),
    structured_inputs=one_of(
        {"region": {"description": "Market", "schema": {"type": "string"}, "required": True}},
        {"unit": {"default_value": "EUR"}},
    ),
    tool_choice=one_of("auto", "required", "none"),
    harness=one_of("microsoft_copilot_preview", "github_copilot_preview"),
)
served = some(keep_versions=st.integers(1, 2), enabled=st.booleans(), endpoint=endpoints)


def tools_for(world: Mapping[str, Document], dialect: str, *, is_asked: bool) -> dict[str, Any]:
    """The tools that a prompt agent of this dialect may have, by key; another agent asks one that `is_asked`."""
    versioned = dialect == "versioned"
    kinds = {
        **in_both,
        "run": code(versioned=versioned),
        "docs": mcp(versioned=versioned),
        "stock": searches(world),
    }
    if not is_asked:
        kinds |= answered
    for store in stores_of(world, dialect):
        kinds["policies"] = file_search(store, versioned=versioned)
    if dialect != "classic":
        kinds |= in_versioned
        for one in world.values():
            if one["kind"] == "MemoryStore":
                kinds["memory"] = tool(
                    "memory_search",
                    {"max_memories": st.integers(1, 9), "update_delay": one_of(30, 60)},
                    memory_store=st.just(one["name"]),
                    scope=one_of("{{$userId}}", "all"),
                )
            if one["kind"] == "Toolbox":
                kinds["box"] = tool(
                    "toolbox",
                    {
                        "allowed_tools": one_of(["web"], ["docs___search", "web"]),
                        "require_approval": approvals,
                    },
                    toolbox=st.just(one["name"]),
                    connection=st.just("lookups-box"),
                )
    if dialect != "versioned":
        kinds["deep"] = tool("deep_research", model=one_of("research", "chat"), connection=st.just("bing"))
    return kinds


@st.composite
def prompts(draw: Draw, world: Mapping[str, Document], *, is_asked: bool) -> Document:
    dialect = draw(dialects)
    kinds = tools_for(world, dialect, is_asked=is_asked and dialect != "versioned")
    chosen = set(draw(st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=4)))
    # What refers to other things of the world, more often than chance would have it.
    chosen |= {key for key in ("policies", "stock", "memory", "box") if key in kinds and draw(st.booleans())}
    document = {
        "kind": "Agent",
        "dialect": dialect,
        "model": draw(
            st.one_of(st.just("chat"), st.just({"connection": "elsewhere", "deployment": "gpt-4.1"}))
        ),
        "tools": {key: draw(kinds[key]) for key in sorted(chosen)},
        **draw(
            some(
                instructions=texts,
                description=texts,
                temperature=one_of(0, 0.5, 1, 2),
                top_p=one_of(0, 1, 0.25),
                metadata=pairs,
                response_format=formats,
            )
        ),
    }
    if dialect == "classic":
        return document
    document |= {**draw(served), **taken_in(draw, world)}
    if draw(st.booleans()):
        document["evaluation"] = draw(evaluations)
    if dialect == "versioned":
        document |= draw(of_versioned)
        if "count" in document["tools"]:
            document["tools"]["count"] |= draw(some(**of_function))
    return document


@st.composite
def fronts(draw: Draw, world: Mapping[str, Document]) -> Document:
    """A classic agent that hands over to others."""
    below = ("desk", "news")
    asked = [
        world[place]["name"] for place in below if place in world and world[place]["dialect"] != "versioned"
    ]
    tools = {
        key: {"type": "connected_agent", "agent": name, "description": draw(one_of("Orders", "News"))}
        for key, name in zip(("one", "other"), asked, strict=False)
        if draw(st.booleans())
    }
    if draw(st.booleans()):
        tools["theirs"] = {"type": "connected_agent", "agent_id": "asst_theirs", "description": "Invoices"}
    return {
        "kind": "Agent",
        "dialect": "classic",
        "model": "chat",
        "tools": tools,
        **draw(some(instructions=texts)),
    }


@st.composite
def boxes_of_code(draw: Draw) -> Document:
    """A hosted agent: from an image, or made from code."""
    sizes = {"cpu": draw(one_of("1", "2")), "memory": "2Gi"}
    protocols = {"voice_conversation_engine": "1.0.0", **draw(some(responses=st.just("1.0.0")))}
    if draw(st.booleans()):
        told = {
            "image": draw(one_of("contoso.azurecr.io/desk:1", "contoso.azurecr.io/desk:2")),
            **draw(
                some(
                    environment_variables=one_of({"MODE": "quiet"}, {"MODE": "loud", "PLACE": "here"}),
                    registry_connection=st.just("registry"),
                    session_configuration=one_of({"idle_timeout_seconds": 600}),
                    enable_memory_snapshot=st.booleans(),
                )
            ),
        }
    else:
        code_of = {
            "folder": "box",
            "runtime": draw(one_of("python_3_12", "python_3_13")),
            "entry_point": ["python", "main.py"],
            "dependency_resolution": draw(one_of("bundled", "remote_build")),
        }
        told = {"code": code_of}
    return {
        "kind": "Agent",
        "dialect": "versioned",
        "hosted": {**told, **sizes, "protocols": protocols},
        **draw(some(description=texts, metadata=pairs)),
        **draw(served),
    }


detections = one_of(
    {"type": "none"},
    {"type": "semantic_vad", "eagerness": "low"},
    {"type": "azure_semantic_vad", "languages": ["en", "de"]},
    {"type": "server_vad", "threshold": 0.5, "end_of_utterance_detection": {"model": "none"}},
)
spoken_with = some(
    greeting=st.fixed_dictionaries({"type": st.just("template"), "text": texts}),
    audio=some(
        input=some(turn_detection=detections, noise_reduction=one_of({"type": "none"})),
        output=st.just({"voice_type": "openai", "voice": "alloy"}),
    ),
    soundscape=one_of(
        {"opening": {"source": {"type": "built_in", "name": "office"}}},
        {"closing": {"source": {"type": "built_in", "name": "office"}, "gain": 0.5}},
    ),
    max_output_tokens=one_of("inf", 800),
    store=st.booleans(),
)


@st.composite
def voices(draw: Draw, world: Mapping[str, Document]) -> Document:
    document = {"kind": "Agent", "dialect": "versioned"}
    told = draw(spoken_with)
    if "crate" in world and draw(st.booleans()):
        engine = {"type": "hosted_agent", "agent": world["crate"]["name"]}
        return {**document, "voice": {**told, "conversation_engine": engine}}
    told |= {"model_type": "managed", "model": draw(one_of("gpt-realtime", "gpt-realtime-mini"))}
    others = [
        one["name"]
        for one in world.values()
        if one["kind"] == "Agent" and one["dialect"] != "classic" and not {"hosted", "external"} & one.keys()
    ]
    if others and draw(st.booleans()):
        subagents = [{"agent": one, "agent_capabilities": "Knows"} for one in others]
        told["subagent_config"] = {"subagents": subagents}
    tools = draw(
        some(
            end_conversation=tool("system", {"description": texts}),
            count=tool("function", {"description": texts, "parameters": schemas}),
        )
    )
    for one in world.values():
        if one["kind"] == "Toolbox" and draw(st.booleans()):
            tools["box"] = {
                "type": "toolbox",
                "toolbox": one["name"],
                **draw(some(response_scheduling=one_of("silent", "when_idle"))),
            }
    return {**document, "voice": told, "tools": tools, "instructions": draw(texts), **draw(served)}


# ---- worlds


@st.composite
def worlds(draw: Draw, before: Generated | None = None) -> Generated:
    """A world; given the one before it, one that may follow it."""
    old = before.documents if before else {}
    same = before.material if before else None
    material = same if same is not None and draw(st.booleans()) else draw(materials())
    there: dict[str, Document] = {}
    free = ["one", "two", "three", "four"]

    def add(place: str, document: Any) -> None:
        if not draw(st.integers(0, 3)):
            return
        was = old.get(place)
        if was is not None and not draw(st.integers(0, 3)):
            told = deepcopy(was)
            if _is_whole(told) and (material is same or "files" not in told):
                there[place] = told
                return
        told = draw(document)
        name = draw(one_of(place, place, f"{place}-two"))
        other = f"{place}-two" if name == place else place
        lifecycle = draw(some(previous_names=st.just([other]), on_drift=one_of("repair", "report")))
        if was is not None and was["name"] != name and {"alias", "synonym_maps"} & {*was, *told}:
            # These have no mark: which ones an index had under a name that nothing has any more, nobody knows.
            lifecycle = {**lifecycle, "previous_names": [was["name"]]}
        there[place] = {**told, "name": name, **({"lifecycle": lifecycle} if lifecycle else {})}

    add("handbook", stores(material))
    add("products", indexes("products", old.get("products"), None))
    add("goods", indexes("goods", old.get("goods"), there.get("products")))
    add("people", memories())
    for name in ("returns", "sizes"):
        add(name, skills(name))
    add("lookups", toolboxes("lookups", there))
    add("desk", prompts(there, is_asked=True))
    add("news", prompts(there, is_asked=True))
    add("shop", prompts(there, is_asked=False))
    add("front", fronts(there))
    add("crate", boxes_of_code())
    add(
        "flow",
        st.builds(
            lambda more: {"kind": "Agent", "dialect": "versioned", "workflow": {"file": "flow.txt"}, **more},
            some(description=texts),
        ),
    )
    add(
        "far",
        st.builds(
            lambda told: {"kind": "Agent", "dialect": "versioned", "external": told},
            some(otel_agent_id=one_of("far", "far-eu")),
        ),
    )
    add("phone", voices(there))
    for place in ("desk", "news", "shop", "crate"):
        # From world to world these may exchange their names at the service.
        if place in there:
            given = draw(st.none() | st.sampled_from(free))
            there[place].pop("service_name", None)
            if given is not None:
                free.remove(given)
                there[place]["service_name"] = given
    _apart(there)
    _as_it_was(there, old)
    _hold(draw, there, old)
    return Generated(there, material)


def _as_it_was(there: dict[str, Document], old: Mapping[str, Document]) -> None:
    """A synonym map that comes to another declaration says what it said: it has no mark, and another content isn't taken for ours."""
    for place, document in there.items():
        for name, told in document.get("synonym_maps", {}).items():
            for where, was in old.items():
                if name not in was.get("synonym_maps", {}):
                    continue
                names = {document["name"], *document.get("lifecycle", {}).get("previous_names", ())}
                if where != place or was["name"] not in names:
                    told["synonyms"] = was["synonym_maps"][name]["synonyms"]


def _hold(draw: Draw, there: dict[str, Document], old: Mapping[str, Document]) -> None:
    """Lets some things stand for the first version that they had, or send callers to it, where it is sure to be there."""
    for place, document in there.items():
        was = old.get(place)
        if was is None or {"keep_versions"} & {*was, *document} or "folder" in {*was, *document}:
            continue
        if was.get("service_name", was["name"]) != document.get("service_name", document["name"]):
            continue
        # What an older version that is still in use refers to can't be taken away.
        if (
            "skills" in was
            or {"policies", "stock", "memory", "box", "run", "console"} & was.get("tools", {}).keys()
        ):
            continue
        if document["kind"] in ("Skill", "Toolbox") and not draw(st.integers(0, 2)):
            document["default_version"] = "1"
        elif was.get("dialect") == document.get("dialect") == "versioned" and "endpoint" in document:
            shares = draw(one_of({}, {"1": 100}, {"1": 50, "latest": 50}))
            document["endpoint"] = {**document["endpoint"], **({"traffic": shares} if shares else {})}


def _is_whole(document: Document) -> bool:
    """Whether a document has nothing to do with another, so that it may stand in the next world as it is."""
    return not ({"tools", "skills", "voice", "definition"} & document.keys())


def _apart(there: dict[str, Document]) -> None:
    """No two rules have one id."""
    taken: set[str] = set()
    for document in there.values():
        rule = document.get("evaluation", {}).get("rule_id")
        if rule is not None and rule in taken:
            del document["evaluation"]["rule_id"]
        taken.add(rule)


@st.composite
def histories(draw: Draw, length: int = 2) -> list[Generated]:
    """Worlds one after the other."""
    found: list[Generated] = []
    for _ in range(length):
        found.append(draw(worlds(found[-1] if found else None)))
    return found
