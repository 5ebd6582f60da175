"""What `make up` does, step by step, and what comes after it."""

from __future__ import annotations

import json
from typing import Any

DRIFT = """
import os
from azure.ai.agents import AgentsClient
from azure.identity import DefaultAzureCredential
agents = AgentsClient(os.environ["PROJECT_ENDPOINT"], DefaultAzureCredential())
one = next(agent for agent in agents.list_agents() if agent.name == "order-analyst")
agents.update_agent(one.id, body={"description": "Knows everything"})
"""


def test_a_second_up_changes_nothing(up: Any) -> None:
    """Also with everything read anew from the live objects."""
    up.fac("up", "--yes", "--expect-no-changes")
    up.fac("preview", "--expect-no-changes")


def test_the_outputs_are_what_callers_need(up: Any) -> None:
    outputs = up.outputs()
    assert set(outputs) >= {
        "projectEndpoint",
        "agents",
        "vectorStores",
        "searchIndexes",
        "modelDeployments",
        "queues",
    }
    assert len(outputs["agents"]) == 6
    assert json.loads(up.fac("output", "agents")) == outputs["agents"]


def test_an_output_that_is_not_there_is_refused_with_those_that_are(up: Any) -> None:
    code, printed = up.run("output", "agnets")
    assert code == 1
    assert "agents" in printed


def test_the_front_desk_answers_from_the_document_that_settles_it(up: Any) -> None:
    printed = up.fac("ask", "front-desk", "Can I return boots that I have worn outside?")
    assert "customer-care, with file_search" in printed
    assert "cites returns.md" in printed
    assert "exchange" in printed


def test_asking_an_agent_that_is_not_there_names_those_that_are(up: Any) -> None:
    code, printed = up.run("ask", "reception", "Hello?")
    assert code == 1
    assert "front-desk" in printed


def test_the_environment_that_is_printed_serves_the_official_samples(up: Any) -> None:
    variables = up.variables()
    assert {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"} <= set(variables)
    assert {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_DEBUG_PROVIDERS"} <= set(variables)
    assert variables["PROJECT_ENDPOINT"] == up.outputs()["projectEndpoint"]
    assert variables["MODEL_DEPLOYMENT_NAME"] == "chat"


def test_an_edited_prompt_previews_as_one_agent_and_one_line(up: Any) -> None:
    prompt = up.root / "stacks/base/prompts/customer-care.md"
    before = prompt.read_text()
    prompt.write_text(before + "- Answer in the language of the question.\n")
    try:
        printed = up.fac("preview")
        review = up.root / "preview.json"
        review.write_text(up.standard_output("preview", "--json"))
        reviewed = up.fac("preview", "--review")
    finally:
        prompt.write_text(before)
    assert "1 to update, 72 unchanged" in printed
    tree, _, told = printed.partition("\nAgents\n")
    assert "Agent  customer-care  update" in tree
    assert "Answer in the language" not in tree
    assert "\n  customer-care: update\n    instructions: +1 line, " in f"\n{told}"
    assert "+- Answer in the language of the question." in told
    markdown = up.fac("report", str(review))
    assert "+- Answer in the language of the question." in markdown
    assert "customer-care" in markdown
    assert reviewed.rstrip().endswith(markdown.partition("\n")[2].strip())


def test_an_edit_by_hand_shows_as_drift_and_is_repaired(up: Any) -> None:
    up.python(DRIFT)
    printed = up.fac("preview")
    assert "Knows everything" in printed
    assert "1 to update, 72 unchanged" in printed
    up.fac("up", "--yes")
    up.fac("preview", "--expect-no-changes")


def test_processes_that_are_gone_come_back_with_everything_in_place(up: Any) -> None:
    """As after a reboot."""
    before = up.variables()
    up.fac("sandbox", "stop")
    up.fac("up", "--yes", "--expect-no-changes")
    assert up.variables() == before


def test_down_leaves_nothing_running_and_up_starts_over(clone: Any) -> None:
    clone.fac("up", "--yes")
    assert "nothing of it runs" in clone.fac("down")
    code, printed = clone.run("sandbox", "status")
    assert code == 1, printed
    assert "holds nothing, and nothing of the sandbox runs" in clone.fac("down")
    clone.fac("up", "--yes")
    assert len(clone.outputs()["agents"]) == 6
    clone.fac("down")
