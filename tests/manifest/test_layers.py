"""Layers: what is merged, what is left out, and where each value came from."""

from __future__ import annotations

from itertools import takewhile

from foundry.manifest import explain

SETTINGS = "stacks/Pulumi.dev.yaml"


def test_a_later_layer_changes_what_it_names_and_nothing_else(project):
    before = project.load().manifest.agents[0]
    project.write(
        "stacks/dev/agents/desk.yaml", "kind: Agent\nname: desk\ntemperature: 0.5\nmetadata: {tier: gold}\n"
    )
    after = project.load().manifest.agents[0]
    assert (after.temperature, after.metadata) == (0.5, {"team": "service", "tier": "gold"})
    assert (after.model, after.tools) == (before.model, before.tools)


def test_null_removes(project):
    project.write(
        "stacks/dev/desk.yaml", "kind: Agent\nname: desk\nmetadata: null\ntools: {products: null}\n"
    )
    desk = project.load().manifest.agents[0]
    assert (desk.metadata, [tool.name for tool in desk.tools]) == ({}, ["handbook"])


def test_null_stays_where_there_is_nothing_to_remove(project, write_agent):
    write_agent(
        "tools: {q: {type: function, parameters: {type: object, properties: {size: {default: null}}}}}\n"
    )
    parameters = project.load().manifest.agents[1].tools[0].settings["parameters"]
    assert parameters["properties"] == {"size": {"default": None}}


def test_a_list_is_replaced_whole(project):
    project.write("stacks/dev/environment.yaml", "kind: Environment\nstorage: {queues: [only]}\n")
    assert project.load().manifest.environment.storage.queues == ("only",)


def test_layers_are_those_of_the_settings_in_their_order(project):
    project.change(SETTINGS, "config:\n", "config:\n  foundry:layers: [base, sales, dev]\n")
    project.write("stacks/sales/desk.yaml", "kind: Agent\nname: desk\ntemperature: 0.1\ntop_p: 0.9\n")
    project.write("stacks/dev/desk.yaml", "kind: Agent\nname: desk\ntemperature: 0.3\n")
    desk = project.load().manifest.agents[0]
    assert (desk.temperature, desk.top_p) == (0.3, 0.9)


def test_documents_of_the_environment_merge_whatever_they_are_called(project):
    project.write(
        "stacks/dev/platform.yaml", "kind: Environment\nname: shop-dev\nmonitoring: {retention_in_days: 60}\n"
    )
    environment = project.load().manifest.environment
    assert (environment.name, environment.monitoring.retention_in_days) == ("shop-dev", 60)


def test_an_omitted_document_is_no_part_of_the_stack(project):
    project.write("stacks/dev/desk.yaml", "{kind: Agent, name: desk, omit: true}\n")
    assert project.load().manifest.agents == ()


def test_an_omitted_document_comes_back_in_a_later_layer(project):
    project.change("stacks/base/agents/desk.yaml", "model: chat", "omit: true\nmodel: chat")
    assert project.load().manifest.agents == ()
    project.write("stacks/dev/desk.yaml", "{kind: Agent, name: desk, omit: false}\n")
    assert [agent.name for agent in project.load().manifest.agents] == ["desk"]


def test_material_is_never_read_as_a_declaration(project):
    project.write("stacks/base/prompts/notes.yaml", "kind: [\n")
    assert project.findings() == []


def test_the_explanation_tells_the_file_and_line_of_each_value(project):
    project.write(
        "stacks/dev/agents/desk.yaml",
        "kind: Agent\nname: desk\ntemperature: 0.5\ntools:\n  handbook: {max_num_results: 3}\n",
    )
    lines = explain(project.root, "dev")
    start = lines.index("# Agent desk: stacks/base/agents/desk.yaml + stacks/dev/agents/desk.yaml")
    told = [" ".join(line.split()) for line in lines[start + 1 :]]
    assert "model: chat # stacks/base/agents/desk.yaml:3" in told
    assert "temperature: 0.5 # stacks/dev/agents/desk.yaml:3" in told
    assert "max_num_results: 3 # stacks/dev/agents/desk.yaml:5" in told
    assert "- handbook # stacks/base/agents/desk.yaml:7" in told


def test_the_explanation_is_yaml_that_means_the_merged_document(project):
    project.write("stacks/dev/agents/desk.yaml", 'kind: Agent\nname: desk\ndescription: "yes: #1\\n2"\n')
    lines = explain(project.root, "dev")
    project.write("stacks/base/agents/desk.yaml", "\n".join(_document(lines, "# Agent desk")))
    (project.root / "stacks/dev/agents/desk.yaml").unlink()
    assert project.load().manifest.agents[0].description == "yes: #1\n2"


def _document(lines, title):
    start = next(number for number, line in enumerate(lines) if line.startswith(title))
    return list(takewhile(bool, lines[start:]))


def test_the_explanation_names_what_is_left_out(project):
    project.write("stacks/dev/desk.yaml", "{kind: Agent, name: desk, omit: true}\n")
    assert "# Agent desk: left out of this stack by stacks/dev/desk.yaml:1" in explain(project.root, "dev")


def test_the_explanation_of_a_stack_that_is_not_there_is_empty(project):
    assert explain(project.root, "nowhere") == ()


def test_a_folder_of_material_may_have_a_name_that_is_near_to_one_of_declarations(project):
    project.write("stacks/base/indexes/products.json", "{}")
    project.write("stacks/base/skill-texts/returns.md", "Ask.")

    assert project.findings() == []


def test_what_is_wrong_in_the_other_layers_is_told_beside_a_layer_that_is_missing(project):
    project.change(SETTINGS, "config:\n", "config:\n  foundry:layers: [bsae, dev]\n")
    project.write("stacks/dev/agents/desk.yaml", "kind: Agent\nname: desk\ntemprature: 1\ntop_p: high\n")
    told = project.findings()
    assert [line.partition(": ")[0] for line in told] == [
        "stacks/Pulumi.dev.yaml:2:19",
        "stacks/dev/agents/desk.yaml:3:1",
        "stacks/dev/agents/desk.yaml:4:8",
    ]
