"""Files that declarations name: prompts, knowledge, data."""

from __future__ import annotations

import hashlib

import pytest

DESK = "stacks/base/agents/desk.yaml"
PROMPT = "stacks/base/prompts/desk.md"
KNOWLEDGE = "stacks/base/knowledge"
STORE = "stacks/base/vector-stores/handbook.yaml"


def store(project):
    return project.load().manifest.vector_stores[0]


def test_a_file_is_known_by_its_path_content_and_size(project):
    returns = store(project).files[0]
    data = (project.root / KNOWLEDGE / "returns.md").read_bytes()
    assert (returns.path, returns.filename) == (f"{KNOWLEDGE}/returns.md", "returns.md")
    assert (returns.sha256, returns.size) == (hashlib.sha256(data).hexdigest(), len(data))


def test_a_knowledge_file_of_more_than_512_mb_is_refused_unread(project):
    with (project.root / KNOWLEDGE / "huge.md").open("wb") as stream:
        stream.truncate(512 * 1024 * 1024 + 1)
    assert project.findings() == [
        f"{STORE}:3:9: {KNOWLEDGE}/huge.md has 536,870,913 bytes, more than the 536,870,912 that the service takes; split it"
    ]


def test_knowledge_that_is_not_utf_8_is_refused(project):
    project.write(f"{KNOWLEDGE}/latin.md", "Rückgabe".encode("latin-1"))
    assert project.findings() == [
        "stacks/base/knowledge/latin.md:1:2: the byte 0xFC, which isn't UTF-8; in Windows-1252 it is `ü`; save the file in UTF-8"
    ]


def test_a_character_cut_by_the_end_of_the_file_is_not_utf_8(project):
    project.write(f"{KNOWLEDGE}/cut.md", "Rückgabe ü".encode()[:-1])
    (finding,) = project.findings()
    assert finding.startswith(f"{KNOWLEDGE}/cut.md:1:10: the byte 0xC3")


def test_knowledge_in_utf_16_that_breaks_off_is_refused(project):
    project.write(f"{KNOWLEDGE}/cut.md", "Ask.".encode("utf-16")[:-1])
    (finding,) = project.findings()
    assert finding.startswith(f"{KNOWLEDGE}/cut.md:1:5: text in UTF-16 that breaks off; save it in UTF-8")


@pytest.mark.parametrize(
    ("name", "content"), [("wide.txt", "Rückgabe".encode("utf-16")), ("form.pdf", b"%PDF-1.7\x00\xff")]
)
def test_knowledge_in_utf_16_and_in_binary_formats_is_taken(project, name, content):
    project.write(f"{KNOWLEDGE}/{name}", content)
    project.change("stacks/base/vector-stores/handbook.yaml", "*.md", f"{name}")
    assert [file.filename for file in store(project).files] == [name]


NUL = "take it out; a file with many of them is no text, or was saved in UTF-16: save it in UTF-8"


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"One.\r\n\xe4\xb8\xad\0\n\0", f"2:2: a NUL character (U+0000); {NUL}"),
        ("Ask.".encode("utf-16-le"), f"1:2: a NUL character (U+0000); {NUL}"),
        ("Ask.".encode("utf-16"), "1:1: text in UTF-16; save it in UTF-8"),
        (
            b"One.\nTw\x93o",
            "2:3: the byte 0x93, which isn't UTF-8; in Windows-1252 it is `“`; save the file in UTF-8",
        ),
        (b"One\x81", "1:4: the byte 0x81, which isn't UTF-8; save the file in UTF-8"),
    ],
)
def test_a_prompt_that_is_no_text_is_refused_where_it_is_none(project, content, finding):
    project.write(PROMPT, content)
    assert project.findings() == [f"{PROMPT}:{finding}"]


def test_the_place_is_right_beyond_the_first_piece_of_a_large_file(project):
    piece = b"x" * 99 + b"\n"
    project.write(f"{KNOWLEDGE}/large.md", piece * 15_000 + b"abc\xe9")
    (finding,) = project.findings()
    assert finding.startswith(f"{KNOWLEDGE}/large.md:15001:4: the byte 0xE9")


def test_a_prompt_reads_the_same_from_a_checkout_with_other_line_ends(project):
    project.write(PROMPT, b"\xef\xbb\xbfYou are\r\nthe desk.\r\n")
    assert project.load().manifest.agents[0].instructions == "You are\nthe desk.\n"


def test_a_prompt_of_more_than_256000_characters_is_refused(project):
    project.write(PROMPT, "x" * 256_001)
    assert project.findings() == [
        f"{DESK}:4:22: `instructions` has 256,001 characters, more than the 256,000 that the service takes; shorten it"
    ]


def test_a_link_that_leaves_the_repository_is_not_followed(project, tmp_path):
    outside = tmp_path / "outside.md"
    outside.write_text("secret", encoding="utf-8")
    (project.root / KNOWLEDGE / "link.md").symlink_to(outside)
    assert project.findings() == [
        f"{STORE}:3:9: {KNOWLEDGE}/link.md is a link that leaves the repository; put the file itself into the repository"
    ]


