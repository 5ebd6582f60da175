"""From any declared world to any other: after an up nothing is left to change, and live is what is declared."""

import json

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cases.test_interrupted import assert_live_is_declared, declare

FILES = {f"knowledge/{name}.md": f"About {name}." for name in ("returns", "sizes", "prices")}
texts = st.text(alphabet="abé {}$:#\n'\"", max_size=12).map(lambda text: text.replace("${", "$ {"))
words = st.text(alphabet="abc", min_size=1, max_size=3)
pairs = st.dictionaries(words, st.text(alphabet="ab 1", max_size=4), max_size=2)
described = st.one_of(st.none(), texts)


def some(**fields):
    return st.fixed_dictionaries({}, optional=fields)


def tool(kind, optional=None, **required):
    return st.builds(
        lambda given, more: {"type": kind, **given, **more},
        st.fixed_dictionaries(required),
        some(**(optional or {})),
    )


counts = {
    "market": st.sampled_from(["en-GB", "de-DE"]),
    "count": st.integers(1, 50),
    "freshness": st.just("Week"),
}
anywhere = {
    "search": tool(
        "file_search",
        {
            "max_num_results": st.integers(1, 50),
            "ranking_options": st.just({"ranker": "auto", "score_threshold": 0.5}),
        },
        vector_stores=st.just(["handbook"]),
    ),
    "code": tool(
        "code_interpreter",
        {"files": st.lists(st.sampled_from(sorted(FILES)), min_size=1, max_size=2, unique=True)},
    ),
    "web": tool("bing_grounding", counts, connection=st.just("bing")),
    "sites": tool("bing_custom_search", counts, connection=st.just("custom-bing"), instance_name=words),
    "index": tool(
        "azure_ai_search",
        {"query_type": st.sampled_from(["simple", "vector"]), "top_k": st.integers(1, 50), "filter": texts},
        connection=st.just("search"),
        index_name=words,
    ),
    "docs": tool(
        "mcp",
        {
            "allowed_tools": st.lists(words, min_size=1, max_size=2, unique=True),
            "require_approval": st.sampled_from(["always", "never", {"never": ["read"]}]),
        },
        server_url=st.just("https://docs.example/mcp"),
    ),
    "quote": tool(
        "azure_function",
        {"description": texts},
        parameters=st.just({"type": "object", "properties": {}}),
        input_queue=st.just("quote-in"),
        output_queue=st.sampled_from(["quote-out", "quote-in"]),
    ),
}
callable_ones = {
    "look_up": tool(
        "function",
        {
            "description": texts,
            "parameters": st.just({"type": "object", "properties": {"n": {"type": "number"}}}),
        },
    )
}


def agent(name, tools):
    return st.builds(
        lambda fields, tools: {"kind": "Agent", "name": name, "model": "chat", **fields, "tools": tools},
        some(
            description=texts,
            instructions=texts,
            temperature=st.sampled_from([0, 0.5, 1, 2]),
            top_p=st.sampled_from([0, 1, 0.25]),
            response_format=st.sampled_from(
                ["auto", {"type": "text"}, {"type": "json_schema", "name": "n", "schema": {"type": "object"}}]
            ),
            metadata=pairs,
            service_name=words,
        ),
        some(**tools),
    )


store = st.builds(
    lambda files, fields: {"kind": "VectorStore", "name": "handbook", "files": files, **fields},
    st.lists(st.sampled_from(sorted(FILES)), min_size=1, unique=True),
    some(
        metadata=pairs,
        expires_after=st.builds(lambda days: {"days": days}, st.integers(1, 365)),
        chunking_strategy=st.sampled_from(
            [
                {"type": "auto"},
                {"type": "static", "max_chunk_size_tokens": 400, "chunk_overlap_tokens": 50},
                {"type": "static", "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
            ]
        ),
    ),
)
front = agent(
    "front",
    {
        **callable_ones,
        "desk": tool("connected_agent", agent=st.just("desk"), description=st.text("ab", min_size=1)),
        "code": anywhere["code"],
    },
)
worlds = st.builds(
    lambda desk, store, more: [desk, store, *more],
    agent("desk", anywhere),
    store,
    st.one_of(st.just([]), front.map(lambda one: [one])),
)


def written(world):
    return FILES | {f"{one['name']}.yaml": json.dumps(one, ensure_ascii=False) for one in world}


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    # Making an example smaller would make dozens of worlds.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(worlds, worlds)
def test_any_two_worlds(new_stack, project_of_standard_setup, before, after):
    stack = project_of_standard_setup(new_stack())
    for world in (before, after):
        declare(stack, written(world))
        stack.up()
        assert_live_is_declared(stack)
