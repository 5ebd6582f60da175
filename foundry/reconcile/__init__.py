"""Observe, compare, act: one object at a time, safe when killed at any moment.

Each kind (`agent`, `vector_store`, `toolbox`, …) is a module with the same six functions on plain values:

- `check(olds, news)`: what is wrong with the inputs; no network.
- `diff(id, olds, news)`: what would change; no network, no clock.
- `create(session, news)`: makes the object, or takes over the one that carries our mark; may be repeated.
- `read(session, id, props)`: the live object in the words of the declaration; None only when it is definitely gone.
- `update(session, id, olds, news)`: makes the live object what is declared.
- `delete(session, id, props)`: deletes the object if it is still the one that the state speaks of; may be repeated.

`olds` and `props` are recorded outputs (in `check`: recorded inputs), `news` are inputs. A value that isn't known yet is
`foundry.model.UNKNOWN`; it only occurs in `check` and `diff`. Every failure is a `foundry.model.FoundryError`.
"""

from foundry.reconcile.session import Session
from foundry.reconcile.shapes import Difference, Made, Problem, Seen

__all__ = ["Difference", "Made", "Problem", "Seen", "Session"]
