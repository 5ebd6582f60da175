"""One question to one classic agent: a thread, a run, the answer with what gave it, and nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foundry.model import FoundryError

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    """What an agent said: the text, the tools that were called with the agent that called each, the files cited."""

    text: str
    tools: tuple[tuple[str, str], ...]
    files: tuple[str, ...]


def ask(
    endpoint: str,
    agent_id: str,
    question: str,
    *,
    names: dict[str, str],
    shown: Callable[[str], str],
    credential: Any = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Ask a question on a thread of its own, which is deleted afterwards.

    Args:
        endpoint: the project's endpoint.
        agent_id: the classic agent's id.
        question: what to ask.
        names: agent ids to the names that people know them by.
        shown: the name of a file at the service to the name that people know it by.
        credential: an Entra credential; the default chain when None.
        sleep: takes seconds.

    Raises:
        FoundryError: the run fails, or doesn't finish in two minutes.
        azure.core.exceptions.AzureError: the service refuses or can't be reached.
    """
    from azure.ai.agents import AgentsClient
    from azure.identity import DefaultAzureCredential

    client: Any = AgentsClient(endpoint, credential or DefaultAzureCredential())
    with client:
        thread = client.threads.create()
        try:
            client.messages.create(thread_id=thread.id, role="user", content=question)
            run = client.runs.create(thread_id=thread.id, agent_id=agent_id)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while run.status in {"queued", "in_progress"}:
                if time.monotonic() > deadline:
                    raise FoundryError(
                        f"the agent hasn't answered in {PATIENCE_SECONDS:.0f} s",
                        fix="ask again, or look at its run",
                    )
                sleep(0.2)
                run = client.runs.get(thread_id=thread.id, run_id=run.id)
            if run.status != "completed":
                reason = (run.last_error or {}).get("message", "no reason given")
                raise FoundryError(
                    f"the run ended as {run.status}: {reason}", fix="look at the agent's tools and model"
                )
            return _read(client, thread.id, run.id, names, shown)
        finally:
            client.threads.delete(thread.id)


def _read(client: Any, thread: str, run: str, names: dict[str, str], shown: Callable[[str], str]) -> Answer:
    message = next(
        item for item in client.messages.list(thread_id=thread, run_id=run) if item.role == "assistant"
    )
    text = "\n".join(part.text.value for part in message.text_messages)
    cited: dict[str, str] = {}
    for note in message.file_citation_annotations:
        cited.setdefault(note.file_citation.file_id, note.text)
    files = {file: shown(client.files.get(file).filename) for file in cited}
    for file, mark in cited.items():
        text = text.replace(mark, f"[{files[file]}]")
    tools: list[tuple[str, str]] = []
    for step in client.run_steps.list(thread_id=thread, run_id=run, order="asc"):
        for call in getattr(step.step_details, "tool_calls", None) or ():
            entry = (names.get(step.agent_id, step.agent_id), str(call.type))
            if entry not in tools:
                tools.append(entry)
    return Answer(text=text.strip(), tools=tuple(tools), files=tuple(files.values()))
