"""How a run goes on: from queued through its tool calls to its end.

A run moves when somebody looks at its thread; what it has done so far is kept with it. Nothing of it is lost when the process is
killed: a tool call that was under way then is made again.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.arm.foundry import ACCOUNT
from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.responder.frames import (
    MOST_HISTORY,
    Frame,
    RunFailedError,
    RunIncompleteError,
    Say,
    Turn,
    Want,
)
from foundry.sandbox.emulator.responder.loop import Loop
from foundry.sandbox.emulator.threads.store import ACTIVE, text_content

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]

_RUN_LIFE: Final = 600
_SEARCHES: Final = ("file_search", "azure_ai_search", "code_interpreter")


@dataclass(slots=True)
class Runs:
    """The runs of one project at one moment.

    Attributes:
        world: Where everything is.
        project: ARM key of the project.
        now: Unix seconds.
    """

    world: "World"
    project: str
    now: float

    def create(self, thread: str, agent: Body, asked: Body) -> Body:
        """Adds a run in status `queued`; what it leaves open comes from the agent."""
        added = asked.get("additional_instructions")
        instructions = asked.get("instructions") or agent["instructions"]
        if added:
            instructions = f"{instructions}\n{added}" if instructions else added
        run = {
            "id": new_id("run_"),
            "object": "thread.run",
            "thread_id": thread,
            "assistant_id": agent["id"],
            "status": "queued",
            "required_action": None,
            "last_error": None,
            "model": asked.get("model") or agent["model"],
            "instructions": instructions,
            "tools": agent["tools"] if asked.get("tools") is None else asked["tools"],
            "created_at": int(self.now),
            "expires_at": int(self.now) + _RUN_LIFE,
            "started_at": None,
            "completed_at": None,
            "cancelled_at": None,
            "failed_at": None,
            "incomplete_details": None,
            "usage": None,
            "temperature": agent["temperature"] if asked.get("temperature") is None else asked["temperature"],
            "top_p": agent["top_p"] if asked.get("top_p") is None else asked["top_p"],
            "max_prompt_tokens": asked.get("max_prompt_tokens"),
            "max_completion_tokens": asked.get("max_completion_tokens"),
            "truncation_strategy": asked.get("truncation_strategy")
            or {"type": "auto", "last_messages": None},
            "tool_choice": asked.get("tool_choice") or "auto",
            "response_format": asked.get("response_format") or agent["response_format"],
            "metadata": asked.get("metadata") or {},
            "tool_resources": {**agent["tool_resources"], **(asked.get("tool_resources") or {})},
            "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
            "_due": self.now,
            "_frame": None,
            "_steps": {},
        }
        self.world.threads.add_run(self.project, run, self.now)
        for message in asked.get("additional_messages") or []:
            self.world.threads.add_message(self.project, thread, message, self.now)
        return run

    def settle(self, thread: str) -> None:
        """Takes the thread's active run as far as it goes by itself."""
        run = self.world.threads.active_run(self.project, thread)
        if run is None:
            return
        if self.now >= run["expires_at"]:
            self._end(run, "expired")
        elif run["status"] == "in_progress" or (
            run["status"] == "queued" and self.now >= run["_due"] + self.world.settings.run_delay
        ):
            self._go_on(run)

    def submit(self, run: Body, outputs: dict[str, str], approvals: dict[str, bool]) -> Body:
        """Gives a waiting run what it waits for; it is `in_progress` then."""
        frame = Frame.of(run["_frame"])
        for turn in _every_turn(frame):
            if turn.id in outputs:
                turn.output = outputs[turn.id]
                self._step_ended(run, turn)
            if turn.id in approvals:
                turn.approved = approvals[turn.id]
        run |= {"required_action": None, "status": "in_progress", "_frame": frame.json()}
        self.world.threads.put_run(self.project, run)
        return run

    def cancel(self, run: Body) -> Body:
        """Ends an active run as cancelled."""
        return self._end(run | {"required_action": None}, "cancelled")

    def _go_on(self, run: Body) -> None:
        run["started_at"] = run["started_at"] or int(self.now)
        run["status"] = "in_progress"
        try:
            question, attached = self._question(run["thread_id"])
            agent = self._agent(run)
            if run["_frame"]:
                frame = Frame.of(run["_frame"])
            else:
                frame = Frame(agent["id"], question, history=self._history(run["thread_id"]))
            loop = Loop(
                self.world,
                self.project,
                self.now,
                attached,
                begun=lambda assistant, turn: self._step_begun(run, assistant, turn),
                ended=lambda _, turn: self._step_ended(run, turn),
            )
            outcome = loop.advance(frame, agent)
        except RunFailedError as error:
            run["last_error"] = {"code": error.code, "message": str(error)}
            self._end(run, "failed")
            return
        except RunIncompleteError as reason:
            run["incomplete_details"] = {"reason": str(reason)}
            self._end(run, "incomplete")
            return
        run["_frame"] = frame.json()
        if isinstance(outcome, Say):
            self._say(run, outcome, question)
            return
        if isinstance(outcome, Want):
            run |= {"status": "requires_action", "required_action": _action(outcome)}
        self.world.threads.put_run(self.project, run)

    def _agent(self, run: Body) -> Body:
        """The run's agent as it is for this run; raises `RunFailedError`."""
        agent = self.world.assistants.get(self.project, run["assistant_id"])
        if agent is None:
            raise RunFailedError("server_error", f"No assistant found with id '{run['assistant_id']}'.")
        if not self.world.settings.model_url:
            require_model(self.world, self.project, run["model"])
        thread = self.world.threads.get(self.project, run["thread_id"]) or {}
        return agent | {
            "model": run["model"],
            "instructions": run["instructions"],
            "temperature": run["temperature"],
            "top_p": run["top_p"],
            "tools": _chosen(run["tools"], run["tool_choice"]),
            "tool_resources": _joined(run["tool_resources"], thread.get("tool_resources") or {}),
        }

    def _question(self, thread: str) -> tuple[str, list[str]]:
        """The last thing the user said, and the files attached to the thread."""
        messages = self.world.threads.messages(self.project, thread)
        attached = [
            item["file_id"] for message in messages for item in message["attachments"] if item.get("file_id")
        ]
        for message in reversed(messages):
            if message["role"] == "user":
                return _text(message), attached
        return "", attached

    def _history(self, thread: str) -> list[list[str]]:
        """What was said before the last question, for a model that reads it."""
        if not self.world.settings.model_url:
            return []
        messages = self.world.threads.messages(self.project, thread)
        asked = [index for index, message in enumerate(messages) if message["role"] == "user"]
        before = messages[: asked[-1]] if asked else []
        return [[message["role"], _text(message)] for message in before[-MOST_HISTORY:]]

    def _say(self, run: Body, answer: Say, question: str) -> None:
        """Writes the answer into the thread and ends the run."""
        annotations = [
            item.annotation(answer.text) for item in answer.citations if item.marker in answer.text
        ]
        given = {
            "role": "assistant",
            "content": [text_content(answer.text, annotations)],
            "assistant_id": run["assistant_id"],
            "run_id": run["id"],
        }
        message = self.world.threads.put_new_message(self.project, run["thread_id"], given, self.now)
        details = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
        self._add_step(run, run["assistant_id"], details, done=True)
        prompt = len((run["instructions"] or "").split()) + len(question.split())
        completion = len(answer.text.split())
        run["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
        self._end(run, "completed")

    def _step_begun(self, run: Body, assistant: str, turn: Turn) -> None:
        details = {"type": "tool_calls", "tool_calls": [_shown_call(turn)]}
        run["_steps"][turn.id] = self._add_step(run, assistant, details, done=False)

    def _step_ended(self, run: Body, turn: Turn) -> None:
        step = self.world.threads.step(self.project, run["id"], run["_steps"][turn.id])
        assert step is not None
        step["step_details"]["tool_calls"] = [_shown_call(turn)]
        step |= {"status": "completed", "completed_at": int(self.now)}
        self.world.threads.put_step(self.project, step)

    def _add_step(self, run: Body, assistant: str, details: Body, *, done: bool) -> str:
        step = {
            "id": new_id("step_"),
            "object": "thread.run.step",
            "type": details["type"],
            "assistant_id": assistant,
            "thread_id": run["thread_id"],
            "run_id": run["id"],
            "status": "completed" if done else "in_progress",
            "step_details": details,
            "last_error": None,
            "created_at": int(self.now),
            "expired_at": None,
            "completed_at": int(self.now) if done else None,
            "cancelled_at": None,
            "failed_at": None,
            "usage": None,
            "metadata": {},
        }
        self.world.threads.add_step(self.project, step, self.now)
        return str(step["id"])

    def _end(self, run: Body, status: str) -> Body:
        run["status"] = status
        if f"{status}_at" in run:
            run[f"{status}_at"] = int(self.now)
        ended = "failed" if status == "incomplete" else status
        for step in self.world.threads.steps(self.project, run["id"]):
            if step["status"] == "in_progress":
                over: Body = {"status": ended, f"{ended}_at": int(self.now)}
                if run["last_error"]:
                    over["last_error"] = {"code": "server_error", "message": run["last_error"]["message"]}
                self.world.threads.put_step(self.project, step | over)
        for call in run["_steps"]:
            self.world.outside.forget(call)
        self.world.threads.put_run(self.project, run)
        return run


def _text(message: Body) -> str:
    return "\n".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")


def is_active(run: Body) -> bool:
    """Whether a run isn't over."""
    return run["status"] in ACTIVE


def _every_turn(frame: Frame) -> list[Turn]:
    return [
        turn
        for outer in frame.turns
        for turn in (outer, *(_every_turn(outer.frame) if outer.frame is not None else ()))
    ]


def _shown_call(turn: Turn) -> Body:
    """A tool call in a run step, as the models of azure-ai-agents (1.2 beta for connected agents, functions, MCP) have it."""
    call: Body = {"id": turn.id, "type": turn.sort}
    arguments = json.dumps(turn.arguments, ensure_ascii=False)
    if turn.sort == "mcp":
        told = {"name": turn.name, "arguments": arguments, "server_label": turn.details["server_label"]}
        return call | told | {"output": turn.output or ""}
    if turn.sort == "connected_agent":
        details = {"name": turn.name, "arguments": arguments, "output": turn.output}
        return call | {turn.sort: details | {"assistant_id": turn.details.get("agent_id")}}
    if turn.sort in _SEARCHES:
        return call | {turn.sort: {key: value for key, value in turn.details.items() if key != "canned"}}
    details = {"name": turn.name, "arguments": arguments}
    return call | {turn.sort: details | ({} if turn.output is None else {"output": turn.output})}


def _action(want: Want) -> Body:
    """What a run requires: outputs of functions first, approvals when no function is called."""
    functions = [turn for turn in want.turns if turn.sort == "function"]
    if functions:
        calls = [
            {
                "id": turn.id,
                "type": "function",
                "function": {
                    "name": turn.name,
                    "arguments": json.dumps(turn.arguments, ensure_ascii=False),
                },
            }
            for turn in functions
        ]
        return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    asked = [
        {
            "id": turn.id,
            "type": "mcp",
            "name": turn.name,
            "arguments": json.dumps(turn.arguments, ensure_ascii=False),
            "server_label": turn.details["server_label"],
        }
        for turn in want.turns
    ]
    return {"type": "submit_tool_approval", "submit_tool_approval": {"tool_calls": asked}}


def _chosen(tools: list[Body], choice: Any) -> list[Body]:
    """The tools a tool choice leaves."""
    if choice == "none":
        return []
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        kept = [tool for tool in tools if tool["type"] == choice["type"]]
        return [tool for tool in kept if name is None or tool["function"]["name"] == name]
    return tools


def _joined(agent: Body, thread: Body) -> Body:
    """Tool resources of the agent, with those of the thread added to its lists."""
    joined: Body = {
        key: dict(value) if isinstance(value, dict) else list(value) for key, value in agent.items() if value
    }
    for key, value in thread.items():
        if isinstance(value, list):
            joined[key] = [*value, *joined.get(key, [])]
            continue
        held = joined.setdefault(key, {})
        for part, items in (value or {}).items():
            held[part] = [*(held.get(part) or []), *(items or [])]
    return joined


def require_model(world: "World", project: str, model: str) -> None:
    """Raises `RunFailedError` unless the model is deployed in the account; one behind a connection (`connection/deployment`) isn't looked up."""
    target = parse(project)
    if "/" in model or target is None:
        return
    deployed = world.arm.nested(target.owner, ACCOUNT + "/deployments")
    if not any(item.target.name == model and item.state == "Succeeded" for item in deployed):
        raise RunFailedError("invalid_engine_error", f"Failed to resolve model info for: {model}")
