"""What an agent can look things up in: the text of its vector stores, the documents of its search index, its data files."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from foundry.sandbox.emulator.arm.kinds import lookup
from foundry.sandbox.emulator.http import Problem
from foundry.sandbox.emulator.projects.assets import index_asset
from foundry.sandbox.emulator.projects.platform import visible
from foundry.sandbox.emulator.retrieval import Hit, Passage, passages, rank, words
from foundry.sandbox.emulator.search.definition import leaves
from foundry.sandbox.emulator.search.documents import key_field, text_of
from foundry.sandbox.emulator.search.filters import parse_filter
from foundry.sandbox.emulator.vector_stores.texts import decoded, searchable

if TYPE_CHECKING:
    from foundry.sandbox.emulator.world import World

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage, and what it is cited by.

    Attributes:
        hit: The passage with its scores.
        identity: Id of the file, or URL of the document.
        title: Name of the file, or title of the document.
    """

    hit: Hit
    identity: str
    title: str


def search_files(
    world: "World", project: str, file_ids: Iterable[str], question: str, most: int
) -> list[Found]:
    """The best passages of some files, best first."""
    names: dict[str, str] = {}
    candidates: list[Passage] = []
    for file_id in dict.fromkeys(file_ids):
        file = world.files.get(project, file_id)
        if file is not None:
            names[file_id] = file["filename"]
            text = searchable(file["filename"], world.files.content(project, file_id))
            candidates += passages(file_id, PurePath(file["filename"]).stem.replace("-", " "), text)
    return [
        Found(hit, hit.passage.source, names[hit.passage.source]) for hit in rank(question, candidates)[:most]
    ]


_NUMBERS: Final = ("Edm.Int32", "Edm.Int64", "Edm.Double")


def _placed(world: "World", project: str, index: Body) -> Body:
    """A tool's index with connection and name; those of its asset when it names one instead."""
    asset = None
    if not index.get("index_connection_id") and index.get("index_asset_id"):
        asset = index_asset(world.objects, project, str(index["index_asset_id"]))
    if asset is None:
        return index
    held = [item for item in visible(world.arm, project) if item.target.name == asset.get("connectionName")]
    place = held[0].target.id if held else None
    return {**index, "index_connection_id": place, "index_name": asset.get("indexName")}


def search_index(world: "World", project: str, index: Body, question: str) -> tuple[list[Found], str]:
    """The best passages of the documents behind a tool's index, and why there are none ("" otherwise)."""
    index = _placed(world, project, index)
    connection = world.arm.get(str(index.get("index_connection_id")))
    if connection is None:
        return [], f"connection not found: {index.get('index_connection_id')}"
    service = _service_of(world, connection.body)
    if service is None:
        return [], f"the connection '{connection.target.name}' leads to no search service of the sandbox"
    name = str(index.get("index_name"))
    held = world.search.get(service, "index", name)
    if held is None:
        return [], f"index not found: {name}"
    definition = held[0]
    documents = world.search.documents(service, name)
    fields = dict(leaves(definition["fields"]))
    if index.get("filter"):
        filterable = frozenset(path for path, field in fields.items() if field["filterable"])
        try:
            keep = parse_filter(index["filter"], filterable)
        except Problem as problem:
            return [], str(problem.reply.body["error"]["message"])
        documents = [item for item in documents if keep(item)]
    readable = [
        path
        for path, field in fields.items()
        if field["type"] == "Edm.String" and field["searchable"] and not field["key"] and "/" not in path
    ]
    countable = [path for path, field in fields.items() if field["type"] in _NUMBERS and "/" not in path]
    candidates = []
    for place, item in enumerate(documents):
        texts = [str(item[path]) for path in readable if item.get(path)]
        figures = [f"{path} {item[path]:g}" for path in countable if item.get(path) is not None]
        body = "\n".join([*texts, *([", ".join(figures)] if figures else [])])
        candidates.append(Passage(str(place), text_of(definition, item), body))
    endpoint = f"{world.base_url}/search/{service.rpartition('/')[2]}/indexes('{name}')/docs"
    key = key_field(definition)
    found = []
    for hit in rank(question, candidates)[: index.get("top_k") or 5]:
        item = documents[int(hit.passage.source)]
        found.append(
            Found(hit, f"{endpoint}('{item[key]}')", _title(definition, readable, item) or item[key])
        )
    return found, ""


