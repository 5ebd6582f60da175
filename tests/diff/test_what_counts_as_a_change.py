"""What is drift, what is the service's own business, and what is a change of the declaration."""

import pytest

from foundry.diff import Op, changes, normal, settled
from foundry.model import UNKNOWN

AGENT = {"name": "desk", "model": "chat", "instructions": "Be brief.", "metadata": {}, "tools": []}
SEARCH = {"name": "policies", "type": "file_search", "vector_store_ids": ["vs_1"]}


def agent(**more):
    return {**AGENT, **more}


def told(kind, old, new, applied=None):
    return [(change.path, change.op.value) for change in changes(kind, old, new, applied)]


@pytest.mark.parametrize(
    ("reason", "live", "declared"),
    [
        ("null, absent and empty are one", agent(description=None), agent(description="")),
        ("an undeclared default isn't ours", agent(temperature=1.0, top_p=1.0), agent()),
        ("numbers cross Pulumi's wire as floats", agent(temperature=1), agent(temperature=1.0)),
        ("auto is the format of an agent without one", agent(response_format="auto"), agent()),
        ("foreign metadata stays", agent(metadata={"portal": "x"}), agent()),
        (
            "stores are a set",
            agent(tools=[{**SEARCH, "vector_store_ids": ["a", "b"]}]),
            agent(tools=[{**SEARCH, "vector_store_ids": ["b", "a"]}]),
        ),
        (
            "a tool that occurs once has no name at the service",
            agent(tools=[{**SEARCH, "name": "file_search"}]),
            agent(tools=[SEARCH]),
        ),
        (
            "options inside a tool are filled in",
            agent(
                tools=[
                    {
                        **SEARCH,
                        "max_num_results": 20,
                        "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
                    }
                ]
            ),
            agent(tools=[SEARCH]),
        ),
        (
            "the service derives functions from an OpenAPI document",
            agent(
                tools=[
                    {
                        "name": "w",
                        "type": "openapi",
                        "spec": {"openapi": "3.0.0"},
                        "functions": [{"name": "get"}],
                    }
                ]
            ),
            agent(
                tools=[
                    {
                        "name": "w",
                        "type": "openapi",
                        "spec": {"openapi": "3.0.0"},
                        "auth": {"type": "anonymous"},
                    }
                ]
            ),
        ),
        (
            "connection ids differ in letter case",
            agent(
                tools=[
                    {
                        "name": "b",
                        "type": "bing_grounding",
                        "connection_id": "/subscriptions/S/resourcegroups/R",
                    }
                ]
            ),
            agent(
                tools=[
                    {
                        "name": "b",
                        "type": "bing_grounding",
                        "connection_id": "/subscriptions/s/resourceGroups/r",
                    }
                ]
            ),
        ),
        (
            "asking always is what the service does unasked",
            agent(
                tools=[{"name": "d", "type": "mcp", "server_url": "https://x", "require_approval": "always"}]
            ),
            agent(tools=[{"name": "d", "type": "mcp", "server_url": "https://x"}]),
        ),
        (
            "the order of tools means nothing",
            agent(tools=[SEARCH, {"name": "run", "type": "code_interpreter"}]),
            agent(tools=[{"name": "run", "type": "code_interpreter"}, SEARCH]),
        ),
    ],
)
def test_no_change(reason, live, declared):
    assert changes("Agent", live, declared, declared) == (), reason


