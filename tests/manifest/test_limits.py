"""Every bound of the service: at it and within it a declaration is taken, beyond it one finding says what the bound is.

Sources of the bounds: Azure docs, quotas and limits of the Agent Service and of AI Search; models of the official clients.
"""

from __future__ import annotations

import json
from typing import Any

import pytest


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


def ranked(threshold: float) -> tuple[str, dict[str, Any]]:
    return tool(
        "file_search",
        vector_store_ids=["vs_1"],
        ranking_options={"ranker": "auto", "score_threshold": threshold},
    )


BOUNDS = {
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
        lambda n: agent(dialect="versioned", evaluation={"rule": "continuous", "evaluators": {"m" * n: {}}}),
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
