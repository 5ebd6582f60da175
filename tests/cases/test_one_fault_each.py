"""One fault in a declaration that is sound otherwise gives one finding, which names the field and stands in its file."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from foundry.manifest import load
from foundry.manifest.report import Report
from foundry.manifest.schema import schema_of
from foundry.manifest.yaml12 import read
from foundry.model import Severity
from tests.cases.harness.case import cases
from tests.cases.harness.stack import Stack

HERE = Path(__file__).parent
CASES = [case for dialect in ("classic", "versioned") for case in cases(HERE / dialect)]


def tools_of(case):
    """(file, document, name of the tool) of every tool that a case declares."""
    for path in sorted((case / "declaration").glob("*.yaml")):
        tree = read(path.read_text(encoding="utf-8"), path.name, Report()).value
        if tree["kind"] == "Agent":
            for name in tree.get("tools", {}):
                yield path.name, json.loads(json.dumps(tree)), name


def faults_of(tree, name):
    """(document with one fault, what the finding says) for one tool."""
    kind = tree["tools"][name]["type"]
    schema = schema_of("Agent")["$defs"][f"tool_{kind}"]

    def changed(**fields):
        other = copy.deepcopy(tree)
        told = {**other["tools"][name], **fields}
        other["tools"][name] = {key: value for key, value in told.items() if value is not ...}
        return other

    yield changed(colour="red"), f"unknown field `colour` in `tools.{name}`"
    for field in schema["required"]:
        if field != "type":
            yield changed(**{field: ...}), f"`tools.{name}.{field}` is missing"
    for field in schema["properties"]:
        if field in tree["tools"][name] and field != "type":
            # A number where a mapping, a list or a text is wanted, and a list where a number is.
            wrong = [[]] if isinstance(tree["tools"][name][field], int | float) else 7
            yield changed(**{field: wrong}), f"`tools.{name}.{field}` is"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_one_fault_gives_one_finding(tmp_path, case):
    root = tmp_path / "project"
    root.mkdir()
    stack = Stack(SimpleNamespace(root=root, project="project", endpoint="endpoint"))
    stack.declare(case.parent / "_base", case / "declaration")
    assert load(root, "dev").manifest is not None
    for file, tree, name in tools_of(case):
        path = root / "stacks" / "layer1" / file
        sound = path.read_bytes()
        for faulty, said in faults_of(tree, name):
            path.write_text(json.dumps(faulty))
            told = load(root, "dev").findings
            findings = [str(finding) for finding in told if finding.severity is Severity.ERROR]
            assert len(findings) == 1, (said, findings)
            assert said in findings[0]
            assert findings[0].startswith(f"stacks/layer1/{file}:1:")
        path.write_bytes(sound)
