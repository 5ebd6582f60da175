"""What a reviewer reads.

The previews are the real engine's, of a synthetic program, and one is the embedded engine's; positions in source files and times are
left out.
"""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from foundry.model import FoundryError
from foundry.report import render

PREVIEWS = Path(__file__).parent / "previews"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def preview(name: str) -> dict[str, Any]:
    return json.loads((PREVIEWS / f"{name}.json").read_text(encoding="utf-8"))


def review(name: str) -> str:
    return render(preview(name))


def section(text: str, title: str) -> str:
    return text.split(f"\n### {title}\n", 1)[1].split("\n### ", 1)[0]


def object_of(text: str, heading: str) -> str:
    return text.split(f"#### {heading}", 1)[1].split("\n#### ", 1)[0].split("\n### ", 1)[0]


ALL = sorted(path.stem for path in PREVIEWS.glob("*.json"))


@pytest.mark.parametrize("name", ALL)
def test_no_review_shows_pulumis_own_words_for_unknowns_or_providers(name: str) -> None:
    text = review(name)
    assert UNKNOWN_TEXT not in text
    assert "pulumi:providers" not in text
    assert "__provider" not in text
    assert "FoundryEnvironment" not in text


@pytest.mark.parametrize("name", ALL)
def test_every_review_of_a_stack_starts_with_the_same_hidden_line(name: str) -> None:
    assert review(name).splitlines()[0] == "<!-- fac report foundry-as-code/dev -->"


def test_without_changes_the_review_is_one_line() -> None:
    assert review("unchanged").splitlines()[1:] == ["`dev`: no changes (16 objects and 2 components)."]


def test_previews_of_both_engines_read_the_same() -> None:
    assert review("edits-embedded") == review("edits")


@pytest.mark.parametrize("name", ["first", "edits", "unchanged"])
def test_the_headline_counts_all_that_the_engine_counts_things_of_the_cloud_apart_from_components(
    name: str,
) -> None:
    headline = review(name).splitlines()[1]
    engine = sum(preview(name)["changeSummary"].values())
    assert sum(int(number) for number in re.findall(r"\d+", headline)) == engine


def test_the_headline_names_what_it_counts() -> None:
    assert "## `dev`: 16 to create, with 2 components\n" in review("first")
    told = "3 to create, 8 to update, 1 to replace, 2 to delete (5 objects and 2 components unchanged)"
    assert f"## `dev`: {told}\n" in review("edits")


def test_what_was_left_to_be_deleted_is_told_apart_from_what_replaced_it_and_from_drift() -> None:
    changed = preview("unchanged")
    look = next(s for s in changed["steps"] if s["op"] == "refresh" and s["urn"].endswith("::handbook"))
    left = copy.deepcopy(look)
    for side in ("oldState", "newState"):
        left[side] |= {"delete": True, "id": "vs_before"}
        left[side]["inputs"]["definition"]["files"] = []
    alone = copy.deepcopy(left)
    alone["urn"] = alone["urn"].replace("::handbook", "::leaflets")
    changed["steps"] += [left, alone]

    text = render(changed)

    assert "## `dev`: 2 to delete (16 objects and 2 components unchanged)" in text
    assert "`vs_before` was replaced by a run that was interrupted before this" in object_of(
        text, "`handbook`: delete"
    )
    assert "#### `leaflets`: delete" in text
    assert "Drift" not in text


def test_table_counts_by_kind() -> None:
    text = review("edits")
    assert "| | create | update | replace | delete |" in text
    assert "| Agents | 1 | 2 |  | 1 |" in text
    assert "| Files | 1 |  | 1 | 1 |" in text


def test_agents_come_first_and_the_platform_after_knowledge() -> None:
    titles = [line for line in review("edits").splitlines() if line.startswith("### ")]
    assert titles == ["### Agents", "### Vector stores", "### Search indexes", "### Platform"]


def test_instructions_are_a_line_diff() -> None:
    told = object_of(review("edits"), "`customer-care`: update")
    assert "**instructions**: +6 lines, −1 line" in told  # noqa: RUF001
    assert "\n-- At most four sentences, plain words, no headings." in told
    assert "\n+- At most three sentences, plain words, no headings, no lists." in told