def _service_of(world: "World", connection: Body) -> str | None:
    wanted = str(lookup(connection, "properties.metadata.ResourceId") or "").lower()
    target = str(lookup(connection, "properties.target") or "").rstrip("/").lower()
    for service in world.arm.of_kind("microsoft.search/searchservices"):
        if service.target.key == wanted or f"{world.base_url}/search/{service.target.name}".lower() == target:
            return service.target.key
    return None


def _title(definition: Body, readable: list[str], item: Body) -> str:
    for configuration in (definition["semantic"] or {}).get("configurations", []):
        field = (configuration["prioritizedFields"]["titleField"] or {}).get("fieldName")
        if field and item.get(field):
            return str(item[field])
    named = [path for path in readable if path.lower() in ("title", "name")]
    return str(item.get(named[0]) or "") if named else ""


_MOST_ROWS: Final = 100_000
_MOST_GROUPS: Final = 12


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file."""

    name: str
    columns: list[str]
    rows: list[list[str]]

    def numbers(self, column: str) -> list[float]:
        """The numbers of a column; empty when it holds anything else."""
        at = self.columns.index(column)
        try:
            return [float(row[at]) for row in self.rows if len(row) > at and row[at].strip()]
        except ValueError:
            return []


def tables(world: "World", project: str, file_ids: Iterable[str]) -> tuple[list[str], list[Table]]:
    """Names of all files, and those of them that are CSV."""
    names, found = [], []
    for file_id in file_ids:
        file = world.files.get(project, file_id)
        if file is None:
            continue
        names.append(file["filename"])
        text = decoded(world.files.content(project, file_id))
        if PurePath(file["filename"]).suffix.lower() == ".csv" and text:
            rows = [row for row in csv.reader(io.StringIO(text)) if row][: _MOST_ROWS + 1]
            if rows:
                found.append(Table(file["filename"], rows[0], rows[1:]))
    return names, found


def describe(table: Table, question: str) -> str:
    """Row count and columns of a table, figures of the number columns the question names, and a comparison of groups."""
    named = [
        column for column in table.columns if set(words(question)) & set(words(column.replace("_", " ")))
    ]
    text = f"{table.name} has {len(table.rows)} rows and the columns {', '.join(table.columns)}."
    for column in named:
        numbers = table.numbers(column)
        if numbers:
            total = sum(numbers)
            text += (
                f" {column}: sum {total:g}, mean {total / len(numbers):.4g}, "
                f"least {min(numbers):g}, most {max(numbers):g}."
            )
    return text + "".join(
        f" {comparison}" for group in named for what in named if (comparison := _compared(table, group, what))
    )


def _compared(table: Table, group: str, what: str) -> str:
    """Share of "yes" of one column in each group of another, highest first; empty when the columns aren't of that kind."""
    by, of = table.columns.index(group), table.columns.index(what)
    rows = [row for row in table.rows if len(row) > max(by, of)]
    groups = {row[by] for row in rows}
    if group == what or len(groups) > _MOST_GROUPS or {row[of].lower() for row in rows} != {"yes", "no"}:
        return ""
    shares = []
    for name in sorted(groups):
        answers = [row[of].lower() == "yes" for row in rows if row[by] == name]
        shares.append((sum(answers) / len(answers), name))
    shares.sort(key=lambda pair: -pair[0])
    return f"{what} by {group}: " + ", ".join(f"{name} {share:.1%}" for share, name in shares) + "."
