"""What a document may refer to: the Environment's things, the other documents, the files, the settings."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from foundry.manifest.interpolation import Interpolation, Templated
from foundry.manifest.layers import Document, Documents
from foundry.manifest.marked import Mapping, Mark, Sequence, dotted, place
from foundry.manifest.near import meant
from foundry.manifest.report import Report
from foundry.manifest.shelf import Shelf
from foundry.model import Adopt, Dialect, Json, Lifecycle, Text

Result = TypeVar("Result")

OWN_CONNECTIONS: Final = {
    "search": "search",
    "storage": "storage",
    "cosmos": "thread_store",
    "monitoring": "monitoring",
}
"""The connections that a setup makes unasked, and the part of the Environment each one belongs to."""

_PATH: Final = re.compile(
    r"(?:file:\s*)?(\S+\.(?:md|markdown|txt|prompt|prompty|json|ya?ml|j2|jinja2?))", re.IGNORECASE
)
"""A text of one word that ends like a file: no prompt and no description does."""

_SEARCH_CATEGORY: Final = "CognitiveSearch"
_JSON_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
_KINDS: Final = {
    "Agent": "agent",
    "VectorStore": "vector store",
    "SearchIndex": "search index",
    "MemoryStore": "memory store",
    "Toolbox": "toolbox",
    "Skill": "skill",
}


def section(tree: Any, key: str) -> Mapping:
    """A mapping below `key`, an empty one when there is none."""
    value = tree.get(key) if isinstance(tree, Mapping) else None
    return value if isinstance(value, Mapping) else Mapping(Mark("", 1, 1))


def items(tree: Mapping, key: str) -> list[tuple[Any, Mark]]:
    """The items of the list below `key` with their places, none when there is no list."""
    value = tree.get(key)
    return list(zip(value, value.items_at, strict=True)) if isinstance(value, Sequence) else []


def words(tree: Mapping, key: str) -> list[tuple[str, Mark]]:
    """The texts of the list below `key` with their places."""
    return [(value, at) for value, at in items(tree, key) if isinstance(value, str)]


def queues_of(environment: Mapping) -> list[str] | None:
    """The queues that an Environment declares; None when they are somebody else's."""
    if "existing" in environment:
        return None
    return [name for name, _ in words(section(environment, "storage"), "queues")]