def test_a_linked_folder_that_leaves_the_repository_is_not_followed(project, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "notes.md").write_text("secret", encoding="utf-8")
    (project.root / KNOWLEDGE / "linked").symlink_to(outside)
    project.change("stacks/base/vector-stores/handbook.yaml", "*.md", "**/*.md")
    assert [file.filename for file in store(project).files] == ["returns.md", "shipping.md"]
    project.change("stacks/base/vector-stores/handbook.yaml", "**/*.md", "linked/*.md")
    assert "is a link that leaves the repository" in project.findings()[0]


def test_a_link_within_the_repository_is_followed(project):
    (project.root / KNOWLEDGE / "link.md").symlink_to(project.root / PROMPT)
    assert [file.filename for file in store(project).files] == ["link.md", "returns.md", "shipping.md"]


def test_a_folder_is_not_a_file(project):
    project.change(DESK, "../prompts/desk.md", "../prompts")
    assert "stacks/base/prompts is not a file" in project.findings()[0]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("../knowledge/*.md", ["returns.md", "shipping.md"]),
        ("../knowledge/**/*.md", ["care.md", "returns.md", "shipping.md", "tents.md"]),
        ("../knowledge/**", ["care.md", "returns.md", "shipping.md", "tents.md"]),
        ("../knowledge/gear/**.md", ["care.md", "tents.md"]),
        ("../knowledge/gear/?ents.md", ["tents.md"]),
        ("../knowledge/[rs]*.md", ["returns.md", "shipping.md"]),
        ("../knowledge/[!r]*.md", ["shipping.md"]),
        ("../**/gear/**/c*.md", ["care.md"]),
    ],
)
def test_patterns_name_files_as_people_expect(project, pattern, names):
    project.write(f"{KNOWLEDGE}/gear/tents.md", "Tents")
    project.write(f"{KNOWLEDGE}/gear/boots/care.md", "Wax")
    project.write(f"{KNOWLEDGE}/.hidden.md", "hidden")
    project.change(
        "stacks/base/vector-stores/handbook.yaml", "files: [../knowledge/*.md]", f'files: ["{pattern}"]'
    )
    assert sorted(file.filename for file in store(project).files) == names


@pytest.mark.parametrize("exclude", ["**/shipping.md", "../knowledge/s*.md"])
def test_excluded_files_are_left_out(project, exclude):
    project.change("stacks/base/vector-stores/handbook.yaml", "files:", f'exclude: ["{exclude}"]\nfiles:')
    assert [file.filename for file in store(project).files] == ["returns.md"]


def test_a_file_named_twice_is_one_file(project):
    project.change(
        "stacks/base/vector-stores/handbook.yaml",
        "[../knowledge/*.md]",
        "[../knowledge/*.md, ../knowledge/returns.md]",
    )
    assert len(store(project).files) == 2


def test_a_code_interpreter_takes_20_files(project, write_agent):
    names = [f"../data/{number}.csv" for number in range(21)]
    for name in names:
        project.write(f"stacks/base/agents/{name}", "a,b\n")
    write_agent(f"tools: {{calc: {{type: code_interpreter, files: [{', '.join(names)}]}}}}\n")
    assert project.findings() == [
        "stacks/base/agents/other.yaml:4:47: a code interpreter with 21 files: the service takes 20; name fewer files"
    ]
    write_agent(f"tools: {{calc: {{type: code_interpreter, files: [{', '.join(names[:20])}]}}}}\n")
    assert len(project.load().manifest.agents[1].tools[0].files) == 20


def test_a_path_is_relative_to_the_document_that_wrote_it(project):
    project.write("stacks/dev/agents/desk.yaml", "kind: Agent\nname: desk\ninstructions: {file: mine.md}\n")
    project.write("stacks/dev/agents/mine.md", "Another desk.\n")
    assert project.load().manifest.agents[0].instructions == "Another desk.\n"


def test_a_document_in_a_layer_that_writes_no_path_keeps_the_first_ones(project):
    project.write("stacks/dev/desk.yaml", "kind: Agent\nname: desk\ninstructions: {interpolate: true}\n")
    project.write(PROMPT, "You work in ${stack}.\n")
    assert project.load().manifest.agents[0].instructions == "You work in dev.\n"


def test_json_that_yaml_could_not_read_is_taken(project, write_agent):
    project.write(
        "stacks/base/formats/quote.json", '{\n\t"type": "object", "description": "a \\/ b \\ud83d\\ude00"}'
    )
    write_agent("tools: {q: {type: function, parameters: {file: ../formats/quote.json}}}\n")
    tool = project.load().manifest.agents[1].tools[0]
    assert tool.settings["parameters"] == {"type": "object", "description": "a / b \U0001f600"}


def test_of_files_with_the_same_content_a_store_has_the_first_by_path(project):
    project.write(f"{KNOWLEDGE}/a-twin.md", (project.root / KNOWLEDGE / "returns.md").read_bytes())

    assert [file.filename for file in store(project).files] == ["a-twin.md", "shipping.md"]
