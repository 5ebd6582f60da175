"""How a run goes on: from queued through its tool calls to its end.

A run moves when somebody looks at its thread, and every now and then by itself; what it has done so far is kept with it. Nothing of it
is lost when the process is killed: a tool call that was under way then is made again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.arm.foundry import ACCOUNT
from foundry.sandbox.emulator.arm.ids import parse
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.responder.frames import (
    MOST_HISTORY,
    Citation,
    Frame,
    RunFailedError,
    RunIncompleteError,
    Say,
    Turn,
    Wait,
    Want,
)
from foundry.sandbox.emulator.responder.loop import Loop
from foundry.sandbox.emulator.threads.store import ACTIVE, MOVING, text_content

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]

_RUN_LIFE: Final = 600
_SEARCHES: Final = ("file_search", "azure_ai_search", "code_interpreter")
_INPUT_AND_OUTPUT: Final = (
    "bing_custom_search",
    "sharepoint_grounding",
    "fabric_dataagent",
    "browser_automation",
    "deep_research",
)


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

    def create(self, thread: str, agent: Body, asked: Body, *, depth: int = 0) -> Body:
        """Adds a run in status `queued`; what it leaves open comes from the agent.

        `depth` is 1 for the run of a connected agent.
        """
        added = asked.get("additional_instructions")
        instructions = asked.get("instructions") or agent["instructions"]
        if added:
            instructions = f"{instructions}\n{added}" if instructions else added
        resources = {**agent["tool_resources"], **(asked.get("tool_resources") or {})}
        servers = resources.get("mcp") or []
        headers = {item["server_label"]: item.get("headers") or {} for item in servers}
        if servers:
            resources["mcp"] = [
                {key: value for key, value in item.items() if key != "headers"} for item in servers
            ]
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
            "tool_resources": resources,
            "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
            "_due": self.now,
            "_frame": None,
            "_steps": {},
            "_depth": depth,
        }
        self.world.threads.add_run(self.project, run, self.now)
        if any(headers.values()):
            self.world.vault.keep(self._secrets(run), headers)
        self.world.moving[self.project, thread] = None
        for message in asked.get("additional_messages") or []:
            self.world.threads.add_message(self.project, thread, message, self.now)
        return run

    def settle(self, thread: str) -> None:
        """Takes the thread's active run as far as it goes by itself."""
        run = self.world.threads.active_run(self.project, thread)
        self.world.moving.pop((self.project, thread), None)
        if run is None:
            return
        if self.now >= run["expires_at"]:
            self._end(run, "expired")
        elif run["status"] == "in_progress" or (
            run["status"] == "queued" and self.now >= run["_due"] + self.world.settings.run_delay
        ):
            self._go_on(run)
        if run["status"] in MOVING:
            self.world.moving[self.project, thread] = None

    def submit(
        self,
        run: Body,
        outputs: Mapping[str, str],
        approvals: Mapping[str, bool],
        headers: Mapping[str, Mapping[str, str]],
    ) -> Body:
        """Gives a waiting run what it waits for; it is `in_progress` then.

        All three are by the ids of calls; `headers` go with approved calls of MCP servers.
        """
        frame = Frame.of(run["_frame"])
        for turn in frame.turns:
            if turn.id in outputs:
                turn.output = outputs[turn.id]
                self._step_ended(run, turn)
            if turn.id in approvals:
                turn.approved = approvals[turn.id]
            if turn.id in headers:
                label = turn.details["server_label"]
                held = self.world.vault.get(self._secrets(run))
                self.world.vault.keep(
                    self._secrets(run), held | {label: {**held.get(label, {}), **headers[turn.id]}}
                )
            inner = self._handed_over(turn)
            if inner is not None and inner["status"] == "requires_action":
                self.submit(inner, outputs, approvals, headers)
        run |= {"required_action": None, "status": "in_progress", "_frame": frame.json()}
        self.world.threads.put_run(self.project, run)
        self.world.moving[self.project, run["thread_id"]] = None
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
                listed=lambda assistant, label, tools: self._listed(run, assistant, label, tools),
                hand_over=self._hand_over,
            )
            outcome = loop.advance(frame, agent, depth=run["_depth"])
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

    def _hand_over(self, turn: Turn, other: Body) -> Say | Wait | Want:
        """Lets a connected agent answer a call, in a run on a thread of its own; says how far that has come.

        The call's details name both, as the step of azure-ai-agents 1.2 beta does.
        """
        if "run_id" not in turn.details:
            question = {"role": "user", "content": str(turn.arguments.get("question") or "")}
            thread = self.world.threads.create(self.project, {"messages": [question]}, self.now)
            begun = self.create(thread["id"], other, {}, depth=1)
            turn.details |= {"thread_id": thread["id"], "run_id": begun["id"]}
        self.settle(turn.details["thread_id"])
        run = self._handed_over(turn)
        if run is None:
            raise RunFailedError("tool_user_error", f"the thread of connected agent '{turn.name}' is gone")
        match run["status"]:
            case "completed":
                return self._said(run)
            case "requires_action":
                return Want(tuple(item for item in Frame.of(run["_frame"]).turns if item.output is None))
            case "incomplete":
                raise RunIncompleteError(run["incomplete_details"]["reason"])
            case "failed":
                raise RunFailedError(run["last_error"]["code"], run["last_error"]["message"])
            case "cancelled" | "expired" as ended:
                raise RunFailedError("tool_user_error", f"the run of connected agent '{turn.name}' {ended}")
        return Wait()

    def _handed_over(self, turn: Turn) -> Body | None:
        """The run of a connected agent that a call led to, or None."""
        if "run_id" not in turn.details:
            return None
        return self.world.threads.run(self.project, turn.details["thread_id"], turn.details["run_id"])

    def _said(self, run: Body) -> Say:
        """What a completed run has answered."""
        answers = [
            message
            for message in self.world.threads.messages(self.project, run["thread_id"])
            if message["run_id"] == run["id"]
        ]
        if not answers:
            return Say("")
        text = answers[-1]["content"][0]["text"]
        return Say(text["value"], tuple(Citation.of(item) for item in text["annotations"]))

    def _agent(self, run: Body) -> Body:
        """The run's agent as it is for this run; raises `RunFailedError`."""
        agent = self.world.assistants.get(self.project, run["assistant_id"])
        if agent is None:
            raise RunFailedError("server_error", f"No assistant found with id '{run['assistant_id']}'.")
        if not self.world.settings.model_url:
            require_model(self.world, self.project, run["model"])
        thread = self.world.threads.get(self.project, run["thread_id"]) or {}
        resources = _joined(run["tool_resources"], thread.get("tool_resources") or {})
        if "mcp" in resources:
            headers = self.world.vault.get(self._secrets(run))
            resources["mcp"] = [
                item | {"headers": headers.get(item["server_label"], {})} for item in resources["mcp"]
            ]
        return agent | {
            "model": run["model"],
            "instructions": run["instructions"],
            "temperature": run["temperature"],
            "top_p": run["top_p"],
            "tools": _chosen(run["tools"], run["tool_choice"]),
            "tool_resources": resources,
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

    def _listed(self, run: Body, assistant: str, label: str, tools: list[Body]) -> None:
        """A step that tells what an MCP server offers, as azure-ai-agents 1.2 beta has it."""
        told = {
            tool["name"]: {"description": tool["description"], "parameters": tool["input_schema"]}
            for tool in tools
        }
        activity = {
            "type": "mcp_list_tools",
            "id": new_id("mcpl_"),
            "server_label": label,
            "tools": told,
        }
        self._add_step(run, assistant, {"type": "activities", "activities": [activity]}, done=True)

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

    def _secrets(self, run: Body) -> str:
        """Where the headers for MCP servers of a run are kept: sealed, until it ends."""
        return f"{self.project}/{run['id']}".lower()

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
        self.world.vault.drop_under(self._secrets(run))
        for call in run["_steps"]:
            self.world.outside.forget(call)
        for turn in Frame.of(run["_frame"]).turns if run["_frame"] else ():
            inner = self._handed_over(turn)
            if inner is not None and is_active(inner):
                self.cancel(inner)
        self.world.threads.put_run(self.project, run)
        return run


def _text(message: Body) -> str:
    return "\n".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")


def is_active(run: Body) -> bool:
    """Whether a run isn't over."""
    return run["status"] in ACTIVE


def _shown_call(turn: Turn) -> Body:
    """A tool call in a run step, as the models of azure-ai-agents (1.2 beta for connected agents, functions, MCP) have it."""
    call: Body = {"id": turn.id, "type": turn.sort}
    arguments = json.dumps(turn.arguments, ensure_ascii=False)
    if turn.sort == "mcp":
        told = {"name": turn.name, "arguments": arguments, "server_label": turn.details["server_label"]}
        return call | told | {"output": turn.output or ""}
    if turn.sort == "connected_agent":
        told = {"name": turn.name, "arguments": arguments, "output": turn.output}
        told |= {part: turn.details.get(part) for part in ("run_id", "thread_id")}
        return call | {turn.sort: told | {"assistant_id": turn.details.get("agent_id")}}
    if turn.sort in _SEARCHES:
        return call | {turn.sort: {key: value for key, value in turn.details.items() if key != "canned"}}
    if turn.sort in _INPUT_AND_OUTPUT:
        asked = str(turn.arguments.get("query") or "")
        told = {"input": asked, "output": turn.output or ""}
        return call | {turn.sort: told | ({"steps": []} if turn.sort == "browser_automation" else {})}
    if turn.sort == "computer_use_preview":
        seen = {} if turn.output is None else {"output": json.loads(turn.output)}
        return call | {turn.sort: _computer_action(turn) | seen}
    details = {"name": turn.name, "arguments": arguments}
    return call | {turn.sort: details | ({} if turn.output is None else {"output": turn.output})}


def _computer_action(turn: Turn) -> Body:
    return {"action": turn.arguments, "pending_safety_checks": []}


def _required(turn: Turn) -> Body:
    call: Body = {"id": turn.id, "type": turn.sort}
    if turn.sort == "computer_use_preview":
        return call | {turn.sort: _computer_action(turn)}
    return call | {
        turn.sort: {"name": turn.name, "arguments": json.dumps(turn.arguments, ensure_ascii=False)}
    }


def _action(want: Want) -> Body:
    """What a run requires: outputs of functions and of the caller's computer first, approvals when nothing of that is called."""
    calls = [_required(turn) for turn in want.turns if turn.sort != "mcp"]
    if calls:
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
