"""Connected agents among each other: an order to make them in, and what the service refuses.

Source of the rules: Azure docs, connected agents (two levels, no function tools below).
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from typing import Final

from foundry.manifest.layers import Document
from foundry.manifest.marked import Mark
from foundry.manifest.report import Report
from foundry.manifest.world import section
from foundry.model import Agent

_FUNCTIONS: Final = frozenset(("function", "logic_app"))
"""Tools that the calling program answers; nobody answers them for a connected agent."""


def in_order(
    agents: Sequence[Agent], documents: AnyMapping[str, Document], report: Report
) -> tuple[Agent, ...]:
    """The agents with every connected agent before the one that refers to it, else by name; those that are spoken with come last.

    A cycle, a third level and a function tool below another agent are findings.
    """
    web = _Web(agents, documents, report)
    for name in web.agents:
        web.visit(name)
    web.check_levels()
    # These ask others, and none asks them.
    return tuple(sorted(web.ordered.values(), key=lambda agent: agent.voice is not None))


class _Web:
    def __init__(self, agents: Sequence[Agent], documents: AnyMapping[str, Document], report: Report) -> None:
        self.agents = {agent.name: agent for agent in sorted(agents, key=lambda agent: agent.name)}
        self.ordered: dict[str, Agent] = {}
        self._documents = documents
        self._report = report
        self._circular: set[str] = set()
        self._below = {name: self._connected(agent) for name, agent in self.agents.items()}

    def _connected(self, agent: Agent) -> dict[str, str]:
        """The agents that one refers to, by the name of the tool that does it."""
        return {
            tool.name: tool.settings["agent"]
            for tool in agent.tools
            if tool.type == "connected_agent" and tool.settings.get("agent") in self.agents
        }

    def _reference(self, name: str, tool: str) -> Mark:
        tools = section(self._documents[name].tree, "tools")
        return section(tools, tool).values_at["agent"]

    def visit(self, start: str) -> None:
        """Put an agent behind all that it refers to."""
        way = [start]
        waiting = {start: iter(self._below[start].items())}
        while way:
            name = way[-1]
            step = next(waiting[name], None)
            if step is None:
                self.ordered.setdefault(name, self.agents[name])
                way.pop()
                continue
            tool, other = step
            if other in way:
                self._tell_circle(name, tool, (*way[way.index(other) :], other))
            elif other not in self.ordered:
                way.append(other)
                waiting[other] = iter(self._below[other].items())

    def _tell_circle(self, name: str, tool: str, circle: tuple[str, ...]) -> None:
        self._circular.update(circle)
        self._report.error(
            self._reference(name, tool),
            f"connected agents in a circle: {' → '.join(circle)}",
            "take one of these references away",
        )

    def check_levels(self) -> None:
        """Find a third level and function tools below another agent."""
        for name, connected in self._below.items():
            for tool, other in connected.items():
                at = self._reference(name, tool)
                deeper = ", ".join(self._below[other].values())
                # In a circle every agent is below another: the circle itself is the fault that was told.
                if deeper and other not in self._circular:
                    self._report.error(
                        at,
                        f"the connected agent `{other}` has connected agents itself ({deeper}), and the service goes two levels deep",
                        f"connect {deeper} here, or take them away from `{other}`",
                    )
                functions = ", ".join(
                    inner.name for inner in self.agents[other].tools if inner.type in _FUNCTIONS
                )
                if functions:
                    self._report.error(
                        at,
                        f"the connected agent `{other}` has function tools ({functions}), which a connected agent can't call",
                        f"take them away from `{other}`, or don't connect it",
                    )
