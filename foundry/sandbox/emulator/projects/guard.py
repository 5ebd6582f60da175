"""What calls of the versioned dialect must bring."""

from foundry.sandbox.emulator.http import Call
from foundry.sandbox.emulator.project.guard import admit
from foundry.sandbox.emulator.projects.errors import preview_required


def guard(call: Call) -> None:
    """A token, a role with data actions, api-version `v1`."""
    admit(call, ("v1",))


def opted_in(call: Call, feature: str) -> bool:
    """Whether the call's `Foundry-Features` header names a feature (`Name=Version`)."""
    given = call.headers.get("foundry-features", "").split(",")
    return feature.lower() in (item.strip().lower() for item in given)


def require_feature(call: Call, feature: str, what: str) -> None:
    """Raises 403 `preview_feature_required` for a call that doesn't opt in to a feature."""
    if not opted_in(call, feature):
        raise preview_required(what, feature)