def test_tools_are_told_by_name() -> None:
    told = object_of(review("edits"), "`customer-care`: update")
    assert "- tool `sizes` (code_interpreter) added" in told
    assert "- tool `handbook` (file_search) changed\n  - `max_num_results`: `6` → `8`" in told
    assert "- tool `catalogue` (azure_ai_search) removed" in object_of(
        review("edits"), "`product-finder`: update"
    )


def test_model_and_sampling_are_told_from_old_to_new() -> None:
    told = object_of(review("edits"), "`product-finder`: update")
    assert "- model: `chat` → `chat-large`" in told
    assert "- temperature: `0.3` → `0.5`" in told


def test_a_new_agent_is_introduced_with_its_instructions_folded() -> None:
    told = object_of(review("edits"), "`quote-desk`: create")
    assert "input queue `quote-requests`, output queue `quote-answers`" in told
    assert "<details><summary>instructions: 5 lines</summary>" in told


def test_a_new_agent_names_the_store_that_is_made_with_it() -> None:
    assert "- tool `handbook` (file_search) added: vector stores `handbook`" in review("first")


def test_files_of_a_store_are_told_by_path_with_counts() -> None:
    told = object_of(review("edits"), "`handbook`: update")
    assert "- files: 1 added, 1 changed, 1 removed, 2 unchanged" in told
    assert "  - added `stacks/base/knowledge/handbook/gift-cards.md`" in told
    assert "  - changed `stacks/base/knowledge/handbook/returns.md`" in told
    assert "  - removed `stacks/base/knowledge/handbook/privacy.md`" in told


def test_an_indexs_fields_and_documents_are_told_by_name() -> None:
    told = object_of(review("edits"), "`products`: update")
    assert "- `fields[weight_g]`:" in told
    assert "  - changed `stacks/base/data/products.jsonl`" in told


def test_platform_shows_changed_property_paths() -> None:
    told = section(review("edits"), "Platform")
    assert "- update cognitiveservices:Deployment `chat`\n  - `sku.capacity`: `50` → `80`" in told
    assert "- create cognitiveservices:Deployment `chat-large`" in told


def test_a_changed_secret_is_told_and_not_shown() -> None:
    text = review("edits")
    assert "- `properties.credentials.keys.X-Api-Key`: `[secret]`, a new value" in text
    assert "key-one" not in text
    assert "key-two" not in text


def test_a_secret_in_its_envelope_is_not_shown() -> None:
    source = preview("edits")
    for step in source["steps"]:
        for state in (step.get("oldState"), step.get("newState")):
            if state and step["urn"].endswith("Account::account"):
                state["inputs"]["tags"]["cost_center"] = {
                    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                    "plaintext": '"4130-hidden"',
                }
    assert "4130-hidden" not in render(source)


def test_drift_stands_apart_from_edits() -> None:
    text = review("drift-and-edits")
    edits, drift = section(text, "Agents"), section(text, "Drift")
    assert "at most three sentences" in edits.lower()
    assert "friendly word" not in edits
    assert "+- Begin with a friendly word" in drift
    assert "- temperature: `0.1` → `0.9`" in drift
    assert "- tool `web` (bing_grounding) added: connection `bing`" in drift
    assert "at most three sentences" not in drift.lower()


def test_what_only_drifted_is_not_told_as_an_edit() -> None:
    text = review("drift")
    assert "\n### Agents\n" not in text
    assert "**Drift:** 3 objects were changed outside of this stack; see the end." in text
    assert "#### agent `customer-care`: changed outside; the update puts the declaration back" in text
    assert "#### vector store `handbook`: changed outside; the update puts the declaration back" in text


def test_what_was_deleted_outside_is_named_as_created_again() -> None:
    assert "#### agent `parcel-tracker`: deleted outside; it is created again, with a new id" in review(
        "drift"
    )


def test_what_was_deleted_outside_and_from_the_declarations_is_named() -> None:
    told = section(review("drift-and-edits"), "Drift")
    assert "agent `parcel-tracker`: deleted outside and no longer declared; nothing is left to do" in told


