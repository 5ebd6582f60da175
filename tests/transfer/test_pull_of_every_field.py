"""`fac pull`, a family of fields at a time: what somebody changed is in the files, nothing else is, and nothing is left to change."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import HostedAgentDefinition, SkillInlineContent

from foundry.cli.project import Project
from foundry.cli.pulling import held_agents, pulled
from foundry.cli.standing import Standing
from foundry.cli.writing_back import WritingBack, agent_document
from foundry.code_archives import zipped
from foundry.reconcile.marks import KEY
from tests.cases.harness.stack import Stack

CASES = Path(__file__).resolve().parents[1] / "cases"

DESK = """\
kind: Agent
name: desk
description: Answers    # in a word
model: chat
instructions: {file: ../prompts/desk.md}
temperature: 0.2        # cool
response_format: {type: json_schema, name: answer, schema: {file: ../formats/answer.json}}
metadata: {team: care, "tier": '1'}

tools:
  # the weather, where the parcel goes
  weather: {type: openapi, description: Weather, spec: {file: ../openapi/weather.yaml}}
  docs:
    type: mcp           # a server of ours
    server_url: https://docs.example/mcp
    allowed_tools: [search]
  look_up:
    type: function
    description: An order
    parameters: {file: ../formats/order.json}
"""
MATERIAL = {
    "prompts/desk.md": "You answer.\nBe brief.\n",
    "formats/answer.json": '{\n  "type": "object",\n  "properties": {"text": {"type": "string"}}\n}\n',
    "formats/order.json": '{\n  "type": "object",\n  "properties": {"order": {"type": "string"}}\n}\n',
    "openapi/weather.yaml": """\
openapi: 3.0.1
info: {title: Weather, version: "1"}    # ours
servers: [{url: "https://weather.example"}]
paths:
  /now:
    get:
      operationId: now
      responses: {"200": {description: OK}}
""",
}
VERSIONED = """\
kind: Agent
name: desk
model: chat
instructions: Be brief.   # short
reasoning: {effort: low}
tool_choice: look_up      # always
content_filter: strict
structured_inputs:
  region: {description: Market, schema: {type: string}, required: true}
tools:
  look_up: {type: function, description: An order}
  find: {type: function, description: A shop}
"""
SERVED = """\
kind: Agent
name: desk
model: chat
enabled: true             # for callers
endpoint:
  protocols: [responses]
  authorization: [Entra]
  traffic: {"1": 100}     # all of it
  card:
    version: "1.0"
    description: The desk
    skills: {prices: {name: Prices}}
"""
FLOW = "kind: Agent\nname: desk\nworkflow: {file: ../flows/desk.txt}\n"
FAR = "kind: Agent\nname: desk\nexternal: {otel_agent_id: desk-eu}     # as it was\n"
PHONE = """\
kind: Agent
name: desk
instructions: Be kind.
voice:
  model_type: managed
  model: gpt-realtime
  greeting: {type: template, text: Hello.}     # first
  audio: {input: {turn_detection: {type: semantic_vad}}}
"""
BOX = """\
kind: Agent
name: desk
hosted:
  image: contoso.azurecr.io/desk:1   # built by CI
  cpu: "1"
  memory: 2Gi
  environment_variables: {MODE: quiet}
  protocols: {responses: 1.0.0}
