"""From a folder of declarations to a manifest, with every finding at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from foundry.manifest import dialects, schema, support
from foundry.manifest.agents import TEMPLATED, agent_of
from foundry.manifest.connected import in_order
from foundry.manifest.environments import environment_of
from foundry.manifest.evaluations import check_rules
from foundry.manifest.identities import check_identities
from foundry.manifest.indexes import check_assets, index_of
from foundry.manifest.interpolation import Interpolation, Templated
from foundry.manifest.layers import Document, Documents, gather
from foundry.manifest.marked import Mapping, Mark, Sequence, dotted, place, put_text, texts
from foundry.manifest.memories import memory_of
from foundry.manifest.near import meant
from foundry.manifest.report import Report
from foundry.manifest.schema import essentials
from foundry.manifest.settings import (
    DECLARATIONS,
    ProjectFile,
    Settings,
    base_is_missing,
    check_folders,
    check_program,
    check_watched,
    known_stack,
    layers_of,
    read_project,
    read_settings,
    settings_path,
    stack_id,
    tell_missing_base,
)
from foundry.manifest.shelf import Shelf
from foundry.manifest.stores import store_of
from foundry.manifest.toolboxes import check_names, skill_of, toolbox_of
from foundry.manifest.world import World, queues_of, section, words
from foundry.model import Finding, Manifest, Owner, SearchIndex, VectorStore

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Loaded:
    """What came of a reading. `manifest` is None when any finding is an error."""

    manifest: Manifest | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Stack:
    """A stack that was found: its project, settings and merged documents, with places and settings filled in.

    `is_whole` is False, with a finding, where a layer isn't there: then nobody knows what is missing.
    """

    project: ProjectFile
    name: str
    settings: Settings
    settings_path: str
    layers: tuple[str, ...]
    documents: Documents
    fill: Interpolation
    is_whole: bool
    broken: dict[tuple[str, str], frozenset[Path_]]


def load(root: Path, stack: str, *, settings: Settings | None = None, needs_id: bool = True) -> Loaded:
    """Read, merge and check what a stack declares.

    Never raises for what stands in files: every fault is a finding, all of them at once.

    Args:
        root: The folder of the Pulumi project.
        stack: The stack's name.
        settings: Where settings come from; the stack's settings file when None.
        needs_id: Whether a stack without an id of its own is a fault: it is for everything that makes something.
    """
    report = Report()
    found = open_stack(root, stack, settings, report)
    if found is None:
        return Loaded(None, report.sorted())
    owner_id = stack_id(found.settings, found.settings_path, report, required=needs_id)
    manifest = _manifest(root, found, Owner(found.project.name, stack, owner_id or ""), report)
    return Loaded(None if report.failed else manifest, report.sorted())


def open_stack(root: Path, stack: str, settings: Settings | None, report: Report) -> Stack | None:
    """Find the stack, merge its layers and fill in its settings; None, with a finding, when there is no such stack."""
    project = read_project(root, report)
    if project is None or not known_stack(root, project, stack, report):
        return None
    path = settings_path(project, stack)
    if settings is None:
        settings = read_settings(root, project, stack, report)
    else:
        check_watched(settings, report)
    check_program(settings, path, report)
    layers = layers_of(settings, stack, root, path, report)
    check_folders(root, project, layers, report)
    documents = gather(root, layers.found, report)
    is_whole = not layers.missing
    if base_is_missing(settings, layers) and (lacks := _lacks(documents)):
        tell_missing_base(root, stack, path, lacks, report)
        is_whole = False
    fill = Interpolation(stack, settings)
    broken = {}
    # The Environment comes first, because the texts of all others may speak of its queues.
    for key, document in sorted(documents.found.items(), key=lambda found: found[0][0] != "Environment"):
        if not document.omitted:
            broken[key] = _filled(document, fill, report)
            if document.kind == "Environment" and is_whole:
                fill = replace(fill, queues=queues_of(document.tree))
    return Stack(project, stack, settings, path, layers.found, documents, fill, is_whole, broken)


def _lacks(documents: Documents) -> str:
    """What shows that the documents only change others; empty where they may be all that there is."""
    environment = documents.found.get(("Environment", ""))
    if environment is None:
        return "has no Environment" if documents.complete else ""
    return "" if "name" in environment.tree else "has an Environment without a name"


def _filled(document: Document, fill: Interpolation, report: Report) -> frozenset[Path_]:
    """Fill the places in a document's texts; the paths of those that couldn't be."""
    broken = set()
    for path, text in list(texts(document.tree)):
        if "${" not in text:
            continue
        at = place(document.tree, path)
        filled = fill.fill(text, at, report)
        if isinstance(filled, Templated) and (document.kind != "Agent" or path[0] not in TEMPLATED):
            report.error(
                at,
                f"`{text}` in `{dotted(path)}` speaks of a queue's address, which is known only after deployment",
                "use it in an agent's instructions, description or tools",
            )
            filled = None
        if filled is None:
            broken.add(path)
        else:
            put_text(document.tree, path, filled)
    return frozenset(broken)


def _manifest(root: Path, stack: Stack, owner: Owner, report: Report) -> Manifest | None:
    documents = stack.documents
    present = {key: document for key, document in documents.found.items() if not document.omitted}
    if not stack.is_whole:
        for key, document in present.items():
            schema.check(document.kind, document.tree, report, broken=stack.broken[key], is_part=True)
        return None
    environment = present.get(("Environment", ""))
    # A stack without layers has a finding that says why already.
    if environment is None and documents.complete and stack.layers:
        report.error(
            Mark(stack.settings_path, 1, 1),
            "the stack has no Environment",
            f"declare one in {DECLARATIONS}/{stack.layers[0]}/environment.yaml: `kind: Environment`",
        )
    shelf = Shelf(root, report)
    world = World(
        stack=stack.name,
        environment=environment.tree if environment else None,
        documents=documents,
        shelf=shelf,
        fill=stack.fill,
        report=report,
    )
    alone = {
        key
        for key, document in present.items()
        if _changes_nothing(document, documents, stack.layers, report)
    }
    sound = {
        key: _checked(document, stack.broken[key], report)
        for key, document in present.items()
        if key not in alone
    }
    of_kind = _by_kind(sound)
    agents, stores, indexes = (of_kind.get(kind, []) for kind in ("Agent", "VectorStore", "SearchIndex"))
    memories, boxes, skills = (of_kind.get(kind, []) for kind in ("MemoryStore", "Toolbox", "Skill"))
    for document in (*agents, *stores):
        dialects.check(document.kind, document, world)
    dialects.check_names(agents, world)
    check_rules(agents, world)
    check_identities(memories, "memory store", world)
    check_names(boxes, skills, world)
    check_assets(indexes, world)
    _check_adoptions(of_kind, report)
    _check_previous_names(of_kind, report)
    made_agents = [agent_of(document, world) for document in agents]
    made_stores, made_indexes = _each(stores, store_of, world), _each(indexes, index_of, world)
    _check_twins(made_indexes, indexes, report)
    _check_beside(made_indexes, indexes, report)
    _check_expiry(made_stores, of_kind, report)
    ordered = in_order(made_agents, {document.name: document for document in agents}, report)
    others = (
        _each(memories, memory_of, world),
        _each(boxes, toolbox_of, world),
        _each(skills, skill_of, world),
    )
    if environment is None:
        return None
    made = environment_of(sound["Environment", ""], world)
    return Manifest(owner, made, ordered, made_stores, made_indexes, *others)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Value = TypeVar("Value", bound=_Named)


def _each(
    documents: list[Document], value_of: Callable[[Document, World], Value], world: World
) -> tuple[Value, ...]:
    """What documents of one kind declare, by name."""
    return tuple(sorted((value_of(document, world) for document in documents), key=lambda one: one.name))


def _changes_nothing(
    document: Document, documents: Documents, layers: tuple[str, ...], report: Report
) -> bool:
    """Whether a document of a later layer was meant to change an earlier one that isn't there."""
    first = f"{DECLARATIONS}/{layers[0]}/"
    if document.sources[0].startswith(first) or document.kind == "Environment":
        return False
    if not essentials(document.kind).isdisjoint(document.tree):
        return False
    known = [
        other.name
        for other in documents.by_kind[document.kind].values()
        if other.sources[0].startswith(first)
    ]
    at = document.tree.values_at["name"]
    fix = meant(document.name, known, none="write the whole document", have="the earlier layers have")
    report.error(at, f"no earlier layer has {document.kind} `{document.name}` that this could change", fix)
    return True


