"""What `fac import` is told on the command line."""

import pytest

from foundry.cli import main


@pytest.mark.parametrize("number", ["0", "100001", "many", "-5"])
def test_a_number_of_documents_that_no_search_can_be_paged_through_is_refused(capsys, number):
    with pytest.raises(SystemExit):
        main(["import", f"--documents={number}"])

    told = capsys.readouterr().err
    assert f"'{number}' is no number of documents: write 1 to 100000" in told