"""

Body = dict[str, Any]


class Hand:
    """Somebody who changes the agent `desk` with the official client of its dialect."""

    def __init__(self, stack: Stack, dialect: str) -> None:
        self.versioned = dialect == "versioned"
        self.stack = stack
        self.projects = AIProjectClient(stack.world.endpoint, stack.world.credential(), allow_preview=True)

    def change(self, edit: Callable[[Body, Hand], None]) -> None:
        """Let `edit` change the definition as the service has it; description and metadata are in it in both dialects."""
        if self.versioned:
            body = self.projects.agents.get("desk").versions.latest.as_dict()
            told = {**body["definition"], **{key: body.get(key) for key in ("description", "metadata")}}
            edit(told, self)
            outside = {key: told.pop(key) for key in ("description", "metadata")}
            sent = {"definition": told, **{key: value for key, value in outside.items() if value is not None}}
            self.projects.agents.create_version("desk", body=sent)
            return
        world = self.stack.world
        # Tools that are previews in the classic dialect are in this version alone.
        agents = AgentsClient(world.endpoint, world.credential(), api_version="2025-05-15-preview")
        agent = next(one for one in agents.list_agents() if one.name == "desk")
        told = deepcopy(agent.as_dict())
        edit(told, self)
        # Headers of MCP servers are wanted in resources that are sent, and never given back.
        kept = ("id", "object", "created_at", "model", "name", "tool_resources")
        agents.update_agent(agent.id, body={key: value for key, value in told.items() if key not in kept})

    def tool(self, body: Body, kind: str) -> Body:
        """The part of a tool that says what it is."""
        tool = next(one for one in body["tools"] if one["type"] == kind)
        return cast("Body", tool.get(kind, tool))

    def answer(self, body: Body) -> Body:
        """The JSON Schema of the answer, with its name."""
        return cast(
            "Body", body["text"]["format"] if self.versioned else body["response_format"]["json_schema"]
        )


def described(body: Body, _: Hand) -> None:
    body["description"] = "Answers: ${all}"


def not_described(body: Body, _: Hand) -> None:
    body["description"] = "" if "kind" not in body else None


def instructed(body: Body, _: Hand) -> None:
    body["instructions"] = "You answer.\nBe kind.\nSay ${nothing} else.\n"


def sampled(body: Body, _: Hand) -> None:
    body["temperature"], body["top_p"] = 0.7, 0.5  # a `top_p` that isn't declared is the service's


def sampled_as_the_service_does(body: Body, _: Hand) -> None:
    body["temperature"] = None


def answered(body: Body, hand: Hand) -> None:
    form = hand.answer(body)
    form["name"] = "reply"
    form["schema"]["properties"]["source"] = {"type": "string"}


def answered_anyhow(body: Body, hand: Hand) -> None:
    if hand.versioned:
        del body["text"]
    else:
        body["response_format"] = "auto"


def labelled(body: Body, _: Hand) -> None:
    body["metadata"]["team"] = "0042"
    del body["metadata"]["tier"]


def respecified(body: Body, hand: Hand) -> None:
    weather = hand.tool(body, "openapi")
    weather["spec"]["info"]["title"] = "Weather and tides"
    weather["description"] = "Weather and tides"


def parametrized(body: Body, hand: Hand) -> None:
    order = hand.tool(body, "function")
    order["parameters"]["required"] = ["order"]


def allowed(body: Body, hand: Hand) -> None:
    hand.tool(body, "mcp")["allowed_tools"] = ["search", "fetch"]


def added(body: Body, hand: Hand) -> None:
    body["tools"].append(
        {"type": "code_interpreter", **({"container": {"type": "auto"}} if hand.versioned else {})}
    )


def removed(body: Body, _: Hand) -> None:
    body["tools"] = [tool for tool in body["tools"] if tool["type"] != "mcp"]


def reasoned(body: Body, _: Hand) -> None:
    body["reasoning"] = {"effort": "high"}


def chosen(body: Body, _: Hand) -> None:
    body["tool_choice"] = {"type": "function", "name": "find"}


def filtered(body: Body, _: Hand) -> None:
    body["rai_config"] = {"rai_policy_name": "Microsoft.DefaultV2"}


def asked_for(body: Body, _: Hand) -> None:
    body["structured_inputs"]["region"]["description"] = "Market to look at"
    body["structured_inputs"]["unit"] = {"default_value": "EUR"}


def flowed(body: Body, _: Hand) -> None:
    body["workflow"] = "kind: workflow\nid: desk\nsteps: []\n"


def rebuilt(body: Body, _: Hand) -> None:
    body["container_configuration"]["image"] = "contoso.azurecr.io/desk:2"
    body["environment_variables"]["LEVEL"] = "${debug}"


def retold(body: Body, _: Hand) -> None:
    body["instructions"] = "Be brief.\n"
    body["greeting"]["text"] = "Good day."
    body["audio"]["input"]["turn_detection"] = None
    body["tools"] = [{"type": "system", "name": "end_conversation"}]


def renamed(body: Body, _: Hand) -> None:
    body["otel_agent_id"] = "desk-us"


BOTH = [
    (described, ["-description: Answers    # in a word", "+description: 'Answers: $${all}'    # in a word"]),
    (not_described, ["-description: Answers    # in a word"]),
    (instructed, ["-Be brief.", "+Be kind.", "+Say ${nothing} else."]),
    (sampled, ["-temperature: 0.2        # cool", "+temperature: 0.7        # cool"]),
    (
        answered,
        [
            "-response_format: {type: json_schema, name: answer, schema: {file: ../formats/answer.json}}",
            "+response_format: {type: json_schema, name: reply, schema: {file: ../formats/answer.json}}",
            '-  "properties": {"text": {"type": "string"}}',
            '+  "properties": {"text": {"type": "string"}, "source": {"type": "string"}}',
        ],
    ),
    (
        answered_anyhow,
        ["-response_format: {type: json_schema, name: answer, schema: {file: ../formats/answer.json}}"],
    ),
    (labelled, ["-metadata: {team: care, \"tier\": '1'}", '+metadata: {team: "0042"}']),
    (
        respecified,
        [
            "-  weather: {type: openapi, description: Weather, spec: {file: ../openapi/weather.yaml}}",
            "+  weather: {type: openapi, description: Weather and tides, spec: {file: ../openapi/weather.yaml}}",
            '-info: {title: Weather, version: "1"}    # ours',
            '+info: {title: Weather and tides, version: "1"}    # ours',
        ],
    ),
    (
        parametrized,
        [
            '-  "properties": {"order": {"type": "string"}}',
            '+  "properties": {"order": {"type": "string"}},',
            '+  "required": ["order"]',
        ],
    ),
    (allowed, ["-    allowed_tools: [search]", "+    allowed_tools: [search, fetch]"]),
    (added, ["+  code_interpreter: {type: code_interpreter}"]),
    (
        removed,
        [
            "-  docs:",
            "-    type: mcp           # a server of ours",
            "-    server_url: https://docs.example/mcp",
            "-    allowed_tools: [search]",
        ],
    ),
]
ONE = [
    (VERSIONED, reasoned, ["-reasoning: {effort: low}", "+reasoning: {effort: high}"]),
    (VERSIONED, chosen, ["-tool_choice: look_up      # always", "+tool_choice: find      # always"]),
    (VERSIONED, filtered, ["-content_filter: strict", "+content_filter: Microsoft.DefaultV2"]),
    (
        VERSIONED,
        asked_for,
        [
            "-  region: {description: Market, schema: {type: string}, required: true}",
            "+  region: {description: Market to look at, schema: {type: string}, required: true}",
            "+  unit: {default_value: EUR}",
        ],
    ),
    (FLOW, flowed, ["+steps: []"]),
    (
        FAR,
        renamed,
        [
            "-external: {otel_agent_id: desk-eu}     # as it was",
            "+external: {otel_agent_id: desk-us}     # as it was",
        ],
    ),
    (
        PHONE,
        retold,
        [
            "-instructions: Be kind.",
            "+instructions: |",
            "+  Be brief.",
            "-  greeting: {type: template, text: Hello.}     # first",
            "-  audio: {input: {turn_detection: {type: semantic_vad}}}",
            "+  greeting: {type: template, text: Good day.}     # first",
            "+  audio: {input: {turn_detection: {type: none}}}",
            "+tools:",
            "+  end_conversation: {type: system}",
        ],
    ),
    (
        BOX,
        rebuilt,
        [
            "-  image: contoso.azurecr.io/desk:1   # built by CI",
            "+  image: 'contoso.azurecr.io/desk:2'   # built by CI",
            "-  environment_variables: {MODE: quiet}",
            "+  environment_variables: {MODE: quiet, LEVEL: '$${debug}'}",
        ],
    ),
]


CODED = """\
kind: Agent
name: desk
hosted:
  code:
    folder: ../flows
    runtime: python_3_12   # as on our machines
    entry_point: [python, desk.txt]
    dependency_resolution: bundled
  cpu: "1"
  memory: 2Gi