@pytest.mark.parametrize(
    ("reason", "live", "declared", "applied", "expected"),
    [
        ("edited by hand", agent(instructions="Rude."), agent(), agent(), [("instructions", "change")]),
        ("added by hand", agent(description="x"), agent(), agent(), [("description", "remove")]),
        ("a tool added by hand", agent(tools=[SEARCH]), agent(), agent(), [("tools[file_search]", "remove")]),
        (
            "a default that was declared goes away",
            agent(temperature=0.2),
            agent(),
            agent(temperature=0.2),
            [("temperature", "remove")],
        ),
        (
            "a pair that was declared goes away",
            agent(metadata={"team": "a"}),
            agent(),
            agent(metadata={"team": "a"}),
            [("metadata.team", "remove")],
        ),
        (
            "a declared option was changed by hand",
            agent(tools=[{**SEARCH, "max_num_results": 20}]),
            agent(tools=[{**SEARCH, "max_num_results": 8}]),
            None,
            [("tools[file_search].max_num_results", "change")],
        ),
        (
            "an approval rule was loosened by hand",
            agent(
                tools=[{"name": "d", "type": "mcp", "server_url": "https://x", "require_approval": "never"}]
            ),
            agent(tools=[{"name": "d", "type": "mcp", "server_url": "https://x"}]),
            None,
            [("tools[mcp:d].require_approval", "remove")],
        ),
        ("true isn't 1", agent(temperature=1), agent(temperature=True), None, [("temperature", "change")]),
    ],
)
def test_a_change(reason, live, declared, applied, expected):
    assert told("Agent", live, declared, applied) == expected, reason


def test_an_unknown_differs_from_everything_and_is_told_as_such():
    declared = agent(tools=[{**SEARCH, "vector_store_ids": [UNKNOWN]}])

    (change,) = changes("Agent", agent(tools=[SEARCH]), declared, agent(tools=[SEARCH]))

    assert change.path == "tools[file_search].vector_store_ids"
    assert change.new == [UNKNOWN]


def test_a_whole_definition_that_is_unknown_is_one_change():
    (change,) = changes("Agent", AGENT, UNKNOWN, AGENT)

    assert (change.path, change.new, change.op) == ("", UNKNOWN, Op.CHANGE)


STORE = {"name": "handbook", "metadata": {}, "files": [{"path": "a.md", "sha256": "aa", "file_id": "f1"}]}


def test_a_store_has_contents_not_paths():
    moved = {**STORE, "files": [{"path": "b/a.md", "sha256": "aa", "file_id": "f1"}]}

    assert told("VectorStore", STORE, moved) == []


def test_a_store_changes_with_its_contents_and_with_the_files_that_bring_them():
    edited = {**STORE, "files": [{"path": "a.md", "sha256": "bb", "file_id": UNKNOWN}]}
    uploaded_anew = {**STORE, "files": [{"path": "a.md", "sha256": "aa", "file_id": "f2"}]}

    assert told("VectorStore", STORE, edited) == [("files[aa]", "remove"), ("files[bb]", "add")]
    assert told("VectorStore", STORE, uploaded_anew) == [("files[aa].file_id", "change")]


INDEX = {
    "name": "products",
    "fields": [
        {"name": "id", "type": "Edm.String", "key": True},
        {"name": "vector", "type": "Collection(Edm.Single)", "dimensions": 3, "vectorSearchProfile": "p"},
    ],
}


def test_an_index_read_back_with_every_attribute_written_out_is_unchanged():
    live = {
        "@odata.etag": '"1"',
        "name": "products",
        "description": None,
        "scoringProfiles": [],
        "similarity": {"@odata.type": "#Microsoft.Azure.Search.BM25Similarity", "k1": None, "b": None},
        "fields": [
            {
                "name": "vector",
                "type": "Collection(Edm.Single)",
                "searchable": True,
                "filterable": False,
                "retrievable": False,
                "stored": True,
                "sortable": False,
                "facetable": False,
                "key": False,
                "dimensions": 3,
                "vectorSearchProfile": "p",
                "synonymMaps": [],
            },
            {
                "name": "id",
                "type": "Edm.String",
                "searchable": True,
                "filterable": True,
                "retrievable": True,
                "sortable": True,
                "facetable": True,
                "key": True,
                "analyzer": None,
            },
        ],
    }

    assert told("SearchIndex", live, INDEX, INDEX) == []
    assert settled("SearchIndex", live, INDEX) == INDEX


