"""A stack in miniature: a folder of declarations, made on the emulator through the reconcilers, in the engine's order.

What an engine does is here in its simplest form: read what is live, compare, make or change, and delete at the end. So a case
costs a second and not a minute, and a run can be cut off at any request.
"""

from __future__ import annotations

import functools
import json
import logging
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.sync_await import _sync_await

from components.agent_definitions import (
    agent_definition,
    evaluation_definition,
    rule_definition,
    serving_inputs,
    skill_definition,
    toolbox_definition,
    toolbox_url,
    versioned_definition,
)
from components.knowledge_definitions import (
    asset_definition,
    index_definition,
    memory_definition,
    search_object_definition,
    store_definition,
)
from components.lifecycles import (
    asset_lifecycle,
    beside_lifecycle,
    handed_over,
    lifecycle_inputs,
    rule_lifecycle,
)
from components.references import Models as VectorModels
from components.references import Numbered, Queue, References
from foundry import model
from foundry.manifest import load
from foundry.model import UNKNOWN
from foundry.providers import Reference
from foundry.reconcile import (
    Difference,
    Session,
    agent,
    evaluation,
    evaluation_rule,
    file,
    index_asset,
    memory_store,
    search_index,
    search_object,
    skill,
    toolbox,
    vector_store,
    versioned_agent,
)
from foundry.service.log import REQUESTS

STACK_ID = "11111111-1111-4111-8111-111111111111"
STORAGE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contoso"
KINDS: dict[str, Any] = {
    "File": file,
    "SearchIndex": search_index,
    "IndexAsset": index_asset,
    "SearchObject": search_object,
    "VectorStore": vector_store,
    "Agent": agent,
    "VersionedFile": file,
    "VersionedVectorStore": vector_store,
    "MemoryStore": memory_store,
    "Skill": skill,
    "Toolbox": toolbox,
    "VersionedAgent": versioned_agent,
    "Evaluation": evaluation,
    "EvaluationRule": evaluation_rule,
}
"""In the order in which they are made."""
DIALECTS = {"": model.Dialect.CLASSIC, "Versioned": model.Dialect.VERSIONED}
"""By the word that the kinds of a dialect begin with."""

NAMED = frozenset(
    (
        "SearchIndex",
        "SearchObject",
        "MemoryStore",
        "Skill",
        "Toolbox",
        "VersionedAgent",
        "EvaluationRule",
    )
)
"""Those whose id is a name that people gave."""

FOLLOWED = ("Skill", "Toolbox")
"""Those whose version others refer to."""

Key = tuple[str, str]


@dataclass
class Held:
    """What the state says of one resource."""

    id: str
    inputs: Mapping[str, Any]
    outs: Mapping[str, Any]


@dataclass(frozen=True)
class Planned:
    """What a preview says of one resource: create, update, replace, delete, or same."""

    op: str
    difference: Difference = field(default_factory=Difference)

    @property
    def paths(self) -> list[str]:
        return [change.path for change in self.difference.changes]