"""


def declared(stack: Stack, dialect: str, document: str, folder: Path) -> None:
    layer = folder / "layer"
    files = {"agents/desk.yaml": document, **MATERIAL, "flows/desk.txt": "kind: workflow\nid: desk\n"}
    for path, text in files.items():
        (layer / path).parent.mkdir(parents=True, exist_ok=True)
        (layer / path).write_text(text)
    stack.declare(CASES / dialect / "_base", layer)
    stack.up()


def pulling(stack: Stack) -> WritingBack:
    """What `fac pull` would write."""
    stands = Standing(cast("Any", None), {}, list(resources(stack)))
    project = Project(stack.world.root, "shop", stack.world.root / "stacks")
    return pulled(
        project,
        agent_document(project, "dev", "desk"),
        stands,
        stack.world.session(),
        held_agents(stands, "dev", "desk"),
    )


def pull(stack: Stack) -> list[str]:
    """Pull the agent; the lines of all files that changed. Fails where something is told as not written."""
    before, found = texts(stack), pulling(stack)
    assert found.left == []
    found.save()
    after = texts(stack)
    assert set(before) == set(after)
    lines = [
        line
        for path in sorted(before)
        for line in difflib.unified_diff(before[path].split("\n"), after[path].split("\n"), n=0, lineterm="")
    ]
    return [line for line in lines if not line.startswith(("+++", "---", "@@"))]


def resources(stack: Stack) -> Iterator[dict[str, Any]]:
    """The state, as an engine keeps it."""
    for (word, name), held in stack.state.items():
        kind = f"pulumi-python:dynamic/foundry:{word}"
        yield {
            "type": kind,
            "urn": f"urn:pulumi:dev::shop::{kind}::{name}",
            "id": held.id,
            "inputs": held.inputs,
            "outputs": held.outs,
        }


def texts(stack: Stack) -> dict[str, str]:
    root = stack.world.root / "stacks"
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("dialect", ["classic", "versioned"])
@pytest.mark.parametrize(("change", "lines"), BOTH, ids=[change.__name__ for change, _ in BOTH])
def test_a_change_of_a_live_agent_is_written_where_it_is_declared(
    stack: Stack, dialect: str, change: Any, lines: list[str], tmp_path: Path
) -> None:
    declared(stack, dialect, DESK, tmp_path)
    Hand(stack, dialect).change(change)
    assert stack.preview() != {}
    assert pull(stack) == lines
    assert stack.preview() == {}


@pytest.mark.parametrize(("document", "change", "lines"), ONE, ids=[change.__name__ for _, change, _ in ONE])
def test_a_change_of_what_only_versioned_agents_have_is_written_where_it_is_declared(
    stack: Stack, document: str, change: Any, lines: list[str], tmp_path: Path
) -> None:
    declared(stack, "versioned", document, tmp_path)
    Hand(stack, "versioned").change(change)
    assert stack.preview() != {}
    assert pull(stack) == lines
    assert stack.preview() == {}


SKILLED = """\
kind: Agent
name: desk
model: chat
skills: [returns]         # what it knows
tools:
  box: {type: toolbox, toolbox: lookups, connection: lookups-box}
