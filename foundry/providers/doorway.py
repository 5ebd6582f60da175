"""What all provider classes have in common: Pulumi's calls translated, and no rule of their own.

The program imports this module for the classes alone; what the six operations need is imported by the first of them, in the
provider's process.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from foundry.model import FoundryError, packed, unpacked
from foundry.providers.values import plain

if TYPE_CHECKING:
    from foundry.providers.operations import Kind
    from foundry.reconcile import Session

_FRAMES: Final = 12


class Doorway(ResourceProvider):
    """A dynamic provider without attributes: its pickled form, which lies in the state, is its dotted name alone.

    `kind` is the module of `foundry.reconcile` that looks after the resources, `type` their type without its package.
    """

    serialize_as_secret_always = False
    kind: ClassVar[str]
    type: ClassVar[str]

    def configure(self, req: ConfigureRequest) -> None:  # noqa: ARG002  (Pulumi calls it by position and by name)
        """Keeps Python's frames out of what people read; runs in the provider's process only."""
        sys.tracebacklimit = 0

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Says what is wrong with the inputs, all at once."""
        with readable_errors():
            problems = self._kind().check(self._spoken(_olds or {}), self._spoken(news))
        return CheckResult(news, [CheckFailure(problem.path, problem.reason) for problem in problems])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Says whether the live object and the declaration differ."""
        with readable_errors():
            found = self._kind().diff(_id, self._spoken(_olds), self._spoken(_news))
        return DiffResult(
            changes=bool(found.changes or found.replaces),
            replaces=list(found.replaces),
            delete_before_replace=found.delete_before_replace,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Makes the object, or finds the one it made before."""
        with readable_errors():
            made = self._kind().create(_session(), self._spoken(props))
        return CreateResult(made.id, packed(made.outs, plain(props)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Tells the live object; nothing, when it is definitely gone."""
        from foundry.reconcile.inputs import only_reports

        before = plain(props)
        with readable_errors():
            known = unpacked(before, self.type)
            seen = self._kind().read(_session(), id_, known)
        if seen is None:
            return ReadResult(None, {})
        # Packing again what is recorded already is a good part of what a look at an object costs. Without inputs Pulumi keeps
        # those that it has, which are the live ones then.
        recorded = seen.outs == known
        outs = before if recorded else packed(seen.outs, before)
        kept = recorded and not only_reports(known)
        return ReadResult(id_, outs, None if kept else packed(seen.inputs, before))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Makes the live object what is declared."""
        with readable_errors():
            olds, news = self._spoken(_olds), self._spoken(_news)
            outs = self._kind().update(_session(), _id, olds, news)
        return UpdateResult(packed(outs, plain(_news)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Deletes the object if it is still the one that the state speaks of."""
        with readable_errors():
            self._kind().delete(_session(), _id, self._spoken(_props))

    def _spoken(self, props: dict[str, Any]) -> dict[str, Any]:
        return unpacked(plain(props), self.type)

    def _kind(self) -> Kind:
        return cast("Kind", importlib.import_module(f"foundry.reconcile.{self.kind}"))


def _session() -> Session:
    from foundry.providers.operations import session

    return session()


@contextmanager
def readable_errors() -> Iterator[None]:
    """Lets a FoundryError through as its text alone; a bug comes with its frames, because they are all there is."""
    try:
        yield
    except FoundryError as error:
        raise _called(str(error)) from None
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__, limit=-_FRAMES)
        places = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        raise _called(
            f"{type(error).__name__}: {error}\n{places}\n; this is a bug of foundry-as-code; please report it with these lines"
        ) from None


def _called(text: str) -> Exception:
    """An error whose class is called what is to be read: Pulumi's dynamic provider shows the class of an error before its text."""
    return cast("Exception", type(text.replace("\0", ""), (Exception,), {"__module__": "builtins"})())
