"""Checks are read with the files they bring, and keep the order they were written in."""

from __future__ import annotations

from foundry.model import Check, Conversation, Expectation

EVERYTHING = """\
tools: {prices: {type: function}, stock: {type: function}, notes: {type: function}, calc: {type: code_interpreter}}
checks:
  second-thoughts:
    ask: [What does it cost?, {file: ../data/question.md}]
    attachments:
      - {file: ../data/orders.csv, tools: [code_interpreter]}
      - {data_source: {type: uri_asset, uri: "https://blobs.example/a.csv"}, tools: [code_interpreter]}
    images: [{file: ../data/boot.png, detail: low}, {url: "https://pictures.example/boot.png"}]
    knowledge: [../data/question.md]
    functions: {prices: {eur: 12}, stock: many, notes: {file: ../data/question.md}}
    stream: true
    judge: chat
    ground_truth: It costs 12 EUR.
    expect:
      evaluators: {relevance: 4, f1_score: 0.5}
      contains: ["12"]
      matches: ['\\d+ EUR']
      json_schema: {type: object}
      tools: [prices]
      cites: [returns.md]
      max_seconds: 2.5
      max_tokens: 900
  first-words: {ask: Hello, expect: {contains: [hello]}}
"""


def test_a_check_holds_its_questions_its_files_and_what_is_expected(project, write_agent):
    project.write("stacks/base/data/question.md", "And in winter?\n")
    project.write("stacks/base/data/boot.png", b"\x89PNG\r\n")
    write_agent(EVERYTHING)

    loaded = project.load()

    assert loaded.findings == ()
    assert loaded.manifest is not None
    whole, short = next(agent for agent in loaded.manifest.agents if agent.name == "other").checks
    talk = whole.conversation
    assert talk.ask == ("What does it cost?", "And in winter?\n")
    data, source = talk.attachments
    assert (data.file and data.file.path, data.tools) == (
        "stacks/base/data/orders.csv",
        ("code_interpreter",),
    )
    assert source.data_source == {"type": "uri_asset", "uri": "https://blobs.example/a.csv"}
    local, public = talk.images
    assert (local.file and local.file.filename, local.detail) == ("boot.png", "low")
    assert public.url == "https://pictures.example/boot.png"
    assert [file.filename for file in talk.knowledge] == ["question.md"]
    assert talk.functions == {"prices": {"eur": 12}, "stock": "many", "notes": "And in winter?\n"}
    assert talk.stream
    assert whole.expect == Expectation(
        contains=("12",),
        matches=(r"\d+ EUR",),
        json_schema={"type": "object"},
        tools=("prices",),
        cites=("returns.md",),
        max_seconds=2.5,
        max_tokens=900,
        evaluators={"relevance": 4, "f1_score": 0.5},
    )
    assert (whole.judge, whole.ground_truth) == ("chat", "It costs 12 EUR.")
    expected = Expectation(contains=("hello",))
    assert short == Check("first-words", Conversation(("Hello",)), expected, position=short.position)
