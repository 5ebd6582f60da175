"""azd's `azure.yaml`: its services of agents, projects and connections."""

from __future__ import annotations

import re
from typing import Any

from foundry.manifest.marked import Mapping as Marked
from foundry.transfer.foreign import Document, Foreign
from foundry.transfer.neighbours.fields import Beside, Fields, Notes, put
from foundry.transfer.neighbours.readers.agentschema import take_metadata
from foundry.transfer.neighbours.readers.agentschema_tools import read_tools


def read(tree: Marked, notes: Notes, beside: Beside) -> Document:
    """The agents of all services, and the deployments and connections beside them."""
    top = Fields(tree, notes)
    top.lose(
        ("name", "metadata", "infra", "hooks", "pipeline", "resources", "workflows", "requiredVersions"),
        "azd's own",
    )
    agents: list[Foreign] = []
    environment: dict[str, Any] = {}
    for name, service in top.named("services"):
        host = str(service.take("host") or "")
        service.lose(
            ("uses", "project", "language", "docker", "config"), "the order follows from the references here"
        )
        match host:
            case "azure.ai.project":
                environment.setdefault("deployments", {}).update(_deployments(service))
            case "azure.ai.connection":
                environment.setdefault("connections", {})[name] = _connection(service)
            case "azure.ai.agent":
                agents += _agent(name, service, beside)
            case _:
                notes.losses.append(f"services.{name}: a service on {host or 'no host'} is azd's business")
                service.everything()
        service.done()
    top.done()
    return Document(tuple(agents), environment)


def _deployments(service: Fields) -> dict[str, Any]:
    made = {}
    for name, deployment in service.named("deployments"):
        deployment.take("name")
        made[name] = {"model": deployment.take("model"), "sku": deployment.take("sku")}
        deployment.lose(("raiPolicyName",), "declare it under `content_filters`")
        deployment.done()
    service.lose(("endpoint", "network", "kind", "name"), "the Environment makes its project")
    return made


def _connection(service: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {"category": service.take("category"), "target": service.take("target")}
    auth = service.take("authType")
    if auth not in (None, "AAD", "ProjectManagedIdentity"):
        service.lost("authType", f"{auth}: write `key: {{secret: …}}`")
    service.lose(("credentials", "metadata"), "write `key` or `keys` with secrets of the stack")
    service.take("name")
    return made


def _agent(name: str, service: Fields, beside: Beside) -> list[Foreign]:
    kind = service.take("kind")
    service.lose(("harness", "toolbox", "skill", "skills", "memory", "raiPolicy"), "declare it by hand")
    if kind not in (None, "prompt"):
        service.lost("kind", f"a {kind} agent: declare it by hand")
        service.everything()
        return []
    told: dict[str, Any] = {"model": service.take("model")}
    name = str(service.take("name") or name)
    put(told, "description", service.take("description"))
    instructions = service.take("instructions")
    if isinstance(instructions, str) and re.fullmatch(r"\.{0,2}/?[\w./-]+\.(md|txt|prompty)", instructions):
        text = beside(instructions)
        if text is None:
            service.fault("instructions", f"there is no file {instructions} beside this one", "put it there")
        instructions = text
    put(told, "instructions", instructions)
    take_metadata(service, told)
    put(told, "tools", dict(read_tools(service, beside)))
    return [Foreign(name, told)]
