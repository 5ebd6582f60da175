"""Results for people, for continuous integration (JUnit) and for programs (JSON)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from foundry.checks.running import Result

_LONGEST_ANSWER: Final = 300


def as_json(stack: str, results: Sequence[Result]) -> dict[str, Any]:
    """The results as a document; `seconds` and `tokens` are null where no answer came."""
    return {
        "stack": stack,
        "passed": sum(result.is_good for result in results),
        "failed": sum(not result.is_good for result in results),
        "checks": [_entry(result) for result in results],
    }


def _entry(result: Result) -> dict[str, Any]:
    case, came = result.case, result.transcript
    return {
        "agent": case.agent,
        "dialect": case.place.dialect,
        "check": case.check.name,
        "passed": result.is_good,
        "failures": list(result.failures),
        "error": result.error,
        "asked": list(case.check.conversation.ask),
        "answer": came.text if came else None,
        "tools": [{"type": call.type, "name": call.name} for call in came.calls] if came else [],
        "cites": [{"name": source.name, "url": source.url} for source in came.sources] if came else [],
        "files": [file.name for file in came.files] if came else [],
        "seconds": round(came.seconds, 3) if came else None,
        "tokens": came.tokens if came else None,
        "scores": {name: score.value for name, score in result.scores.items()},
    }


def as_junit(stack: str, results: Sequence[Result]) -> str:
    """The results as JUnit's XML: a suite for each agent and dialect, a case for each check."""
    root = ET.Element("testsuites", {"name": f"checks of {stack}", **_totals(results)})
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(f"{result.case.agent} ({result.case.place.dialect})", []).append(result)
    for name, members in suites.items():
        suite = ET.SubElement(root, "testsuite", {"name": name, **_totals(members)})
        for result in members:
            _junit_case(suite, stack, result)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite: ET.Element, stack: str, result: Result) -> None:
    case, came = result.case, result.transcript
    element = ET.SubElement(
        suite,
        "testcase",
        classname=f"{stack}.{case.agent}.{case.place.dialect}",
        name=case.check.name,
        time=f"{came.seconds if came else 0:.3f}",
    )
    if case.check.position is not None:
        element.set("file", case.check.position.path)
        element.set("line", str(case.check.position.line))
    if result.error is not None:
        ET.SubElement(element, "error", message=_printable(result.error))
    elif result.failures:
        failure = ET.SubElement(element, "failure", message=_printable("; ".join(result.failures)))
        failure.text = _printable(came.text if came else "")


def _totals(results: Sequence[Result]) -> dict[str, str]:
    seconds = sum(result.transcript.seconds for result in results if result.transcript)
    return {
        "tests": str(len(results)),
        "failures": str(sum(bool(result.failures) for result in results)),
        "errors": str(sum(result.error is not None for result in results)),
        "time": f"{seconds:.3f}",
    }


def _printable(text: str) -> str:
    # XML 1.0 has no place for most control characters, not even escaped.
    return "".join(char for char in text if char in "\t\n\r" or ord(char) >= 0x20)


def headline(results: Sequence[Result]) -> str:
    """One sentence for all results."""
    failed = sum(not result.is_good for result in results)
    if not failed:
        return f"{len(results)} of {len(results)} checks passed."
    return f"{failed} of {len(results)} checks failed."


def lines(result: Result) -> Iterator[str]:
    """A result for a terminal without colours: its line, and a line for each thing that is amiss; then how the answer began."""
    came = result.transcript
    took = f"{came.seconds:5.1f} s" if came else "       "
    tokens = f"{came.tokens:6} tokens" if came and came.tokens is not None else " " * 13
    yield f"{'passed' if result.is_good else 'FAILED'}  {took} {tokens}  {title(result)}"
    for reason in result.reasons:
        yield f"          {reason}"
    if came and result.failures:
        answer = " ".join(came.text.split())
        shown = answer if len(answer) <= _LONGEST_ANSWER else f"{answer[: _LONGEST_ANSWER - 1]}…"
        yield f"          answered: {shown or 'nothing'}"


def title(result: Result) -> str:
    """What was checked: agent, check, and the dialect where it isn't the only one."""
    return f"{result.case.agent}: {result.case.check.name} ({result.case.place.dialect})"
