"""A state that is lost: everything is found by its marks and names, nothing is made twice."""

from __future__ import annotations

import shutil
from typing import Any

UNTAG = """
import os
from azure.core import PipelineClient
from azure.core.pipeline import policies
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
arm = os.environ["FAC_ARM_ENDPOINT"]
token = policies.BearerTokenCredentialPolicy(DefaultAzureCredential(), "https://management.azure.com/.default")
client = PipelineClient(arm, policies=[token])
group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-harrowmoor-sandbox"
request = HttpRequest("PATCH", arm + group, params={"api-version": "2021-04-01"}, json={"tags": {"team": "somebody else"}})
print(client.send_request(request).status_code)
"""


def test_after_the_state_is_lost_an_up_takes_everything_back(clone: Any) -> None:
    clone.fac("up", "--yes")
    before = clone.outputs()
    shutil.rmtree(clone.root / ".sandbox/state")

    assert "resources in Azure carry this stack's mark. Is it the right backend?" in clone.fac("preview")
    printed = clone.fac("up", "--yes")

    assert "carry its mark" in printed
    assert clone.outputs() == before
    clone.assert_whole()
    clone.fac("preview", "--expect-no-changes")

    shutil.rmtree(clone.root / ".sandbox/state")
    assert "200" in clone.python(UNTAG)
    code, printed = clone.run("up", "--yes")

    assert code == 1
    assert "resourceGroups/rg-harrowmoor-sandbox" in printed
    assert "don't carry this stack's mark" in printed
    assert "Traceback" not in printed
