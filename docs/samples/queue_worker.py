"""A worker for an agent's Azure Functions tool: reads calls from the input queue, puts answers into the output queue.

    python docs/samples/queue_worker.py QUEUE_ENDPOINT INPUT_QUEUE OUTPUT_QUEUE

It does with a plain program what a function app with a queue trigger does, so that a run can be tried out in the sandbox. It needs
azure-identity and azure-storage-queue, and `eval "$(fac sandbox env)"` in its shell. Write your own `answer`.
"""

import base64
import contextlib
import json
import sys
import time
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueServiceClient


def answer(arguments: dict[str, Any]) -> str:
    """What the function returns for its arguments."""
    return f"answered for {json.dumps(arguments, sort_keys=True)}"


def decoded(content: str) -> dict[str, Any]:
    """The JSON object of a message, which is base64 as queue triggers expect it, or plain text."""
    with contextlib.suppress(ValueError):
        content = base64.b64decode(content, validate=True).decode()
    return dict(json.loads(content))


def main() -> None:
    """Works until it is interrupted."""
    endpoint, asked, answers = sys.argv[1:]
    service = QueueServiceClient(endpoint, DefaultAzureCredential())
    inbox, outbox = service.get_queue_client(asked), service.get_queue_client(answers)
    print(f"reading {asked}, answering into {answers}", flush=True)
    while True:
        for message in inbox.receive_messages():
            call = decoded(message.content)
            correlation = call.pop("CorrelationId")
            reply = json.dumps({"Value": answer(call), "CorrelationId": correlation})
            outbox.send_message(base64.b64encode(reply.encode()).decode())
            inbox.delete_message(message)
            print(f"answered {correlation}", flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
