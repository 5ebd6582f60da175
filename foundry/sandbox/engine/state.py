"""A stack's state as values: resources, pending operations, and the checkpoint's JSON (version 3) they are read from and written to.

(Source of the format: pulumi/pulumi, sdk/go/common/apitype/core.go, ResourceV3 and DeploymentV3.)
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from foundry.sandbox.engine import urn as urns
from foundry.sandbox.engine.errors import NotSupportedError, StateError
from foundry.sandbox.engine.secrets import Crypter
from foundry.sandbox.engine.values import SECRET, SIGNATURE, Properties, secret

CHECKPOINT_VERSION = 3
_STATE_VERSION_TEXT = "3.0.0-embedded"


@dataclass(eq=False, slots=True, kw_only=True)
class Resource:
    """One resource in the state. Two are the same only if they are one object: a URN may stand twice, once condemned (`delete`)."""

    urn: str
    custom: bool
    type: str
    delete: bool = False
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    external: bool = False
    dependencies: tuple[str, ...] = ()
    init_errors: tuple[str, ...] = ()
    provider: str = ""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""
    source_position: str = ""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    hide_diff: tuple[str, ...] = ()
    refresh_before_update: bool = False

    def copy(self) -> Resource:
        """Another resource object with the same content."""
        return copy.copy(self)

    def references(self) -> Iterator[str]:
        """URNs this resource depends on, its parent and its provider left out."""
        yield from self.dependencies
        for deps in self.property_dependencies.values():
            yield from deps
        if self.deleted_with:
            yield self.deleted_with
        yield from self.replace_with

    @property
    def is_provider(self) -> bool:
        """Whether it stands for a provider."""
        return urns.is_provider_type(self.type)


@dataclass(frozen=True, kw_only=True)
class PendingOperation:
    """What was under way when a run died: `kind` is creating, updating, deleting, reading or importing."""

    resource: Resource
    kind: str


@dataclass(kw_only=True)
class Deployment:
    """The state of a stack: resources in an order in which everything comes after what it needs."""

    resources: list[Resource] = field(default_factory=list)
    pending: list[PendingOperation] = field(default_factory=list)
    salt: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


_JSON_NAMES = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "dependencies": "dependencies",
    "init_errors": "initErrors",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "pending_replacement": "pendingReplacement",
    "additional_secret_outputs": "additionalSecretOutputs",
    "aliases": "aliases",
    "custom_timeouts": "customTimeouts",
    "import_id": "importID",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "replace_with": "replaceWith",
    "created": "created",
    "modified": "modified",
    "source_position": "sourcePosition",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "hide_diff": "hideDiff",
    "refresh_before_update": "refreshBeforeUpdate",
}
assert set(_JSON_NAMES) == {f.name for f in fields(Resource)}

# Read and forgotten: it differs between engines and means nothing to ours.
_DROPPED = {"stackTrace"}
_REFUSED = {
    "viewOf": "a view resource",
    "taint": "a tainted resource",
    "resourceHooks": "a resource hook",
    "replacementTrigger": "the resource option replacement_trigger",
    "extensionRef": "a resource of an extension",
    "snippetID": "a resource of a snippet",
}
_ALWAYS = ("urn", "custom", "type")


def to_json(resource: Resource, *, properties: Mapping[str, Properties] | None = None) -> dict[str, Any]:
    """The resource in the checkpoint's JSON, empty fields left out; `properties` replaces inputs and outputs (encrypted ones)."""
    result: dict[str, Any] = {}
    for name, key in _JSON_NAMES.items():
        value = properties[name] if properties and name in properties else getattr(resource, name)
        if not value and name not in _ALWAYS:
            continue
        if isinstance(value, tuple):
            value = list(value)
        elif name == "property_dependencies":
            value = {k: list(v) for k, v in value.items()}
        result[key] = value
    return result


def from_json(document: Mapping[str, Any]) -> Resource:
    """The checkpoint's JSON → a resource, secrets still encrypted. Raises StateError and NotSupportedError."""
    for key, what in _REFUSED.items():
        if document.get(key):
            raise NotSupportedError(f"{what} in the state ({document.get('urn', 'no URN')})")
    known: dict[str, Any] = {}
    for name, key in _JSON_NAMES.items():
        if key not in document or document[key] is None:
            continue
        value = document[key]
        if name == "property_dependencies":
            value = {k: tuple(v or ()) for k, v in value.items()}
        elif isinstance(value, list):
            value = tuple(value)
        known[name] = value
    unknown = set(document) - set(_JSON_NAMES.values()) - _DROPPED - set(_REFUSED)
    if unknown:
        raise NotSupportedError(
            f"the field {min(unknown)!r} of {document.get('urn', 'a resource')} in the state"
        )
    try:
        return Resource(**known)
    except TypeError as error:
        raise StateError(
            f"the state has a resource without urn, custom or type: {json.dumps(document)[:200]}"
        ) from error