def test_drift_that_an_earlier_refresh_has_saved_is_still_drift() -> None:
    source = preview("drift")
    live = {step["urn"]: step["oldState"]["inputs"] for step in source["steps"] if step["op"] == "update"}
    for step in source["steps"]:
        if step["op"] == "refresh" and step["urn"] in live:
            step["oldState"]["inputs"] = copy.deepcopy(live[step["urn"]])
    assert section(render(source), "Drift") == section(review("drift"), "Drift")


def test_a_mark_that_was_taken_off_outside_is_told_as_one_thing() -> None:
    source = preview("drift")
    for step in source["steps"]:
        if step["urn"].endswith("::customer-care") and step["op"] in ("refresh", "update"):
            live = step["newState"] if step["op"] == "refresh" else step["oldState"]
            for side in ("inputs", "outputs"):
                live[side] = {**live.get(side, {}), "owner": {}, "name": ""}
    told = section(render(source), "Drift")
    assert (
        "- `mark (whose it is)`: `foundry-as-code/dev 3c2f2f0e-8d35-4a55-9c43-0d8f5a3b6a10 customer-care` → *not set*"
        in told
    )
    assert "owner" not in told
    assert "logical name" not in told


def test_attributes_of_a_store_s_files_are_told_by_file() -> None:
    source = preview("edits")
    read, step = (one for one in source["steps"] if "VectorStore::" in one["urn"])
    first, second = read["newState"]["inputs"]["definition"]["files"][:2]
    for state in (read["oldState"], read["newState"], step["oldState"]):
        for definition in (state["inputs"]["definition"], state["outputs"]["applied"]):
            definition["files"][0]["attributes"] = {"team": "care", "year": 2026}
    step["newState"]["inputs"]["definition"]["files"] = [
        {**first, "attributes": {"team": "returns", "year": 2026}},
        {**second, "attributes": {"current": True}},
    ]

    told = object_of(render(source), "`handbook`: update")

    assert f"- `files[{first['path']}].attributes.team`: `care` → `returns`" in told
    assert f"- `files[{second['path']}].attributes.current`: `true`" in told
    assert "year" not in told


def test_a_replaced_agent_is_told_with_what_that_means() -> None:
    told = object_of(review("project"), "`front-desk`: replace")
    assert "It gets a new id: callers that hold its id need the new one." in told
    assert "  - agent: `customer-care` → `customer-care` (new id)" in told
    assert (
        "- endpoint: `https://harrowmoor4f1c0d.services.ai.azure.com/api/projects/service` → *known after"
        in told
    )


def test_the_reason_of_a_replacement_is_told() -> None:
    assert "- replace cognitiveservices:Project `service` because of `projectName`" in review("project")


def test_a_rename_with_an_alias_is_an_update() -> None:
    text = review("renamed")
    assert "## `dev`: 1 to update (15 objects and 2 components unchanged)" in text
    assert "- `logical name`: `parcel-tracker` → `parcels`" in text


def test_removing_an_adopted_agent_is_told_as_letting_go() -> None:
    source = preview("edits")
    for step in source["steps"]:
        if step["op"] == "delete" and step["urn"].endswith("parcel-tracker"):
            step["oldState"]["outputs"]["adopted"] = True
    text = render(source)
    assert "1 to delete, 1 to let go" in text
    assert "no longer managed by this stack; it stays at the service" in object_of(
        text, "`parcel-tracker`: release"
    )


def test_a_failed_preview_starts_with_its_diagnostics() -> None:
    lines = [line for line in review("manifest").splitlines() if line]
    assert lines[1:4] == [
        "## `dev`: preview failed",
        "```",
        "stacks/base/agents/front-desk.yaml:7:8: no deployment is called chatt; write chat or embeddings",
    ]
    assert "unhandled error" not in review("manifest")


def test_the_same_refusal_of_several_requests_is_told_once_without_the_name_of_a_class() -> None:
    refused = preview("unreadable")
    for number, one in enumerate(refused["diagnostics"][:-1]):
        one["message"] = (
            one["message"]
            .replace("RuntimeError", "foundry.service.errors.Refused")
            .replace("request id 7f0a", f"request id {number}")
        )
    text = render(refused)
    assert text.count("the service refused") == 1
    assert "`customer-care`, `front-desk`, `parcel-tracker`, `product-finder`:" in text
    assert "request id 0)" in text
    assert "Refused:" not in text