@dataclass(frozen=True)
class World:
    """Everything that a document is held against. `environment` is None when the stack has none that can be read."""

    stack: str
    environment: Mapping | None
    documents: Documents
    shelf: Shelf
    fill: Interpolation
    report: Report
    done: dict[tuple[int, str], tuple[Mapping, Any]] = field(default_factory=dict)

    # ---- what there is

    @property
    def standard(self) -> bool:
        """Whether the Environment asks for the standard setup."""
        return self.environment is not None and self.environment.get("setup") == "standard"

    def needs_standard(self, what: str, at: Mark) -> None:
        """Tell that something needs the standard setup."""
        self.report.error(
            at,
            f"{what} needs `setup: standard`, and the Environment is basic",
            "set `setup: standard` in the Environment, or leave this out",
        )

    def names(self, key: str) -> Collection[str]:
        """The names below a mapping of the Environment."""
        return section(self.environment, key).keys()

    def connection_category(self, name: str) -> str | None:
        """The category of a connection, None when it is not known."""
        if name in self.names("connections"):
            category = section(section(self.environment, "connections"), name).get("category")
            return category if isinstance(category, str) else None
        if "existing" in (self.environment or ()):
            return None
        return _SEARCH_CATEGORY if name == "search" else "own"

    # ---- references

    def refer(self, what: str, name: Any, known: Collection[str], at: Mark, *, declare: str) -> bool:
        """Whether the Environment has what is referred to; a finding that lists what there is, if not.

        What can't be known, because the Environment could not be read or is somebody else's, is taken to be there.
        """
        if (
            self.environment is None
            or "existing" in self.environment
            or not isinstance(name, str)
            or name in known
        ):
            return True
        self.report.error(
            at,
            f"unknown {what} `{name}`",
            meant(name, known, none=f"the Environment has none: {declare}", have="the Environment has"),
        )
        return False

    def deployment(self, name: Any, at: Mark) -> bool:
        """Whether a deployment is declared."""
        declared = section(self.environment, "deployments")
        of_model = [
            one for one in declared if section(section(declared, one), "model").get("name") == name != one
        ]
        if of_model and name not in declared:
            fix = f"did you mean {' or '.join(f'`{one}`' for one in of_model)}, a deployment of this model?"
            self.report.error(at, f"unknown deployment `{name}`", fix)
            return False
        return self.refer(
            "deployment", name, self.names("deployments"), at, declare="declare it under `deployments`"
        )

    def connection(self, name: Any, at: Mark, categories: Collection[str] = ()) -> bool:
        """Whether a connection is declared or made by the setup, and of one of the categories."""
        own = [
            known
            for known, part in OWN_CONNECTIONS.items()
            if self.environment is not None and part in self.environment
        ]
        if not self.refer(
            "connection",
            name,
            [*self.names("connections"), *own],
            at,
            declare="declare it under `connections`",
        ):
            return False
        category = (
            self.connection_category(name) if self.environment is not None and isinstance(name, str) else None
        )
        if category is not None and categories and category not in categories:
            told = f"has the category {category}" if category != "own" else "is the setup's own"
            self.report.error(
                at, f"the connection `{name}` {told}", f"name one with the category {' or '.join(categories)}"
            )
            return False
        return True

    def queue(self, name: Any, at: Mark) -> bool:
        """Whether a queue is declared."""
        known = queues_of(self.environment) if self.environment is not None else None
        return self.refer("queue", name, known or (), at, declare="declare it under `storage.queues`")

    def document(self, kind: str, name: Any, at: Mark) -> Document | None:
        """The document that is referred to; a finding when there is none or the stack leaves it out."""
        known = self.documents.by_kind[kind]
        if not isinstance(name, str):
            return None
        found = known.get(name)
        if found is None:
            if self.documents.complete:
                fix = meant(
                    name,
                    known,
                    none=f"declare a document of kind {kind}",
                    have=f"the {_KINDS[kind]} documents are",
                )
                self.report.error(at, f"unknown {_KINDS[kind]} `{name}`", fix)
            return None
        if found.omitted:
            out = found.tree.values_at["omit"].position
            self.report.error(
                at,
                f"the {_KINDS[kind]} `{name}` is left out of this stack by {out}",
                "leave this reference out too, or take `omit` away",
            )
            return None
        return found

    # ---- values that several kinds share

    def project_of(self, tree: Mapping) -> str:
        """The project a document lives in: its own word, or the only one there is."""
        known = self.names("projects")
        if "project" in tree:
            self.refer(
                "project",
                tree["project"],
                known,
                tree.values_at["project"],
                declare="declare it under `projects`",
            )
            return str(tree["project"])
        if len(known) > 1:
            self.report.error(
                tree.mark,
                "the Environment has several projects and this document names none",
                f"write `project:` and one of: {', '.join(known)}",
            )
        return next(iter(known), "")

    def dialect_of(self, tree: Mapping) -> Dialect:
        """The dialect of a document: its own word, or the Environment's."""
        word = tree.get("dialect", self.environment.get("dialect") if self.environment is not None else None)
        return Dialect(word) if word in tuple(Dialect) else Dialect.CLASSIC

    def knows_dialect(self, document: Document) -> bool:
        """Whether a document's dialect is known: where its own word, or the Environment's, can't be read, nothing is held against it."""
        written = self.documents.by_kind[document.kind][document.name].tree
        of = written if written.get("dialect") is not None else self.environment
        return of is not None and of.get("dialect") in tuple(Dialect)

    def text(self, tree: Mapping, key: str, longest: int) -> Text | None:
        """A text, inline or from a file, of at most `longest` characters; None when there is none."""
        value = tree.get(key)
        if isinstance(value, Mapping) and isinstance(value.get("file"), str):
            at = value.values_at["file"]
            fill = self.fill if value.get("interpolate") is True else None
            value = self.shelf.text(value["file"], at, fill)
        else:
            at = tree.values_at.get(key, tree.mark)
            path = _PATH.fullmatch(value) if isinstance(value, str) else None
            if path is not None:
                what = f"`{key}` is the path of a file, which would be sent as it stands"
                self.report.error(at, what, f"write `{key}: {{file: {self._as_it_is_there(path[1], at)}}}`")
        if not isinstance(value, str):
            return None
        if len(value) > longest:
            self.report.error(
                at,
                f"`{key}` has {len(value):,} characters, more than the {longest:,} that the service takes",
                "shorten it",
            )
        text: Text = unfilled(value)
        return text

    def _as_it_is_there(self, written: str, at: Mark) -> str:
        folder = posixpath.dirname(at.path)
        there = posixpath.normpath(posixpath.join(folder, written))
        return self.shelf.counterpart(there, at) or written

    def body(self, tree: Mapping, key: str) -> Mapping | None:
        """A JSON object, inline or from a file, with its places; None when there is none."""
        value = tree.get(key)
        if not isinstance(value, Mapping):
            return None
        if not isinstance(value.get("file"), str):
            return value
        fill = self.fill if value.get("interpolate") is True else None
        return self.shelf.document(value["file"], value.values_at["file"], fill)

    def json_schema(self, tree: Mapping, key: str) -> Json:
        """A JSON Schema, inline or from a file; a finding when it is none."""
        body = self.body(tree, key)
        return self.once(body, self._json_schema) if body is not None else None

    def _json_schema(self, body: Mapping) -> Json:
        validator: Any = Draft202012Validator(Draft202012Validator.META_SCHEMA)
        error = best_match(validator.iter_errors(body))
        if error is not None:
            path = list(error.absolute_path)
            where = f" at `{dotted(path)}`" if path else ""
            at = place(body, path)
            if path[-1:] == ["type"]:
                what, fix = (
                    f"{error.instance!r} is no type of JSON Schema",
                    f"write one of: {', '.join(_JSON_TYPES)}",
                )
            else:
                what, fix = f"this is not a JSON Schema{where}: {error.message[:120]}", "correct it"
            self.report.error(at, what, fix)
        resolved: Json = unfilled(body)
        return resolved

    def once(self, body: Mapping, work: Callable[[Mapping], Result]) -> Result:
        """What `work` makes of a body, done once for a file that many documents name."""
        known = (id(body), work.__qualname__)
        if known not in self.done:
            # The body is kept beside the result, so that its id stays its own.
            self.done[known] = (body, work(body))
        result: Result = self.done[known][1]
        return result

    def lifecycle(self, document: Document) -> Lifecycle:
        """How a document says it wants to be looked after."""
        told = section(document.tree, "lifecycle")
        for previous, at in words(told, "previous_names"):
            other = self.documents.by_kind[document.kind].get(previous)
            if other is not None and not other.omitted:
                what = f"`{previous}` is the name of {other.sources[0]}, so it is no previous name"
                self.report.error(at, what, "list only names that nothing has now")
        adopt = told.get("adopt")
        taken = None
        if isinstance(adopt, str):
            taken = Adopt(adopt)
        elif isinstance(adopt, Mapping):
            taken = Adopt(adopt.get("id"), adopt.get("from"), adopt.get("name"))
        return Lifecycle(
            protect=told.get("protect") is True,
            retain_on_delete=told.get("retain_on_delete") is True,
            previous_names=tuple(name for name, _ in words(told, "previous_names")),
            adopt=taken,
            on_remove=told.get("on_remove"),
            on_drift=told.get("on_drift", "repair"),
        )


def unfilled(value: Any) -> Any:
    """Plain values, with a `Template` wherever a text speaks of what only a deployment knows."""
    if isinstance(value, Templated):
        return value.template
    if isinstance(value, dict):
        return {key: unfilled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unfilled(item) for item in value]
    return value