def sealed(value: Any, crypter: Crypter | None, place: str) -> Any:
    """Properties with every secret encrypted, as they are written. `place` is the URN whose secrets they are."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            if crypter is None:
                raise StateError(
                    "there is a secret to store, but no passphrase: set PULUMI_CONFIG_PASSPHRASE"
                )
            text = json.dumps(value["value"], separators=(",", ":"))
            return {SIGNATURE: SECRET, "ciphertext": crypter.encrypt(text, place)}
        return {k: sealed(v, crypter, place) for k, v in value.items()}
    if isinstance(value, list):
        return [sealed(v, crypter, place) for v in value]
    return value


def opened(value: Any, crypter: Crypter | None, place: str) -> Any:
    """Properties as stored → with secrets decrypted."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            if "plaintext" in value:
                return secret(json.loads(value["plaintext"]))
            if crypter is None:
                raise StateError(
                    "the state holds secrets, but there is no passphrase: set PULUMI_CONFIG_PASSPHRASE"
                )
            return secret(json.loads(crypter.decrypt(value["ciphertext"], place)))
        return {k: opened(v, crypter, place) for k, v in value.items()}
    if isinstance(value, list):
        return [opened(v, crypter, place) for v in value]
    return value


def with_secrets_opened(resource: Resource, crypter: Crypter | None) -> Resource:
    """The resource with decrypted inputs and outputs."""
    result = resource.copy()
    result.inputs = opened(resource.inputs, crypter, resource.urn)
    result.outputs = opened(resource.outputs, crypter, resource.urn)
    return result


def has_ciphertext(value: Any) -> bool:
    """Whether stored properties hold a secret."""
    if isinstance(value, dict):
        return value.get(SIGNATURE) == SECRET or any(has_ciphertext(v) for v in value.values())
    return isinstance(value, list) and any(has_ciphertext(v) for v in value)


def text_of(resource: Resource, crypter: Crypter | None) -> str:
    """The resource as it stands in a checkpoint file."""
    stored = {
        "inputs": sealed(resource.inputs, crypter, resource.urn),
        "outputs": sealed(resource.outputs, crypter, resource.urn),
    }
    return json.dumps(to_json(resource, properties=stored), separators=(",", ":"), ensure_ascii=False)


def checkpoint_text(
    *,
    stack: str,
    time: str,
    salt: str,
    resources: Iterable[str],
    pending: Iterable[tuple[str, str]],
    metadata: Mapping[str, Any],
) -> str:
    """The whole checkpoint; `resources` and the first part of `pending` are texts from `text_of`, the second is the kind.

    The manifest's magic is the hash of its version, which is what the CLI checks.
    """
    manifest = {
        "time": time,
        "magic": hashlib.sha256(_STATE_VERSION_TEXT.encode()).hexdigest(),
        "version": _STATE_VERSION_TEXT,
    }
    parts = [f'"manifest":{json.dumps(manifest)}']
    if salt:
        providers = {"type": "passphrase", "state": {"salt": salt}}
        parts.append(f'"secrets_providers":{json.dumps(providers)}')
    parts.append(f'"resources":[{",".join(resources)}]')
    operations = [f'{{"resource":{text},"type":{json.dumps(kind)}}}' for text, kind in pending]
    if operations:
        parts.append(f'"pending_operations":[{",".join(operations)}]')
    parts.append(f'"metadata":{json.dumps(dict(metadata))}')
    latest = "{" + ",".join(parts) + "}"
    return (
        f'{{"version":{CHECKPOINT_VERSION},"checkpoint":{{"stack":{json.dumps(stack)},"latest":{latest}}}}}'
    )


def read_deployment(document: Mapping[str, Any], where: str) -> Deployment:
    """The `latest` part of a checkpoint → a deployment, secrets still encrypted. Raises StateError and NotSupportedError."""
    providers = document.get("secrets_providers") or {}
    if providers and providers.get("type") != "passphrase":
        raise NotSupportedError(f"the secrets provider {providers.get('type')!r} ({where})")
    result = Deployment(
        resources=[from_json(r) for r in document.get("resources") or ()],
        pending=[
            PendingOperation(resource=from_json(p["resource"]), kind=p["type"])
            for p in document.get("pending_operations") or ()
        ],
        salt=(providers.get("state") or {}).get("salt", ""),
        metadata=document.get("metadata") or {},
    )
    verify(result.resources, where)
    return result


def verify(resources: Iterable[Resource], where: str) -> None:
    """Check what every state keeps: no live URN twice, and providers, parents and dependencies before those that need them."""
    live: set[str] = set()
    seen: set[str] = set()
    references: set[str] = set()
    for resource in resources:
        if not urns.is_valid(resource.urn):
            raise StateError(
                f"{where}: {resource.urn!r} is not a URN; restore the state from its .bak file or a backup"
            )
        missing: str | None = None
        if resource.provider and resource.provider not in references:
            missing = f"provider {resource.provider}"
        elif resource.parent and resource.parent not in seen:
            missing = f"parent {resource.parent}"
        else:
            missing = next((f"dependency {d}" for d in resource.dependencies if d not in seen), None)
        if missing:
            raise StateError(
                f"{where}: {resource.urn} needs its {missing}, which doesn't come before it; "
                "restore the state from its .bak file or a backup"
            )
        if not resource.delete:
            if resource.urn in live:
                raise StateError(
                    f"{where}: {resource.urn} stands twice; restore the state from its .bak file or a backup"
                )
            live.add(resource.urn)
        seen.add(resource.urn)
        if resource.is_provider:
            references.add(urns.reference(resource.urn, resource.id))
