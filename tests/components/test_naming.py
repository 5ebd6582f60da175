from __future__ import annotations

import re

import pytest

from components import Names

_LONGEST = Names("abcdefgh-0123456", "5d2f6f0c-1d5e-4f43-9b3c-0a8f3f0a1b2c")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (_LONGEST.account, r"[a-z0-9][a-z0-9-]{1,63}"),
        (_LONGEST.storage, r"[a-z0-9]{3,24}"),
        (_LONGEST.search, r"[a-z0-9](?!.*--)[a-z0-9-]{1,58}[a-z0-9]"),
        (_LONGEST.thread_store, r"[a-z0-9][a-z0-9-]{2,43}"),
        (_LONGEST.workspace, r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]"),
        (Names("a--b", "x").search, r"[a-z0-9](?!.*--)[a-z0-9-]{1,58}[a-z0-9]"),
    ],
)
def test_names_keep_to_azure_s_limits_for_the_longest_stem(name, pattern):
    assert re.fullmatch(pattern, name)


def test_a_stack_has_the_same_names_in_every_run():
    assert Names("contoso", "ID").account == Names("contoso", "id ").account


def test_two_clones_of_a_stack_never_ask_for_the_same_global_name():
    one, other = Names("contoso", "one"), Names("contoso", "other")

    assert {one.account, one.storage, one.search, one.thread_store}.isdisjoint(
        {other.account, other.storage, other.search, other.thread_store}
    )
