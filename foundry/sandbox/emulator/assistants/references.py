"""What tools and tool resources of an agent, thread or run refer to."""

from typing import Any

from foundry.sandbox.emulator.assistants.errors import dangling, needs_capability_host
from foundry.sandbox.emulator.assistants.tools import STANDARD_SETUP
from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.project.guard import has_capability_host, project_id
from foundry.sandbox.emulator.vector_stores.intake import fate_of_a_source, sources_of


def resolve(call: Call, tools: list[dict[str, Any]] | None, resources: dict[str, Any] | None) -> None:
    """Refuses what isn't there, and replaces `vector_stores` in the resources by the store it asks for."""
    if not has_capability_host(call):
        for tool in tools or []:
            if tool["type"] in STANDARD_SETUP:
                raise needs_capability_host(tool["type"])
    world, project = call.world, project_id(call)
    resources = resources or {}
    for identity in (resources.get("code_interpreter") or {}).get("file_ids") or []:
        if world.files.get(project, identity) is None:
            raise dangling("file", identity, "tool_resources.code_interpreter.file_ids")
    search = resources.get("file_search") or {}
    for identity in search.get("vector_store_ids") or []:
        if world.vector_stores.get(project, identity, call.now) is None:
            raise dangling("vector store", identity, "tool_resources.file_search.vector_store_ids")
    made = []
    for item in search.pop("vector_stores", None) or []:
        files = sources_of(
            call, item["configuration"]["data_sources"], "tool_resources.file_search.vector_stores"
        )
        store = world.vector_stores.create(project, {"name": item.get("name")}, call.now)["id"]
        taken = fate_of_a_source(call)
        world.vector_stores.attach(project, store, files, call.now, chunking=None, fate=taken)
        made.append(store)
    if made:
        search["vector_store_ids"] = [*(search.get("vector_store_ids") or []), *made]