class Stack:
    """One stack on a project of the emulator. `state` is all that outlives a run.

    Stacks of one world share its folder: who has two declares before each up and preview.
    """

    def __init__(
        self, world: Any, *, search: str | None = None, name: str = "dev", stack_id: str = STACK_ID
    ) -> None:
        self.world = world
        self.name = name
        self.stack_id = stack_id
        self.search = search
        self.state: dict[Key, Held] = {}
        self.doomed: list[tuple[Key, Held]] = []
        self.names: dict[str, str] = {world.project: "<project>", world.endpoint: "<endpoint>"}
        """What people call the ids that were ever made."""
        self.there: dict[str, str] = {}
        """What declarations call things that others made, and their ids."""

    # ---- declarations

    def declare(self, *layers: Path) -> None:
        """Makes the folders the layers of the stack, in the place of those before."""
        stacks = self.world.root / "stacks"
        shutil.rmtree(stacks, ignore_errors=True)
        for number, layer in enumerate(layers):
            shutil.copytree(layer, stacks / f"layer{number}")
        for document in stacks.rglob("*.yaml") if self.there else ():
            document.write_text(functools.reduce(_replaced, self.there.items(), document.read_text()))
        (self.world.root / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
        names = ", ".join(f"layer{number}" for number in range(len(layers)))
        (stacks / f"Pulumi.{self.name}.yaml").write_text(
            f"config:\n  foundry:stackId: {self.stack_id}\n  foundry:layers: [{names}]\n"
            "  foundry:apiKey: {secure: v1:bm90IGEgc2VjcmV0}\n"
        )

    def manifest(self) -> model.Manifest:
        loaded = load(self.world.root, self.name)
        assert loaded.manifest is not None, [str(finding) for finding in loaded.findings]
        return loaded.manifest

    def goal(self, ids: Mapping[Key, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
        """The declared resources with their inputs, each after those that it refers to. `ids` may grow meanwhile."""
        manifest = self.manifest()
        project = self.world.project
        owner = {"project": "shop", "stack": self.name, "stackId": self.stack_id}
        common = {"owner": owner, "dialect": "classic", "endpoint": self.world.endpoint}

        def beside(index: model.SearchIndex, *, maps: bool) -> Iterator[tuple[Key, dict[str, Any]]]:
            told: dict[str, Any] = {"targetIndexName": ids.get(("SearchIndex", index.name), UNKNOWN)}
            fields = {"datasources": "dataSourceName", "skillsets": "skillsetName"}
            for one in index.beside:
                if (one.family == "synonymmaps") is not maps:
                    continue
                key = ("SearchObject", beside_name(index.name, one))
                yield (
                    key,
                    {
                        **common,
                        "name": f"{index.name}/{one.name}",
                        "service": self.world.search,
                        "endpoint": self.search,
                        "family": one.family,
                        "lifecycle": beside_lifecycle(index, one),
                        "definition": plain(search_object_definition(one, told, STORAGE)),
                    },
                )
                if one.family in fields:
                    told[fields[one.family]] = ids.get(key, UNKNOWN)

        for index in manifest.search_indexes:
            yield from beside(index, maps=True)
        for index in manifest.search_indexes:
            definition = index_definition(index, VectorModels())
            yield (
                ("SearchIndex", index.name),
                {
                    **common,
                    "name": index.name,
                    "service": self.world.search,
                    "endpoint": self.search,
                    "definition": definition,
                    "alias": index.alias,
                    "rebuild": index.rebuild,
                    **({"downtime": "allow"} if index.may_go_offline else {}),
                    "documents": [{"path": one.path, "sha256": one.sha256} for one in index.documents],
                    "lifecycle": lifecycle_inputs(index.lifecycle),
                },
            )
            if index.asset is not None:
                made = ids.get(("SearchIndex", index.name), UNKNOWN)
                to = References(search_connection=f"{project}/connections/search")
                asset = plain(asset_definition(index.asset, index_name=made, to=to))
                ours = asset_lifecycle(index, index.asset)
                inside = {"name": index.name, "dialect": "versioned", "project": project}
                yield ("IndexAsset", index.name), {**common, **inside, "definition": asset, "lifecycle": ours}
            yield from beside(index, maps=False)
        for word, dialect in DIALECTS.items():
            inside = {**common, "dialect": dialect.value, "project": project}
            yield from self._in_dialect(manifest, word, dialect, inside, ids)

    def _in_dialect(
        self,
        manifest: model.Manifest,
        word: str,
        dialect: model.Dialect,
        common: dict[str, Any],
        ids: Mapping[Key, Any],
    ) -> Iterator[tuple[Key, dict[str, Any]]]:
        stores = [one for one in manifest.vector_stores if dialect in one.dialect.parts]
        agents = [one for one in manifest.agents if dialect in one.dialect.parts]
        files = {one.path: one for store in stores for one in store.files}
        files |= {one.path: one for each in agents for tool in each.tools for one in tool.files}
        boxes = manifest.toolboxes if word else ()
        files |= {one.path: one for box in boxes for tool in box.tools for one in tool.files}

        def known(kind: str, names: Any) -> dict[str, Any]:
            return {name: ids.get((kind, name), UNKNOWN) for name in names}

        def references() -> References:
            environment, project = manifest.environment, self.world.project
            queues = environment.storage.queues if environment.storage else ()
            base = "https://contoso.queue.core.windows.net"
            return References(
                deployments={one.name: one.name for one in environment.deployments},
                connections={
                    name: f"{project}/connections/{name}"
                    for name in ["search", *(one.name for one in environment.connections)]
                },
                search_connection=f"{project}/connections/search",
                queues={name: Queue(base, name, f"{base}/{name}") for name in queues},
                files=known(f"{word}File", files),
                stores=known(f"{word}VectorStore", [one.name for one in stores]),
                indexes=known("SearchIndex", [one.name for one in manifest.search_indexes]),
                index_assets=known("IndexAsset", [one.name for one in manifest.search_indexes]),
                agents=known("Agent", [one.name for one in agents]),
                memories=known("MemoryStore", [one.name for one in manifest.memory_stores]),
                skills={
                    one.name: Numbered(
                        ids.get(("Skill", one.name), UNKNOWN), ids.get(("Skill version", one.name), UNKNOWN)
                    )
                    for one in manifest.skills
                },
                toolboxes={
                    name: id_ if id_ is UNKNOWN else toolbox_url(self.world.endpoint, id_)
                    for name, id_ in known("Toolbox", [one.name for one in manifest.toolboxes]).items()
                },
                numbered_toolboxes={
                    one.name: Numbered(
                        ids.get(("Toolbox", one.name), UNKNOWN),
                        ids.get(("Toolbox version", one.name), UNKNOWN),
                    )
                    for one in manifest.toolboxes
                },
                versioned_agents=known("VersionedAgent", [one.name for one in agents]),
                content_filters={one.name: one.name for one in environment.content_filters},
            )

        for path, one in sorted(files.items()):
            yield (
                (f"{word}File", path),
                {
                    **common,
                    "lifecycle": {},
                    "path": path,
                    "filename": one.filename,
                    "sha256": one.sha256,
                    "size": one.size,
                    "purpose": "assistants",
                },
            )
        for store in stores:
            yield (
                (f"{word}VectorStore", store.name),
                {
                    **common,
                    "name": store.name,
                    "lifecycle": lifecycle_inputs(store.lifecycle),
                    "definition": plain(store_definition(store, references(), dialect)),
                },
            )
        for memory in manifest.memory_stores if word else ():
            lifecycle, definition = (
                lifecycle_inputs(memory.lifecycle),
                memory_definition(memory, references()),
            )
            yield (
                ("MemoryStore", memory.name),
                {**common, "name": memory.name, "lifecycle": lifecycle, "definition": plain(definition)},
            )
        for one in manifest.skills if word else ():
            yield (("Skill", one.name), {**self._versions(one, common), "definition": skill_definition(one)})
        for box in boxes:
            definition = plain(toolbox_definition(box, references()))
            yield ("Toolbox", box.name), {**self._versions(box, common), "definition": definition}
        for each in agents:
            told = {**common, "name": each.name, "lifecycle": lifecycle_inputs(each.lifecycle)}
            if dialect is model.Dialect.CLASSIC:
                told["definition"] = plain(agent_definition(each, references()))
            else:
                told["definition"] = plain(versioned_definition(each, references()))
                told["serving"] = serving_inputs(each)
                told |= {"keepVersions": each.keep_versions} if each.keep_versions else {}
            yield (f"{word}Agent", each.name), told
            if each.evaluation is not None and dialect is model.Dialect.VERSIONED:
                yield from self._evaluation(each, each.evaluation, common, references(), ids)

    def _evaluation(
        self,
        each: model.Agent,
        told: model.Evaluation,
        common: dict[str, Any],
        references: References,
        ids: Mapping[Key, Any],
    ) -> Iterator[tuple[Key, dict[str, Any]]]:
        inside = {**common, "name": each.name}
        if told.eval_id is None:
            definition = plain(evaluation_definition(each, told, references))
            ours = handed_over(each.lifecycle, name=definition["name"])
            yield ("Evaluation", each.name), {**inside, "definition": definition, "lifecycle": ours}
        agent_name = ids.get(("VersionedAgent", each.name), UNKNOWN)
        eval_id = told.eval_id or ids.get(("Evaluation", each.name), UNKNOWN)
        rule = rule_definition(told, agent_name=agent_name, eval_id=eval_id)
        lifecycle = rule_lifecycle(each, told)
        yield ("EvaluationRule", each.name), {**inside, "definition": plain(rule), "lifecycle": lifecycle}

    @staticmethod
    def _versions(one: model.Toolbox | model.Skill, common: dict[str, Any]) -> dict[str, Any]:
        keep = {"keepVersions": one.keep_versions} if one.keep_versions else {}
        told = {"name": one.name, "lifecycle": lifecycle_inputs(one.lifecycle)}
        return {**common, **told, **keep, "defaultVersion": one.default_version or "latest"}

    def rename(self) -> None:
        """Gives resources their new names, as an engine does by the aliases that `previous_names` make."""
        manifest = self.manifest()
        declared: dict[Key, tuple[str, ...]] = {}
        for index in manifest.search_indexes:
            names = index.lifecycle.previous_names
            for kind in ("SearchIndex", "IndexAsset"):
                declared[kind, index.name] = names
            for one in index.beside:
                declared["SearchObject", beside_name(index.name, one)] = tuple(
                    beside_name(name, one) for name in names
                )
        for kinds, documents in (
            (("VectorStore", "VersionedVectorStore"), manifest.vector_stores),
            (("MemoryStore",), manifest.memory_stores),
            (("Skill",), manifest.skills),
            (("Toolbox",), manifest.toolboxes),
            (("Agent", "VersionedAgent", "Evaluation", "EvaluationRule"), manifest.agents),
        ):
            for document in documents:
                for kind in kinds:
                    declared[kind, document.name] = document.lifecycle.previous_names
        renamed: dict[Key, Key] = {}
        for (kind, name), previous in declared.items():
            before = next(((kind, one) for one in previous if (kind, one) in self.state), None)
            if before is not None and (kind, name) not in self.state:
                renamed[before] = (kind, name)
        self.state = {renamed.get(key, key): held for key, held in self.state.items()}

    def _ids(self) -> dict[Key, Any]:
        """What resources refer to each other by: ids, and the versions of skills and toolboxes."""
        versions = {
            (f"{key[0]} version", key[1]): held.outs["version"]
            for key, held in self.state.items()
            if key[0] in FOLLOWED
        }
        return {**{key: held.id for key, held in self.state.items()}, **versions}

    # ---- what an engine does

    def refresh(self, session: Session) -> None:
        for key, held in list(self.state.items()):
            seen = KINDS[key[0]].read(session, held.id, held.outs)
            if seen is None:
                del self.state[key]
            else:
                self.state[key] = Held(held.id, seen.inputs, seen.outs)

    def preview(self, session: Session | None = None) -> dict[Key, Planned]:
        """What an up would do, resource by resource, those that stay as they are left out."""
        self.refresh(session or self.world.session())
        self.rename()
        ids = self._ids()
        plan: dict[Key, Planned] = {}
        wanted = set()
        for key, inputs in self.goal(ids):
            wanted.add(key)
            plan[key] = self._plan(key, inputs)
            if plan[key].op in ("create", "replace"):
                ids[key] = UNKNOWN
            if plan[key].op != "same" and key[0] in FOLLOWED:
                ids[f"{key[0]} version", key[1]] = UNKNOWN
        plan |= {key: Planned("delete") for key in self.state if key not in wanted}
        return {key: planned for key, planned in plan.items() if planned.op != "same"}

    def _plan(self, key: Key, inputs: Mapping[str, Any]) -> Planned:
        held = self.state.get(key)
        kind = KINDS[key[0]]
        problems = kind.check(held.inputs if held else {}, inputs)
        assert not problems, problems
        if held is None:
            return Planned("create")
        difference = kind.diff(held.id, held.outs, inputs)
        if difference.replaces:
            return Planned("replace", difference)
        return Planned("update" if difference.changes else "same", difference)

    def up(self, session: Session | None = None) -> None:
        """Makes the live world what is declared. What a failure leaves undone, the next one does."""
        session = session or self.world.session()
        self.refresh(session)
        self.rename()
        ids = self._ids()
        wanted: list[Key] = []
        for key, inputs in self.goal(ids):
            wanted.append(key)
            kind, planned = KINDS[key[0]], self._plan(key, inputs)
            if planned.op in ("create", "replace"):
                made = kind.create(session, inputs)
                if key[0] not in NAMED:
                    self.names[made.id] = f"<{key[0]} {key[1]}>"
                if planned.op == "replace":
                    self.doomed.append((key, self.state[key]))
                self.state[key] = Held(made.id, inputs, made.outs)
            elif planned.op == "update":
                held = self.state[key]
                self.state[key] = Held(held.id, inputs, kind.update(session, held.id, held.outs, inputs))
            ids[key] = self.state[key].id
            if key[0] in FOLLOWED:
                ids[f"{key[0]} version", key[1]] = self.state[key].outs["version"]
        self.doomed += [(key, self.state[key]) for key in self.state if key not in wanted]
        # In the order of making, as an engine writes it.
        self.state = {key: self.state[key] for key in wanted}
        for key, held in backwards(self.doomed):
            KINDS[key[0]].delete(session, held.id, held.outs)
            self.doomed.remove((key, held))

    def destroy(self, session: Session | None = None) -> None:
        """Deletes everything, in the reverse order of making."""
        session = session or self.world.session()
        for key, held in backwards(self.state.items()):
            KINDS[key[0]].delete(session, held.id, held.outs)
            del self.state[key]


def _replaced(text: str, one: tuple[str, str]) -> str:
    return text.replace(*one)


def beside_name(index: str, one: model.SearchObject) -> str:
    """What Pulumi calls an object beside an index."""
    return f"{index}-{one.name if one.family == 'synonymmaps' else one.family[:-1]}"


def backwards(resources: Iterable[tuple[Key, Held]]) -> list[tuple[Key, Held]]:
    """What is to be deleted, in the reverse order of making."""
    numbered = sorted(enumerate(resources), key=lambda one: (made_when(*one[1]), one[0]), reverse=True)
    return [one for _, one in numbered]


def made_when(key: Key, held: Held) -> float:
    """Where a resource stands in the order of making: by its kind, and maps before the indexes that use them."""
    kinds = [*KINDS]
    is_map = held.inputs.get("family") == "synonymmaps"
    return kinds.index("SearchIndex") - 0.5 if is_map else kinds.index(key[0])


def plain(value: Any) -> Any:
    """A value with its Pulumi outputs resolved."""
    if isinstance(value, Reference):
        return plain(value.value)
    if isinstance(value, pulumi.Output):
        return _sync_await(value.future())
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.requests: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        first, second, *_ = record.args or ("", "")
        if first == "->":
            self.requests[-1]["body"] = json.loads(str(second))
        elif first != "<-":
            self.requests.append({"method": first, "url": str(second)})


@contextmanager
def tapped() -> Iterator[list[dict[str, Any]]]:
    """The requests made meanwhile, as the product's own log tells them: method, url, body where there is one."""
    listener, level = _Listener(), REQUESTS.level
    REQUESTS.addHandler(listener)
    REQUESTS.setLevel(logging.DEBUG)
    try:
        yield listener.requests
    finally:
        REQUESTS.removeHandler(listener)
        REQUESTS.setLevel(level)
