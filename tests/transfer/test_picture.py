"""The picture of an environment: nothing hidden behind something else, every arrow to the right, drift in colour."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundry.manifest import load
from foundry.model import Evaluation, Evaluator, MemoryStore, Skill, SkillReference, Tool, Toolbox
from foundry.transfer.drawing import svg
from foundry.transfer.layout import layout_of
from foundry.transfer.picture import Edge, Node, Picture, Status, around, calm, mermaid, picture_of

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def shop() -> Picture:
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    return picture_of(
        manifest, {("Agent", "order-analyst"): Status.DRIFT, ("VectorStore", "handbook"): Status.LIVE}
    )


def boxes(text: str) -> dict[str, tuple[float, float, float, float]]:
    """Every box by the words of its tooltip: left, top, right, bottom."""
    found = {}
    for group in ET.fromstring(text).iter(f"{SVG}g"):
        title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rect is not None
        x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        found[str(title.text)] = (x, y, x + width, y + height)
    return found


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_the_shop_is_drawn_with_every_agent_tool_store_and_model() -> None:
    picture = shop()
    labels = {(node.kind, node.label) for node in picture.nodes}
    assert labels >= {
        ("agent", "front-desk"),
        ("tool", "customer_care"),
        ("agent", "customer-care"),
        ("store", "handbook"),
        ("index", "products"),
        ("model", "chat"),
        ("queue", "quote-requests"),
    }
    assert Edge("tool:front-desk/customer_care", "agent:customer-care") in picture.edges
    assert Edge("tool:customer-care/handbook", "store:handbook") in picture.edges


def test_toolboxes_skills_and_memory_stores_are_drawn_with_who_uses_them() -> None:
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    tools = (
        Tool("box", "toolbox", {"toolbox": "desk"}),
        Tool("m", "memory_search", {"memory_store": "people"}),
    )
    desk = replace(manifest.agents[0], name="desk", tools=tools, skills=(SkillReference(skill="returns"),))
    stock = Tool("stock", "azure_ai_search", {"index": "products"})
    box = Toolbox("desk", "desk", "service", (stock,), skills=(SkillReference(name="theirs"),))
    people = MemoryStore("people", "people", "service", "chat", "embeddings")
    skill = Skill("returns", "returns", "service", "d", "i")
    told = replace(manifest, agents=(desk,), toolboxes=(box,), memory_stores=(people,), skills=(skill,))
    picture = picture_of(told, {("Toolbox", "desk"): Status.DRIFT})

    assert {
        Edge("agent:desk", "skill:returns"),
        Edge("tool:desk/box", "toolbox:desk"),
        Edge("tool:desk/m", "memory:people"),
        Edge("memory:people", "model:embeddings"),
        Edge("toolbox:desk", "tool:toolbox:desk/stock"),
        Edge("tool:toolbox:desk/stock", "index:products"),
        Edge("toolbox:desk", "skill:theirs"),
    } <= set(picture.edges)
    assert "toolbox desk: changed outside" in boxes(svg(picture))
    assert "returns<br>skill" in mermaid(picture)


def test_an_agent_that_is_spoken_with_is_drawn_with_its_model_and_those_that_it_asks() -> None:
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    desk = replace(manifest.agents[0], name="desk")
    asked = [{"agent": "desk"}, {"agent_name": "theirs"}]
    speech = {"model_type": "managed", "model": "gpt-realtime", "subagent_config": {"subagents": asked}}
    phone = replace(desk, name="phone", model=None, tools=(), voice=speech)
    engine = replace(phone, name="bridge", voice={"conversation_engine": {"agent": "desk"}})
    picture = picture_of(replace(manifest, agents=(desk, phone, engine)), {})

    assert {
        Edge("agent:phone", "model:gpt-realtime"),
        Edge("agent:phone", "agent:desk"),
        Edge("agent:phone", "agent:theirs"),
        Edge("agent:bridge", "agent:desk"),
    } <= set(picture.edges)


def test_what_was_changed_outside_has_a_colour_and_says_so() -> None:
    told = mermaid(shop())
    name = re.search(r"(n\d+)\(\[\"order-analyst", told)
    assert name is not None
    assert f"class {name[1]} drift" in told
    assert "agent order-analyst: changed outside" in boxes(svg(shop()))


nodes = st.integers(0, 9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(nodes, nodes), max_size=24))
def test_no_box_covers_another_and_arrows_lead_to_the_right(pairs: list[tuple[int, int]]) -> None:
    named = tuple(Node(f"agent:{number}", "agent", f"a{number}") for number in range(10))
    edges = tuple(Edge(f"agent:{low}", f"agent:{high}") for low, high in pairs if low < high)
    text = svg(Picture("any", named, edges))
    placed = boxes(text)
    assert len(placed) == len(named)
    assert not any(overlap(one, other) for one, other in combinations(placed.values(), 2))
    for edge in edges:
        left, right = (placed[f"agent a{end.split(':')[1]}: declared"] for end in (edge.source, edge.target))
        assert left[2] < right[0]


def test_a_circle_of_what_is_not_declared_here_is_drawn_all_the_same() -> None:
    named = tuple(Node(f"agent:{name}", "agent", name) for name in "ab")
    told = svg(Picture("circle", named, (Edge("agent:a", "agent:b"), Edge("agent:b", "agent:a"))))
    assert len(boxes(told)) == 2


@pytest.mark.parametrize("label", ['<script>alert("x")</script>', "a & b", '"]; click n0'])
def test_names_are_text_and_nothing_else(label: str) -> None:
    picture = Picture(label, (Node("agent:x", "agent", label),), ())
    assert f"agent {label}: declared" in boxes(svg(picture))
    assert "<script" not in mermaid(picture)
    assert mermaid(picture).count('"') == 2


def test_nothing_declared_is_an_empty_picture() -> None:
    assert boxes(svg(Picture("none", (), ()))) == {}
    assert mermaid(Picture("none", (), ())) == "flowchart LR\n"


def test_an_agent_points_to_the_models_that_judge_its_answers_and_to_the_index_of_an_asset() -> None:
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    finder = next(agent for agent in manifest.agents if agent.name == "product-finder")
    tool = Tool("stock", "azure_ai_search", {"index_asset": "products"})
    evaluators = (
        Evaluator("relevance", "builtin.relevance", model="embeddings"),
        Evaluator("x", "builtin.x"),
    )
    judged = replace(finder, tools=(tool,), evaluation=Evaluation("rule", evaluators=evaluators))

    edges = picture_of(replace(manifest, agents=(judged,)), {}).edges

    assert Edge("agent:product-finder", "model:embeddings") in edges
    assert Edge("tool:product-finder/stock", "index:products") in edges


def crowd(count: int) -> Picture:
    """So many agents: each searches a store and runs code, and hands over to the next one."""
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    store = Tool("search", "file_search", {"vector_stores": ["handbook"]})
    code = Tool("code", "code_interpreter", {})
    agents = tuple(
        replace(
            manifest.agents[0],
            name=f"a{number}",
            tools=(store, code, Tool("next", "connected_agent", {"agent": f"a{number + 1}"})),
        )
        for number in range(count)
    )
    return picture_of(replace(manifest, agents=agents), {})


def test_many_tools_are_named_in_the_boxes_of_their_agents() -> None:
    picture = calm(crowd(60))
    assert not any(node.kind == "tool" for node in picture.nodes)
    assert {Edge("agent:a3", "store:handbook"), Edge("agent:a3", "agent:a4")} <= set(picture.edges)
    assert (
        "agent a3: declared; tools: search (file_search), code (code_interpreter), next (connected_agent); uses: chat"
        in boxes(svg(picture))
    )
    assert "search, code, next" in mermaid(picture)


def desks(count: int, stores: int) -> Picture:
    """So many agents: every seventh searches two stores, each of the others one."""
    manifest = load(ROOT, "sandbox").manifest
    assert manifest is not None
    agents = tuple(
        replace(
            manifest.agents[0],
            name=f"desk-{number}",
            tools=(
                Tool(
                    "search",
                    "file_search",
                    {
                        "vector_stores": [
                            f"s{(number * step) % stores}" for step in range(1, 3 if number % 7 == 0 else 2)
                        ]
                    },
                ),
            ),
        )
        for number in range(count)
    )
    return picture_of(replace(manifest, agents=agents), {("Agent", "desk-3"): Status.DRIFT})


@pytest.mark.parametrize("count", [20, 60, 150])
def test_a_large_world_is_a_page_on_which_nothing_covers_anything_and_arrows_lead_to_the_right(
    count: int,
) -> None:
    picture = calm(desks(count, 9))
    layout = layout_of(picture)
    frames = {group.id: layout.boxes[group.id] for group in picture.groups}
    inside = {member: frames[group.id] for group in picture.groups for member in group.members}
    things = {id_: (box.x, box.y, box.x + box.width, box.y + box.height) for id_, box in layout.boxes.items()}
    for (one, here), (other, there) in combinations(things.items(), 2):
        holds = {inside.get(one), inside.get(other)} & {frames.get(one), frames.get(other)} - {None}
        assert bool(holds) == overlap(here, there)
    for edge in picture.edges:
        assert things[edge.source][2] < things[edge.target][0]
    width, height = layout.size
    assert 0.4 < width / height < 2.5
    assert width * height < 45_000 * len(picture.nodes)
    assert len(boxes(svg(picture))) == len(picture.nodes)


def test_those_that_use_the_same_stand_in_one_frame_and_what_very_many_use_is_named_in_their_boxes() -> None:
    picture = calm(desks(60, 9))
    group = next(group for group in picture.groups if "agent:desk-3" in group.members)
    assert group.members[:2] == ("agent:desk-3", "agent:desk-12")
    assert Edge(group.id, "store:s3") in picture.edges
    assert not any(edge.target == "model:chat" for edge in picture.edges)
    told = mermaid(picture)
    assert "used by 60" in told
    number = picture.groups.index(group)
    rows = told.partition(f'  subgraph g{number}[" "]\n')[2].partition("  end\n")[0]
    named = [re.search(rf'(n\d+)\(\["{member.removeprefix("agent:")}<br>', told) for member in group.members]
    assert re.findall(r"n\d+", rows) == [found[1] for found in named if found]
    assert re.search(rf"  g{number} --> n\d+\n", told)
    assert "classDef drift" in told


def test_few_tools_keep_their_boxes() -> None:
    assert calm(shop()) == shop()


def test_the_picture_around_an_agent_has_what_it_reaches_and_who_hands_over_to_it() -> None:
    labels = {(node.kind, node.label) for node in around(shop(), ["customer-care"]).nodes}
    assert labels == {
        ("agent", "front-desk"),
        ("tool", "customer_care"),
        ("agent", "customer-care"),
        ("tool", "handbook"),
        ("store", "handbook"),
        ("model", "chat"),
    }


def test_an_index_points_to_the_model_that_makes_its_vectors() -> None:
    assert Edge("index:products", "model:embeddings") in shop().edges