"""
BESIDE = {
    "skills/returns.yaml": "kind: Skill\nname: returns\ndescription: How\ninstructions: Ask.\n",
    "toolboxes/lookups.yaml": "kind: Toolbox\nname: lookups\ntools: {web: {type: web_search}}\n",
}


def test_skills_and_a_toolbox_keep_their_names_when_somebody_adds_to_them(
    stack: Stack, tmp_path: Path
) -> None:
    for path, text in BESIDE.items():
        (tmp_path / "layer" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "layer" / path).write_text(text)
    declared(stack, "versioned", SKILLED, tmp_path)
    hand = Hand(stack, "versioned")
    content = SkillInlineContent(description="d", instructions="i")
    hand.projects.beta.skills.create("theirs", inline_content=content)

    def taught(body: Body, hand: Hand) -> None:
        body["skills"].append({"name": "theirs"})
        hand.tool(body, "mcp")["allowed_tools"] = ["web"]

    hand.change(taught)
    assert stack.preview() != {}
    assert pull(stack) == [
        "-skills: [returns]         # what it knows",
        '+skills: [returns, {name: theirs, version: "1"}]         # what it knows',
        "-  box: {type: toolbox, toolbox: lookups, connection: lookups-box}",
        "+  box: {type: toolbox, toolbox: lookups, connection: lookups-box, allowed_tools: [web]}",
    ]
    assert stack.preview() == {}


def endpoint(**told: Any) -> Body:
    return {"agent_endpoint": told}


def rules(**shares: int) -> Body:
    told = [
        {"type": "FixedRatio", "agent_version": version.strip("v"), "traffic_percentage": share}
        for version, share in shares.items()
    ]
    return endpoint(version_selector={"version_selection_rules": told})


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (rules(v1=90, v2=10), ['-  traffic: {"1": 100}     # all of it', '+  traffic: {"1": 90, "2": 10}     # all of it']),
        (
            endpoint(protocol_configuration={"responses": {}, "a2a": {}}),
            ["-  protocols: [responses]", "+  protocols: [a2a, responses]"],
        ),
        (
            endpoint(authorization_schemes=[{"type": "Entra"}, {"type": "BotService"}]),
            ["-  authorization: [Entra]", "+  authorization: [Entra, BotService]"],
        ),
        (
            {"agent_card": {"version": "1.1", "description": "The desk", "skills": [{"id": "prices", "name": "Costs"}]}},
            [
                '-    version: "1.0"',
                '+    version: "1.1"',
                "-    skills: {prices: {name: Prices}}",
                "+    skills: {prices: {name: Costs}}",
            ],
        ),
    ],
    ids=["traffic", "protocols", "authorization", "card"],
)  # fmt: skip
def test_how_callers_reach_an_agent_is_written_where_that_is_declared(
    stack: Stack, change: Body, lines: list[str], tmp_path: Path
) -> None:
    declared(stack, "versioned", SERVED, tmp_path)
    hand = Hand(stack, "versioned")
    if "agent_endpoint" in change and "version_selector" in change["agent_endpoint"]:
        (tmp_path / "layer/agents/desk.yaml").write_text(SERVED + "instructions: Be brief.\n")
        stack.declare(CASES / "versioned/_base", tmp_path / "layer")
        stack.up()
    hand.projects.agents.update_details("desk", body=change)
    assert pull(stack) == lines
    assert stack.preview() == {}


def test_after_a_refresh_nobody_knows_whether_the_declaration_or_the_agent_is_newer(
    stack: Stack, tmp_path: Path
) -> None:
    declared(stack, "versioned", SERVED, tmp_path)
    Hand(stack, "versioned").projects.agents.update_details(
        "desk", body=endpoint(authorization_schemes=[{"type": "BotService"}])
    )
    stack.refresh(stack.world.session())
    (told,) = pulling(stack).left
    assert told.startswith(
        "endpoint.authorization: declared is [Entra], live and in the state is [BotService];"
    )


def test_an_agent_that_somebody_stopped_is_stopped_in_its_declaration(stack: Stack, tmp_path: Path) -> None:
    declared(stack, "versioned", SERVED, tmp_path)
    Hand(stack, "versioned").projects.agents.disable("desk")
    assert pull(stack) == [
        "-enabled: true             # for callers",
        "+enabled: false             # for callers",
    ]
    assert stack.preview() == {}


EVALUATED = """\
kind: Agent
name: desk
model: chat
evaluation:
  rule: continuous
  evaluators: {violence: {}}
  sampling_rate: 10       # enough
  display_name: Desk
