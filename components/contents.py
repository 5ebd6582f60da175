"""The data side of an environment: files, vector stores, search indexes and agents on a platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from foundry import model, providers

from .agent_definitions import (
    agent_definition,
    evaluation_definition,
    rule_definition,
    serving_inputs,
    skill_definition,
    toolbox_definition,
    toolbox_url,
    versioned_definition,
)
from .knowledge_definitions import (
    asset_definition,
    index_definition,
    memory_definition,
    search_object_definition,
    store_definition,
    synonym_maps_in,
)
from .lifecycles import asset_lifecycle, beside_lifecycle, handed_over, lifecycle_inputs, rule_lifecycle
from .place import Place, Platform
from .references import Numbered, References

CLASSIC, VERSIONED = model.Dialect.CLASSIC, model.Dialect.VERSIONED

_NAMED_BY = {"datasources": "dataSourceName", "skillsets": "skillsetName"}
"""The field of an indexer that names one of each family."""


@dataclass(frozen=True)
class Contents:
    """Ids of what was made, by declared name. A search index's id is its name at the service.

    What a declaration has in both dialects is here twice: in `agents` and `vector_stores`, and in `versioned_agents` (an
    agent's id is its name) and `versioned_vector_stores`. `index_assets` has `<name>/versions/<version>` by the index's name,
    `agent_versions` each versioned agent's newest version. What only the versioned dialect has is here by its name at the
    service, and `toolbox_urls` has where each toolbox answers MCP clients.
    """

    agents: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    vector_stores: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    search_indexes: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    index_assets: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    versioned_agents: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    versioned_vector_stores: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    agent_versions: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    memory_stores: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    skills: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    toolboxes: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    toolbox_urls: dict[str, pulumi.Output[str]] = field(default_factory=dict)


def fill(manifest: model.Manifest, platform: Platform, *, parent: pulumi.Resource) -> Contents:
    """Make everything that isn't an Azure resource below `parent`; Pulumi finds the order from the references."""
    filling = _Filling(manifest, platform, parent)
    contents = Contents()
    maps = filling.synonym_maps()
    for index in manifest.search_indexes:
        made_index = contents.search_indexes[index.name] = filling.index_and_beside(index, maps)
        if index.asset is not None:
            contents.index_assets[index.name] = filling.asset(index, index.asset, made_index)
    _fill_classic(filling, contents)
    _fill_versioned(filling, contents)
    return contents


def _fill_classic(filling: _Filling, contents: Contents) -> None:
    files = filling.files(CLASSIC)
    contents.vector_stores.update(filling.stores(CLASSIC, files))
    for agent in filling.manifest.agents:
        if CLASSIC in agent.dialect.parts:
            references = replace(
                filling.platform.references[agent.project],
                files=files[agent.project],
                stores=contents.vector_stores,
                indexes=contents.search_indexes,
                index_assets=contents.index_assets,
                agents=contents.agents,
            )
            contents.agents[agent.name] = filling.agent(agent, references)


def _fill_versioned(filling: _Filling, contents: Contents) -> None:
    files = filling.files(VERSIONED)
    contents.memory_stores.update(filling.memories())
    contents.versioned_vector_stores.update(filling.stores(VERSIONED, files))
    skills = filling.skills(contents)
    toolboxes: dict[str, Numbered] = {}
    for toolbox in filling.manifest.toolboxes:
        references = replace(
            filling.platform.references[toolbox.project],
            files=files[toolbox.project],
            stores=contents.versioned_vector_stores,
            indexes=contents.search_indexes,
            skills=skills,
        )
        box = filling.toolbox(toolbox, references)
        contents.toolboxes[toolbox.name] = box.id
        toolboxes[toolbox.name] = Numbered(box.id, box.version)
        endpoint = filling.platform.projects[toolbox.project].endpoint
        contents.toolbox_urls[toolbox.name] = toolbox_url(endpoint, box.id)
    for agent in filling.manifest.agents:
        if VERSIONED not in agent.dialect.parts:
            continue
        references = replace(
            filling.platform.references[agent.project],
            files=files[agent.project],
            stores=contents.versioned_vector_stores,
            indexes=contents.search_indexes,
            index_assets=contents.index_assets,
            agents=contents.agents,
            memories=contents.memory_stores,
            skills=skills,
            toolboxes=contents.toolbox_urls,
            numbered_toolboxes=toolboxes,
            versioned_agents=contents.versioned_agents,
        )
        made = filling.versioned_agent(agent, references)
        contents.versioned_agents[agent.name] = made.id
        contents.agent_versions[agent.name] = made.version
        if agent.evaluation is not None:
            filling.evaluation(agent, agent.evaluation, made.id, references)


@dataclass(frozen=True)
class _Filling:
    """One manifest on its way onto a platform."""

    manifest: model.Manifest
    platform: Platform
    parent: pulumi.Resource

    def files(self, dialect: model.Dialect) -> dict[str, dict[str, pulumi.Output[str]]]:
        """Every file of a store or of a tool in a dialect, once per project: project → path → file id."""
        wanted = self.manifest.files(dialect)
        first = next(iter(self.platform.projects), None)
        return {
            project: {
                # The same file in a second project needs a name of its own: Pulumi's are unique in a stack.
                path: self._file(path if project == first else f"{project}:{path}", file, project, dialect)
                for path, file in sorted(wanted.get(project, {}).items())
            }
            for project in self.platform.projects
        }

    def synonym_maps(self) -> dict[str, providers.SearchObject]:
        """Every synonym map by its name: the fields of any index may name it."""
        return {
            each.name: self.beside(index, each, {})
            for index in self.manifest.search_indexes
            for each in index.beside
            if each.family == "synonymmaps"
        }

    def index_and_beside(
        self, index: model.SearchIndex, maps: Mapping[str, providers.SearchObject]
    ) -> pulumi.Output[str]:
        """The index after the synonym maps that it has and names, and what fills it after the index."""
        own = {each.name for each in index.beside}
        named = synonym_maps_in(index.definition.get("fields"))
        made = self.index(index, after=[one for name, one in maps.items() if name in own | named])
        names: dict[str, pulumi.Input[str]] = {"targetIndexName": made}
        for each in index.beside:
            if each.family != "synonymmaps":
                one = self.beside(index, each, names)
                if each.family in _NAMED_BY:
                    names[_NAMED_BY[each.family]] = one.id
        return made

    def beside(
        self, index: model.SearchIndex, one: model.SearchObject, names: Mapping[str, pulumi.Input[str]]
    ) -> providers.SearchObject:
        """What stands beside an index; `names` are those of what was made before, by the field that refers to it."""
        place = self._search(index)
        # The index's name begins its own, so another name of the index is another name of it too.
        return providers.SearchObject(
            f"{index.name}{one.ending}",
            owner=self._owner,
            name=f"{index.name}/{one.name}",
            service=place.id,
            endpoint=place.endpoint,
            family=one.family,
            definition=search_object_definition(one, names, self.platform.storage_id),
            lifecycle=beside_lifecycle(index, one),
            opts=self._options(place, index.lifecycle, ending=one.ending),
        )

    def _search(self, index: model.SearchIndex) -> Place:
        place = self.platform.search
        if place is None:
            raise model.FoundryError(
                f"the search index {index.name} has no search service to live in",
                fix="declare `search` in the environment",
            )
        return place

    def index(self, index: model.SearchIndex, after: Sequence[pulumi.Resource]) -> pulumi.Output[str]:
        place = self._search(index)
        documents = [{"path": file.path, "sha256": file.sha256} for file in index.documents]
        return providers.SearchIndex(
            index.name,
            owner=self._owner,
            name=index.name,
            service=place.id,
            endpoint=place.endpoint,
            definition=index_definition(index, self.platform.models),
            alias=index.alias,
            rebuild=index.rebuild,
            # Left out by default, so that the state of before stays as it is.
            downtime="allow" if index.may_go_offline else None,
            documents=documents,
            lifecycle=lifecycle_inputs(index.lifecycle),
            opts=self._options(place, index.lifecycle, after),
        ).id

    def asset(
        self, index: model.SearchIndex, asset: model.IndexAsset, index_name: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        """The index as an asset of a project; `index_name` is what the search service calls it."""
        place = self.platform.projects[asset.project]
        references = self.platform.references[asset.project]
        return providers.IndexAsset(
            index.name,
            **self._of_project(place, index.name),
            definition=asset_definition(asset, index_name=index_name, to=references),
            lifecycle=asset_lifecycle(index, asset),
            opts=self._options(place, index.lifecycle),
        ).id

    def stores(
        self, dialect: model.Dialect, files: Mapping[str, Mapping[str, pulumi.Output[str]]]
    ) -> dict[str, pulumi.Output[str]]:
        """Every vector store in a dialect: declared name → id. `files` are the ids by project and path."""
        return {
            store.name: self._store(
                store, replace(self.platform.references[store.project], files=files[store.project]), dialect
            )
            for store in self.manifest.vector_stores
            if dialect in store.dialect.parts
        }

    def _store(
        self, store: model.VectorStore, references: References, dialect: model.Dialect
    ) -> pulumi.Output[str]:
        place = self.platform.projects[store.project]
        kind = providers.VectorStore if dialect is CLASSIC else providers.VersionedVectorStore
        return kind(
            store.name,
            **self._of_project(place, store.name),
            definition=store_definition(store, references, dialect),
            lifecycle=_lifecycle(store, dialect),
            opts=self._options(place, store.lifecycle),
        ).id

    def memories(self) -> dict[str, pulumi.Output[str]]:
        """Every memory store: declared name → its name at the service."""
        return {store.name: self._memory(store) for store in self.manifest.memory_stores}

    def _memory(self, store: model.MemoryStore) -> pulumi.Output[str]:
        place = self.platform.projects[store.project]
        return providers.MemoryStore(
            store.name,
            **self._of_project(place, store.name),
            definition=memory_definition(store, self.platform.references[store.project]),
            lifecycle=lifecycle_inputs(store.lifecycle),
            opts=self._options(place, store.lifecycle),
        ).id

    def skills(self, contents: Contents) -> dict[str, Numbered]:
        """Every skill, and how it is spoken of; `contents` is told their names."""
        told = {}
        for skill in self.manifest.skills:
            place = self.platform.projects[skill.project]
            made = providers.Skill(
                skill.name,
                **self._of_project(place, skill.name),
                **_versions(skill),
                definition=skill_definition(skill),
                lifecycle=lifecycle_inputs(skill.lifecycle),
                opts=self._options(place, skill.lifecycle),
            )
            contents.skills[skill.name] = made.id
            told[skill.name] = Numbered(made.id, made.version)
        return told

    def toolbox(self, toolbox: model.Toolbox, references: References) -> providers.Toolbox:
        place = self.platform.projects[toolbox.project]
        return providers.Toolbox(
            toolbox.name,
            **self._of_project(place, toolbox.name),
            **_versions(toolbox),
            definition=toolbox_definition(toolbox, references),
            lifecycle=lifecycle_inputs(toolbox.lifecycle),
            opts=self._options(place, toolbox.lifecycle),
        )

    def agent(self, agent: model.Agent, references: References) -> pulumi.Output[str]:
        place = self.platform.projects[agent.project]
        return providers.Agent(
            agent.name,
            **self._of_project(place, agent.name),
            definition=agent_definition(agent, references),
            lifecycle=_lifecycle(agent, CLASSIC),
            opts=self._options(place, agent.lifecycle),
        ).id

    def versioned_agent(self, agent: model.Agent, references: References) -> providers.VersionedAgent:
        place = self.platform.projects[agent.project]
        return providers.VersionedAgent(
            agent.name,
            **self._of_project(place, agent.name),
            definition=versioned_definition(agent, references),
            serving=serving_inputs(agent),
            keep_versions=agent.keep_versions,
            lifecycle=_lifecycle(agent, VERSIONED),
            opts=self._options(place, agent.lifecycle),
        )

    def evaluation(
        self,
        agent: model.Agent,
        evaluation: model.Evaluation,
        name: pulumi.Output[str],
        references: References,
    ) -> None:
        """The rule that evaluates an agent's answers, after the eval that it runs; `name` is the agent's at the service."""
        place = self.platform.projects[agent.project]
        common = {**self._of_project(place, agent.name), "opts": self._options(place, agent.lifecycle)}
        # Of a declaration in both dialects it is the classic agent that is adopted.
        taken = (
            agent
            if agent.dialect is VERSIONED
            else replace(agent, lifecycle=replace(agent.lifecycle, adopt=None))
        )
        eval_id: pulumi.Input[str] | None = evaluation.eval_id
        if eval_id is None:
            definition = evaluation_definition(agent, evaluation, references)
            lifecycle = handed_over(taken.lifecycle, name=definition["name"])
            eval_id = providers.Evaluation(
                agent.name, **common, definition=definition, lifecycle=lifecycle
            ).id
        rule = rule_definition(evaluation, agent_name=name, eval_id=eval_id)
        providers.EvaluationRule(
            agent.name, **common, definition=rule, lifecycle=rule_lifecycle(taken, evaluation)
        )

    def _file(
        self, name: str, file: model.KnowledgeFile, project: str, dialect: model.Dialect
    ) -> pulumi.Output[str]:
        place = self.platform.projects[project]
        kind = providers.File if dialect is CLASSIC else providers.VersionedFile
        return kind(
            name,
            owner=self._owner,
            project=place.id,
            endpoint=place.endpoint,
            path=file.path,
            filename=file.filename,
            sha256=file.sha256,
            size=file.size,
            purpose="assistants",
            opts=self._options(place, model.Lifecycle()),
        ).id

    @property
    def _owner(self) -> dict[str, str]:
        owner = self.manifest.owner
        return {"project": owner.project, "stack": owner.stack, "stackId": owner.stack_id}

    def _of_project(self, place: Place, name: str) -> dict[str, Any]:
        return {
            "owner": self._owner,
            "name": name,
            "project": place.id,
            "endpoint": place.endpoint,
        }

    def _options(
        self,
        place: Place,
        lifecycle: model.Lifecycle,
        after: Sequence[pulumi.Resource] = (),
        *,
        ending: str = "",
    ) -> pulumi.ResourceOptions:
        """The options of what is called as its declaration, with an `ending` for what stands beside that."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=[*place.after, *after],
            deleted_with=place.owner,
            # None and not False: an environment that was protected as a whole stays so.
            protect=lifecycle.protect or None,
            retain_on_delete=lifecycle.retain_on_delete or None,
            aliases=[pulumi.Alias(name=f"{previous}{ending}") for previous in lifecycle.previous_names],
        )


def _versions(declared: model.Toolbox | model.Skill) -> dict[str, Any]:
    """Which version the name stands for, and how many stay."""
    pin = {"default_version": declared.default_version} if declared.default_version else {}
    return {**pin, "keep_versions": declared.keep_versions}


def _lifecycle(declared: model.Agent | model.VectorStore, dialect: model.Dialect) -> dict[str, Any]:
    """The `lifecycle` input. Of a declaration in both dialects it is the classic object that is adopted: the other one is new."""
    inputs = lifecycle_inputs(declared.lifecycle)
    if dialect is VERSIONED and declared.dialect is model.Dialect.BOTH:
        inputs.pop("adopt", None)
    return inputs
