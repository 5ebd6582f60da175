"""Every bound of the service: at it and within it a declaration is taken, beyond it one finding says what the bound is.

Sources of the bounds: Azure docs, quotas and limits of the Agent Service and of AI Search; models of the official clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from foundry.manifest.schema import FILES, schema_of


def agent(**fields: Any) -> tuple[str, dict[str, Any]]:
    return "stacks/base/agents/other.yaml", {"kind": "Agent", "name": "other", "model": "chat", **fields}


def tool(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return agent(tools={"it": {"type": kind, **fields}})


def evaluated(**fields: Any) -> tuple[str, dict[str, Any]]:
    return agent(dialect="versioned", evaluation={"rule": "continuous", "eval_id": "eval_1", **fields})


def registered(**asset: Any) -> tuple[str, dict[str, Any]]:
    path, document = index()
    return path, {**document, "asset": asset}


def store(**fields: Any) -> tuple[str, dict[str, Any]]:
    given = {"kind": "VectorStore", "name": "other", "files": ["../knowledge/a.md"], **fields}
    return "stacks/base/vector-stores/other.yaml", given


def index(name: str = "other-index", fields: Any = (), **definition: Any) -> tuple[str, dict[str, Any]]:
    key = {"name": "id", "type": "Edm.String", "key": True}
    body = {"fields": [key, *fields], **definition}
    return "stacks/base/search-indexes/other.yaml", {
        "kind": "SearchIndex",
        "name": "other",
        "service_name": name,
        "definition": body,
    }


def vector(dimensions: int, **parameters: Any) -> tuple[str, dict[str, Any]]:
    field = {
        "name": "v",
        "type": "Collection(Edm.Single)",
        "searchable": True,
        "dimensions": dimensions,
        "vectorSearchProfile": "p",
    }
    algorithm = {"name": "a", "kind": "hnsw", "hnswParameters": parameters}
    search = {"algorithms": [algorithm], "profiles": [{"name": "p", "algorithm": "a"}]}
    return index(fields=[field], vectorSearch=search)


def code(count: int) -> tuple[str, dict[str, Any]]:
    return tool("code_interpreter", file_ids=[f"file-{number}" for number in range(count)])


def chunking(size: int, overlap: int) -> tuple[str, dict[str, Any]]:
    return store(
        chunking_strategy={
            "type": "static",
            "max_chunk_size_tokens": size,
            "chunk_overlap_tokens": overlap,
        }
    )


def attributed(attributes: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return store(dialect="versioned", files=[{"path": "../knowledge/returns.md", "attributes": attributes}])


def filtered(length: int, kind: str, value: Any) -> dict[str, Any]:
    """Fields of a file search; the filter compares an attribute whose name has `length` characters."""
    return {"vector_store_ids": ["vs_1"], "filters": {"type": kind, "key": "k" * length, "value": value}}


def ranked(threshold: float) -> tuple[str, dict[str, Any]]:
    return tool(
        "file_search",
        vector_store_ids=["vs_1"],
        ranking_options={"ranker": "auto", "score_threshold": threshold},
    )


def versioned(**fields: Any) -> tuple[str, dict[str, Any]]:
    return agent(dialect="versioned", **fields)


def hosted(**fields: Any) -> tuple[str, dict[str, Any]]:
    path, document = versioned()
    del document["model"]
    return path, {**document, "hosted": {"image": "desk:1", "cpu": "1", "memory": "2Gi", **fields}}


def voice(**fields: Any) -> tuple[str, dict[str, Any]]:
    path, document = versioned()
    del document["model"]
    return path, {**document, "voice": {"model_type": "managed", "model": "gpt-realtime", **fields}}


def heard(**fields: Any) -> tuple[str, dict[str, Any]]:
    return voice(audio={"input": fields})


def played(**fields: Any) -> tuple[str, dict[str, Any]]:
    return voice(soundscape={"working": {"source": {"type": "built_in", "name": "office"}, **fields}})


def asked(**fields: Any) -> tuple[str, dict[str, Any]]:
    subagent = {"agent_name": "box", "agent_capabilities": "Knows", **fields}
    return voice(subagent_config={"subagents": [subagent]})


def versioned_tool(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return versioned(tools={"it": {"type": kind, **fields}})


def checked(**expectation: Any) -> tuple[str, dict[str, Any]]:
    return agent(checks={"one": {"ask": "Hello?", "expect": {"contains": ["x"], **expectation}}})


def environment(**fields: Any) -> tuple[str, dict[str, Any]]:
    return "stacks/dev/environment.yaml", {"kind": "Environment", "name": "shop", **fields}


def deployment(name: str = "more", capacity: int = 1) -> dict[str, Any]:
    sku = {"name": "Standard", "capacity": capacity}
    return {name: {"model": {"name": "gpt-4.1-mini", "version": "1"}, "sku": sku}}


def deployments(count: int) -> tuple[str, dict[str, Any]]:
    names = ["chat", "embeddings", *(f"more-{number}" for number in range(count - 2))]
    return environment(deployments={name: deployment()["more"] for name in names})


def connection(name: str) -> tuple[str, dict[str, Any]]:
    return environment(connections={name: {"category": "ApiKey", "target": "https://x.example"}})


def memory(**fields: Any) -> tuple[str, dict[str, Any]]:
    models = {"chat_model": "chat", "embedding_model": "embeddings"}
    return "stacks/base/memory-stores/it.yaml", {"kind": "MemoryStore", "name": "it", **models, **fields}


def skill(**fields: Any) -> tuple[str, dict[str, Any]]:
    told = {"description": "Sizes", "instructions": "Ask.", **fields}
    return "stacks/base/skills/it.yaml", {"kind": "Skill", "name": "it", **told}


def toolbox(**fields: Any) -> tuple[str, dict[str, Any]]:
    told = {"tools": {"web": {"type": "web_search"}}, **fields}
    return "stacks/base/toolboxes/it.yaml", {"kind": "Toolbox", "name": "it", **told}


def boxed(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return toolbox(tools={"it": {"type": kind, **fields}})


NO_PARAMETERS = {"type": "object", "properties": {}}
QUEUES = {"input_queue": "quote-in", "output_queue": "quote-out"}
BING = {"connection": "bing"}
WORKFLOW = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Logic/workflows/w"

TOOLS_WITH_A_DESCRIPTION = {
    "openapi": lambda n: tool("openapi", description="d" * n, spec={"file": "../openapi/parcels.yaml"}),
    "azure_function": lambda n: tool(
        "azure_function", description="d" * n, parameters=NO_PARAMETERS, **QUEUES
    ),
    "connected_agent": lambda n: tool("connected_agent", description="d" * n, agent="desk"),
    "logic_app": lambda n: tool(
        "logic_app", description="d" * n, workflow=WORKFLOW, trigger="t", parameters=NO_PARAMETERS
    ),
    "capture_structured_outputs": lambda n: versioned_tool(
        "capture_structured_outputs", description="d" * n, schema=NO_PARAMETERS
    ),
    "a namespace": lambda n: versioned_tool(
        "namespace", description="d" * n, tools={"f": {"type": "function"}}
    ),
    "a function in a namespace": lambda n: versioned_tool(
        "namespace", description="d", tools={"f": {"type": "function", "description": "d" * n}}
    ),
    "a toolbox's file_search": lambda n: boxed("file_search", description="d" * n),
    "a toolbox's web_search": lambda n: boxed("web_search", description="d" * n),
    "a toolbox's mcp": lambda n: boxed("mcp", description="d" * n, server_url="https://docs.example"),
    "a toolbox's openapi": lambda n: boxed(
        "openapi", description="d" * n, spec={"file": "../openapi/parcels.yaml"}
    ),
    "a toolbox's toolbox_search": lambda n: boxed("toolbox_search", description="d" * n),
}

WITH_METADATA = {"store": store, "memory store": memory, "skill": skill, "toolbox": toolbox}

BOUNDS = {
    **{
        f"metadata pairs of a {name}": (
            lambda n, of=of: of(metadata={f"k{i}": "v" for i in range(n)}),
            [14, 15],
            {16: "at most 15"},
        )
        for name, of in WITH_METADATA.items()
    },
    **{
        f"metadata key of a {name}": (
            lambda n, of=of: of(metadata={"k" * n: "v"}),
            [1, 63, 64],
            {65: "1 to 64 characters"},
        )
        for name, of in WITH_METADATA.items()
    },
    **{
        f"metadata value of a {name}": (
            lambda n, of=of: of(metadata={"k": "v" * n}),
            [511, 512],
            {513: "up to 512 characters"},
        )
        for name, of in WITH_METADATA.items()
    },
    "attributes of a file": (
        lambda n: attributed({f"k{i}": i for i in range(n)}),
        [1, 15, 16],
        {17: "more than 16"},
    ),
    "name of an attribute": (
        lambda n: attributed({"k" * n: True}),
        [1, 63, 64],
        {65: "1 to 64 characters"},
    ),
    "value of an attribute": (
        lambda n: attributed({"k": "v" * n}),
        [0, 511, 512],
        {513: "more than 512"},
    ),
    **{
        f"attribute that a filter of {kind} compares by {word}": (
            lambda n, of=of, word=word, value=value: of("file_search", **filtered(n, word, value)),
            [1, 63, 64],
            {65: "more than 64"},
        )
        for kind, of in (("an agent", versioned_tool), ("a toolbox", boxed))
        for word, value in (("eq", "x"), ("in", ["x"]))
    },
    **{
        f"description of {name}": (declared, [1023, 1024], {1025: "more than the 1,024"})
        for name, declared in TOOLS_WITH_A_DESCRIPTION.items()
    },
    **{
        f"results of {kind}": (
            lambda n, kind=kind, more=more: tool(kind, count=n, **BING, **more),
            [1, 2, 49, 50],
            {0: "less than 1", 51: "more than 50"},
        )
        for kind, more in {"bing_grounding": {}, "bing_custom_search": {"instance_name": "i"}}.items()
    },
    "name of an agent": (
        lambda n: agent() if n == 0 else (agent()[0], {**agent()[1], "name": "n" * n}),
        [1, 62, 63],
        {64: "1 to 63"},
    ),
    "versioned agent's name at the service": (
        lambda n: versioned(service_name="n" * n),
        [1, 62, 63],
        {64: "1 to 63"},
    ),
    "height of a screen": (
        lambda n: tool("computer_use", environment="browser", display_width=1024, display_height=n),
        [1, 2],
        {0: "less than 1"},
    ),
    "compression of a picture": (
        lambda n: versioned_tool(
            "image_generation", model="chat", output_format="webp", output_compression=n
        ),
        [0, 1, 99, 100],
        {-1: "less than 0", 101: "more than 100"},
    ),
    "memories of a search": (
        lambda n: versioned_tool("memory_search", memory_store_name="m", scope="s", max_memories=n),
        [1, 2],
        {0: "less than 1"},
    ),
    "seconds until a memory is kept": (
        lambda n: versioned_tool("memory_search", memory_store_name="m", scope="s", update_delay=n),
        [0, 1],
        {-1: "less than 0"},
    ),
    "unfinished pictures": (
        lambda n: versioned_tool("image_generation", partial_images=n),
        [0, 1, 2, 3],
        {-1: "less than 0", 4: "more than 3"},
    ),
    "share of the traffic": (
        lambda n: versioned(endpoint={"traffic": {"1": n, "2": 100 - n} if 0 <= n <= 100 else {"1": n}}),
        [0, 1, 99, 100],
        {-1: "less than 0", 101: "more than 100"},
    ),
    "versions that are kept": (lambda n: versioned(keep_versions=n), [1, 2], {0: "less than 1"}),
    "milliseconds of silence": (
        lambda n: heard(turn_detection={"type": "server_vad", "silence_duration_ms": n}),
        [0, 1],
        {-1: "less than 0"},
    ),
    "certainty that sound is speech": (
        lambda n: heard(turn_detection={"type": "azure_semantic_vad", "threshold": n}),
        [0, 0.01, 0.99, 1],
        {-0.01: "less than 0", 1.01: "more than 1"},
    ),
    "samples a second": (
        lambda n: heard(format={"type": "audio/pcm", "rate": n}),
        [24_000],
        {23_999: "less than 24000", 24_001: "more than 24000"},
    ),
    "speed of speech": (lambda n: voice(audio={"output": {"speed": n}}), [0.01, 2], {0: "write more than 0"}),
    "milliseconds until a sound": (
        lambda n: played(delay_ms=n),
        [0, 1, 9_999, 10_000],
        {-1: "less than 0", 10_001: "more than 10000"},
    ),
    "tokens of a spoken answer": (lambda n: voice(max_output_tokens=n), [1, 2], {0: "less than 1"}),
    "seconds of a subagent": (lambda n: asked(invoke_timeout_seconds=n), [1, 2], {0: "less than 1"}),
    "seconds of an idle session": (
        lambda n: hosted(session_configuration={"idle_timeout_seconds": n}),
        [120, 121, 14399, 14400],
        {119: "less than 120", 14401: "more than 14400"},
    ),
    "seconds of an answer": (lambda n: checked(max_seconds=n), [0.01, 1], {0: "write more than 0"}),
    "tokens of an answer": (lambda n: checked(max_tokens=n), [1, 2], {0: "write more than 0"}),
    "overlap of the largest chunk": (lambda n: chunking(4096, n), [2047, 2048], {2049: "2048"}),
    "tags": (lambda n: environment(tags={f"t{i}": "v" for i in range(n)}), [49, 50], {51: "50"}),
    "name of a tag": (
        lambda n: environment(tags={"t" * n: "v"}),
        [511, 512],
        {513: "can't be a name in `tags`"},
    ),
    "value of a tag": (lambda n: environment(tags={"t": "v" * n}), [255, 256], {257: "256"}),
    "deployments": (deployments, [31, 32], {33: "32"}),
    "name of a deployment": (
        lambda n: environment(deployments=deployment("d" * n)),
        [2, 3, 63, 64],
        {1: "2 to 64", 65: "2 to 64"},
    ),
    "capacity of a deployment": (
        lambda n: environment(deployments=deployment(capacity=n)),
        [1, 2],
        {0: "less than 1"},
    ),
    "name of a connection": (
        lambda n: connection("c" * n),
        [3, 4, 32, 33],
        {2: "3 to 33", 34: "3 to 33"},
    ),
    "name of an environment": (
        lambda n: (environment()[0], {**environment()[1], "name": "n" * n}),
        [3, 4, 15, 16],
        {2: "3 to 16", 17: "3 to 16"},
    ),
    "name of a queue": (
        lambda n: environment(storage={"queues": ["quote-in", "quote-out", "q" * n]}),
        [3, 4, 62, 63],
        {2: "3 to 63", 64: "3 to 63"},
    ),
    "name of a resource group": (
        lambda n: environment(resource_group={"name": "g" * n}),
        [1, 89, 90],
        {91: "up to 90"},
    ),
    "request units": (
        lambda n: environment(thread_store={"total_throughput_limit": n}),
        [3000, 3001],
        {999: "less than 1000", 2999: "3,000"},
    ),
    "days that logs are kept": (
        lambda n: environment(monitoring={"retention_in_days": n}),
        [30, 31, 729, 730],
        {29: "less than 30", 731: "more than 730"},
    ),
    "gigabytes of logs a day": (
        lambda n: environment(monitoring={"daily_quota_gb": n}),
        [0.1, 1],
        {0: "write more than 0"},
    ),
    "memory store's name": (lambda n: memory(service_name="n" * n), [1, 255, 256], {257: "256"}),
    "description of a memory store": (lambda n: memory(description="d" * n), [511, 512], {513: "512"}),
    "seconds until a memory is forgotten": (
        lambda n: memory(options={"default_ttl_seconds": n}),
        [0, 1],
        {-1: "less than 0"},
    ),
    "suggesters": (
        lambda n: index(
            fields=[{"name": "t", "type": "Edm.String", "searchable": True}],
            suggesters=[
                {"name": f"s{i}", "searchMode": "analyzingInfixMatching", "sourceFields": ["t"]}
                for i in range(n)
            ],
        ),
        [1],
        {2: "more than 1"},
    ),
    "synonym maps of a field": (
        lambda n: (
            index()[0],
            {
                **index(
                    fields=[
                        {
                            "name": "t",
                            "type": "Edm.String",
                            "searchable": True,
                            "synonymMaps": [f"m{i}" for i in range(n)],
                        }
                    ]
                )[1],
                "synonym_maps": {f"m{i}": {"synonyms": "red, crimson"} for i in range(n)},
            },
        ),
        [1],
        {2: "more than 1"},
    ),
    "score threshold of a toolbox's file search": (
        lambda n: boxed("file_search", ranking_options={"ranker": "auto", "score_threshold": n}),
        [0, 0.01, 0.99, 1],
        {-0.01: "less than 0", 1.01: "more than 1"},
    ),
    "age of a cross-origin answer": (
        lambda n: index(corsOptions={"allowedOrigins": ["*"], "maxAgeInSeconds": n}),
        [0, 1],
        {-1: "less than 0"},
    ),
    "skill's name": (lambda n: skill(service_name="n" * n), [1, 62, 63], {64: "63"}),
    "description of a skill": (lambda n: skill(description="d" * n), [1023, 1024], {1025: "1,024"}),
    "text of a skill": (
        lambda n: skill(instructions="i" * n),
        [999_999, 1_000_000],
        {1_000_001: "more than the 1,000,000"},
    ),
    "compatibility of a skill": (lambda n: skill(compatibility="c" * n), [499, 500], {501: "500"}),
    "versions of a skill that are kept": (lambda n: skill(keep_versions=n), [1, 2], {0: "less than 1"}),
    "toolbox's name": (lambda n: toolbox(service_name="n" * n), [1, 62, 63], {64: "63"}),
    "description of a toolbox": (lambda n: toolbox(description="d" * n), [511, 512], {513: "512"}),
    "tools of a toolbox": (
        lambda n: toolbox(tools={f"w{i}": {"type": "web_search"} for i in range(n)}),
        [127, 128],
        {129: "128"},
    ),
    "versions of a toolbox that are kept": (lambda n: toolbox(keep_versions=n), [1, 2], {0: "less than 1"}),
    "results of a toolbox's file search": (
        lambda n: boxed("file_search", max_num_results=n),
        [1, 2, 49, 50],
        {0: "less than 1", 51: "more than 50"},
    ),
    "documents of a toolbox's search": (
        lambda n: boxed("azure_ai_search", connection="search", index_name="i", top_k=n),
        [1, 2, 49, 50],
        {0: "less than 1", 51: "more than 50"},
    ),
    "agent's name at the service": (lambda n: agent(service_name="n" * n), [1, 255, 256], {257: "256"}),
    "description": (lambda n: agent(description="d" * n), [511, 512], {513: "more than the 512"}),
    "instructions": (
        lambda n: agent(instructions="i" * n),
        [255_999, 256_000],
        {256_001: "more than the 256,000"},
    ),
    "temperature": (
        lambda n: agent(temperature=n),
        [0, 0.01, 1.99, 2],
        {-0.01: "less than 0", 2.01: "more than 2"},
    ),
    "top_p": (lambda n: agent(top_p=n), [0, 0.01, 0.99, 1], {-0.01: "less than 0", 1.01: "more than 1"}),
    "metadata pairs": (
        lambda n: agent(metadata={f"k{i}": "v" for i in range(n)}),
        [14, 15],
        {16: "at most 15"},
    ),
    "metadata key": (lambda n: agent(metadata={"k" * n: "v"}), [1, 63, 64], {65: "1 to 64 characters"}),
    "metadata value": (lambda n: agent(metadata={"k": "v" * n}), [511, 512], {513: "up to 512 characters"}),
    "tools": (
        lambda n: agent(tools={f"f{i}": {"type": "function"} for i in range(n)}),
        [127, 128],
        {129: "128"},
    ),
    "name of a tool": (
        lambda n: agent(tools={"f" * n: {"type": "function"}}),
        [1, 63, 64],
        {65: "up to 64 letters"},
    ),
    "name of a form": (
        lambda n: agent(
            response_format={"type": "json_schema", "name": "n" * n, "schema": {"type": "object"}}
        ),
        [1, 63, 64],
        {65: "up to 64 letters"},
    ),
    "description of a function": (
        lambda n: tool("function", description="d" * n),
        [1023, 1024],
        {1025: "more than the 1,024"},
    ),
    "results of file search": (
        lambda n: tool("file_search", vector_store_ids=["vs_1"], max_num_results=n),
        [1, 2, 49, 50],
        {0: "less than 1", 51: "more than 50"},
    ),
    "score threshold": (ranked, [0, 0.01, 0.99, 1], {-0.01: "less than 0", 1.01: "more than 1"}),
    "vector stores of an agent": (
        lambda n: tool("file_search", vector_store_ids=[f"vs_{i}" for i in range(n)]),
        [1],
        {2: "searches in one vector store"},
    ),
    "files of a code interpreter": (code, [1, 19, 20], {21: "the service takes 20"}),
    "data sources of a code interpreter": (
        lambda n: tool(
            "code_interpreter",
            data_sources=[{"type": "uri_asset", "uri": f"azureml://{i}"} for i in range(n)],
        ),
        [1, 19, 20],
        {21: "20"},
    ),
    "documents of a search": (
        lambda n: tool("azure_ai_search", connection="search", index_name="i", top_k=n),
        [1, 2, 49, 50],
        {0: "less than 1", 51: "more than 50"},
    ),
    "evaluations an hour": (
        lambda n: evaluated(max_hourly_runs=n),
        [1, 2, 1000],
        {0: "less than 1"},
    ),
    "share of answers that is evaluated": (
        lambda n: evaluated(sampling_rate=n),
        [0.1, 1, 99.9, 100],
        {0: "write more than 0", 100.1: "more than 100"},
    ),
    "name of a measure": (
        lambda n: agent(
            dialect="versioned",
            evaluation={"rule": "continuous", "evaluators": {"m" * n: {"evaluator_name": "ours"}}},
        ),
        [1, 62, 63],
        {64: "up to 63 lower-case letters"},
    ),
    "evaluation rule": (
        lambda n: evaluated(rule_id="r" * n),
        [1, 127, 128],
        {129: "up to 128 letters"},
    ),
    "index asset": (
        lambda n: registered(name="a" * n),
        [1, 254, 255],
        {256: "up to 255 letters"},
    ),
    "screen": (
        lambda n: tool("computer_use", environment="browser", display_width=n, display_height=768),
        [1, 2],
        {0: "less than 1"},
    ),
    "store's name at the service": (lambda n: store(service_name="n" * n), [1, 256], {257: "256"}),
    "days until a store expires": (
        lambda n: store(expires_after={"days": n}),
        [1, 2, 364, 365],
        {0: "less than 1", 366: "more than 365"},
    ),
    "size of a chunk": (
        lambda n: chunking(n, 0),
        [100, 101, 4095, 4096],
        {99: "less than 100", 4097: "more than 4096"},
    ),
    "overlap of chunks": (
        lambda n: chunking(400, n),
        [0, 199, 200],
        {201: "more than half", -1: "less than 0"},
    ),
    "name of an index": (lambda n: index("n" * n), [2, 3, 127, 128], {1: "2 to 128", 129: "2 to 128"}),
    "dimensions of a vector": (
        vector,
        [2, 3, 4095, 4096],
        {1: "less than 2", 4097: "more than 4096"},
    ),
    "HNSW m": (lambda n: vector(3, m=n), [4, 5, 9, 10], {3: "less than 4", 11: "more than 10"}),
    "HNSW efConstruction": (
        lambda n: vector(3, efConstruction=n),
        [100, 101, 999, 1000],
        {99: "less than 100", 1001: "more than 1000"},
    ),
    "HNSW efSearch": (
        lambda n: vector(3, efSearch=n),
        [100, 101, 999, 1000],
        {99: "less than 100", 1001: "more than 1000"},
    ),
    "fields of an index": (
        lambda n: index(fields=[{"name": f"f{i}", "type": "Edm.Int32"} for i in range(n - 1)]),
        [999, 1000],
        {1001: "1000"},
    ),
    "scoring profiles": (
        lambda n: index(scoringProfiles=[{"name": f"p{i}"} for i in range(n)]),
        [99, 100],
        {101: "100"},
    ),
    "semantic configurations": (
        lambda n: index(
            semantic={
                "configurations": [
                    {"name": f"c{i}", "prioritizedFields": {"titleField": {"fieldName": "id"}}}
                    for i in range(n)
                ]
            }
        ),
        [99, 100],
        {101: "100"},
    ),
}


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_bound_of_the_service(project, bound):
    declared, within, beyond = BOUNDS[bound]
    bing = {"category": "ApiKey", "target": "https://api.bing.example"}
    environment_ = (project.root / "stacks/base/environment.yaml").read_text()
    project.write(
        "stacks/base/environment.yaml",
        environment_.replace("connections:\n", f"connections:\n  bing: {json.dumps(bing)}\n"),
    )
    (project.root / "stacks/base/knowledge").mkdir(exist_ok=True)
    project.write("stacks/base/knowledge/a.md", "Anything.")
    for value in within:
        path, document = declared(value)
        project.write(path, json.dumps(document))
        assert project.findings() == [], f"{bound}: {value} is within"
    for value, message in beyond.items():
        path, document = declared(value)
        project.write(path, json.dumps(document))
        (finding,) = project.findings()
        assert message in finding, f"{bound}: {value} is beyond"


BOUNDING = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "maxLength",
    "maxItems",
    "maxProperties",
    "x-max-length",
}
NO_BOUNDS = {"dependentSchemas"}
"""A section by `id` has one entry: that is a rule of form and no bound of the service."""


def bounds_of(schema: Any, path: str) -> Iterator[tuple[str, int, str]]:
    """Every bound in a schema: where it stands, the part that has it, and its keyword."""
    if isinstance(schema, dict):
        yield from (
            (f"{path}/{key}", id(schema), key)
            for key, value in schema.items()
            if key in BOUNDING and not isinstance(value, dict)
        )
        for key, value in schema.items():
            if key not in NO_BOUNDS:
                yield from bounds_of(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from bounds_of(value, f"{path}/{number}")


def broken_by(kind: str, document: Any) -> Iterator[tuple[int, str]]:
    """The bounds that a document goes beyond."""

    def in_place(validator: Any, most: int, text: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(text, str) and len(text) > most:
            yield ValidationError("long", validator="x-max-length", schema=schema)

    checking: Any = extend(Draft202012Validator, {"x-max-length": in_place})  # type: ignore[no-untyped-call]
    errors = list(checking(schema_of(kind)).iter_errors(document))
    while errors:
        error = errors.pop()
        errors += error.context or []
        yield id(error.schema), str(error.validator)


def test_every_bound_of_the_schemas_is_gone_beyond() -> None:
    beyond = {
        found
        for declared, _, values in BOUNDS.values()
        for value in values
        for found in broken_by(declared(value)[1]["kind"], declared(value)[1])
    }
    every = [one for kind in FILES for one in bounds_of(schema_of(kind), kind)]
    assert sorted(path for path, part, key in every if (part, key) not in beyond) == []


def test_a_file_of_the_largest_size_is_taken_and_a_larger_one_is_not(project):
    path = project.write("stacks/base/data/large.bin", b"\x01")
    project.write(*_json(tool("code_interpreter", files=["../data/large.bin"])))
    with path.open("r+b") as stream:
        stream.truncate(512 * 1024 * 1024)
    assert project.findings() == []

    with path.open("r+b") as stream:
        stream.truncate(512 * 1024 * 1024 + 1)
    (finding,) = project.findings()
    assert "has 536,870,913 bytes, more than the 536,870,912 that the service takes" in finding


def test_a_store_takes_ten_thousand_files(project):
    for number in range(10_000):
        project.write(f"stacks/base/knowledge/many/{number}.md", str(number))
    project.write(*_json(store(files=["../knowledge/many/*.md"])))
    assert project.findings() == []

    project.write("stacks/base/knowledge/many/more.md", "more")
    (finding,) = project.findings()
    assert "10,001 files: a vector store takes 10,000" in finding


def _json(declared: tuple[str, dict[str, Any]]) -> tuple[str, str]:
    return declared[0], json.dumps(declared[1])
