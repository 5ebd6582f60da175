"""The ledger tells the truth: it is printed from the routes, and the page in the docs is the printed one."""

from pathlib import Path

from foundry.sandbox.emulator.application import FAMILIES
from foundry.sandbox.emulator.ledger import ledger

PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def test_the_page_in_the_docs_is_current() -> None:
    hint = "run `python -m foundry.sandbox.emulator --ledger > docs/emulator.md`"
    assert PAGE.read_text(encoding="utf-8") == ledger(), hint


def test_every_route_is_on_the_page_with_its_state() -> None:
    lines = ledger().splitlines()
    for family in FAMILIES:
        for route in family.routes:
            state = "yes" if route.handler else "501"
            start = f"| {route.title} | `{route.method} {route.template}` | {state} |"
            assert any(line.startswith(start) for line in lines), start
