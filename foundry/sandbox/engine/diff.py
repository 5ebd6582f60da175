"""What a provider says about a change, and the engine's own rules on top of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from foundry.sandbox.engine import paths
from foundry.sandbox.engine.values import Properties, plain

ADD, ADD_REPLACE = "add", "add-replace"
DELETE, DELETE_REPLACE = "delete", "delete-replace"
UPDATE, UPDATE_REPLACE = "update", "update-replace"
_TO_REPLACE = {ADD: ADD_REPLACE, DELETE: DELETE_REPLACE, UPDATE: UPDATE_REPLACE}
_INVERSE = {ADD: DELETE, ADD_REPLACE: DELETE_REPLACE, DELETE: ADD, DELETE_REPLACE: ADD_REPLACE}


@dataclass(frozen=True, kw_only=True)
class PropertyDiff:
    """One property's part in a change; `input` tells that the paths lie in inputs on both sides."""

    kind: str
    input: bool = False


@dataclass(frozen=True, kw_only=True)
class Diff:
    """A provider's answer. `changes` is None where the provider can't tell; `detailed` None where it gives no details."""

    changes: bool | None
    replaces: tuple[str, ...] = ()
    stables: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    detailed: Mapping[str, PropertyDiff] | None = None
    delete_before_replace: bool = False

    @property
    def is_replacement(self) -> bool:
        """Whether the resource can't stay the same object."""
        if self.detailed and any(d.kind.endswith("-replace") for d in self.detailed.values()):
            return True
        return bool(self.replaces)

    def inverted(self) -> Diff:
        """The same change seen from the other side: what a refresh found, from what a program would do about it."""
        if self.detailed is None:
            return self
        turned = {k: replace(d, kind=_INVERSE.get(d.kind, d.kind)) for k, d in self.detailed.items()}
        return replace(self, detailed=turned)


NO_CHANGE = Diff(changes=False)


def by_inputs(old: Properties, new: Properties) -> Diff:
    """The engine's own comparison, for what has no provider or one that can't tell: inputs, secretness aside."""
    before, after = plain(old), plain(new)
    if before == after:
        return NO_CHANGE
    detailed: dict[str, PropertyDiff] = {}
    for key in sorted({*before, *after}):
        if key not in after:
            detailed[key] = PropertyDiff(kind=DELETE, input=True)
        elif key not in before:
            detailed[key] = PropertyDiff(kind=ADD, input=True)
        elif before[key] != after[key]:
            detailed[key] = PropertyDiff(kind=UPDATE, input=True)
    return Diff(changes=True, changed=tuple(detailed), detailed=detailed)


def decided(diff: Diff, old_inputs: Properties, new_inputs: Properties, ignored: Sequence[str]) -> Diff:
    """The diff with `changes` settled: where the provider couldn't tell, inputs decide."""
    if diff.changes is not None:
        return diff
    compared = by_inputs(old_inputs, paths.keep_old(new_inputs, old_inputs, ignored))
    if not compared.changes:
        return replace(diff, changes=False)
    return replace(diff, changes=True, changed=compared.changed, detailed=compared.detailed)


def with_replace_on_changes(diff: Diff, options: Sequence[str]) -> Diff:
    """The diff with what `replaceOnChanges` names turned into replacements."""
    if not diff.changes or not options:
        return diff
    wanted = [path for path in map(paths.parse, options) if path is not None]

    def replaces(text: str) -> bool:
        path = paths.parse(text)
        return path is not None and any(paths.contains(w, path) for w in wanted)

    detailed = diff.detailed
    if detailed is not None:
        detailed = {
            k: replace(d, kind=_TO_REPLACE.get(d.kind, d.kind)) if replaces(k) else d
            for k, d in detailed.items()
        }
    keys = dict.fromkeys((*diff.replaces, *(k for k in diff.changed if replaces(k))))
    return replace(diff, detailed=detailed, replaces=tuple(keys))
