"""Versioned agents of a project: names, their immutable versions, and what belongs to the name alone."""

import json
import uuid
from typing import Any, Final

from foundry.sandbox.emulator.database import Database
from foundry.sandbox.emulator.project.objects import ObjectStore, Window

KIND: Final = "agent"
VERSION: Final = "agent.version"

Body = dict[str, Any]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS agent_code(
    project TEXT NOT NULL, version TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY(project, version));
"""


def key_of(name: str) -> str:
    """What an agent is kept by: names are compared without case (unconfirmed for the service)."""
    return name.lower()


def below(name: str) -> str:
    """The parent of an agent's versions in the store of objects."""
    return f"agent:{key_of(name)}"


def _identity(seed: str) -> Body:
    space = uuid.UUID("00000000-0000-4000-8000-000000000000")
    return {
        "principal_id": str(uuid.uuid5(space, seed + "/principal")),
        "client_id": str(uuid.uuid5(space, seed + "/client")),
    }


class VersionedAgentStore:
    """Agents by project.

    An agent is kept as one object of its name and one object per version; fields with a leading underscore are ours.
    """

    def __init__(self, database: Database, objects: ObjectStore) -> None:
        self._db = database
        self._objects = objects
        database.script(_TABLES)

    def add_version(
        self,
        project: str,
        name: str,
        asked: Body,
        now: float,
        *,
        due: float,
        fails: bool = False,
        reuse: bool = False,
    ) -> Body:
        """Adds a version, and the agent with its first one.

        Args:
            project: ARM key of the project.
            name: Name of the agent.
            asked: `definition` as it is kept, `description`, `metadata`, `draft`, `blueprint_reference`,
                `digital_worker_type`.
            now: Unix seconds.
            due: When a hosted version is `active`.
            fails: Whether a hosted version is `failed` then instead.
            reuse: Return the latest version when it says the same, instead of adding an equal one.
        """
        agent = self._objects.get(project, KIND, key_of(name))
        if reuse and agent is not None:
            latest = self._version(project, agent, agent["_latest"])
            if latest is not None and _same(latest, asked):
                return latest
        fresh = agent is None
        if agent is None:
            guid = str(uuid.uuid4())
            agent = {
                "id": key_of(name),
                "name": name,
                "_next": 1,
                "_guid": guid,
                "_enabled": True,
                "_endpoint": None,
                "_card": None,
                "_worker": None,
            }
        number = str(agent["_next"])
        draft = bool(asked.get("draft"))
        version = {
            "id": f"{agent['name']}:{number}",
            "version": number,
            "description": asked.get("description"),
            "metadata": asked.get("metadata") or {},
            "created_at": int(now),
            "definition": asked["definition"],
            "draft": draft,
            "blueprint_reference": asked.get("blueprint_reference"),
            "_due": due if asked["definition"]["kind"] == "hosted" else now,
            "_draft": str(draft),
            "_fails": fails and asked["definition"]["kind"] == "hosted",
        }
        agent["_next"] += 1
        agent["_worker"] = asked.get("digital_worker_type") or agent["_worker"]
        self._objects.add(project, VERSION, version, now, below(name))
        if fresh:
            self._objects.add(project, KIND, agent | _leading(version), now)
        elif not draft or self.latest(project, agent)["draft"]:
            self.put(project, agent | _leading(version))
        else:
            self.put(project, agent)
        return version

    def agent(self, project: str, name: str) -> Body | None:
        """The record of a name, or None."""
        return self._objects.get(project, KIND, key_of(name))

    def version(self, project: str, agent: Body, number: str) -> Body | None:
        """A version of an agent by its number, or None."""
        return self._version(project, agent, f"{agent['name']}:{number}")

    def latest(self, project: str, agent: Body) -> Body:
        """The newest version that is no draft; the newest draft where there are only drafts."""
        version = self._version(project, agent, agent["_latest"])
        assert version is not None
        return version

    def put(self, project: str, agent: Body) -> None:
        """Keeps a changed record of a name."""
        self._objects.put(project, KIND, agent)

    def remove(self, project: str, agent: Body) -> None:
        """Removes a name with all its versions."""
        prefix = f"{agent['name']}:"
        self._db.run(
            "DELETE FROM agent_code WHERE project = ? AND substr(version, 1, ?) = ?",
            project,
            len(prefix),
            prefix,
        )
        self._objects.remove_below(project, below(agent["name"]))
        self._objects.remove(project, KIND, agent["id"])

    def remove_version(self, project: str, agent: Body, version: Body) -> None:
        """Removes one version; the last one takes the name with it (unconfirmed for the service)."""
        self._objects.remove(project, VERSION, version["id"], below(agent["name"]))
        self._db.run("DELETE FROM agent_code WHERE project = ? AND version = ?", project, version["id"])
        if agent["_latest"] != version["id"]:
            return
        for where in ((("_draft", "False"),), ()):
            page = self._objects.page(project, VERSION, Window(limit=1), below(agent["name"]), where=where)
            if page is not None and page.items:
                self.put(project, agent | _leading(page.items[0]))
                return
        self.remove(project, agent)

    def keep_code(self, project: str, version: Body, content: bytes) -> None:
        """Keeps the zip of a version."""
        self._db.run("INSERT OR REPLACE INTO agent_code VALUES(?,?,?)", project, version["id"], content)

    def code(self, project: str, version: Body) -> bytes | None:
        """The zip of a version, or None."""
        row = self._db.one(
            "SELECT content FROM agent_code WHERE project = ? AND version = ?", project, version["id"]
        )
        return bytes(row["content"]) if row else None

    def drop_under(self, scope: str) -> None:
        """Removes the zips of the projects at or below an ARM key that ceases to exist."""
        self._db.run(
            "DELETE FROM agent_code WHERE project = ? OR substr(project, 1, ?) = ?",
            scope,
            len(scope) + 1,
            scope + "/",
        )

    def _version(self, project: str, agent: Body, identity: str) -> Body | None:
        return self._objects.get(project, VERSION, identity, below(agent["name"]))


