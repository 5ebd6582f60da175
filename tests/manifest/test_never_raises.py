"""Whatever stands in a file, loading gives findings and never an exception."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundry.manifest import explain, load

HERE = Path(__file__).parent
DOCUMENTS = [
    "stacks/base/environment.yaml",
    "stacks/base/agents/order-desk.yaml",
    "stacks/base/agents/front-desk.yaml",
    "stacks/base/vector-stores/handbook.yaml",
    "stacks/base/search-indexes/products.yaml",
    "stacks/base/openapi/weather.yaml",
    "stacks/Pulumi.dev.yaml",
]
WORDS = st.sampled_from(
    [
        "",
        "chat",
        "handbook",
        "products",
        "file_search",
        "${stack}",
        "${config.weatherUrl}",
        "${queue.quote-in.url}",
        "${",
        "../x",
        "<id>",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text(max_size=8)
)
KEYS = st.sampled_from(["file", "type", "name", "tools", "model", "id", "key", "omit", "fields"]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def paths(tree, path=()):
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from paths(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from paths(value, (*path, index))


def changed(tree, path, value):
    if not path:
        return value
    tree = copy.deepcopy(tree)
    at = tree
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return tree


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("any") / "project"
    shutil.copytree(HERE / "declarations", folder)
    return folder


def loads(root, path, content):
    """Load the examples with the content of one file changed."""
    before = (root / path).read_bytes()
    (root / path).write_bytes(content)
    try:
        loaded = load(root, "dev")
        explain(root, "dev")
    finally:
        (root / path).write_bytes(before)
    assert (loaded.manifest is None) == any(finding.severity == "error" for finding in loaded.findings)
    assert all(finding.what and finding.fix for finding in loaded.findings)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(path=st.sampled_from(DOCUMENTS), text=st.text(max_size=60))
def test_any_text_in_a_file_gives_findings(root, path, text):
    loads(root, path, text.encode("utf-8", "surrogatepass"))


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(path=st.sampled_from(DOCUMENTS), data=st.binary(max_size=40))
def test_any_bytes_in_a_file_give_findings(root, path, data):
    loads(root, path, data)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_value_in_the_place_of_any_other_gives_findings(root, data):
    path = data.draw(st.sampled_from(DOCUMENTS))
    tree = yaml.safe_load((HERE / "declarations" / path).read_text(encoding="utf-8"))
    where = data.draw(st.sampled_from(list(paths(tree))))
    loads(root, path, json.dumps(changed(tree, where, data.draw(VALUES)), default=str).encode())


def test_a_long_chain_of_connected_agents_is_walked(project):
    for number in range(1100):
        project.write(
            f"stacks/base/agents/a{number}.yaml",
            f"kind: Agent\nname: a{number}\nmodel: chat\ntools: {{next: {{type: connected_agent, agent: a{number + 1}, description: Next}}}}\n",
        )
    project.write("stacks/base/agents/a1100.yaml", "kind: Agent\nname: a1100\nmodel: chat\n")
    assert len(project.load().findings) == 1099