def test_equal_errors_of_several_objects_are_told_once() -> None:
    text = review("unreadable")
    assert "`customer-care`, `front-desk`, `parcel-tracker`, `product-finder`:" in text
    assert text.count("list agents") == 1
    assert "RuntimeError" not in text


def test_a_refused_input_is_told_by_its_path() -> None:
    assert "definition.model: no deployment is called nowhere" in review("refused")


def test_a_failed_preview_is_never_called_unchanged() -> None:
    assert "no changes" not in review("refused")


def test_json_that_is_no_preview_is_refused() -> None:
    with pytest.raises(FoundryError, match="isn't the JSON of a preview"):
        render({"version": 3, "deployment": {}})


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(FoundryError, match="markdown"):
        render(preview("first"), "pdf")


def test_a_preview_that_ended_before_its_first_step_takes_the_stack_from_the_caller() -> None:
    source = {"steps": [], "diagnostics": [{"severity": "error", "message": "error: no passphrase\n"}]}
    assert render(source, stack="dev").splitlines()[:2] == [
        "<!-- fac report foundry-as-code/dev -->",
        "## `dev`: preview failed",
    ]


@pytest.mark.parametrize("name", ["edits", "drift-and-edits", "first"])
def test_an_object_of_the_versioned_dialect_reads_like_one_of_the_classic(name: str) -> None:
    text = json.dumps(preview(name))
    for kind in ("Agent", "VectorStore", "File"):
        text = text.replace(f"dynamic/foundry:{kind}", f"dynamic/foundry:Versioned{kind}")

    assert render(json.loads(text)) == review(name)


def test_what_stands_beside_a_search_index_is_shown_apart_from_the_platform() -> None:
    text = json.dumps(preview("first")).replace("dynamic/foundry:SearchIndex", "dynamic/foundry:SearchObject")

    told = render(json.loads(text))

    assert "### Beside search indexes" in told
    assert "### Search indexes" not in told


_FILTER = {"name": "dashes", "mappings": ["_=>-"]}


