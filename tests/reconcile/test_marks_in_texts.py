"""A mark that ends a description: whatever stands before it is read back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from foundry.model import Owner
from foundry.reconcile.marks import Mark, mark_in

MARK = Mark(Owner("shop", "dev", "11111111-1111-4111-8111-111111111111"), "products", "-", "a1b2")


@given(st.text() | st.text(alphabet=" \n()a", max_size=6))
def test_a_description_is_read_back_as_it_was(description):
    for mark in (MARK, Mark(MARK.owner, MARK.name, "0123", "c3d4", adopted=True)):
        assert mark_in(mark.in_description(description)) == (description, mark)


def test_an_object_without_a_description_has_the_mark_alone():
    assert MARK.in_description(None).startswith("(foundry-as-code: shop/dev ")
    assert mark_in(MARK.in_description(None)) == ("", MARK)
    assert mark_in(None) == ("", None)
