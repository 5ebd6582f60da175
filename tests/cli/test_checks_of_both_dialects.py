"""An agent on its way from the classic to the versioned dialect: checked in both forms, and moved only when it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from .conftest import Clone, make_clone

ANALYST = """\
kind: Agent
name: order-analyst
dialect: {dialect}
checks:
  most-returned: {{expect: {{contains: ["{word}"]}}}}
"""
MATE = """\
kind: Agent
name: mate
dialect: versioned
model: chat
description: Tells prices, and reads what customers send
instructions: Answer from your tools.
tools:
  price_of:
    type: function
    description: The price of an article in EUR
    parameters: {type: object, properties: {article: {type: string}}, required: [article]}
  haggle: {type: custom, description: Haggles about a discount for a customer}
  crm:
    type: namespace
    description: Looks customers up
    tools:
      find_loyalty: {type: function, description: Finds the loyalty points of a member}
  screen: {type: computer_use, environment: browser, display_width: 1024, display_height: 768}
checks:
  discount:
    ask: Haggle about a discount for a customer
    functions: {haggle: five percent}
    expect: {contains: [five percent], tools: [haggle]}
  discount-streamed:
    ask: Haggle about a discount for a customer
    stream: true
    functions: {haggle: five percent}
    expect: {contains: [five percent], tools: [haggle]}
  points:
    ask: Find the loyalty points of a member
    functions: {find_loyalty: {points: 1200}}
    expect: {contains: ["1200"], tools: [crm]}
  price:
    ask: What is the price of an article in EUR?
    functions: {price_of: {eur: 479.95}}
    expect: {contains: ["479.95"], tools: [price_of], max_tokens: 5000}
  price-streamed:
    ask: [Hello, What is the price of an article in EUR?]
    stream: true
    functions: {price_of: {eur: 479.95}}
    expect: {contains: ["479.95"], tools: [price_of]}
  price-nobody-tells:
    ask: What is the price of an article in EUR?
    expect: {contains: ["479.95"]}
  attached:
    ask: Who repairs harpoons?
    attachments: [{file: ../data/harpoons.md, tools: [file_search]}]
    images: [{file: ../data/boot.png}, {url: "https://pictures.example/boot.png"}]
    expect: {contains: [Queequeg]}
"""
RULES = """\
rules:
  - when: {contains: [look at the screen]}
    calls: [{computer_use_preview: true}]
    say: seen
"""
LIVE = """
import os
from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential

client = AIProjectClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
files = client.get_openai_client().files.list()
print([name for name in ("harpoons", "boot") for file in files if name in file.filename])
print(sorted(agent.name for agent in client.agents.list()))
"""


@dataclass(frozen=True)
class Moving:
    """A clone that is up, with one agent in both dialects and one in the versioned one alone, and what its checks said."""

    clone: Clone
    checked: str


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moving]:
    clone = make_clone(tmp_path_factory.mktemp("moving") / "project")
    stack = clone.root / "stacks" / "sandbox"
    (stack / "data").mkdir()
    (stack / "data" / "harpoons.md").write_text(
        "# Harpoons\n\nHarpoons are repaired by Queequeg, below deck.\n"
    )
    (stack / "data" / "boot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (stack / "agents" / "mate.yaml").write_text(MATE)
    declare(clone, dialect="both", word="clothing")
    code, printed = clone.run("up", "--yes", "--check")
    assert code == 1, printed
    yield Moving(clone, printed)
    clone.run("sandbox", "stop")


def declare(clone: Clone, *, dialect: str, word: str) -> None:
    overlay = clone.root / "stacks" / "sandbox" / "agents" / "order-analyst.yaml"
    overlay.write_text(ANALYST.format(dialect=dialect, word=word))


def passed(moving: Moving, agent: str) -> list[str]:
    told = (line.split(f"{agent}: ") for line in moving.checked.splitlines() if line.startswith("passed"))
    return sorted(parts[1] for parts in told if len(parts) == 2)


def test_an_agent_in_both_dialects_is_checked_in_both(moving):
    assert passed(moving, "order-analyst") == ["most-returned (classic)", "most-returned (versioned)"]


def test_a_versioned_agent_is_checked_with_files_pictures_streams_and_functions(moving):
    assert passed(moving, "mate") == [
        "attached (versioned)",
        "discount (versioned)",
        "discount-streamed (versioned)",
        "points (versioned)",
        "price (versioned)",
        "price-streamed (versioned)",
    ]
    lines = moving.checked.splitlines()
    assert lines[-1].endswith("these checks failed: mate: price-nobody-tells (versioned)")
    assert any(
        "the agent called the function 'price_of', and nothing says what it answers" in one for one in lines
    )


def test_what_only_a_program_can_carry_out_is_told(moving, tmp_path):
    (tmp_path / "mate.yaml").write_text(RULES)
    moving.clone.fac("sandbox", "rules", str(tmp_path / "mate.yaml"))

    code, printed = moving.clone.run("ask", "mate", "Look at the screen")

    assert code == 1
    assert printed.splitlines()[-1] == (
        "fac: the response waits for the calling program to carry out what the tool computer asks for; "
        "ask this agent from a program of its own"
    )


def test_rules_that_the_sandbox_refuses_are_told_with_their_file(moving, tmp_path):
    wrong = tmp_path / "mate.yaml"
    wrong.write_text("rules: [{sayy: Hello.}]\n")

    code, printed = moving.clone.run("sandbox", "rules", str(wrong))

    assert code == 1
    assert printed.startswith(f"fac: {wrong}: ")
    assert "rules[0].sayy" in printed
    assert ".; " not in printed


def test_nothing_of_a_versioned_conversation_stays_behind(moving):
    assert list((moving.clone.root / ".sandbox" / "checks").rglob("*.jsonl")) == []
    assert moving.clone.python(LIVE) == "[]\n['mate', 'order-analyst']\n"


def test_a_versioned_agent_is_tried_on_a_copy(moving):
    printed = moving.clone.fac(
        "try", "order-analyst", "Which category had the highest share of returned orders?"
    )
    assert "order-analyst, as declared (a scratch copy, deleted again), was asked:" in printed
    assert "  by    order-analyst, with code_interpreter\n" in printed
    assert moving.clone.python(LIVE) == "[]\n['mate', 'order-analyst']\n"


def test_an_agent_that_never_had_its_new_form_checked_is_not_moved(moving):
    overlay = moving.clone.root / "stacks" / "sandbox" / "agents" / "product-finder.yaml"
    desk = moving.clone.root / "stacks" / "sandbox" / "agents" / "front-desk.yaml"
    overlay.write_text("{kind: Agent, name: product-finder, dialect: versioned}\n")
    desk.write_text("{kind: Agent, name: front-desk, omit: true}\n")
    try:
        code, printed = moving.clone.run("up", "--yes")
    finally:
        overlay.unlink()
        desk.unlink()
    assert code == 1
    assert printed.splitlines()[-1] == (
        "fac: the classic agent product-finder would go before its versioned form was ever checked; "
        "bring up `dialect: both` first; or say `--unchecked`"
    )


def test_the_old_form_goes_only_when_the_new_one_passes(moving):
    before = moving.clone.outputs()["agents"]["order-analyst"]
    declare(moving.clone, dialect="versioned", word="unicorns")

    code, printed = moving.clone.run("up", "--yes")

    assert code == 1
    assert printed.splitlines()[-1] == (
        "fac: nothing was changed, because these checks failed: order-analyst: most-returned (versioned); "
        "keep `dialect: both` until they pass; or say `--unchecked`"
    )
    assert moving.clone.outputs()["agents"]["order-analyst"] == before

    declare(moving.clone, dialect="versioned", word="clothing")
    printed = moving.clone.fac("up", "--yes")

    assert "dynamic/foundry:Agent  order-analyst  deleted" in printed