def _index_edit(before: dict[str, Any], after: dict[str, Any]) -> str:
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:SearchIndex::products"

    def state(more: dict[str, Any]) -> dict[str, Any]:
        inputs = {"name": "products", "downtime": "allow", "definition": {"name": "products", **more}}
        kind = "pulumi-python:dynamic/foundry:SearchIndex"
        return {"urn": urn, "type": kind, "id": "products", "inputs": inputs, "outputs": inputs}

    step = {"op": "update", "urn": urn, "oldState": state(before), "newState": state(after)}
    return render({"steps": [step]})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"analyzers": [{"name": "codes", "tokenizer": "keyword"}]}),
        ({"charFilters": [_FILTER]}, {"charFilters": [_FILTER, {**_FILTER, "name": "dots"}]}),
    ],
)
def test_an_index_that_goes_offline_is_warned_of(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert "**Downtime:** the index is offline for at least some seconds" in _index_edit(before, after)


def test_an_index_that_stays_online_is_not_warned_of() -> None:
    assert "Downtime" not in _index_edit({}, {"description": "All products"})


def test_another_evaluator_is_told_by_its_name_and_with_what_becomes_of_the_old_eval() -> None:
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:Evaluation::desk"

    def state(*measures: str) -> dict[str, Any]:
        criteria = [{"name": name, "evaluator_name": f"builtin.{name}"} for name in measures]
        inputs = {"name": "desk", "definition": {"name": "Desk", "testing_criteria": criteria}}
        kind = "pulumi-python:dynamic/foundry:Evaluation"
        return {"urn": urn, "type": kind, "id": "eval_1", "inputs": inputs, "outputs": inputs}

    old, new = state("relevance"), state("relevance", "violence")
    ops = ("create-replacement", "replace", "delete-replaced")
    told = render({"steps": [{"op": op, "urn": urn, "oldState": old, "newState": new} for op in ops]})

    assert "| Evals | 1 |" in told
    assert "its rule turns to the new one, and the old one is deleted with its runs" in told
    assert "testing_criteria[violence]" in told


def test_a_rule_names_its_eval_and_not_the_evals_id() -> None:
    urns = {
        kind: f"urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:{kind}::desk"
        for kind in ("Evaluation", "EvaluationRule")
    }

    def state(kind: str, identifier: str, definition: dict[str, Any], **more: Any) -> dict[str, Any]:
        inputs = {"name": "desk", "definition": definition}
        told = {"urn": urns[kind], "type": f"pulumi-python:dynamic/foundry:{kind}", "id": identifier}
        return {**told, "inputs": inputs, "outputs": inputs, **more}

    measures = [{"testing_criteria": [{"name": name, "evaluator_name": "builtin.x"}]} for name in ("a", "b")]
    old, new = (state("Evaluation", "eval_1", one) for one in measures)
    evals = [
        {"op": op, "urn": urns["Evaluation"], "oldState": old, "newState": new}
        for op in ("create-replacement", "replace", "delete-replaced")
    ]
    before = state("EvaluationRule", "desk", {"id": "desk", "eval_id": "eval_1"})
    needs = {"propertyDependencies": {"definition": [urns["Evaluation"]]}}
    after = state("EvaluationRule", "desk", {"id": "desk", "eval_id": UNKNOWN_TEXT}, **needs)
    rule = {"op": "update", "urn": urns["EvaluationRule"], "oldState": before, "newState": after}

    told = render({"steps": [*evals, rule]})

    assert "eval: `desk` → `desk` (new id)" in told
    assert "eval_1" not in told


def _numbered(
    kind: str,
    op: str,
    before: dict[str, Any],
    after: dict[str, Any] | None,
    *,
    needs: tuple[str, ...] = (),
    live: dict[str, Any] | None = None,
    name: str = "returns",
) -> list[dict[str, Any]]:
    """The steps of one object of the versioned dialect; `live` is what a refresh finds in the place of `before`."""
    urn = f"urn:pulumi:dev::foundry-as-code::pulumi-python:dynamic/foundry:{kind}::{name}"
    common = {"urn": urn, "custom": True, "type": urn.split("::")[2]}
    old = {**common, "id": "returns", "inputs": {"definition": {"name": "returns", **before}}}
    steps = []
    if live is not None:
        found = {**old, "inputs": {"definition": {"name": "returns", **before}, **live}}
        steps.append({"op": "refresh", "urn": urn, "oldState": old, "newState": found})
        old = found
    new = {
        **common,
        "inputs": {"definition": {"name": "returns", **(after or {})}},
        "propertyDependencies": {"definition": list(needs)},
    }
    return [*steps, {"op": op, "urn": urn, **({"oldState": old} if op != "create" else {}), "newState": new}]


def test_toolboxes_skills_and_memory_stores_are_told_apart_from_the_platform() -> None:
    skill = "urn:pulumi:dev::foundry-as-code::pulumi-python:dynamic/foundry:Skill::returns"
    box = skill.replace("Skill", "Toolbox")
    reference = [{"name": UNKNOWN_TEXT, "version": UNKNOWN_TEXT}]
    call = {
        "name": "box",
        "type": "mcp",
        "server_url": UNKNOWN_TEXT,
        "connection_id": "/subscriptions/s/c/box",
    }
    steps = [
        *_numbered("Skill", "create", {}, {"description": "How", "instructions": "Ask.\nAnswer."}),
        *_numbered("Toolbox", "create", {}, {"tools": [{"name": "web", "type": "web_search"}]}),
        *_numbered("MemoryStore", "create", {}, {"chat_model": "chat"}),
        *_numbered(
            "VersionedAgent", "create", {}, {"skills": reference, "tools": [call]}, needs=(skill, box)
        ),
    ]
    text = render({"steps": steps})

    assert "| Memory stores | 1 |\n| Toolboxes | 1 |\n| Skills | 1 |" in text
    assert "Platform" not in text
    assert "- tool `web` (web_search) added" in section(text, "Toolboxes")
    assert "chat_model: `chat`" in section(text, "Memory stores").replace("`chat_model`", "chat_model")
    assert "Ask.\nAnswer." in section(text, "Skills")
    agents = section(text, "Agents")
    assert "returns (new version)" in agents
    assert "tool `box` (mcp) added: connection `box`, toolbox `returns`" in agents


def test_what_a_tool_will_refer_to_is_named_before_it_is_there() -> None:
    root = "urn:pulumi:dev::foundry-as-code::foundry:components:FoundryEnvironment$"
    makers = {
        name: f"{root}azure-native:cognitiveservices:ProjectConnection::{name}" for name in ("one", "two")
    }
    made = [
        {"op": "create", "urn": urn, "newState": {"urn": urn, "type": urn.split("::")[2], "custom": True}}
        for urn in makers.values()
    ]
    asks = {"name": "asks", "type": "a2a", "connection_id": UNKNOWN_TEXT}
    calls = {
        "name": "calls",
        "type": "openapi",
        "auth": {"type": "connection", "connection_id": UNKNOWN_TEXT},
    }

    def told(*needs: str) -> str:
        made_of = {"needs": tuple(makers[name] for name in needs)}
        steps = [*made, *_numbered("VersionedAgent", "create", {}, {"tools": [asks, calls]}, **made_of)]
        return section(render({"steps": steps}), "Agents")

    assert "tool `asks` (a2a) added: connection `one`\n" in told("one")
    assert "tool `calls` (openapi) added: connection `one`\n" in told("one")
    assert "tool `asks` (a2a) added: connection `one or two`\n" in told("two", "one")


def test_a_skill_that_changes_is_told_with_the_agents_that_follow_it() -> None:
    before = {"skills": [{"name": "returns", "version": "1"}, {"name": "theirs", "version": "2"}]}
    after = {"skills": [{"name": "returns", "version": UNKNOWN_TEXT}, {"name": "theirs", "version": "2"}]}
    text = render({"steps": _numbered("VersionedAgent", "update", before, after)})

    told = "- `skill returns`: `version 1` → `new version`"
    assert told in section(text, "Agents")


def test_another_default_version_by_hand_is_drift() -> None:
    steps = _numbered("Toolbox", "update", {}, {}, live={"defaultVersion": "2"})
    steps[0]["oldState"]["outputs"] = {"appliedDefault": "latest"}
    steps[1]["newState"]["inputs"]["defaultVersion"] = "latest"
    text = render({"steps": steps})

    assert "#### toolbox `returns`: changed outside; the update puts the declaration back" in text
    assert "defaultVersion: `latest` → `2`" in text.replace("`defaultVersion`", "defaultVersion")


def test_drift_that_is_left_alone_is_told_with_its_age() -> None:
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:Agent::desk"

    def state(instructions: str, **outputs: Any) -> dict[str, Any]:
        definition = {"name": "desk", "model": "chat", "instructions": instructions}
        inputs = {"name": "desk", "lifecycle": {"onDrift": "report"}, "definition": definition}
        applied = {**definition, "instructions": "Be kind."}
        return {
            "urn": urn,
            "type": "pulumi-python:dynamic/foundry:Agent",
            "id": "asst_1",
            "inputs": inputs,
            "outputs": {**inputs, "applied": applied, **outputs},
        }

    drifted = state("Incident: say nothing.", driftSince="2026-11-18T09:12:00+00:00")
    declared = state("Be kind.")
    steps = [
        {"op": "refresh", "urn": urn, "oldState": declared, "newState": drifted},
        {"op": "same", "urn": urn, "oldState": drifted, "newState": declared},
    ]
    # Once an up has noted it, the inputs are the declared ones again, and without `--show-sames` there is no step but the look.
    noted = {**drifted, "inputs": declared["inputs"]}
    for known in (steps, [{"op": "refresh", "urn": urn, "oldState": noted, "newState": noted}]):
        told = render({"steps": known}, now=datetime(2026, 11, 21, 10, 0, tzinfo=UTC))
        assert (
            "changed outside, seen since 2026-11-18 09:12 UTC (3 days); left as it is, as its declaration asks"
            in told
        )
        assert "Incident: say nothing." in told


AGENT = "urn:pulumi:dev::shop::pulumi-python:dynamic/foundry:VersionedAgent::desk"


def _agent(
    lifecycle: dict[str, Any] | None = None, *, enabled: bool = True, **definition: Any
) -> dict[str, Any]:
    told = {"name": "desk", "model": "chat", "instructions": "Be kind.", **definition}
    inputs = {
        "name": "desk",
        "lifecycle": lifecycle or {},
        "definition": told,
        "serving": {"enabled": enabled},
    }
    applied = {"name": "desk", "model": "chat", "instructions": "Be kind."}
    return {"urn": AGENT, "id": "desk", "inputs": inputs, "outputs": {**inputs, "applied": applied}}


def _reviewed(before: dict[str, Any], live: dict[str, Any], after: dict[str, Any]) -> str:
    steps = [
        {"op": "refresh", "urn": AGENT, "oldState": before, "newState": live},
        {"op": "update", "urn": AGENT, "oldState": live, "newState": after},
    ]
    return render({"steps": steps})


def test_drift_that_is_to_be_left_alone_from_now_on_is_never_told_as_put_back() -> None:
    told = _reviewed(_agent(), _agent(temperature=0.7), _agent({"onDrift": "report"}))

    assert "changed outside; left as it is, as its declaration asks (`on_drift: report`)" in told
    assert "puts the declaration back" not in told


def test_what_somebody_made_by_hand_what_it_is_now_declared_to_be_is_no_drift() -> None:
    told = _reviewed(
        _agent(enabled=False), _agent(instructions="Be rude."), _agent(metadata={"team": "care"})
    )

    assert "enabled: `false` → `true`" in told.partition("### Drift")[0]
    drift = told.partition("### Drift")[2]
    assert "instructions" in drift
    assert "enabled" not in drift


def test_warnings_are_fenced_so_that_what_follows_them_stays_as_it_is() -> None:
    warning = {
        "severity": "warning",
        "message": "stacks/base/agents/desk.yaml:4:3: warning: it is sent as it stands",
    }
    one = {"op": "update", "urn": AGENT, "oldState": _agent(), "newState": _agent(temperature=0.5)}
    told = render({"steps": [one], "diagnostics": [warning, warning | {"message": "another"}]})

    fences = [line for line in told.splitlines() if "```" in line]
    assert fences == ["```"] * 4
    assert "Warning:\n\n```\nstacks/base/agents/desk.yaml:4:3" in told
    assert "\n#### `desk`: update" in told


def test_what_a_preview_that_stopped_never_reached_is_not_told_as_gone() -> None:
    document = preview("drift-and-edits")
    document["diagnostics"] = [{"severity": "error", "message": "alias: is missing"}]

    assert "deleted outside and no longer declared" not in render(document)
    assert "deleted outside and no longer declared" in render(preview("drift-and-edits"))


def _hosted(content_hash: str, **files: str) -> dict[str, Any]:
    listed = [{"path": f"{name}.py", "sha256": sha} for name, sha in files.items()]
    code = {"runtime": "python_3_12", "content_hash": content_hash, "folder": "src", "files": listed}
    return {"hosted": {"cpu": "1", "code_configuration": code}}


def test_a_hosted_agents_code_is_told_by_its_files() -> None:
    old, new = _hosted("a" * 64, main="1", desk="2", gone="3"), _hosted("b" * 64, main="9", desk="2")
    told = render({"steps": _numbered("VersionedAgent", "update", old, new)})

    assert "- code: 1 changed, 1 removed, 1 unchanged" in told
    assert "changed `main.py`" in told
    assert "code_configuration" not in told


def test_code_uploaded_by_hand_is_told_by_its_hash() -> None:
    old = _hosted("a" * 64, main="1")
    live = _hosted("b" * 64, main="1")
    steps = _numbered("VersionedAgent", "update", old, old, live={"definition": {"name": "returns", **live}})

    assert f"`hosted.code_configuration.content_hash`: `{'a' * 64}` → `{'b' * 64}`" in render(
        {"steps": steps}
    )


def _with_newest(version: str, steps: list[dict[str, Any]], output: str = "version") -> list[dict[str, Any]]:
    """The same steps, with the newest version among what is recorded and what a refresh finds."""
    told = copy.deepcopy(steps)
    for step in told:
        for side in ("oldState", "newState") if step["op"] == "refresh" else ("oldState",):
            step[side]["outputs"] = {output: version}
    return told


@pytest.mark.parametrize(
    ("kind", "output"),
    [("VersionedAgent", "version"), ("Toolbox", "latestVersion"), ("Skill", "latestVersion")],
)
def test_an_edit_that_makes_a_version_says_so(kind: str, output: str) -> None:
    steps = _numbered(kind, "update", {"instructions": "Ask."}, {"instructions": "Answer."})
    assert "It makes a new version; the newest now is 6." in render(
        {"steps": _with_newest("6", steps, output)}
    )


def test_an_edit_in_place_says_that_it_makes_no_version() -> None:
    steps = _with_newest("6", _numbered("VersionedAgent", "update", {"model": "chat"}, {"model": "chat"}))
    steps[0]["oldState"]["inputs"]["serving"] = {"traffic": {"6": 100}}
    steps[0]["newState"]["inputs"]["serving"] = {"traffic": {"6": 90, "5": 10}, "enabled": False}
    told = render({"steps": steps})

    assert "It makes no new version; the newest stays 6." in told
    assert "- enabled: `false`" in told
    assert "`endpoint.traffic" in told
    assert "serving" not in told


def test_what_is_declared_of_an_endpoint_first_is_not_told_as_another_address() -> None:
    steps = _with_newest("6", _numbered("VersionedAgent", "update", {"model": "chat"}, {"model": "chat"}))
    for side in ("oldState", "newState"):
        steps[0][side]["inputs"]["endpoint"] = "https://shop.example/api/projects/service"
    steps[0]["newState"]["inputs"]["serving"] = {"enabled": False}
    told = render({"steps": steps})

    assert "- enabled: `false`" in told
    assert "endpoint" not in told


def test_a_version_that_only_puts_back_what_somebody_changed_is_told_with_the_drift() -> None:
    declared = {"instructions": "Ask."}
    live = {"definition": {"name": "returns", "instructions": "Sell."}}
    steps = _numbered("VersionedAgent", "update", declared, declared, live=live)
    told = render({"steps": _with_newest("7", steps)})

    assert "the update puts the declaration back, with a new version (the newest now is 7)" in told
    assert "It makes" not in told


def test_a_classic_agent_speaks_of_no_versions() -> None:
    steps = _numbered("Agent", "update", {"instructions": "Ask."}, {"instructions": "Answer."})
    assert "version" not in render({"steps": steps})


def test_where_a_stack_has_both_dialects_each_agent_says_which_it_is_of() -> None:
    goes = _numbered("Agent", "delete", {"model": "chat"}, None)
    comes = _numbered("VersionedAgent", "create", {}, {"model": "chat"})
    told = render({"steps": [*goes, *comes]})

    assert "#### `returns` (classic): delete" in told
    assert "#### `returns` (versioned): create" in told
    assert "(versioned)" not in render({"steps": comes})


@pytest.mark.parametrize(
    ("kind", "keeps"),
    [
        ("Agent", "`lifecycle: {previous_names: [returns]}` would keep it"),
        (
            "VersionedAgent",
            "`service_name: returns` and `lifecycle: {previous_names: [returns]}` would keep it",
        ),
    ],
)
def test_an_agent_that_comes_as_another_one_goes_is_told_how_it_is_renamed(kind: str, keeps: str) -> None:
    goes = _numbered(kind, "delete", {"name": "returns", "model": "chat"}, None)
    comes = _numbered(kind, "create", {}, {"name": "refunds", "model": "chat"}, name="refunds")
    told = render({"steps": [*goes, *comes]})

    assert f"Is it `returns`, renamed? That one is deleted; {keeps}." in section(told, "Agents")
    another = _numbered(kind, "create", {}, {"name": "refunds", "model": "big"}, name="refunds")
    assert "renamed?" not in render({"steps": [*goes, *another]})


def test_what_a_reader_would_not_see_has_a_sign_in_its_place() -> None:
    steps = _numbered(
        "Agent",
        "update",
        {"instructions": "Ask.\nNever guess."},
        {"instructions": "Ask.\n\x1b[1A\x1b[2KAlways\u202eguess\x07\u2028\tnow."},
    )
    told = render({"steps": steps})

    assert "+␛[1A␛[2KAlways⟨U+202E⟩guess␇⟨U+2028⟩\tnow." in told
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", told)
