"""A stack whose state is lost: what Azure still has of it is taken back into the state, by mark and by name.

The provider refuses to create what exists, so an empty state can't simply be brought up again. Agents, stores, files and indexes are not
dealt with here: their creates find what is there by its mark.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from foundry.cli.azure_ids import arm_id
from foundry.cli.engines import Run, last_line
from foundry.model import FoundryError

TAG: Final = "foundry-as-code"
UNKNOWN_TEXT: Final = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # what the engines print for a value not known before an up
)
_KEPT: Final = (
    "urn", "custom", "type", "id", "inputs", "parent", "protect", "additionalSecretOutputs", "retainOnDelete", "customTimeouts",
)  # fmt: skip
_HARMLESS: Final = frozenset({"create", "update", "same", "read", "refresh"})

Say = Callable[[str], None]


class Azure(Protocol):
    """What is asked of Azure Resource Manager."""

    def exists_in_azure(self, resource_id: str) -> bool:
        """Whether there is a resource of this id."""


@dataclass(frozen=True)
class _Place:
    """Where is looked, and what there is this stack's."""

    azure: Azure
    marked: set[str]
    subscription: str

    def is_ours(self, identifier: str) -> bool:
        """Whether a resource carries the mark, or stands below one that does."""
        folded = identifier.casefold()
        return any(folded == mark or folded.startswith(mark + "/") for mark in self.marked)


