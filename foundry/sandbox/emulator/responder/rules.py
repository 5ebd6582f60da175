"""Rules written for one agent: what it does and says when a question fits.

They stand in `<agent's name>.yaml` in the folder for rules and are read anew by every run, so that a test can change them
at any time.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from foundry.sandbox.emulator.http import Malformed
from foundry.sandbox.emulator.responder.frames import (
    Body,
    Do,
    Frame,
    RunFailedError,
    RunIncompleteError,
    Say,
    Turn,
)
from foundry.sandbox.emulator.shapes import (
    anything,
    array,
    by_sort,
    flag,
    mapping,
    nullable,
    one_of,
    record,
    text,
)

#: Members of a call that name the tool; the value is the name of the function, operation, agent or MCP tool.
CALLS: Final = (
    "function",
    "openapi",
    "azure_function",
    "connected_agent",
    "file_search",
    "azure_ai_search",
    "code_interpreter",
    "mcp",
    "bing_grounding",
    "bing_custom_search",
    "sharepoint_grounding",
    "fabric_dataagent",
    "browser_automation",
    "deep_research",
    "computer_use_preview",
    "custom",
)
#: Tools that several of an agent are told apart by name; of the others it has one, and the value is what is looked for, or `true`
#: for the question itself.
_NAMED: Final = ("function", "openapi", "azure_function", "connected_agent", "mcp", "custom")
_SCREENSHOT: Final = {"type": "screenshot"}

_words = by_sort(string=text(least=1), other=array(text(least=1), least=1))
_call = record(
    {},
    {
        **{sort: by_sort(string=text(least=1), other=flag) for sort in CALLS},
        "server_label": text(least=1),
        "arguments": mapping(anything),
        "output": anything,
        "files": mapping(text(least=1)),
    },
)
_rule = record(
    {},
    {
        "when": nullable(record({}, {"contains": _words, "any": _words, "matches": text(least=1)})),
        "calls": array(_call),
        "together": flag,
        "say": text(),
        "fail": record({"message": text(least=1)}, {"code": text(least=1)}),
        "incomplete": one_of("max_completion_tokens", "max_prompt_tokens"),
    },
)
SHAPE: Final = record({"rules": array(_rule)})


def parse(content: str) -> list[Body]:
    """The rules of a file; raises `Malformed` with the place of the fault."""
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise Malformed("", "json", f"no YAML: {' '.join(str(error).split())}") from error
    SHAPE(document, "")
    for index, rule in enumerate(document["rules"]):
        where = f"rules[{index}]"
        try:
            re.compile((rule.get("when") or {}).get("matches", ""))
        except re.error as error:
            raise Malformed(
                where, "value", f"{where}.when.matches is no regular expression: {error}"
            ) from error
        for number, call in enumerate(rule.get("calls", [])):
            named = [sort for sort in CALLS if sort in call]
            if len(named) != 1:
                place = f"{where}.calls[{number}]"
                raise Malformed(place, "value", f"{place} must name one tool: one of {', '.join(CALLS)}")
            if "files" in call and named != ["code_interpreter"]:
                place = f"{where}.calls[{number}].files"
                raise Malformed(place, "value", f"{place}: only code_interpreter makes files")
    return list(document["rules"])


def chosen(folders: Sequence[Path], agent: str | None, question: str) -> Body | None:
    """The first rule for an agent of that name that fits a question, with the match of its expression; None without.

    The first folder that has a file for the agent is the one that counts.

    Raises:
        RunFailedError: The file can't be read or used; the run says so.
    """
    if not agent or not re.fullmatch(r"\w[\w .-]*", agent):
        return None
    path = next((path for folder in folders if (path := folder / f"{agent}.yaml").exists()), None)
    if path is None:
        return None
    try:
        rules = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RunFailedError("invalid_rules", f"{path.name} can't be read: {error}") from error
    except Malformed as fault:
        raise RunFailedError("invalid_rules", f"{path.name}: {fault.text}") from fault
    for rule in rules:
        found = _fits(rule.get("when") or {}, question)
        if found is not None:
            return rule | {"match": found}
    return None


def _fits(when: Body, question: str) -> dict[str, str] | None:
    listed = {
        key: [value] if isinstance(value, str) else value for key, value in when.items() if key != "matches"
    }
    if not all(_holds(question, word) for word in listed.get("contains", [])):
        return None
    if "any" in listed and not any(_holds(question, word) for word in listed["any"]):
        return None
    if "matches" not in when:
        return {}
    match = re.search(when["matches"], question)
    if match is None:
        return None
    groups = {str(index): value or "" for index, value in enumerate((match.group(), *match.groups()))}
    return groups | {name: value or "" for name, value in match.groupdict().items()}


def _holds(question: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", question, re.IGNORECASE) is not None


def decide(frame: Frame, agent: Body) -> Say | Do:
    """What the frame's rule wants next.

    Raises:
        RunFailedError: The rule asks for it, or calls a tool that the agent doesn't have.
        RunIncompleteError: The rule asks for it.
    """
    rule = frame.rule
    assert rule is not None
    calls = rule.get("calls", [])
    open_calls = calls[len(frame.turns) :]
    if open_calls:
        return Do(
            tuple(
                _turn(call, frame, agent) for call in (open_calls if rule.get("together") else open_calls[:1])
            )
        )
    if "fail" in rule:
        raise RunFailedError(
            rule["fail"].get("code", "server_error"), _filled(rule["fail"]["message"], frame)
        )
    if "incomplete" in rule:
        raise RunIncompleteError(rule["incomplete"])
    last = frame.turns[-1] if frame.turns else None
    said = _filled(rule["say"], frame) if "say" in rule else (last.text or last.output or "") if last else ""
    cited = list(dict.fromkeys(item for turn in frame.turns for item in turn.citations))
    missing = [item.marker for item in cited if item.marker not in said]
    return Say(" ".join([said, *missing]), tuple(cited))


def _turn(call: Body, frame: Frame, agent: Body) -> Turn:
    sort = next(name for name in CALLS if name in call)
    value = call[sort]
    if not any(tool["type"] == sort for tool in agent["tools"]):
        raise RunFailedError(
            "invalid_rules", f"a rule calls {sort}, which the agent doesn't have among its tools"
        )
    arguments = _filled_in(call.get("arguments", {}), frame)
    if sort == "computer_use_preview":
        arguments = arguments or dict(_SCREENSHOT)
    elif sort not in _NAMED:
        arguments.setdefault("query", _filled(value, frame) if isinstance(value, str) else frame.question)
    name: str = str(value) if sort in _NAMED else sort
    if sort == "connected_agent":
        arguments.setdefault("question", frame.question)
    turn = Turn(sort, name, arguments)
    if sort == "mcp":
        labels = [tool["server_label"] for tool in agent["tools"] if tool["type"] == "mcp"]
        turn.details = {"server_label": call.get("server_label") or labels[0]}
    if "files" in call:
        turn.details["files"] = _filled_in(call["files"], frame)
    if "output" in call:
        given = _filled_in(call["output"], frame)
        turn.details["canned"] = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return turn


_PLACE: Final = re.compile(r"\$\{([\w.]+)\}")


def _filled_in(value: Any, frame: Frame) -> Any:
    if isinstance(value, str):
        return _filled(value, frame)
    if isinstance(value, list):
        return [_filled_in(item, frame) for item in value]
    if isinstance(value, dict):
        return {key: _filled_in(item, frame) for key, item in value.items()}
    return value


def _filled(template: str, frame: Frame) -> str:
    """`${question}`, `${match.NAME}`, `${output}` of the last call, `${output.N}` of the Nth, and paths into JSON outputs."""

    def value(found: re.Match[str]) -> str:
        head, *path = found.group(1).split(".")
        if head == "question":
            return frame.question
        if head == "match":
            assert frame.rule is not None
            return str(frame.rule["match"].get(".".join(path) or "0", ""))
        if head == "output":
            return _output(frame, path)
        return found.group()

    return _PLACE.sub(value, template)


def _output(frame: Frame, path: list[str]) -> str:
    turns = frame.turns
    if path and path[0].isdigit():
        turns, path = turns[: int(path[0])][int(path[0]) - 1 :], path[1:]
    if not turns:
        return ""
    output = turns[-1].output or ""
    if not path:
        return output
    try:
        value = json.loads(output)
        for step in path:
            value = value[int(step)] if isinstance(value, list) else value[step]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
