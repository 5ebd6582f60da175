"""What holds for any two worlds."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from foundry.diff import TABLES, changes, settled
from foundry.model import UNKNOWN
from foundry.service import classic_bodies

texts = st.text(alphabet="abcé 1{", max_size=6)
names = st.sampled_from(["a", "b", "c"])
numbers = st.one_of(st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0]))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
ids = st.lists(st.sampled_from(["x1", "x2", "x3"]), unique=True, max_size=2)


def optional(**fields):
    return st.fixed_dictionaries({}, optional=fields)


def tool(kind, **fields):
    return st.builds(lambda name, more: {"name": name, "type": kind, **more}, names, optional(**fields))


def required(kind, fields, **more):
    return st.builds(
        lambda name, given, rest: {"name": name, "type": kind, **given, **rest},
        names,
        st.fixed_dictionaries(fields),
        optional(**more),
    )


queue = st.fixed_dictionaries({"endpoint": st.just("https://q"), "queue_name": names})
schema = st.just({"type": "object", "properties": {"n": {"type": "number", "maximum": 3}}})
tools = st.lists(
    st.one_of(
        tool("file_search", vector_store_ids=ids, max_num_results=st.integers(1, 50)),
        tool("code_interpreter", file_ids=ids),
        tool(
            "azure_ai_search",
            index_connection_id=names,
            index_name=names,
            query_type=names,
            top_k=st.integers(1, 9),
            filter=texts,
        ),
        required(
            "openapi",
            {
                "spec": schema,
                "auth": st.sampled_from(
                    [{"type": "anonymous"}, {"type": "connection", "connection_id": "c"}]
                ),
            },
            description=texts,
            default_params=ids,
        ),
        required(
            "azure_function",
            {"parameters": schema, "input_queue": queue, "output_queue": queue},
            description=texts,
        ),
        required("connected_agent", {"agent_id": names, "description": texts}),
        required("function", {"parameters": schema}, description=texts),
        tool("bing_grounding", connection_id=names, market=texts, count=st.integers(1, 50)),
        required(
            "mcp",
            {"server_url": st.just("https://m")},
            allowed_tools=ids,
            require_approval=st.sampled_from(["never", "always", {"never": ["t"]}]),
        ),
        required("deep_research", {"model": names, "connection_id": names}),
    ),
    max_size=4,
    unique_by=lambda one: (
        one["type"]
        if one["type"] not in ("function", "openapi", "azure_function", "connected_agent", "mcp")
        else (one["type"], one["name"])
    ),
)
agents = st.builds(
    lambda base, more: {**base, **more},
    st.fixed_dictionaries({"name": names, "model": names}),
    optional(
        description=texts,
        instructions=texts,
        temperature=numbers,
        top_p=numbers,
        response_format=st.sampled_from(
            ["auto", {"type": "text"}, {"type": "json_schema", "name": "n", "schema": {"type": "object"}}]
        ),
        metadata=st.dictionaries(names, texts, max_size=3),
        tools=tools,
    ),
)
anything = st.one_of(agents, documents, st.just(UNKNOWN))
kinds = st.sampled_from(sorted(TABLES))


def served(body):
    """What the service makes of a create body: defaults filled in, an order of its own, derived fields."""
    kept = {
        "description": None,
        "instructions": None,
        "temperature": 1.0,
        "top_p": 1.0,
        "response_format": "auto",
        "tool_resources": {},
        **json.loads(json.dumps(body)),
    }
    kept["tools"] = list(reversed(kept.get("tools", [])))
    for one in kept["tools"]:
        if one["type"] == "openapi":
            one["openapi"] = {"default_params": [], **one["openapi"], "functions": [{"name": "derived"}]}
        if one["type"] == "file_search":
            one["file_search"] = {"max_num_results": 20, **one.get("file_search", {})}
    return kept


def updated(live, body):
    """What the service makes of an update body: partial at the top, null clears, a tool resource replaces its like."""
    merged = {**live, **json.loads(json.dumps(body))}
    merged["tool_resources"] = {**live["tool_resources"], **body.get("tool_resources", {})}
    defaults = {"temperature": 1.0, "top_p": 1.0, "response_format": "auto"}
    return served({key: defaults.get(key) if value is None else value for key, value in merged.items()})


@given(kinds, anything, anything, anything)
def test_comparing_is_total_and_says_the_same_twice(kind, old, new, applied):
    before = copy.deepcopy((old, new, applied)) if UNKNOWN not in (old, new, applied) else None

    first = changes(kind, old, new, applied)

    assert repr(changes(kind, old, new, applied)) == repr(first)
    if before is not None:
        assert before == (old, new, applied)


@given(kinds, st.one_of(agents, documents))
def test_nothing_differs_from_itself(kind, one):
    assert changes(kind, one, one, one) == ()


@given(agents, agents)
def test_two_worlds_differ_both_ways_or_not_at_all(one, other):
    """Owned fields and declared defaults: a change there and back again, told for the same paths."""
    there = {change.path for change in changes("Agent", one, other, one)}
    back = {change.path for change in changes("Agent", other, one, other)}

    assert there == back


@given(agents)
def test_after_a_create_nothing_differs(declared):
    body = classic_bodies.create_body(declared, declared.get("metadata", {}))

    live = classic_bodies.definition_of(served(body))

    assert changes("Agent", live, declared, declared) == ()


@settings(max_examples=200)
@given(agents, agents)
def test_after_an_update_nothing_differs(before, after):
    live = served(classic_bodies.create_body(before, before.get("metadata", {})))
    reset = [
        key for key in ("temperature", "top_p") if before.get(key) is not None and after.get(key) is None
    ]

    body = classic_bodies.update_body(live, after, after.get("metadata", {}), reset=reset)
    now = classic_bodies.definition_of(updated(live, body))

    assert changes("Agent", now, after, after) == ()
    # `before` as the last applied declaration: what it had and `after` lacks was reset, not left behind.
    left = [
        change
        for change in changes("Agent", now, after, before)
        if change.path not in ("temperature", "top_p")
    ]
    assert [change.path for change in left if not change.path.startswith("tools[")] == []


@given(agents, agents)
def test_what_is_read_back_differs_where_the_live_object_differs(live, applied):
    told = settled("Agent", live, applied)

    assert {change.path for change in changes("Agent", told, applied, applied)} == {
        change.path for change in changes("Agent", live, applied, applied)
    }
