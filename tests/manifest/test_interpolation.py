"""`${stack}`, `${config.KEY}` and `${queue.NAME.url}` in texts."""

from __future__ import annotations

import pytest

from foundry.model import QueueUrl, Template

PROMPT = "{file: ../prompts/desk.md}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("You work in ${stack}.", "You work in dev."),
        ("$${stack} stays", "${stack} stays"),
        ("{{input}} and $stack and $ {stack} stay", "{{input}} and $stack and $ {stack} stay"),
        ("${queue.quote-in.url}", Template((QueueUrl("quote-in"),))),
        ("From ${queue.quote-in.url} in ${stack}", Template(("From ", QueueUrl("quote-in"), " in dev"))),
        ("$${a} ${queue.quote-in.url}", Template(("${a} ", QueueUrl("quote-in")))),
    ],
)
def test_places_are_filled(project, written, read):
    project.change("stacks/base/agents/desk.yaml", PROMPT, f"'{written}'")
    assert project.load().manifest.agents[0].instructions == read


def test_a_file_is_filled_only_when_it_says_so(project):
    project.write("stacks/base/prompts/desk.md", "${stack}\n")
    assert project.load().manifest.agents[0].instructions == "${stack}\n"
    project.change("stacks/base/agents/desk.yaml", PROMPT, "{file: ../prompts/desk.md, interpolate: true}")
    assert project.load().manifest.agents[0].instructions == "dev\n"


def test_places_inside_tools_and_their_documents_are_filled(project, write_agent):
    project.write(
        "stacks/base/formats/quote.json", '{"type": "object", "description": "To ${queue.quote-in.url}"}'
    )
    write_agent(
        "tools:\n  q: {type: function, description: 'In ${stack}', parameters: {file: ../formats/quote.json, interpolate: true}}\n"
    )
    tool = project.load().manifest.agents[1].tools[0]
    assert tool.settings["description"] == "In dev"
    assert tool.settings["parameters"]["description"] == Template(("To ", QueueUrl("quote-in")))


def test_a_queue_that_is_not_declared_is_a_finding_where_it_is_spoken_of(project, write_agent):
    project.change("stacks/base/agents/desk.yaml", PROMPT, "'Answer to ${queue.returns.url}'")
    project.write(
        "stacks/base/formats/quote.json", '{"type": "object",\n "description": "To ${queue.returns.url}"}'
    )
    project.write("stacks/base/prompts/other.md", "Hello.\nAnswer to ${queue.returns.url}\n")
    write_agent(
        "instructions: {file: ../prompts/other.md, interpolate: true}\n"
        "tools:\n  q: {type: function, parameters: {file: ../formats/quote.json, interpolate: true}}\n"
    )
    told = "unknown queue `returns`; the Environment has: quote-in, quote-out"
    assert project.findings() == [
        f"stacks/base/agents/desk.yaml:4:15: {told}",
        f"stacks/base/formats/quote.json:2:17: {told}",
        f"stacks/base/prompts/other.md:2:11: {told}",
    ]


def test_a_setting_can_not_change_what_a_document_is(project, write_agent):
    project.change("stacks/Pulumi.dev.yaml", "config:\n", 'config:\n  foundry:note: \'", "type": "x\'\n')
    project.write("stacks/base/formats/quote.json", '{"type": "object", "description": "${config.note}"}')
    write_agent(
        "tools: {q: {type: function, parameters: {file: ../formats/quote.json, interpolate: true}}}\n"
    )
    parameters = project.load().manifest.agents[1].tools[0].settings["parameters"]
    assert parameters == {"type": "object", "description": '", "type": "x'}


def test_the_name_of_a_thing_may_hold_the_stack(project):
    project.change("stacks/base/agents/desk.yaml", "model: chat", "service_name: desk-${stack}\nmodel: chat")
    assert project.load().manifest.agents[0].service_name == "desk-dev"