def _checked(document: Document, broken: frozenset[Path_], report: Report) -> Document:
    """The document without what has a finding already, so that no later check tells the same again."""
    faulty = schema.check(document.kind, document.tree, report, broken=broken)
    bad = frozenset(faulty) | broken
    support.check(document.kind, document.tree, report, bad)
    if not any(bad):
        return document
    return Document(document.kind, document.name, _without(document.tree, bad, ()), document.sources)


def _without(tree: Any, bad: frozenset[Path_], path: Path_) -> Any:
    if isinstance(tree, Mapping):
        kept = Mapping(tree.mark)
        kept.removed_at.update(tree.removed_at)
        for key, value in tree.items():
            if (*path, key) not in bad:
                kept.put(key, _without(value, bad, (*path, key)), tree.keys_at[key], tree.values_at[key])
        return kept
    if isinstance(tree, Sequence):
        left = Sequence(tree.mark)
        for index, value in enumerate(tree):
            if (*path, index) not in bad:
                left.put(_without(value, bad, (*path, index)), tree.items_at[index])
        return left
    return tree


def _by_kind(documents: dict[tuple[str, str], Document]) -> dict[str, list[Document]]:
    kinds: dict[str, list[Document]] = {}
    for document in documents.values():
        kinds.setdefault(document.kind, []).append(document)
    return kinds


