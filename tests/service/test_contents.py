"""Contents of files, as the emulator and the official client have them: what comes, what is kept, and what breaks."""

from __future__ import annotations

import io
from typing import Any

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import CodeInterpreterTool
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from foundry.service.contents import Contents

MADE = b"question\nhow many?\n"


@pytest.fixture
def uploaded_and_made(foundry_sandbox: Any) -> tuple[str, str]:
    """Ids of a file that somebody uploaded for agents, and of one that an agent made."""
    call = {"code_interpreter": True, "files": {"report.csv": "question\n${question}\n"}}
    foundry_sandbox.rules("maker", [{"calls": [call], "say": "Here it is:"}])
    with AgentsClient(foundry_sandbox.endpoint, DefaultAzureCredential()) as agents:
        uploaded = agents.files.upload_and_poll(file=b"x", purpose="assistants", filename="notes.txt").id
        agent = agents.create_agent(model="gpt-4.1", name="maker", tools=CodeInterpreterTool().definitions).id
        thread = agents.threads.create()
        agents.messages.create(thread.id, role="user", content="how many?")
        agents.runs.create_and_process(thread_id=thread.id, agent_id=agent, polling_interval=1)
        (said, *_) = agents.messages.list(thread.id)
        return uploaded, str(said.file_path_annotations[0].file_path.file_id)


def test_what_the_service_gives_is_written_and_what_it_keeps_is_not(
    foundry_sandbox: Any, uploaded_and_made: tuple[str, str]
) -> None:
    uploaded, made = uploaded_and_made
    contents, into = Contents(foundry_sandbox.endpoint), io.BytesIO()
    assert contents.pour(uploaded, into) is False
    assert contents.pour(made, into) is True
    assert into.getvalue() == MADE


def test_a_service_that_fails_once_is_asked_again_and_one_that_breaks_off_is_not_taken_for_one_that_keeps_it(
    foundry_sandbox: Any, uploaded_and_made: tuple[str, str]
) -> None:
    _, made = uploaded_and_made
    contents, into = Contents(foundry_sandbox.endpoint), io.BytesIO()
    foundry_sandbox.faults({"match": {"path": "/content", "first": 1}, "action": {"status": 503}})
    assert contents.pour(made, into) is True
    assert into.getvalue() == MADE
    foundry_sandbox.faults({"match": {"path": "/content"}, "action": {"drop": "midway"}})
    with pytest.raises(AzureError):
        contents.pour(made, io.BytesIO())