def _leading(version: Body) -> Body:
    """What an agent's record holds of its latest version."""
    return {"_latest": version["id"], "_kind": version["definition"]["kind"]}


def _same(version: Body, asked: Body) -> bool:
    fields = ("definition", "description", "metadata", "draft")
    wanted = {**asked, "metadata": asked.get("metadata") or {}, "draft": bool(asked.get("draft"))}
    return all(
        json.dumps(version[name], sort_keys=True) == json.dumps(wanted.get(name), sort_keys=True)
        for name in fields
    )


def identities(agent: Body) -> Body:
    """What the service makes for an agent in the directory: the same for all its versions."""
    status = "active" if agent["_enabled"] else "disabled"
    return {
        "instance_identity": _identity(agent["_guid"]) | {"status": status},
        "blueprint": _identity(agent["_guid"] + "/blueprint") | {"status": "active"},
    }


def shown_version(agent: Body, version: Body, now: float) -> Body:
    """A version as the service returns it."""
    body = {name: item for name, item in version.items() if not name.startswith("_") and item is not None}
    return {
        "object": "agent.version",
        "name": agent["name"],
        **body,
        "status": "creating" if now < version["_due"] else "failed" if version.get("_fails") else "active",
        **identities(agent),
        "agent_guid": agent["_guid"],
    }


def shown_agent(agent: Body, latest: Body, now: float) -> Body:
    """An agent as the service returns it."""
    state = "enabled" if agent["_enabled"] else "disabled"
    more = {
        "agent_endpoint": agent["_endpoint"],
        "agent_card": agent["_card"],
        "digital_worker_type": agent["_worker"],
        "blueprint_reference": latest["blueprint_reference"],
    }
    return {
        "object": "agent",
        "id": agent["name"],
        "name": agent["name"],
        "state": state,
        "configuration_state": state,
        "versions": {"latest": shown_version(agent, latest, now)},
        **identities(agent),
        **{name: item for name, item in more.items() if item is not None},
    }
