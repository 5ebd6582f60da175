"""ARM ids taken apart. They keep the spelling they were given and are compared by their lower-case `key`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What an ARM path names: a resource when there are as many names as types, otherwise a collection.

    Attributes:
        scope: Id of what the provider part stands on: a subscription, a group, another resource, or "".
        namespace: As `Microsoft.Storage`.
        types: As `("storageAccounts", "queueServices")`.
        names: One per type, the last one missing for a collection.
    """

    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_collection(self) -> bool:
        """Whether the path ends in a type."""
        return len(self.names) < len(self.types)

    @property
    def type(self) -> str:
        """The full type in the spelling of the path."""
        return "/".join((self.namespace, *self.types))

    @property
    def kind(self) -> str:
        """The full type in lower case."""
        return self.type.lower()

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def id(self) -> str:
        """The id of the resource."""
        if self.kind == "microsoft.resources/resourcegroups":
            return f"{self.scope}/resourceGroups/{self.name}"
        return f"{self.scope}/providers/{self.namespace}/" + "/".join(
            part for pair in zip(self.types, self.names, strict=True) for part in pair
        )

    @property
    def key(self) -> str:
        """The id in lower case."""
        return self.id.lower()

    @property
    def parent(self) -> "Target | None":
        """The resource this one is nested in; None for a top-level type."""
        if len(self.types) == 1:
            return None
        return Target(self.scope, self.namespace, self.types[:-1], self.names[: len(self.types) - 1])

    @property
    def owner(self) -> str:
        """Id of the parent, or of the scope for a top-level type."""
        return self.parent.id if self.parent else self.scope

    @property
    def group(self) -> str:
        """Name of the resource group, or ""."""
        return group_of(self.scope)


def group_of(scope: str) -> str:
    """Name of the resource group in an id, or ""."""
    parts = scope.split("/")
    return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def parse(path: str) -> Target | None:
    """Takes a path below /subscriptions apart; None when it is no resource and no collection."""
    parts = [part for part in path.split("/") if part]
    if len(parts) < 3 or parts[0].lower() != "subscriptions":
        return None
    if len(parts) > 2 and parts[2].lower() == "resourcegroups":
        parts[2] = "resourceGroups"
    at = max((i for i, part in enumerate(parts) if part.lower() == "providers"), default=-1)
    if at < 0:
        if len(parts) in (3, 4) and parts[2] == "resourceGroups":
            return Target(
                "/" + "/".join(parts[:2]), "Microsoft.Resources", ("resourceGroups",), tuple(parts[3:])
            )
        return None
    rest = parts[at + 1 :]
    if len(rest) < 2:
        return None
    scope = "".join("/" + part for part in parts[:at])
    return Target(scope, rest[0], tuple(rest[1::2]), tuple(rest[2::2]))
