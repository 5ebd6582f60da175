"""Checks are read with the files they bring, and keep the order they were written in."""

from __future__ import annotations

from foundry.model import Check, Expectation

EVERYTHING = """\
tools: {prices: {type: function}, calc: {type: code_interpreter}}
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
    expect:
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
    assert whole.ask == ("What does it cost?", "And in winter?\n")
    data, source = whole.attachments
    assert (data.file and data.file.path, data.tools) == (
        "stacks/base/data/orders.csv",
        ("code_interpreter",),
    )
    assert source.data_source == {"type": "uri_asset", "uri": "https://blobs.example/a.csv"}
    local, public = whole.images
    assert (local.file and local.file.filename, local.detail) == ("boot.png", "low")
    assert public.url == "https://pictures.example/boot.png"
    assert [file.filename for file in whole.knowledge] == ["question.md"]
    assert whole.functions == {"prices": {"eur": 12}, "stock": "many", "notes": "And in winter?\n"}
    assert whole.stream
    assert whole.expect == Expectation(
        contains=("12",),
        matches=(r"\d+ EUR",),
        json_schema={"type": "object"},
        tools=("prices",),
        cites=("returns.md",),
        max_seconds=2.5,
        max_tokens=900,
    )
    assert short == Check(
        "first-words", ("Hello",), Expectation(contains=("hello",)), position=short.position
    )
