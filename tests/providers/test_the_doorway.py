"""What stands between Pulumi and the rules: unknowns, failures, frames, and the form that lies in the state."""

import base64
import json
import subprocess
import sys
import traceback
from collections.abc import Callable

import pulumi
import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import Unknown

from foundry import providers
from foundry.model import UNKNOWN, FoundryError, packed
from foundry.providers.doorway import readable_errors
from foundry.providers.values import plain

SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
OWNER = {"project": "shop", "stack": "dev", "stackId": "11111111-1111-4111-8111-111111111111"}
AGENT = {
    "__provider": "x",
    "owner": OWNER,
    "name": "desk",
    "dialect": "classic",
    "project": "/subscriptions/s/projects/p",
    "endpoint": "https://host/api/projects/p",
    "lifecycle": {},
    "definition": {"name": "desk", "model": "chat", "metadata": {}, "tools": []},
}
MADE = {**AGENT, "applied": AGENT["definition"], "incarnation": "i", "agentId": "asst_1", "adopted": False}
ALL = [
    (providers.AgentProvider, "foundry.providers.agent"),
    (providers.VectorStoreProvider, "foundry.providers.vector_store"),
    (providers.FileProvider, "foundry.providers.file"),
    (providers.SearchIndexProvider, "foundry.providers.search_index"),
]


def with_applied_in_text(state):
    """As the release before packed it."""
    return {**state, "applied": json.dumps(state["applied"])}


@pytest.mark.parametrize(("provider", "module"), ALL)
def test_the_state_holds_the_dotted_name_of_a_provider_and_nothing_else(provider, module):
    pickled = base64.b64decode(serialize_provider(provider()))

    assert module.encode() in pickled
    assert provider.__name__.encode() in pickled
    assert len(pickled) < 100
    assert provider.serialize_as_secret_always is False


@pytest.mark.parametrize(
    ("resource", "token"),
    [
        (providers.Agent, "dynamic/foundry:Agent"),
        (providers.VectorStore, "dynamic/foundry:VectorStore"),
        (providers.File, "dynamic/foundry:File"),
        (providers.SearchIndex, "dynamic/foundry:SearchIndex"),
    ],
)
def test_type_tokens_are_what_every_state_file_says(resource, token):
    assert resource._resource_type_name == token


def test_both_forms_of_an_unknown_become_one_at_any_depth():
    unknown = Unknown()

    told_plain = plain({"a": unknown, "b": [{"c": SENTINEL}], "__provider": "x", "d": f"{SENTINEL}!"})

    assert told_plain == {"a": UNKNOWN, "b": [{"c": UNKNOWN}], "d": f"{SENTINEL}!"}


def test_whole_numbers_come_back_from_the_wire_as_whole_numbers():
    numbers = plain({"top_k": 5.0, "temperature": 0.2, "on": True})

    assert numbers == {"top_k": 5, "temperature": 0.2, "on": True}
    assert type(numbers["top_k"]) is int
    assert type(numbers["on"]) is bool


def test_check_tells_every_problem_with_its_path_and_keeps_the_inputs():
    wrong = {
        **AGENT,
        "endpoint": "",
        "lifecycle": {"onDrift": "ignore"},
        "definition": {
            "name": "desk",
            "metadata": {"size": 3.0, "foundry-as-code": "x"},
            "tools": [
                {"type": "file_serch", "name": "a"},
                {"type": "file_search", "name": "b", "vector_store_ids": ["1", "2"]},
            ],
        },
    }

    result = providers.AgentProvider().check({}, wrong)

    assert result.inputs is wrong
    assert {failure.property for failure in result.failures} == {
        "endpoint",
        "lifecycle.onDrift",
        "definition.model",
        "definition.metadata.size",
        "definition.metadata.foundry-as-code",
        "definition.tools[0].type",
        "definition.tools[1].vector_store_ids",
    }


def test_check_has_nothing_against_unknowns():
    unknown = Unknown()
    news = {
        **AGENT,
        "project": unknown,
        "endpoint": unknown,
        "definition": {**AGENT["definition"], "model": unknown},
    }

    assert providers.AgentProvider().check({}, news).failures == []
    assert providers.AgentProvider().check({}, {**AGENT, "definition": unknown}).failures == []


def test_diff_answers_in_pulumi_s_terms():
    provider = providers.AgentProvider()
    edited = {**AGENT, "definition": {**AGENT["definition"], "instructions": "New."}}

    same = provider.diff("asst_1", MADE, AGENT)
    changed = provider.diff("asst_1", MADE, edited)
    moved = provider.diff("asst_1", MADE, {**AGENT, "project": Unknown()})

    assert (same.changes, same.replaces) == (False, [])
    assert (changed.changes, changed.replaces) == (True, [])
    assert (moved.changes, moved.replaces) == (True, ["project"])


@pytest.mark.parametrize("form", [dict, lambda state: packed(state, {}), with_applied_in_text])
def test_diff_reads_a_state_of_every_form(form):
    only_reports = {**AGENT, "lifecycle": {"onDrift": "report"}}
    drifted = {**MADE, **only_reports, "definition": {**AGENT["definition"], "instructions": "Live."}}

    assert providers.AgentProvider().diff("asst_1", form(drifted), only_reports).changes is False
    assert providers.AgentProvider().diff("asst_1", form(drifted), AGENT).changes is True
    assert providers.AgentProvider().diff("asst_1", form(MADE), packed(AGENT, {})).changes is False


def test_an_unknown_reference_is_an_update_and_never_a_replacement():
    tool = {"name": "policies", "type": "file_search", "vector_store_ids": [Unknown()]}
    news = {**AGENT, "endpoint": SENTINEL, "definition": {**AGENT["definition"], "tools": [tool]}}

    result = providers.AgentProvider().diff("asst_1", MADE, news)

    assert (result.changes, result.replaces) == (True, [])


def printed(fails: Callable[[], None]) -> str:
    before = getattr(sys, "tracebacklimit", None)
    providers.AgentProvider().configure(pulumi.dynamic.ConfigureRequest(None))
    try:
        fails()
    except Exception:
        return traceback.format_exc()
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before
    raise AssertionError("nothing was raised")


def test_what_a_person_can_act_on_is_all_that_is_printed():
    def refuses():
        raise FoundryError("the agent is gone", fix="run `pulumi refresh`")

    def fails():
        with readable_errors():
            try:
                {}["inner"]
            except KeyError:
                refuses()

    shown = printed(fails)

    assert shown == "the agent is gone; run `pulumi refresh`\n"


def test_a_bug_is_printed_with_the_frames_that_lead_to_it():
    def fails():
        with readable_errors():
            {}["missing"]

    shown = printed(fails)

    assert shown.startswith("KeyError: 'missing'\n")
    assert f"{__file__}:" in shown
    assert "please report" in shown


def test_a_program_that_declares_resources_doesn_t_pay_for_azure_s_clients():
    code = "import sys, foundry.providers; print([m for m in sys.modules if m.startswith(('azure.ai', 'azure.search', 'azure.identity'))])"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
