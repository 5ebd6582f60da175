"""The Environment: its inner references and limits checked, and the value it becomes."""

from __future__ import annotations

from typing import Any, Final

from foundry.manifest.layers import Document
from foundry.manifest.marked import Mapping
from foundry.manifest.settings import are_known
from foundry.manifest.world import OWN_CONNECTIONS, World, section, words
from foundry.model import (
    AccessGrant,
    Account,
    Connection,
    ContentFilter,
    Credential,
    Deployment,
    Dialect,
    Environment,
    Existing,
    FilterRule,
    KeyVaultSecret,
    Monitoring,
    Project,
    ResourceGroup,
    Search,
    SecretConfig,
    Setup,
    Storage,
    ThreadStore,
)

_SHIELDS: Final = frozenset(
    ("Jailbreak", "Indirect Attack", "Protected Material Text", "Protected Material Code")
)
_STANDARD: Final = ("storage", "search", "thread_store")
_THROUGHPUT: Final = 3000
_OF_AZURE: Final = ("projects", "deployments", "content_filters", "connections")
"""Where keys are names at Azure Resource Manager, which holds names that differ in capitals for one."""
_PLAIN_SCOPES: Final = ("monitoring", "storage", "search")


def environment_of(document: Document, world: World) -> Environment:
    """The environment that a document declares. It is to be used only when the report has no errors."""
    tree = document.tree
    _check_setup(tree, world)
    _check_letters(tree, world)
    name = str(tree.get("name", ""))
    group = section(tree, "resource_group")
    account = section(tree, "account")
    return Environment(
        name=name,
        location=str(tree.get("location", "")),
        dialect=Dialect(tree["dialect"]) if tree.get("dialect") in tuple(Dialect) else Dialect.CLASSIC,
        setup=Setup.STANDARD if tree.get("setup") == "standard" else Setup.BASIC,
        resource_group=ResourceGroup(
            name=group.get("name", None if "id" in group else f"rg-{name}-{world.stack}"), id=group.get("id")
        ),
        account=Account(
            sku=account.get("sku", "S0"),
            local_auth=account.get("local_auth", False),
            public_network_access=account.get("public_network_access", True),
            id=account.get("id"),
        ),
        projects=_projects(tree),
        deployments=_deployments(tree, world),
        content_filters=_filters(tree, world),
        storage=_storage(tree),
        search=_search(tree),
        thread_store=_thread_store(tree, world),
        monitoring=_monitoring(tree),
        connections=_connections(tree, world),
        access=_access(tree, world),
        tags=dict(section(tree, "tags")),
        existing=_existing(tree),
        position=tree.mark.position,
    )


def _check_setup(tree: Mapping, world: World) -> None:
    # A part that has a finding of its own is left out of `tree`, and isn't missing as well.
    declared = world.documents.found["Environment", ""].tree
    missing = [part for part in _STANDARD if part not in declared]
    if tree.get("setup") == "standard" and missing and "existing" not in tree:
        told = ", ".join(f"`{part}`" for part in missing)
        world.report.error(
            tree.values_at["setup"],
            f"`setup: standard` needs {told}, and the Environment does not declare {'them' if len(missing) > 1 else 'it'}",
            f"declare {told}, or write `setup: basic`",
        )


def _check_letters(tree: Mapping, world: World) -> None:
    for key in _OF_AZURE:
        taken: dict[str, str] = {}
        entries = section(tree, key)
        for name in entries:
            first = taken.setdefault(name.casefold(), name)
            if first != name:
                world.report.error(
                    entries.keys_at[name],
                    f"`{name}` and `{first}` in `{key}` are one name to Azure, which doesn't tell capitals apart",
                    "give one of them another name",
                )


def _projects(tree: Mapping) -> dict[str, Project]:
    projects = {}
    for name, told in section(tree, "projects").items():
        values = told if isinstance(told, Mapping) else {}
        # Neither can be emptied at the service once it is set, so neither is ever sent empty.
        shown = str(values.get("display_name", name))
        projects[name] = Project(name, shown, str(values.get("description", shown)))
    return projects


def _deployments(tree: Mapping, world: World) -> tuple[Deployment, ...]:
    made = []
    for name, told in section(tree, "deployments").items():
        if not isinstance(told, Mapping):
            continue
        model, sku = section(told, "model"), section(told, "sku")
        version = model.get("version")
        chosen = told.get("content_filter")
        if isinstance(chosen, str) and not chosen.startswith("Microsoft."):
            world.refer(
                "content filter",
                chosen,
                world.names("content_filters"),
                told.values_at["content_filter"],
                declare="declare it under `content_filters`",
            )
        made.append(
            Deployment(
                name=name,
                model_format=model.get("format", "OpenAI"),
                model_name=str(model.get("name")),
                model_version=version,
                sku=str(sku.get("name")),
                capacity=sku.get("capacity", 1),
                version_upgrade_option=told.get(
                    "version_upgrade_option",
                    "NoAutoUpgrade" if version is not None else "OnceNewDefaultVersionAvailable",
                ),
                content_filter=chosen,
            )
        )
    return tuple(made)


