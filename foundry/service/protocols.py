"""The seams: what a reconciler may ask of a service, whatever the dialect behind it.

Every method raises `foundry.model.ServiceError` (the tree in `foundry.service.errors`): `NotFound` for what isn't there,
`PlaceGone` where the project or the search service itself is missing, `Unanswered` from a method that makes something
when nobody knows whether it was made. Deleting what isn't there is no error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import IO, Any, Protocol

from foundry.service.live import (
    LiveAgent,
    LiveEval,
    LiveFile,
    LiveIndexAsset,
    LiveMemoryStore,
    LiveNumbered,
    LiveNumberedVersion,
    LiveRule,
    LiveStore,
    LiveVersion,
    LiveVersionedAgent,
    StoreMember,
)


class KnowledgeService(Protocol):
    """What one Foundry project has in both dialects: agents to look at, vector stores, files."""

    endpoint: str

    def waiting_for_roles(self) -> KnowledgeService:
        """The same service, which waits (bounded) while a role assignment or the project itself doesn't act yet."""
        ...

    def list_agents(self) -> Sequence[LiveAgent]:
        """All agents of the project in this dialect."""
        ...

    def get_agent(self, agent_id: str) -> LiveAgent:
        """One agent."""
        ...

    def tools_in_use(self, agent: LiveAgent) -> Sequence[Mapping[str, Any]]:
        """The tools of an agent that callers can reach: of a versioned one also those of versions that traffic goes to."""
        ...

    def list_toolboxes(self) -> Sequence[LiveNumbered]:
        """All toolboxes of the project in this dialect: the classic one has none."""
        ...

    def tools_of_toolbox(self, toolbox: LiveNumbered) -> Sequence[Mapping[str, Any]]:
        """The tools of a toolbox's newest version, and of the one that its name stands for."""
        ...

    def list_stores(self) -> Sequence[LiveStore]:
        """All vector stores of the project."""
        ...

    def get_store(self, store_id: str) -> LiveStore:
        """One vector store."""
        ...

    def create_store(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveStore:
        """Makes a vector store without files. Never sends twice what may have been acted upon."""
        ...

    def update_store(
        self, store_id: str, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveStore:
        """Changes name, expiry and metadata."""
        ...

    def delete_store(self, store_id: str) -> None:
        """Deletes a vector store; its files stay."""
        ...

    def list_members(self, store_id: str) -> Sequence[StoreMember]:
        """The files of a store."""
        ...

    def attach(
        self,
        store_id: str,
        file_ids: Sequence[str],
        chunking_strategy: Mapping[str, Any] | None,
        attributes: Mapping[str, Mapping[str, Any]],
    ) -> str:
        """Starts one batch of at most 500 files; returns its id. Never sends twice what may have been acted upon.

        `attributes` has those of files that have any, by the file's id: of the versioned dialect alone.
        """
        ...

    def describe_member(self, store_id: str, file_id: str, attributes: Mapping[str, Any]) -> None:
        """Makes these all attributes of a file of a store: of the versioned dialect alone."""
        ...

    def batch_status(self, store_id: str, batch_id: str) -> str:
        """in_progress, completed, cancelled or failed."""
        ...

    def detach(self, store_id: str, file_id: str) -> None:
        """Takes a file out of a store; the file stays."""
        ...

    def list_files(self) -> Sequence[LiveFile]:
        """All files that people uploaded for agents."""
        ...

    def get_file(self, file_id: str) -> LiveFile:
        """One file."""
        ...

    def upload_file(self, filename: str, content: bytes, purpose: str) -> LiveFile:
        """Uploads a file. Never sends twice what may have been acted upon."""
        ...

    def delete_file(self, file_id: str) -> None:
        """Deletes a file."""
        ...


class ProjectService(KnowledgeService, Protocol):
    """The classic data plane of one Foundry project."""

    def waiting_for_roles(self) -> ProjectService:
        """See `KnowledgeService`."""
        ...

    def create_agent(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveAgent:
        """Makes an agent. Never sends twice what may have been acted upon."""
        ...

    def update_agent(
        self,
        live: LiveAgent,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        reset: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> LiveAgent:
        """Makes the agent what `definition` says; `reset` names fields that go back to the service's default.

        `only` leaves every other field of the definition as it is live.
        """
        ...

    def delete_agent(self, agent_id: str) -> None:
        """Deletes an agent."""
        ...


class NumberedService(Protocol):
    """The toolboxes, or the skills, of one project: names with versions that the service numbers and that never change."""

    def list(self) -> Sequence[LiveNumbered]:
        """All of them."""
        ...

    def get(self, name: str) -> LiveNumbered:
        """One of them."""
        ...

    def newest(self, live: LiveNumbered) -> LiveNumberedVersion:
        """What the newest version holds: of a toolbox without a request. Raises FoundryError for a package that is none."""
        ...

    def version(self, name: str, number: str) -> LiveNumberedVersion:
        """What a version holds. Raises FoundryError for a package that is none."""
        ...

    def versions(self, name: str) -> Sequence[str]:
        """The numbers of its versions, the newest first."""
        ...

    def create(
        self,
        name: str,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        as_default: bool,
        files: Mapping[str, bytes],
    ) -> str:
        """Makes a version, and the name with the first one; its number. Never sends twice what may have been acted upon.

        `as_default`: the name is to stand for it, where the service takes that in the same request. `files` has the content
        of the definition's files by path.
        """
        ...

    def files(self, name: str, number: str) -> Mapping[str, bytes]:
        """The content of a version's files by path. Raises FoundryError for a package that is none."""
        ...

    def set_default(self, name: str, number: str) -> LiveNumbered:
        """Makes the name stand for one of its versions."""
        ...

    def delete_version(self, name: str, number: str) -> None:
        """Deletes a version."""
        ...

    def delete(self, name: str) -> None:
        """Deletes it with all its versions."""
        ...


class EvaluationService(Protocol):
    """What a project evaluates agents' answers with."""

    def list_evaluators(self) -> Sequence[str]:
        """Names of all evaluators in the project's catalogue, built-in and custom."""
        ...

    def list_evaluator_versions(self, name: str) -> Sequence[str]:
        """The versions of one evaluator; none where there is no such evaluator."""
        ...

    def list_evals(self) -> Sequence[LiveEval]:
        """All evals of the project."""
        ...

    def get_eval(self, eval_id: str) -> LiveEval:
        """One eval."""
        ...

    def create_eval(self, definition: Mapping[str, Any], metadata: Mapping[str, str]) -> LiveEval:
        """Makes an eval of responses. Never sends twice what may have been acted upon."""
        ...

    def update_eval(self, eval_id: str, name: str, metadata: Mapping[str, str]) -> LiveEval:
        """Changes name and metadata; the service changes nothing else."""
        ...

    def delete_eval(self, eval_id: str) -> None:
        """Deletes an eval with its runs."""
        ...

    def list_rules(self) -> Sequence[LiveRule]:
        """All evaluation rules of the project."""
        ...

    def get_rule(self, rule_id: str) -> LiveRule:
        """One evaluation rule."""
        ...

    def put_rule(self, definition: Mapping[str, Any]) -> LiveRule:
        """Makes the rule of an id, or replaces it."""
        ...

    def describe_rule(self, live: LiveRule, description: str) -> LiveRule:
        """Gives a rule another description and leaves all else as it is live."""
        ...

    def delete_rule(self, rule_id: str) -> None:
        """Deletes an evaluation rule."""
        ...


class IndexAssetService(Protocol):
    """The index assets of one project: names with versions that their makers name."""

    def list(self) -> Sequence[LiveIndexAsset]:
        """The latest version of each."""
        ...

    def versions(self, name: str) -> Sequence[LiveIndexAsset]:
        """Every version of a name; none where there is no such name."""
        ...

    def get(self, name: str, version: str) -> LiveIndexAsset:
        """One version."""
        ...

    def create(self, version: str, definition: Mapping[str, Any], tags: Mapping[str, str]) -> LiveIndexAsset:
        """Makes a version of an index of AI Search. The same request again makes no second one."""
        ...

    def update(
        self, live: LiveIndexAsset, description: str | None, tags: Mapping[str, str]
    ) -> LiveIndexAsset:
        """Makes these the description and all tags of a version; the service changes nothing else."""
        ...

    def delete(self, name: str, version: str) -> None:
        """Deletes a version; the index stays."""
        ...


class VersionedService(KnowledgeService, Protocol):
    """The versioned data plane of one Foundry project. An agent's id is its name."""

    @property
    def toolboxes(self) -> NumberedService:
        """The project's toolboxes."""
        ...

    @property
    def skills(self) -> NumberedService:
        """The project's skills."""
        ...

    @property
    def evaluations(self) -> EvaluationService:
        """The project's evals and evaluation rules."""
        ...

    @property
    def indexes(self) -> IndexAssetService:
        """The project's index assets."""
        ...

    def skills_in_use(self, agent: LiveAgent) -> Sequence[Mapping[str, Any]]:
        """The skills (name, version) of the versions of an agent that callers can reach."""
        ...

    def waiting_for_roles(self) -> VersionedService:
        """See `KnowledgeService`."""
        ...

    def list_agents(self) -> Sequence[LiveVersionedAgent]:
        """All agents, each with its newest version."""
        ...

    def get_agent(self, agent_id: str) -> LiveVersionedAgent:
        """One agent with its newest version."""
        ...

    def create_version(
        self,
        name: str,
        definition: Mapping[str, Any],
        metadata: Mapping[str, str],
        *,
        live: LiveVersionedAgent | None = None,
        code: IO[bytes] | None = None,
    ) -> LiveVersionedAgent:
        """Makes a version, and the agent with it if there is none. Never sends twice what may have been acted upon.

        `live` is the agent as it was; the answer speaks of the version alone. `code` is the zip of a hosted agent that is
        made from code.
        """
        ...

    def download_code(self, name: str, version: str, into: IO[bytes]) -> None:
        """Writes the zip that a version of a hosted agent was made from into a file, which is left at its start.

        Raises NotFound; ServiceError when it is larger than any that the service takes.
        """
        ...

    def list_versions(self, name: str) -> Sequence[LiveVersion]:
        """The versions of an agent, the newest first, drafts left out."""
        ...

    def delete_version(self, name: str, version: str) -> None:
        """Deletes a version."""
        ...

    def serve(self, live: LiveVersionedAgent, serving: Mapping[str, Any]) -> LiveVersionedAgent:
        """Makes what is declared of `serving` so, in place and without a version. Raises NotFound."""
        ...

    def delete_agent(self, agent_id: str) -> None:
        """Deletes an agent with all its versions."""
        ...

    def list_memory_stores(self) -> Sequence[LiveMemoryStore]:
        """All memory stores of the project."""
        ...

    def get_memory_store(self, name: str) -> LiveMemoryStore:
        """One memory store."""
        ...

    def create_memory_store(
        self, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveMemoryStore:
        """Makes a memory store. Never sends twice what may have been acted upon."""
        ...

    def update_memory_store(
        self, name: str, definition: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> LiveMemoryStore:
        """Changes description and metadata; the service changes nothing else."""
        ...

    def delete_memory_store(self, name: str) -> None:
        """Deletes a memory store with its memories."""
        ...


class SearchService(Protocol):
    """Indexes, aliases and documents of one AI Search service. Bodies are the service's own."""

    endpoint: str

    def waiting_for_roles(self) -> SearchService:
        """The same service, which waits (bounded) while a role assignment doesn't act yet."""
        ...

    def list_indexes(self) -> Sequence[Mapping[str, Any]]:
        """All indexes, whole."""
        ...

    def get_index(self, name: str) -> Mapping[str, Any]:
        """One index."""
        ...

    def create_index(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Makes an index under a name that isn't in use; raises `Conflict` when it is."""
        ...

    def update_index(self, body: Mapping[str, Any], etag: str, *, offline: bool = False) -> Mapping[str, Any]:
        """Replaces the definition of an index that still has this ETag; raises `Conflict` when it hasn't.

        `offline` lets the service take the index offline for some seconds, which new analyzers need.
        """
        ...

    def delete_index(self, name: str, etag: str) -> None:
        """Deletes an index that still has this ETag; raises `Conflict` when it hasn't."""
        ...

    def merge_documents(self, name: str, documents: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Merges documents in by key, at most 1,000 at once, in as many requests as their size asks for.

        Returns what the service refused: "key: reason".
        """
        ...

    def read_documents(
        self, name: str, most: int, order: str | None
    ) -> tuple[int, Sequence[Mapping[str, Any]]]:
        """How many documents an index has, and all of them if they aren't more than `most` (100,000 at most).

        Of each the fields that can be retrieved. `order` is the field to sort by; without one, pages may overlap.
        """
        ...

    def get_alias(self, name: str) -> str:
        """The index that an alias stands for."""
        ...

    def list_aliases(self) -> Mapping[str, str]:
        """All aliases, each with the index that it stands for."""
        ...

    def put_alias(self, name: str, index: str) -> None:
        """Lets an alias stand for an index."""
        ...

    def delete_alias(self, name: str) -> None:
        """Deletes an alias."""
        ...

    def list_objects(self, family: str) -> Sequence[Mapping[str, Any]]:
        """All synonym maps, data sources, skillsets or indexers, whole; `family` is the collection's name in the address."""
        ...

    def get_object(self, family: str, name: str) -> Mapping[str, Any]:
        """One object of a family."""
        ...

    def put_object(self, family: str, body: Mapping[str, Any], etag: str | None) -> Mapping[str, Any]:
        """Makes an object whose name isn't in use (`etag` None), or replaces the one that still has this ETag.

        Raises `Conflict` when that isn't so.
        """
        ...

    def delete_object(self, family: str, name: str, etag: str) -> None:
        """Deletes an object that still has this ETag; raises `Conflict` when it hasn't."""
        ...


class Embeddings(Protocol):
    """The embedding models of one Azure OpenAI resource."""

    def embed(
        self, deployment: str, texts: Sequence[str], dimensions: int | None
    ) -> Sequence[Sequence[float]]:
        """One vector for each text, in their order. `dimensions` None leaves the length to the model."""
        ...


class Services(Protocol):
    """Every service that this process talks to: one pooled client for each endpoint."""

    def project(self, endpoint: str) -> ProjectService:
        """The classic data plane at a project endpoint."""
        ...

    def versioned(self, endpoint: str) -> VersionedService:
        """The versioned data plane at a project endpoint."""
        ...

    def search(self, endpoint: str) -> SearchService:
        """The AI Search service at an endpoint."""
        ...

    def connection_id(self, endpoint: str, name: str) -> str:
        """The ARM id of a connection of the project at `endpoint`. Raises NotFound for an unknown name, ServiceError otherwise."""
        ...

    def embeddings(self, endpoint: str) -> Embeddings:
        """The embedding models at an Azure OpenAI endpoint."""
        ...

    def exists_in_azure(self, resource_id: str) -> bool:
        """Whether Azure Resource Manager knows a resource; raises ServiceError when it can't be asked."""
        ...