"""


def test_an_evaluation_rule_that_somebody_changed_is_changed_in_its_declaration(
    stack: Stack, tmp_path: Path
) -> None:
    declared(stack, "versioned", EVALUATED, tmp_path)
    rules = Hand(stack, "versioned").projects.evaluation_rules
    rule = rules.get("desk-continuous")
    rule.enabled, rule.display_name, rule.action.sampling_rate, rule.action.max_hourly_runs = (
        False,
        None,
        25,
        3,
    )
    rules.create_or_update("desk-continuous", rule)
    assert pull(stack) == [
        "-  sampling_rate: 10       # enough",
        "-  display_name: Desk",
        "+  sampling_rate: 25       # enough",
        "+  enabled: false",
    ]
    assert stack.preview() == {}


def test_another_eval_and_a_rule_that_is_gone_are_told(stack: Stack, tmp_path: Path) -> None:
    declared(stack, "versioned", EVALUATED, tmp_path)
    rules = Hand(stack, "versioned").projects.evaluation_rules
    rule = rules.get("desk-continuous")
    rule.action.eval_id = "eval_theirs"
    rules.create_or_update("desk-continuous", rule)
    (told,) = pulling(stack).left
    assert told.startswith(
        "evaluation: eval_id of rule desk-continuous is 'eval_theirs', which a declaration"
    )
    rules.delete("desk-continuous")
    (told,) = pulling(stack).left
    assert told == "evaluation: rule desk-continuous is gone; `fac up` makes it again"


def test_what_a_declaration_leaves_to_others_is_not_pulled(stack: Stack, tmp_path: Path) -> None:
    declared(stack, "versioned", "kind: Agent\nname: desk\nmodel: chat\n", tmp_path)
    projects = Hand(stack, "versioned").projects
    projects.agents.disable("desk")
    projects.agents.update_details("desk", body=rules(v1=100))
    assert pull(stack) == []


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        # The classic service tells the temperature that it takes where none is set.
        pytest.param("classic", ["+temperature: 1        # cool"], id="classic"),
        pytest.param("versioned", [], id="versioned"),
    ],
)
def test_a_temperature_that_was_reset_is_what_the_service_tells(
    stack: Stack, dialect: str, line: list[str], tmp_path: Path
) -> None:
    declared(stack, dialect, DESK, tmp_path)
    Hand(stack, dialect).change(sampled_as_the_service_does)
    assert pull(stack) == ["-temperature: 0.2        # cool", *line]
    assert stack.preview() == {}


def test_metadata_that_others_added_is_theirs(stack: Stack, tmp_path: Path) -> None:
    declared(stack, "classic", DESK, tmp_path)

    def label(body: Body, _: Hand) -> None:
        assert KEY in body["metadata"]
        body["metadata"]["seen"] = json.dumps([1])

    Hand(stack, "classic").change(label)
    assert pull(stack) == []
    assert stack.preview() == {}


def uploaded(stack: Stack, packed: bytes, **changed: Any) -> None:
    """A version of the agent by hand, from this zip."""
    agents = AIProjectClient(stack.world.endpoint, stack.world.credential()).agents
    live = agents.get("desk").versions.latest
    told = live.definition.as_dict()
    code = {key: value for key, value in told["code_configuration"].items() if key != "content_hash"}
    definition = HostedAgentDefinition({**told, "code_configuration": {**code, **changed}})
    agents.create_version_from_code(
        "desk", definition=definition, code=BytesIO(packed), metadata=dict(live.metadata)
    )


def test_what_runs_the_code_is_pulled(stack: Stack, tmp_path: Path) -> None:
    declared(stack, "versioned", CODED, tmp_path)
    code = zipped({"desk.txt": b"kind: workflow\nid: desk\n"})
    uploaded(stack, code, runtime="python_3_13", entry_point=["python", "-u", "desk.txt"])

    assert pull(stack) == [
        "-    runtime: python_3_12   # as on our machines",
        "-    entry_point: [python, desk.txt]",
        "+    runtime: python_3_13   # as on our machines",
        "+    entry_point: [python, -u, desk.txt]",
    ]
    assert stack.preview() == {}


def test_other_code_is_told_and_stays(stack: Stack, tmp_path: Path) -> None:
    declared(stack, "versioned", CODED, tmp_path)
    uploaded(stack, zipped({"other.txt": b""}), runtime="python_3_13")

    found = pulling(stack)

    assert found.written == []
    assert [line.partition(";")[0] for line in found.left] == [
        "hosted: the live agent is made from other code or another image than the declared one"
    ]