@pytest.mark.parametrize(
    ("kind", "attribute", "given"),
    [
        ("Edm.String", "searchable", True),
        ("Edm.String", "filterable", True),
        ("Edm.String", "sortable", True),
        ("Edm.String", "facetable", True),
        ("Edm.Int32", "searchable", False),
        ("Edm.GeographyPoint", "sortable", True),
        ("Edm.GeographyPoint", "facetable", False),
        ("Collection(Edm.String)", "sortable", False),
        ("Collection(Edm.Single)", "searchable", True),
        ("Collection(Edm.Single)", "filterable", False),
        ("Collection(Edm.Single)", "facetable", False),
    ],
)
def test_what_the_service_gives_a_field_anyway_may_be_written_out_or_left_out(kind, attribute, given):
    def index(**more):
        return {**INDEX, "fields": [*INDEX["fields"], {"name": "more", "type": kind, **more}]}

    same, other, without = index(**{attribute: given}), index(**{attribute: not given}), index()
    assert told("SearchIndex", same, same, without) == []
    assert told("SearchIndex", same, without, same) == []
    assert told("SearchIndex", same, other, without) == [(f"fields[more].{attribute}", "change")]
    assert told("SearchIndex", other, without, other) != []


def test_a_key_that_the_service_never_tells_is_compared_with_the_one_last_sent():
    def index(key):
        vectorizer = {"name": "v", "kind": "azureOpenAI", "azureOpenAIParameters": {"apiKey": key}}
        return {**INDEX, "vectorSearch": {"vectorizers": [vectorizer]}}

    path = "vectorSearch.vectorizers[v].azureOpenAIParameters.apiKey"
    assert told("SearchIndex", index(None), index("k1"), index("k1")) == []
    assert told("SearchIndex", index(None), index("k2"), index("k1")) == [(path, "change")]
    assert told("SearchIndex", index("k2"), index("k2"), index("k1")) == [(path, "change")]
    assert settled("SearchIndex", index(None), index("k1")) == index("k1")


def test_what_is_read_keeps_the_words_of_the_declaration_except_for_drift():
    declared = agent(tools=[SEARCH, {"name": "run", "type": "code_interpreter"}], description="")
    live = agent(
        instructions="Edited.",
        temperature=1.0,
        metadata={"portal": "x"},
        tools=[
            {"name": "code_interpreter", "type": "code_interpreter", "file_ids": []},
            {
                "name": "file_search",
                "type": "file_search",
                "vector_store_ids": ["vs_1"],
                "max_num_results": 20,
            },
            {"name": "function", "type": "function", "parameters": {}},
        ],
    )

    assert settled("Agent", live, declared) == {
        **declared,
        "instructions": "Edited.",
        "tools": [*declared["tools"], {"name": "function", "type": "function", "parameters": {}}],
    }


def test_a_normal_form_has_no_empty_values():
    assert normal("Agent", {**AGENT, "description": "", "tools": [], "metadata": {"a": "b"}}) == {
        "name": "desk",
        "model": "chat",
        "instructions": "Be brief.",
        "metadata": {"a": "b"},
    }


def test_an_attribute_that_is_no_longer_declared_is_a_change_only_if_the_default_differs():
    def index(**attributes):
        return {
            "name": "products",
            "fields": [{"name": "id", "type": "Edm.String", "key": True, **attributes}],
        }

    live = index(filterable=True, searchable=False)

    assert told("SearchIndex", live, index(), index(filterable=True)) == []
    assert told("SearchIndex", live, index(), index(searchable=False)) == [
        ("fields[id].searchable", "change")
    ]
    assert told("SearchIndex", live, index(), index()) == []


def test_a_tool_that_somebody_doubled_by_hand_is_drift():
    tool = {"type": "function", "name": "count"}
    declared = {"tools": [tool]}

    (change,) = changes("Agent", {"tools": [tool, {**tool, "description": "Again"}]}, declared, declared)

    assert (change.path, change.op) == ("tools[function:count#2]", Op.REMOVE)


def test_a_field_of_an_index_that_somebody_hid_is_read_as_hidden():
    declared = {"name": "products", "fields": [{"name": "title", "type": "Edm.String"}]}

    def live(**more):
        return {"name": "products", "fields": [{**declared["fields"][0], "searchable": True, **more}]}

    assert settled("SearchIndex", live(retrievable=True), declared) == declared
    hidden = settled("SearchIndex", live(retrievable=False), declared)
    assert told("SearchIndex", hidden, declared, declared) == [("fields[title].retrievable", "change")]
