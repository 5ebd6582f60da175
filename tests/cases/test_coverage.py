"""The table of what is covered is the one that the code and the case folders give."""

from tests.cases.harness.coverage import PAGE, page


def test_the_page_in_the_docs_is_current():
    hint = "run `python -m tests.cases.harness.coverage`"
    assert PAGE.read_text(encoding="utf-8") == page(), hint


def test_every_tool_of_a_dialect_has_a_case_in_it():
    for line in page().splitlines():
        if line.startswith("| (the tool) |"):
            *_, classic, versioned = (cell.strip() for cell in line.strip("|").split("|"))
            assert classic, line
            assert versioned, line
