"""Whose a file is that no state holds: its name tells, in either dialect."""

import pytest

from foundry.model import Owner
from foundry.reconcile.file import service_filename
from foundry.service.live import LiveFile
from foundry.transfer.orphans import file_orphans

OWNER = Owner("shop", "dev", "11111111-1111-4111-8111-111111111111")
OTHER = Owner("shop", "dev", "22222222-2222-4222-8222-222222222222")


def _file(owner, versioned):
    name = service_filename(owner, "returns.md", "a" * 64, versioned=versioned)
    return LiveFile("file-1", 0, name, 3, "assistants", "processed")


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("listed", [False, True])
def test_a_file_is_known_whichever_dialect_made_it_and_whichever_lists_it(versioned, listed):
    known = {"returns.md": ["b" * 64, "a" * 64]}
    live = [_file(OWNER, versioned)]

    ours, unknown = file_orphans(OWNER, "https://e", live, (), known.__getitem__, versioned=listed)

    assert [(one.name, one.versioned) for one in ours] == [("returns.md", listed)]
    assert unknown == []


@pytest.mark.parametrize("versioned", [False, True])
def test_another_stacks_file_stays_unknown(versioned):
    ours, unknown = file_orphans(
        OWNER, "https://e", [_file(OTHER, versioned)], (), lambda _: ["a" * 64], versioned=versioned
    )

    assert (ours, len(unknown)) == ([], 1)
