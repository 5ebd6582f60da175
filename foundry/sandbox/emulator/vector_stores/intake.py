"""What both dialects take when a vector store is made or files are put into it."""

from typing import Any, Final

from foundry.sandbox.emulator.http import Call, Malformed
from foundry.sandbox.emulator.project.errors import invalid
from foundry.sandbox.emulator.project.guard import has_capability_host, project_id
from foundry.sandbox.emulator.project.objects import new_id
from foundry.sandbox.emulator.shapes import array, integer, one_of, record, tagged, text
from foundry.sandbox.emulator.vector_stores.store import Fate
from foundry.sandbox.emulator.vector_stores.texts import fault_of

_MOST_FILES: Final = 500

EXPIRY = record({"anchor": one_of("last_active_at"), "days": integer(1, 365)})
_static = record({"max_chunk_size_tokens": integer(100, 4096), "chunk_overlap_tokens": integer(0)})
CHUNKING = tagged(
    {"auto": record({"type": text()}), "static": record({"type": text(), "static": _static})},
)
FILE_IDS = array(text(least=1), most=_MOST_FILES)
DATA_SOURCE = record({"uri": text(least=1), "type": one_of("uri_asset", "id_asset")})
DATA_SOURCES = array(DATA_SOURCE, most=_MOST_FILES)


def checked_chunking(asked: dict[str, Any]) -> dict[str, Any] | None:
    """The chunking strategy a request asks for, or None; raises `Malformed` for an overlap over half of a chunk."""
    chunking = asked.get("chunking_strategy")
    if chunking and chunking["type"] == "static":
        sizes = chunking["static"]
        if sizes["chunk_overlap_tokens"] * 2 > sizes["max_chunk_size_tokens"]:
            where = "chunking_strategy.static.chunk_overlap_tokens"
            raise Malformed(
                where, "limit", f"Invalid '{where}': must not exceed half of max_chunk_size_tokens."
            )
    return chunking


def sources_of(call: Call, sources: list[dict[str, Any]], where: str) -> list[str]:
    """Ids of the files that data sources become; raises 400 without the standard setup that they need."""
    if sources and not has_capability_host(call):
        raise invalid("Data sources need a capability host on the project.", where)
    return [new_id("assistant-") for _ in sources]


def fate_of_a_source(call: Call) -> Fate:
    """What becomes of data sources that a call attaches: they are taken in, and nothing is found in them."""
    settings = call.world.settings
    return lambda _: (call.now + settings.store_delay, settings.store_polls, None, 0)


def fate(call: Call) -> Fate:
    """What becomes of the files that a call attaches."""
    world, project = call.world, project_id(call)

    def decide(file_id: str) -> tuple[float, int, dict[str, Any] | None, int]:
        file = world.files.get(project, file_id)
        assert file is not None
        error = world.faults.file_error(file["filename"])
        error = error or fault_of(file["filename"], world.files.content(project, file_id))
        due = call.now + world.settings.store_delay + world.faults.file_seconds(file["filename"])
        return due, world.settings.store_polls, error, file["bytes"]

    return decide
