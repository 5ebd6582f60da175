"""Values that stand in a manifest before Pulumi has made the things they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What JSON can say."""


class Unknown:
    """A value that only exists once its owner has been made.

    There is one instance, `UNKNOWN`. Compare with `is`; it equals nothing else.
    The providers turn both of Pulumi's own forms (an `Unknown` object and the wire's sentinel string) into it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class QueueUrl:
    """`${queue.NAME.url}`: the address of a queue that this stack declares, known once its storage account exists."""

    queue: str


@dataclass(frozen=True)
class Template:
    """A text with places that are filled from Pulumi outputs.

    A text without such places is a plain `str`; a `Template` holds at least one `QueueUrl`.
    """

    parts: tuple[str | QueueUrl, ...]


Text: TypeAlias = "str | Template"