def _filters(tree: Mapping, world: World) -> tuple[ContentFilter, ...]:
    made = []
    for name, told in section(tree, "content_filters").items():
        rules = []
        for category, rule in section(told, "filters").items():
            if not isinstance(rule, Mapping):
                continue
            if category in _SHIELDS and "severity_threshold" in rule:
                world.report.error(
                    rule.keys_at["severity_threshold"],
                    f"`{category}` has no severity",
                    "leave `severity_threshold` out",
                )
            rules.append(
                FilterRule(
                    category,
                    tuple(word for word, _ in words(rule, "sources")),
                    rule.get("severity_threshold"),
                    rule.get("blocking", True),
                )
            )
        base = told.get("base_policy", "Microsoft.DefaultV2") if isinstance(told, Mapping) else ""
        made.append(ContentFilter(name, base, tuple(rules)))
    return tuple(made)


def _storage(tree: Mapping) -> Storage | None:
    if "storage" not in tree:
        return None
    told = section(tree, "storage")
    return Storage(
        containers=tuple(name for name, _ in words(told, "containers")),
        queues=tuple(name for name, _ in words(told, "queues")),
        id=told.get("id"),
    )


def _search(tree: Mapping) -> Search | None:
    if "search" not in tree:
        return None
    told = section(tree, "search")
    return Search(
        sku=told.get("sku", "basic"), semantic_search=told.get("semantic_search", "free"), id=told.get("id")
    )


def _thread_store(tree: Mapping, world: World) -> ThreadStore | None:
    if "thread_store" not in tree:
        return None
    told = section(tree, "thread_store")
    least = _THROUGHPUT * max(1, len(world.names("projects")))
    throughput = told.get("total_throughput_limit", least)
    if isinstance(throughput, int) and throughput < least:
        at = told.values_at["total_throughput_limit"]
        world.report.error(
            at,
            f"{throughput:,} RU/s are too few: each of the {len(world.names('projects'))} projects needs {_THROUGHPUT:,}",
            f"write {least} or more",
        )
    return ThreadStore(throughput, told.get("id"))


def _monitoring(tree: Mapping) -> Monitoring | None:
    if "monitoring" not in tree:
        return None
    told = section(tree, "monitoring")
    return Monitoring(told.get("retention_in_days", 30), told.get("daily_quota_gb"))


def _connections(tree: Mapping, world: World) -> tuple[Connection, ...]:
    declared = section(tree, "connections")
    made = []
    for name, told in declared.items():
        if not isinstance(told, Mapping):
            continue
        if name in OWN_CONNECTIONS:
            world.report.error(
                declared.keys_at[name],
                f"`{name}` is the name of a connection that the setup makes itself",
                "choose another name",
            )
        custom = told.get("category") == "CustomKeys"
        if custom and "key" in told:
            world.report.error(
                told.keys_at["key"],
                "a connection of category CustomKeys has `keys`, by name",
                "write `keys: {NAME: {secret: KEY}}`",
            )
        if not custom and "keys" in told and "category" in told:
            world.report.error(
                told.keys_at["keys"],
                f"a connection of category {told['category']} has one `key`",
                "write `key: {secret: KEY}`, or make the category CustomKeys",
            )
        if custom and "keys" not in told and "key" not in told:
            world.report.error(
                told.mark,
                "a connection of category CustomKeys needs `keys`",
                "add `keys: {NAME: {secret: KEY}}`",
            )
        if "project" in told:
            world.refer(
                "project",
                told["project"],
                world.names("projects"),
                told.values_at["project"],
                declare="declare it under `projects`",
            )
        keys = {
            key: found for key, value in section(told, "keys").items() if (found := _credential(value, world))
        }
        made.append(
            Connection(
                name=name,
                category=str(told.get("category")),
                target=str(told.get("target")),
                key=_credential(told.get("key"), world),
                keys=keys,
                metadata=dict(section(told, "metadata")),
                project=told.get("project"),
            )
        )
    return tuple(made)


def _credential(value: Any, world: World) -> Credential | None:
    if not isinstance(value, Mapping):
        return None
    if "key_vault" in value:
        return KeyVaultSecret(str(value["key_vault"]))
    key = value.get("secret")
    if not isinstance(key, str):
        return None
    full = f"foundry:{key}"
    setting = world.fill.settings.get(full)
    at = value.values_at["secret"]
    if setting is None and are_known(world.fill.settings):
        world.report.error(at, f"the secret `{full}` is not set", f"run `fac secret {full}`")
    elif setting is not None and not setting.secret:
        world.report.error(at, f"`{full}` stands in clear in the settings", f"run `fac secret {full}`")
    return SecretConfig(key)


def _access(tree: Mapping, world: World) -> tuple[AccessGrant, ...]:
    declared = section(tree, "access")
    made = []
    for name, told in declared.items():
        principal, roles = section(told, "principal"), section(told, "roles")
        for scope in _PLAIN_SCOPES:
            if scope in roles and scope not in tree:
                world.report.error(
                    roles.keys_at[scope],
                    f"roles on `{scope}`, which the Environment does not declare",
                    f"declare `{scope}:`, or leave these roles out",
                )
        made.append(
            AccessGrant(
                name=name,
                principal_type=str(principal.get("type")),
                object_id=str(principal.get("object_id")),
                roles={scope: tuple(role for role, _ in words(roles, scope)) for scope in roles},
                position=declared.keys_at[name].position,
            )
        )
    return tuple(made)


def _existing(tree: Mapping) -> Existing | None:
    told = section(tree, "existing")
    return Existing(told.get("project_endpoint"), told.get("stack")) if told else None