@dataclass
class _Rebuilt:
    """The state as it is being put together again."""

    document: dict[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    @property
    def resources(self) -> list[dict[str, Any]]:
        deployment: dict[str, Any] = self.document["deployment"]
        resources: list[dict[str, Any]] = deployment.setdefault("resources", [])
        return resources

    @property
    def urns(self) -> set[str]:
        return {resource["urn"] for resource in self.resources}

    def add(self, planned: Mapping[str, Any], identifier: str | None = None) -> None:
        """Take a planned resource in, under its id if it is a custom one."""
        entry = {key: planned[key] for key in _KEPT if planned.get(key)}
        entry["custom"] = bool(planned.get("custom"))
        known = self.urns
        if identifier:
            entry["id"] = identifier
        if planned.get("provider"):
            entry["provider"] = self._provider(str(planned["provider"]))
        if planned.get("dependencies"):
            entry["dependencies"] = [urn for urn in planned["dependencies"] if urn in known]
        self.resources.append(entry)

    def _provider(self, reference: str) -> str:
        """A reference to the default provider, which is put in before its first use: previews don't tell of it."""
        urn, _, identifier = reference.rpartition("::")
        if identifier != UNKNOWN_TEXT:
            return reference
        if urn not in self.providers:
            self.providers[urn] = str(uuid.uuid4())
            version = urn.rpartition("::default_")[2].replace("_", ".")
            settings = {**self.settings, **({"version": version} if version[:1].isdigit() else {})}
            self.resources.append(
                {
                    "urn": urn,
                    "custom": True,
                    "id": self.providers[urn],
                    "type": urn.split("::")[2],
                    "inputs": settings,
                    "outputs": settings,
                }
            )
        return f"{urn}::{self.providers[urn]}"


def is_empty(run: Run) -> bool:
    """Whether the state holds no resource, asked of the engine: for a backend that isn't a folder. Raises FoundryError."""
    return not _export(run).resources


def take_back(
    run: Run, azure: Azure, *, marked: set[str], subscription: str, settings: Mapping[str, Any], say: Say
) -> None:
    """Put the state together again from what the program plans and Azure has.

    A resource's id follows from its explicit name, which may be known only once the resource above it is in the state; so this
    goes in rounds, each a preview, until a round finds nothing more.

    Args:
        run: the engine set to work on the stack.
        azure: Azure Resource Manager.
        marked: the ids, in lower case, of what carries this stack's tag.
        subscription: the subscription's id.
        settings: the stack's settings by their full names; the default provider of azure-native is configured by some.
        say: takes a line for a person.

    Raises:
        FoundryError: a preview or refresh fails, what exists isn't this stack's, or bringing the stack up would now replace something.
    """
    say(
        f"The state of stack {run.stack} is empty, but {len(marked)} resources in Azure carry its mark: they and what is below them "
        "are taken back into the state, by their names."
    )
    rebuilt = _export(run)
    rebuilt.settings = {
        key.removeprefix("azure-native:"): value
        for key, value in settings.items()
        if key.startswith("azure-native:") and isinstance(value, str)
    }
    while True:
        steps = _preview(run)
        if not _take_round(rebuilt, steps, _Place(azure, marked, subscription), say):
            break
        _import(run, rebuilt)
        done = run.captured(["refresh", "--stack", run.stack, "--yes", "--skip-preview"])
        if done.returncode:
            raise _stuck("the state can't be refreshed", done.stdout + done.stderr)
        rebuilt.document = _export(run).document
    _settle_inputs(run, rebuilt, steps)
    _refuse_replacements(_preview(run), rebuilt)


def _take_round(rebuilt: _Rebuilt, steps: list[dict[str, Any]], place: _Place, say: Say) -> bool:
    strangers: list[str] = []
    before = len(rebuilt.found)
    for step in steps:
        planned = step.get("newState") or {}
        if step["op"] != "create" or planned["urn"] in rebuilt.urns:
            continue
        kind = str(planned["type"])
        if not planned.get("custom"):
            rebuilt.add(planned)
        elif kind.startswith("azure-native:"):
            identifier = arm_id(kind, planned.get("inputs") or {}, place.subscription)
            if (
                identifier is None
                or UNKNOWN_TEXT in identifier
                or not place.azure.exists_in_azure(identifier)
            ):
                continue
            if not place.is_ours(identifier):
                strangers.append(identifier)
                continue
            rebuilt.add(planned, identifier)
            rebuilt.found[planned["urn"]] = identifier
            say(f"  {kind} {planned['urn'].rsplit('::', 1)[-1]}: {identifier}")
    if strangers:
        raise FoundryError(
            "there are resources of these names that don't carry this stack's mark: " + ", ".join(strangers),
            fix="another stack or a person made them; import what is yours with `pulumi import`, or choose other names",
        )
    return len(rebuilt.found) > before


def _settle_inputs(run: Run, rebuilt: _Rebuilt, steps: list[dict[str, Any]]) -> None:
    """Record the declared inputs where the live resource agrees with them.

    A refresh without inputs before it takes everything that the service answers for declared, and the next up would write the same values
    again to take the rest away.
    """
    planned = {
        step["urn"]: (step.get("newState") or {}).get("inputs") or {}
        for step in steps
        if step["op"] != "refresh"
    }
    for resource in rebuilt.resources:
        declared = planned.get(resource["urn"])
        if resource["urn"] not in rebuilt.found or not declared:
            continue
        if _agrees(declared, resource.get("inputs")):
            resource["inputs"] = declared
            outputs = resource.get("outputs") or {}
            if "__inputs" in outputs:
                outputs["__inputs"] = declared
    _import(run, rebuilt)


def _agrees(declared: Any, live: Any) -> bool:
    """Whether everything declared stands in what is live; what is live may say more."""
    if isinstance(declared, dict) and isinstance(live, dict):
        return all(key in live and _agrees(value, live[key]) for key, value in declared.items())
    if isinstance(declared, list) and isinstance(live, list):
        return len(declared) == len(live) and all(map(_agrees, declared, live))
    if isinstance(declared, str) and isinstance(live, str) and "/" in declared:
        # ARM ids are the same in any case, and a scope that is read out of an id comes without its first slash.
        return declared.strip("/").casefold() == live.strip("/").casefold()
    return bool(declared == live) and declared != UNKNOWN_TEXT


def _refuse_replacements(steps: list[dict[str, Any]], rebuilt: _Rebuilt) -> None:
    worse = {
        step["urn"].rsplit("::", 1)[-1]
        for step in steps
        if step["op"] not in _HARMLESS and step["urn"] in rebuilt.found
    }
    if worse:
        raise FoundryError(
            f"the state is there again, but an up would replace or delete {', '.join(sorted(worse))}",
            fix="look at `fac preview` and run `fac up` again if that is what you want",
        )


def _export(run: Run) -> _Rebuilt:
    done = run.captured(["stack", "export", "--stack", run.stack])
    if done.returncode:
        raise _stuck("the state can't be read", done.stderr)
    document = json.loads(done.stdout)
    document["deployment"] = document.get("deployment") or {}
    return _Rebuilt(document)


def _import(run: Run, rebuilt: _Rebuilt) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deployment.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(rebuilt.document), encoding="utf-8")
        done = run.captured(["stack", "import", "--stack", run.stack, "--file", str(file)])
    if done.returncode:
        raise _stuck("the state can't be written", done.stderr)


def _preview(run: Run) -> list[dict[str, Any]]:
    done = run.captured(["preview", "--stack", run.stack, "--json"])
    try:
        document = json.loads(done.stdout)
    except ValueError as error:
        raise _stuck("what is planned can't be read", done.stderr) from error
    if done.returncode:
        errors = [
            str(item.get("message", "")).strip()
            for item in document.get("diagnostics") or ()
            if item.get("severity") == "error"
        ]
        raise _stuck("what is planned can't be read", "; ".join(errors) or done.stderr)
    steps: list[dict[str, Any]] = document.get("steps") or []
    return steps


def _stuck(what: str, told: str) -> FoundryError:
    return FoundryError(
        f"{what}: {last_line(told)}",
        fix="put right what it names and run the command again; nothing in Azure was changed",
    )
