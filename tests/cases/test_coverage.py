"""The table of what is covered is the one that the code and the case folders give."""

from tests.cases.harness.coverage import PAGE, page


def test_the_page_in_the_docs_is_current():
    hint = "run `python -m tests.cases.harness.coverage`"
    assert PAGE.read_text(encoding="utf-8") == page(), hint


def test_every_field_has_a_case_in_every_dialect_that_has_it():
    for line in page().splitlines():
        if line.startswith(("| `", "| (the tool)")):
            _, absent, _, *cases = (cell.strip() for cell in line.strip("|").split("|"))
            assert absent, line
            assert all(cases), line