def _check_adoptions(documents: dict[str, list[Document]], report: Report) -> None:
    """Find live objects that two documents would take over: each up would give them to the other one."""
    taken: dict[tuple[str, str, str, str], str] = {}
    for kind, several in documents.items():
        for document in several:
            lifecycle = document.tree.get("lifecycle")
            if not isinstance(lifecycle, Mapping) or lifecycle.get("adopt") is None:
                continue
            adopt = lifecycle["adopt"]
            how, what = ("id", adopt)
            if isinstance(adopt, Mapping):
                how = "id" if "id" in adopt else "name"
                what = adopt.get(how)
            key = (kind, how, str(what), str(document.tree.get("project")))
            first = taken.setdefault(key, document.name)
            if first != document.name:
                report.error(
                    lifecycle.values_at["adopt"],
                    f"`{first}` takes over `{what}` already, and one live object can't be two",
                    "keep one of the two documents",
                )


def _check_previous_names(documents: dict[str, list[Document]], report: Report) -> None:
    """Find objects that two documents say to be the former self of: the engine takes an alias from one resource alone."""
    for several in documents.values():
        taken: dict[str, str] = {}
        for document in several:
            for previous, at in words(section(document.tree, "lifecycle"), "previous_names"):
                first = taken.setdefault(previous, document.name)
                if first != document.name:
                    report.error(
                        at,
                        f"`{first}` was called `{previous}` already, and one object can't become two",
                        "keep it in one of the two documents",
                    )


def _check_twins(indexes: tuple[SearchIndex, ...], documents: list[Document], report: Report) -> None:
    trees = {document.name: document.tree for document in documents}
    taken: dict[str, str] = {}
    for index in indexes:
        for name in (index.service_name, index.alias):
            if name is not None and taken.setdefault(name, index.name) != index.name:
                tree = trees[index.name]
                at = tree.values_at.get("service_name", tree.values_at["name"])
                report.error(
                    at,
                    f"the search service would have two things called `{name}`: `{taken[name]}` has that name already",
                    "give one of them another `service_name` or `alias`",
                )


def _check_beside(indexes: tuple[SearchIndex, ...], documents: list[Document], report: Report) -> None:
    """Find synonym maps that would be one at the service, and those whose resource has the name of another one."""
    trees = {document.name: document.tree for document in documents}
    owners: dict[str, str] = {}
    resources = {
        f"{index.name}-{one.family[:-1]}"
        for index in indexes
        for one in index.beside
        if one.family != "synonymmaps"
    }
    for index in indexes:
        for one in index.beside:
            if one.family != "synonymmaps":
                continue
            at = section(trees[index.name], "synonym_maps").keys_at[one.name]
            first = owners.setdefault(one.name, index.name)
            resource = f"{index.name}-{one.name}"
            if first != index.name:
                what = f"the search service would have two synonym maps called `{one.name}`: `{first}` declares it already"
                report.error(at, what, "declare it beside one index; fields of every index may name it")
            elif resource in resources:
                what = f"the stack would have two resources called `{resource}`"
                report.error(at, what, "give the synonym map another name")
            resources.add(resource)


def _check_expiry(
    stores: tuple[VectorStore, ...], documents: dict[str, list[Document]], report: Report
) -> None:
    used = {
        str(name)
        for document in documents.get("Agent", [])
        for tool in document.tree.get("tools", {}).values()
        if isinstance(tool, Mapping)
        for name in tool.get("vector_stores", ())
    }
    trees = {document.name: document.tree for document in documents.get("VectorStore", [])}
    for store in stores:
        if store.expires_after_days is not None and store.name in used:
            report.warning(
                trees[store.name].keys_at["expires_after"],
                f"agents search in `{store.name}`, and it empties itself after {store.expires_after_days} days without use",
                "leave `expires_after` out for a store that agents need",
            )
