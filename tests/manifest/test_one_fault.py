"""One fault, one finding: a file in `one_fault/` for every rule of this room, with the message that it must give.

The form is that of `negative/`, where faults come together. What can't be written into such a file (links, bytes, sizes) is made
by a function below. Every place in the room that makes a finding, and every sentence that the schemas bring, has a case here: a
new rule needs a new file, with the one fault in it and nothing else.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from foundry.code_archives import LARGEST_CODE
from foundry.manifest.report import Report
from foundry.manifest.shelf import LARGEST, _Problem
from tests.manifest.conftest import HERE, Project
from tests.manifest.test_bad_declarations import parts

ROOT = HERE.parents[1]
ROOM = ROOT / "foundry/manifest"
CASES = sorted((HERE / "one_fault").glob("*.txt"))
AGENT = "stacks/base/agents/other.yaml"
STORE = "stacks/base/vector-stores/more.yaml"


def link_that_leaves_the_repository(project: Project) -> str:
    (project.root.parent / "elsewhere.md").write_text("Elsewhere.\n")
    (project.root / "stacks/base/prompts/link.md").symlink_to(project.root.parent / "elsewhere.md")
    project.write(AGENT, "kind: Agent\nname: other\nmodel: chat\ninstructions: {file: ../prompts/link.md}\n")
    return "stacks/base/prompts/link.md is a link that leaves the repository; put the file itself into the repository"


def prompt_that_is_no_text(project: Project) -> str:
    project.write("stacks/base/prompts/other.md", b"caf\xe9\n")
    project.write(AGENT, "kind: Agent\nname: other\nmodel: chat\ninstructions: {file: ../prompts/other.md}\n")
    return "stacks/base/prompts/other.md:1:4: the byte 0xE9, which isn't UTF-8; in Windows-1252 it is `é`; save the file in UTF-8"


def knowledge_that_is_no_text(project: Project) -> str:
    project.write("stacks/base/more/other.md", b"caf\xe9\n")
    project.write(STORE, "kind: VectorStore\nname: more\nfiles: [../more/other.md]\n")
    return "stacks/base/more/other.md:1:4: the byte 0xE9, which isn't UTF-8"


def knowledge_with_a_name_that_is_no_text(project: Project) -> str:
    project.write("stacks/base/more/" + os.fsdecode(b"\xff.md"), "Sizes.\n")
    project.write(STORE, "kind: VectorStore\nname: more\nfiles: ['../more/*.md']\n")
    return (
        f"{STORE}:3:9: the name of stacks/base/more/\\udcff.md holds what can't be sent to the service; rename it: UTF-8 "
        "without quotation marks, backslashes and control characters"
    )


def knowledge_with_a_name_that_comes_back_changed(project: Project) -> str:
    project.write('stacks/base/more/the\n"sizes".md', "Sizes.\n")
    project.write(STORE, "kind: VectorStore\nname: more\nfiles: ['../more/*.md']\n")
    return (
        f'{STORE}:3:9: the name of stacks/base/more/the\\n"sizes".md holds what can\'t be sent to the service'
    )


def documents_that_are_no_text(project: Project) -> str:
    project.write("stacks/base/data/products.jsonl", b"caf\xe9\n")
    return "stacks/base/data/products.jsonl:1:4: the byte 0xE9, which isn't UTF-8"


def declaration_that_is_no_text(project: Project) -> str:
    project.write(AGENT, b"kind: Agent # caf\xe9\n")
    return f"{AGENT}:1:18: the byte 0xE9, which isn't UTF-8"


def declaration_that_cannot_be_read(project: Project) -> str:
    # A regular file that nobody, root included, reads from its start.
    (project.root / AGENT).symlink_to("/proc/self/mem")
    return "the file can't be read (OSError); make it a file that you may read"


def settings_that_cannot_be_read(project: Project) -> str:
    (project.root / "Pulumi.yaml").unlink()
    (project.root / "Pulumi.yaml").mkdir()
    return "the file can't be read (IsADirectoryError); make it a readable file in UTF-8"


def file_that_is_too_large(project: Project) -> str:
    with project.write("stacks/base/more/large.md", "x").open("wb") as file:
        file.truncate(LARGEST + 1)
    project.write(STORE, "kind: VectorStore\nname: more\nfiles: [../more/large.md]\n")
    return f"has {LARGEST + 1:,} bytes, more than the {LARGEST:,} that the service takes; split it"


def file_with_a_name_that_no_disk_takes(project: Project) -> str:
    name = "x" * 300
    project.write(
        AGENT, f"kind: Agent\nname: other\nmodel: chat\ninstructions: {{file: ../prompts/{name}.md}}\n"
    )
    return "can't be read"


def stack_that_declares_nothing(project: Project) -> str:
    shutil.rmtree(project.root / "stacks/base")
    return "the stack `dev` declares nothing; make the folder stacks/base or stacks/dev"


def code(project: Project) -> Path:
    """An agent made from the code in the folder that is told."""
    project.write(
        AGENT,
        "kind: Agent\nname: other\ndialect: versioned\nhosted:\n  code: {folder: ../code, runtime: python_3_12, "
        'entry_point: [python, main.py], dependency_resolution: bundled}\n  cpu: "1"\n  memory: 2Gi\n',
    )
    return project.write("stacks/base/code/main.py", "print('hello')\n").parent


def code_that_is_too_large(project: Project) -> str:
    with (code(project) / "model.bin").open("wb") as file:
        file.truncate(LARGEST_CODE)
    return "makes a zip of 262,144,221 bytes, more than the 262,144,000 that the service takes; exclude what"


def code_with_a_link_to_nothing(project: Project) -> str:
    (code(project) / "settings.json").symlink_to("away.json")
    return "stacks/base/code/settings.json is a link to nothing; put the file itself there, or take the link away"


def skill_that_is_no_text(project: Project) -> str:
    project.write(
        "stacks/base/skills/other.yaml", "kind: Skill\nname: other\nfolder: ../skill-folders/other\n"
    )
    project.write("stacks/base/skill-folders/other/SKILL.md", b"---\ndescription: caf\xe9\n---\nAsk.\n")
    return "stacks/base/skill-folders/other/SKILL.md:2:17: the byte 0xE9, which isn't UTF-8"


def settings_that_are_no_text(project: Project) -> str:
    file = project.root / "stacks/Pulumi.dev.yaml"
    file.write_bytes(file.read_bytes() + b"# caf\xe9\n")
    return "the byte 0xE9, which isn't UTF-8"


def code_in_a_linked_folder(project: Project) -> str:
    (code(project) / "more").symlink_to(project.root / "stacks/base/knowledge")
    return "stacks/base/code/more is a link to a folder; put the folder itself there, or exclude it"


def code_behind_a_link_that_leaves_the_repository(project: Project) -> str:
    folder = code(project)
    folder.rename(project.root.parent / "code")
    folder.symlink_to(project.root.parent / "code")
    return "stacks/base/code is a link that leaves the repository; put the file itself into the repository"


def code_in_a_folder_with_a_name_that_no_disk_takes(project: Project) -> str:
    code(project)
    name = "x" * 300
    project.write(AGENT, (project.root / AGENT).read_text().replace("../code", f"../{name}"))
    return f"stacks/base/{name} is not a folder; name the folder that holds the code"


def code_with_a_name_that_is_no_text(project: Project) -> str:
    (code(project) / os.fsdecode(b"caf\xe9.py")).write_text("")
    return "the name of 'stacks/base/code/caf\\udce9.py' can't be taken into a zip; rename it, or exclude it"


CHANGE = "kind: Environment\ndeployments: {chat: {sku: {capacity: 1}}}\n"


def base_that_is_misspelt(project: Project) -> str:
    (project.root / "stacks/base").rename(project.root / "stacks/bsae")
    project.write("stacks/dev/environment.yaml", CHANGE)
    project.write("stacks/dev/agents/desk.yaml", "kind: Agent\nname: desk\ntools: {parcels: {top_k: 1}}\n")
    return (
        "stacks/Pulumi.dev.yaml:1:1: the layer `base` isn't there (stacks/base), and stacks/dev alone has an Environment "
        "without a name; call stacks/bsae `base`, or name the layers in `foundry:layers`"
    )


def base_that_is_missing(project: Project) -> str:
    shutil.rmtree(project.root / "stacks/base")
    project.write(
        "stacks/dev/agents/desk.yaml", "kind: Agent\nname: desk\nmodel: chat\ninstructions: Help.\n"
    )
    return (
        "stacks/dev alone has no Environment; make it, or name the layers in `foundry:layers`, "
        "or give stacks/dev a whole Environment"
    )


def layer_that_is_missing_below_one_that_changes_it(project: Project) -> str:
    project.change("stacks/Pulumi.dev.yaml", "config:\n", "config:\n  foundry:layers: [bsae, dev]\n")
    project.write("stacks/dev/environment.yaml", CHANGE)
    text = "kind: Agent\nname: desk\ninstructions: '${queue.answers.url}'\n"
    project.write("stacks/dev/agents/desk.yaml", text)
    return "there is no layer `bsae`; did you mean `base`?"


BY_HAND: list[Callable[[Project], str]] = [
    link_that_leaves_the_repository,
    prompt_that_is_no_text,
    knowledge_that_is_no_text,
    knowledge_with_a_name_that_is_no_text,
    knowledge_with_a_name_that_comes_back_changed,
    documents_that_are_no_text,
    declaration_that_is_no_text,
    declaration_that_cannot_be_read,
    settings_that_cannot_be_read,
    file_that_is_too_large,
    file_with_a_name_that_no_disk_takes,
    stack_that_declares_nothing,
    code_that_is_too_large,
    code_with_a_link_to_nothing,
    skill_that_is_no_text,
    settings_that_are_no_text,
    code_in_a_linked_folder,
    code_behind_a_link_that_leaves_the_repository,
    code_in_a_folder_with_a_name_that_no_disk_takes,
    code_with_a_name_that_is_no_text,
    base_that_is_misspelt,
    base_that_is_missing,
    layer_that_is_missing_below_one_that_changes_it,
]

LIMITS = {
    "minimum": ", less than ",
    "maximum": ", more than ",
    "exclusiveMinimum": "; write more than ",
    "minLength": " is empty; write something",
    "maxLength": " characters, more than ",
    "minItems": " is empty; list at least one",
    "maxItems": " items, more than ",
    "minProperties": " is empty; declare something in it",
    "maxProperties": " entries, more than ",
    "uniqueItems": " lists something twice",
    "pattern": " is not allowed as ",
}
"""What the room says of a keyword that sets a limit."""


def made(case: Path, project: Project) -> str:
    """Lay a case over the project; the finding that it must give."""
    *files, (title, expected) = parts(case)
    assert title == "findings"
    for path, text in files:
        if path.endswith(" (removed)"):
            (project.root / path.removesuffix(" (removed)")).unlink()
        else:
            project.write(path, text)
    (line,) = expected.splitlines()
    return line


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_one_fault_gives_one_finding(project: Project, case: Path) -> None:
    expected = made(case, project)
    loaded = project.load()
    assert [str(finding) for finding in loaded.findings] == [expected]
    assert (loaded.manifest is not None) == (": warning: " in expected)


@pytest.mark.parametrize("fault", BY_HAND, ids=lambda fault: fault.__name__)
def test_a_fault_that_no_text_holds_gives_one_finding(
    project: Project, fault: Callable[[Project], str]
) -> None:
    expected = fault(project)
    (finding,) = project.load().findings
    assert expected in str(finding)


# ---- every rule has a case


Site = tuple[str, int, int]
"""A call that makes a finding: file, first and last line."""

MAKERS = {Report.error.__code__, Report.warning.__code__, _Problem.__init__.__code__}
THROUGH = {"_tell", "needs_standard"}
"""Functions that make findings for others, which have the words."""
ELSEWHERE = ("a vector store takes",)
"""Words of findings that ten thousand files take to make: test_limits.py makes them."""


def sites() -> Iterator[Site]:
    for file in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called, text = ast.unparse(node.func), ast.unparse(node)
            if any(words in text for words in ELSEWHERE):
                continue
            word = called.rpartition(".")[2]
            if word in THROUGH | {"_Problem"} or (word in ("error", "warning") and "report" in called):
                yield file.name, node.lineno, node.end_lineno or node.lineno


class Seen:
    """The places of the room that made findings."""

    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_code not in MAKERS:
            return
        caller = frame.f_back
        while caller is not None and Path(caller.f_code.co_filename).parent == ROOM:
            self.lines.add((Path(caller.f_code.co_filename).name, caller.f_lineno))
            if caller.f_code.co_name not in THROUGH:
                return
            caller = caller.f_back

    def has(self, site: Site) -> bool:
        return any(file == site[0] and site[1] <= line <= site[2] for file, line in self.lines)


def test_every_place_that_makes_a_finding_has_a_case_with_that_fault_alone(tmp_path: Path) -> None:
    seen = Seen()
    faults: list[Path | Callable[[Project], str]] = [*CASES, *BY_HAND]
    for number, fault in enumerate(faults):
        root = tmp_path / str(number)
        shutil.copytree(HERE / "project", root)
        project = Project(root)
        made(fault, project) if isinstance(fault, Path) else fault(project)
        before = sys.getprofile()
        sys.setprofile(seen.profile)
        try:
            project.load()
        finally:
            sys.setprofile(before)
        shutil.rmtree(root)
    assert [f"{file}:{first}" for file, first, last in sites() if not seen.has((file, first, last))] == []


@cache
def findings() -> str:
    return "\n".join(case.read_text(encoding="utf-8").rpartition("=== findings\n")[2] for case in CASES)


def schemas() -> Iterator[Any]:
    for file in sorted((ROOT / "schemas").glob("*.json")):
        if file.stem != "outputs":
            yield from within(json.loads(file.read_text(encoding="utf-8")))


def within(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and every one in it."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from within(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from within(value)


def test_every_sentence_of_the_schemas_has_a_case() -> None:
    said = {
        text
        for schema in schemas()
        for key in ("x-says", "x-refused")
        for text in schema.get(key, {}).values()
    }
    assert sorted(text for text in said if f"{text}" not in findings()) == []


def test_every_kind_of_limit_has_a_case() -> None:
    used = {key for schema in schemas() for key in schema if key in LIMITS}
    assert used == set(LIMITS)
    assert [key for key, words in LIMITS.items() if words not in findings()] == []
