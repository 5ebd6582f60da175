"""The data side of an environment: files, vector stores, search indexes and agents on a platform."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from foundry import model, providers

from .platform import Place, Platform
from .references import References, agent_definition, index_definition, lifecycle_inputs, store_definition


@dataclass(frozen=True)
class Contents:
    """Ids of what was made, by declared name. A search index's id is its name at the service."""

    agents: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    vector_stores: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    search_indexes: dict[str, pulumi.Output[str]] = field(default_factory=dict)


def fill(manifest: model.Manifest, platform: Platform, *, parent: pulumi.Resource) -> Contents:
    """Make everything that isn't an Azure resource below `parent`; Pulumi finds the order from the references."""
    filling = _Filling(manifest, platform, parent)
    files = filling.files()
    contents = Contents()
    for index in manifest.search_indexes:
        contents.search_indexes[index.name] = filling.index(index)
    for store in manifest.vector_stores:
        references = replace(platform.references[store.project], files=files[store.project])
        contents.vector_stores[store.name] = filling.store(store, references)
    for agent in manifest.agents:
        references = replace(
            platform.references[agent.project],
            files=files[agent.project],
            stores=contents.vector_stores,
            indexes=contents.search_indexes,
            agents=contents.agents,
        )
        contents.agents[agent.name] = filling.agent(agent, references)
    return contents


@dataclass(frozen=True)
class _Filling:
    """One manifest on its way onto a platform."""

    manifest: model.Manifest
    platform: Platform
    parent: pulumi.Resource

    def files(self) -> dict[str, dict[str, pulumi.Output[str]]]:
        """Every file of a store or a code interpreter, once a project: project → path → file id."""
        wanted: dict[str, dict[str, model.KnowledgeFile]] = {
            project: {} for project in self.platform.projects
        }
        for store in self.manifest.vector_stores:
            wanted[store.project] |= {file.path: file for file in store.files}
        for agent in self.manifest.agents:
            wanted[agent.project] |= {file.path: file for tool in agent.tools for file in tool.files}
        first = next(iter(wanted), None)
        return {
            project: {
                # The same file in a second project needs a name of its own: Pulumi's are unique in a stack.
                path: self._file(path if project == first else f"{project}:{path}", file, project)
                for path, file in sorted(files.items())
            }
            for project, files in wanted.items()
        }

    def index(self, index: model.SearchIndex) -> pulumi.Output[str]:
        place = self.platform.search
        if place is None:
            raise model.FoundryError(
                f"the search index {index.name} has no search service to live in",
                fix="declare `search` in the environment",
            )
        documents = [{"path": file.path, "sha256": file.sha256} for file in index.documents]
        return providers.SearchIndex(
            index.name,
            owner=self._owner,
            name=index.name,
            dialect=self.manifest.environment.dialect.value,
            service=place.id,
            endpoint=place.endpoint,
            definition=index_definition(index, self.platform.models),
            alias=index.alias,
            rebuild=index.rebuild,
            documents=documents,
            lifecycle=lifecycle_inputs(index.lifecycle),
            opts=self._options(place, index.lifecycle),
        ).id

    def store(self, store: model.VectorStore, references: References) -> pulumi.Output[str]:
        place = self.platform.projects[store.project]
        return providers.VectorStore(
            store.name,
            **self._of_project(place, store.name, store.dialect),
            definition=store_definition(store, references),
            lifecycle=lifecycle_inputs(store.lifecycle),
            opts=self._options(place, store.lifecycle),
        ).id

    def agent(self, agent: model.Agent, references: References) -> pulumi.Output[str]:
        place = self.platform.projects[agent.project]
        return providers.Agent(
            agent.name,
            **self._of_project(place, agent.name, agent.dialect),
            definition=agent_definition(agent, references),
            lifecycle=lifecycle_inputs(agent.lifecycle),
            opts=self._options(place, agent.lifecycle),
        ).id

    def _file(self, name: str, file: model.KnowledgeFile, project: str) -> pulumi.Output[str]:
        place = self.platform.projects[project]
        return providers.File(
            name,
            owner=self._owner,
            dialect=self.manifest.environment.dialect.value,
            project=place.id,
            endpoint=place.endpoint,
            path=file.path,
            filename=file.filename,
            sha256=file.sha256,
            size=file.size,
            purpose="assistants",
            lifecycle={},
            opts=self._options(place, model.Lifecycle()),
        ).id

    @property
    def _owner(self) -> dict[str, str]:
        owner = self.manifest.owner
        return {"project": owner.project, "stack": owner.stack, "stackId": owner.stack_id}

    def _of_project(self, place: Place, name: str, dialect: model.Dialect) -> dict[str, Any]:
        return {
            "owner": self._owner,
            "name": name,
            "dialect": dialect.value,
            "project": place.id,
            "endpoint": place.endpoint,
        }

    def _options(self, place: Place, lifecycle: model.Lifecycle) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=place.after,
            deleted_with=place.owner,
            # None and not False: an environment that was protected as a whole stays so.
            protect=lifecycle.protect or None,
            retain_on_delete=lifecycle.retain_on_delete or None,
            aliases=[pulumi.Alias(name=previous) for previous in lifecycle.previous_names],
        )
