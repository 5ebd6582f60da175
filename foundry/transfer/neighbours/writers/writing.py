"""What all formats need while an agent is written: names as ids, and a list of what is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundry.manifest.schema import schema_of
from foundry.model import Agent, FoundryError, ModelElsewhere, Template, Tool
from foundry.transfer.neighbours.fields import put


class UnknownYetError(FoundryError):
    """The format wants an id or address that only a stack that is up has."""

    def __init__(self, what: str) -> None:
        super().__init__(what, fix="bring the stack up first")


@dataclass(frozen=True)
class Context:
    """What names stand for, as far as the stack is up: ids of stores, connections (ARM ids), files by path, and the endpoint.

    `definition` is what was applied last, with every id in it; None before the first `up`.
    """

    endpoint: str | None = None
    stores: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    definition: Mapping[str, Any] | None = None


class Writing:
    """One agent on its way into one format: what it couldn't say yet, and the files beside it."""

    def __init__(self, agent: Agent, context: Context) -> None:
        self.agent = agent
        self.context = context
        self.losses: list[str] = []
        self.beside: dict[str, str] = {}

    def lose(self, path: str, why: str) -> None:
        """Tell a field as one that the format can't say."""
        self.losses.append(f"{path}: {why}")

    def text(self, value: Any) -> str:
        """A text with the addresses of queues in it."""
        if not isinstance(value, Template):
            return str(value)
        parts = [part if isinstance(part, str) else self._queue(part.queue) for part in value.parts]
        return "".join(parts)

    def _queue(self, name: str) -> str:
        if name not in self.context.queues:
            raise UnknownYetError(f"the address of the queue {name} isn't known yet")
        return self.context.queues[name]

    def model(self) -> str:
        """The name of the deployment."""
        model = self.agent.model
        if isinstance(model, ModelElsewhere):
            self.lose("model.connection", "a deployment in another account")
            return model.deployment
        return str(model)

    def stores(self, settings: Mapping[str, Any]) -> list[str]:
        """The ids of the vector stores that a tool searches."""
        return [
            *settings.get("vector_store_ids", ()),
            *self._ids("vector store", settings.get("vector_stores", ()), self.context.stores),
        ]

    def files(self, tool: Tool) -> list[str]:
        """The ids of a tool's files."""
        paths = [file.path for file in tool.files]
        return [*tool.settings.get("file_ids", ()), *self._ids("file", paths, self.context.files)]

    def connection(self, name: str) -> str:
        """The ARM id of a connection."""
        return self._ids("connection", [name], self.context.connections)[0]

    @staticmethod
    def _ids(what: str, names: Iterable[str], known: Mapping[str, str]) -> list[str]:
        missing = [name for name in names if name not in known]
        if missing:
            raise UnknownYetError(
                f"the id of the {what} {missing[0]} isn't known yet, and this format refers to it by id"
            )
        return [known[name] for name in names]

    def endpoint(self) -> str:
        """The project's endpoint."""
        if self.context.endpoint is None:
            raise UnknownYetError("the project's endpoint isn't known yet")
        return self.context.endpoint

    def rest(self, where: str, settings: Mapping[str, Any], *said: str) -> None:
        """Tell every setting of a tool that wasn't said."""
        for key in settings:
            if key not in said:
                self.lose(f"{where}.{key}", "the format has no such field")

    def describe(self, told: dict[str, Any]) -> None:
        """Put description and metadata where every format has them."""
        if self.agent.description is not None:
            told["description"] = self.text(self.agent.description)
        put(told, "metadata", dict(self.agent.metadata))

    def instruct(self, told: dict[str, Any]) -> None:
        """Put the instructions where most formats have them."""
        if self.agent.instructions is not None:
            told["instructions"] = self.text(self.agent.instructions)

    def tools(self, make: Callable[[Writing, str, Tool], dict[str, Any] | None]) -> list[dict[str, Any]]:
        """The tools that `make` finds a form for."""
        made = []
        for tool in self.agent.tools:
            where = f"tools.{tool.name}"
            if tool.type == "mcp" and "server_url" not in tool.settings:
                self.lose(where, "the formats name servers by their addresses, and this one has none")
            else:
                made.append(make(self, where, tool))
        return [tool for tool in made if tool is not None]

    def no_place(self, where: str, tool: Tool) -> None:
        """Tell a whole tool as one that the format doesn't have."""
        known = schema_of("Agent")["$defs"].get(f"tool_{tool.type}", {}).get("title", tool.type)
        self.lose(where, f"{known}: the format has no such tool")
