"""Any two generated worlds: from the first to the second is one `up`, after which a preview is empty.

Worlds hold agents and stores in either dialect or both, so a step may also be a move from one dialect to the other. The live
set is what is declared, and a definition that two worlds share makes no version.
"""

from pathlib import Path

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cases.test_interrupted import declare

BASE = Path(__file__).parent / "versioned" / "_base"
KNOWLEDGE = {"knowledge/returns.md": "Returns within 30 days.", "knowledge/sizes.md": "Sizes S to XL."}

dialects = st.sampled_from(["classic", "both", "versioned"])
words = st.sampled_from(["Be brief.", "Be kind.", "Ünïcode, „quotes“ and {{input}}", "two\nlines"])
shared_tools = st.fixed_dictionaries(
    {},
    optional={
        "run": st.just({"type": "code_interpreter"}),
        "count": st.fixed_dictionaries(
            {"type": st.just("function")},
            optional={
                "description": words,
                "parameters": st.sampled_from(
                    [{"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "object"}]
                ),
            },
        ),
        "docs": st.fixed_dictionaries(
            {"type": st.just("mcp"), "server_url": st.just("https://docs.example/mcp")},
            optional={
                "allowed_tools": st.just(["fetch", "search"]),
                "require_approval": st.sampled_from(["always", "never", {"never": ["fetch"]}]),
            },
        ),
        "web": st.fixed_dictionaries(
            {"type": st.just("bing_grounding"), "connection": st.just("bing")},
            optional={"count": st.integers(1, 50), "market": st.just("en-GB")},
        ),
    },
)
agents = st.fixed_dictionaries(
    {"kind": st.just("Agent"), "model": st.just("chat"), "dialect": dialects, "tools": shared_tools},
    optional={
        "instructions": words,
        "description": words,
        "temperature": st.sampled_from([0, 0.5, 1, 2]),
        "metadata": st.dictionaries(st.sampled_from(["team", "tier"]), words, max_size=2),
        "response_format": st.sampled_from(
            [
                {"type": "text"},
                {"type": "json_object"},
                "auto",
                {"type": "json_schema", "name": "answer", "schema": {"type": "object", "properties": {}}},
            ]
        ),
    },
)


measures = st.fixed_dictionaries(
    {}, optional={"model": st.just("chat"), "data_mapping": st.builds(lambda: {"query": "{{item.query}}"})}
)
evaluations = st.fixed_dictionaries(
    {
        "rule": st.just("continuous"),
        "evaluators": st.dictionaries(
            st.sampled_from(["relevance", "violence"]), measures, min_size=1, max_size=2
        ),
    },
    optional={
        "sampling_rate": st.sampled_from([0.5, 10, 100]),
        "max_hourly_runs": st.integers(1, 9),
        "enabled": st.booleans(),
        "description": words,
    },
)


skills = st.fixed_dictionaries(
    {"kind": st.just("Skill"), "description": words, "instructions": words},
    optional={
        "license": words,
        "allowed_tools": st.just(["Read", "Bash(git:*)"]),
        "metadata": st.dictionaries(st.sampled_from(["team", "tier"]), words, max_size=2),
        "keep_versions": st.integers(1, 2),
    },
)
folders = st.builds(
    lambda description, rules: {
        "folder/SKILL.md": f"---\n{yaml.safe_dump({'description': description}, allow_unicode=True)}---\nRead.\n",
        "folder/rules.md": rules,
    },
    words,
    words,
)
attributes = st.dictionaries(
    st.sampled_from(["team", "year"]),
    st.one_of(words, st.booleans(), st.integers(-9, 9), st.sampled_from([0.5, -2.25])),
    min_size=1,
)
in_toolboxes = st.fixed_dictionaries(
    {},
    optional={
        "run": st.fixed_dictionaries({"type": st.just("code_interpreter")}, optional={"description": words}),
        "docs": st.just({"type": "mcp", "server_url": "https://docs.example/mcp"}),
        "web": st.fixed_dictionaries(
            {"type": st.just("web_search")},
            optional={
                "search_context_size": st.sampled_from(["low", "high"]),
                "tool_configs": st.just({"*": {"pin": True}}),
            },
        ),
        "find": st.just({"type": "toolbox_search"}),
    },
)
toolboxes = st.fixed_dictionaries(
    {"kind": st.just("Toolbox"), "tools": in_toolboxes},
    optional={"description": words, "keep_versions": st.integers(1, 2)},
)


detections = st.sampled_from(
    [
        {"type": "none"},
        {"type": "semantic_vad", "eagerness": "low"},
        {"type": "azure_semantic_vad", "languages": ["en", "de"]},
        {"type": "server_vad", "threshold": 0.5, "end_of_utterance_detection": {"model": "none"}},
    ]
)
speech = st.fixed_dictionaries(
    {"model_type": st.just("managed"), "model": st.sampled_from(["gpt-realtime", "gpt-realtime-mini"])},
    optional={
        "greeting": st.fixed_dictionaries({"type": st.just("template"), "text": words}),
        "audio": st.fixed_dictionaries(
            {},
            optional={
                "input": st.fixed_dictionaries({}, optional={"turn_detection": detections}),
                "output": st.just({"voice_type": "openai", "voice": "alloy"}),
            },
        ),
        "soundscape": st.sampled_from(
            [{track: {"source": {"type": "built_in", "name": "office"}}} for track in ("opening", "closing")]
        ),
        "max_output_tokens": st.sampled_from(["inf", 800]),
        "store": st.booleans(),
    },
)
elsewhere = st.fixed_dictionaries({}, optional={"otel_agent_id": st.sampled_from(["far", "far-eu"])})


@st.composite
def spoken(draw, name, asked, boxed):
    """An agent that is spoken with, or one that runs elsewhere."""
    document = {"kind": "Agent", "name": name, "dialect": "versioned"}
    if draw(st.booleans()):
        return {**document, "external": draw(elsewhere)}
    told = draw(speech)
    if asked and draw(st.booleans()):
        told["subagent_config"] = {
            "subagents": [{"agent": one, "agent_capabilities": "Knows"} for one in asked]
        }
    tools = draw(st.sampled_from([{}, {"end_conversation": {"type": "system"}}]))
    if boxed and draw(st.booleans()):
        tools = {**tools, "box": {"type": "toolbox", "toolbox": "box"}}
    return {**document, "voice": told, "tools": tools, "instructions": draw(words)}


@st.composite
def worlds(draw):
    """The files of a world: YAML documents, and the material that they name."""
    files = dict(KNOWLEDGE)
    store = None
    if draw(st.booleans()):
        store = draw(dialects)
        named = draw(st.sampled_from([["knowledge/*.md"], ["knowledge/sizes.md"]]))
        if store != "classic" and draw(st.booleans()):
            named = [*named, {"path": "knowledge/sizes.md", "attributes": draw(attributes)}]
        document = {"kind": "VectorStore", "name": "handbook", "dialect": store, "files": named}
        files["handbook.yaml"] = yaml.safe_dump(document, allow_unicode=True)
    known = sorted(draw(st.sets(st.sampled_from(["returns", "sizes"]))))
    for name in known:
        told = draw(skills)
        if draw(st.booleans()):
            files |= draw(folders)
            told = {"kind": "Skill", "folder": "folder"}
        files[f"skill-{name}.yaml"] = yaml.safe_dump({"name": name, **told}, allow_unicode=True)
    boxed = draw(st.booleans())
    if boxed:
        follows = {"skills": known} if known and draw(st.booleans()) else {}
        files["box.yaml"] = yaml.safe_dump({"name": "box", **draw(toolboxes), **follows}, allow_unicode=True)
    asked = []
    for name in draw(st.sets(st.sampled_from(["desk", "news", "shop"]), max_size=3)):
        document = {"name": name, **draw(agents)}
        if store in (document["dialect"], "both") and draw(st.booleans()):
            search = {"type": "file_search", "vector_stores": ["handbook"]}
            document["tools"] = {**document["tools"], "policies": search}
        if document["dialect"] == "versioned" and draw(st.booleans()):
            document["reasoning"] = {"effort": draw(st.sampled_from(["low", "high"]))}
        if document["dialect"] == "versioned" and known and draw(st.booleans()):
            document["skills"] = known
        if document["dialect"] == "versioned" and boxed and draw(st.booleans()):
            call = {"type": "toolbox", "toolbox": "box", "connection": "lookups-box"}
            document["tools"] = {**document["tools"], "box": call}
        if document["dialect"] != "classic" and draw(st.booleans()):
            document["evaluation"] = draw(evaluations)
        files[f"{name}.yaml"] = yaml.safe_dump(document, allow_unicode=True)
        if document["dialect"] == "versioned":
            asked.append(name)
    for name in draw(st.sets(st.sampled_from(["phone", "far"]))):
        files[f"{name}.yaml"] = yaml.safe_dump(draw(spoken(name, asked, boxed)), allow_unicode=True)
    return files


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=worlds(), second=worlds())
def test_from_any_world_to_any_other_leaves_nothing_to_change(new_stack, first, second):
    stack = new_stack()
    for files in (first, second):
        declare(stack, files, BASE)
        before = {key: held.outs.get("version") for key, held in stack.state.items()}
        planned = stack.preview()
        stack.up()
        assert stack.preview() == {}
        for key, held in stack.state.items():
            if key in before and key not in planned:
                assert held.outs.get("version") == before[key]
    manifest = stack.manifest()
    made = {(kind, name) for kind, name in stack.state if kind.endswith("Agent")}
    assert made == {
        ("Agent" if dialect == "classic" else "VersionedAgent", each.name)
        for each in manifest.agents
        for dialect in each.dialect.parts
    }
    evaluated = {each.name for each in manifest.agents if each.evaluation is not None}
    for kind in ("Evaluation", "EvaluationRule"):
        assert {name for one, name in stack.state if one == kind} == evaluated
    versioned = stack.world.session().services.versioned(stack.world.endpoint)
    assert {one.id for one in versioned.toolboxes.list()} == {each.name for each in manifest.toolboxes}
    assert {one.id for one in versioned.skills.list()} == {each.name for each in manifest.skills}
    service = versioned.evaluations
    for live, kind in ((service.list_evals(), "Evaluation"), (service.list_rules(), "EvaluationRule")):
        held = {held.id for (one, _), held in stack.state.items() if one == kind}
        assert {one.id for one in live} == held
