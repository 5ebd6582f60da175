"""`${stack}`, `${config.KEY}` and `${queue.NAME.url}` in texts."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Self

from foundry.manifest.marked import Mark
from foundry.manifest.near import meant
from foundry.manifest.report import Report
from foundry.manifest.settings import Settings, are_known, known_keys, placeholder
from foundry.model import QueueUrl, Template

_PLACE: Final = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}|\$\{")
_FORMS: Final = (
    "`${stack}`, `${config.KEY}` and `${queue.NAME.url}` are filled in; write `$${` for a literal `${`"
)


class Templated(str):
    """A text with queue addresses in it: as text what was written, for the model a `Template`."""

    __slots__ = ("template",)
    template: Template

    def __new__(cls, text: str, template: Template) -> Self:
        """Keep the template beside the text."""
        made = super().__new__(cls, text)
        made.template = template
        return made


@dataclass(frozen=True)
class Interpolation:
    """What places are filled with: the stack's name, its settings, and the queues that may be spoken of.

    `queues` is None where they aren't known, and then none of them is doubted.
    """

    stack: str
    settings: Settings
    queues: Collection[str] | None = None

    def fill(self, text: str, at: Mark, report: Report) -> str | None:
        """The text with its places filled, a `Templated` if it speaks of queues; None, with findings, if it can't be.

        `$${` becomes a literal `${`.
        """
        if "${" not in text:
            return text
        parts: list[str | QueueUrl] = []
        sound = True
        end = 0
        for place in _PLACE.finditer(text):
            parts.append(text[end : place.start()])
            end = place.end()
            if place.group() == "$${":
                parts.append("${")
                continue
            value = self._value(place.group(1), at, report)
            if value is None:
                sound = False
            else:
                parts.append(value)
        if not sound:
            return None
        parts.append(text[end:])
        joined = _joined(parts)
        if any(isinstance(part, QueueUrl) for part in joined):
            return Templated(text, Template(tuple(joined)))
        return "".join(part for part in joined if isinstance(part, str))

    def fill_file(self, text: str, path: str, report: Report) -> str | None:
        """As `fill`, for the content of a file: findings point at the line of the place."""
        sound = True
        for place in _PLACE.finditer(text):
            if place.group() != "$${":
                line, column = position_in(text, place.start())
                sound = self._value(place.group(1), Mark(path, line, column), report) is not None and sound
        return self.fill(text, Mark(path, 1, 1), report) if sound else None

    def _value(self, name: str | None, at: Mark, report: Report) -> str | QueueUrl | None:
        if name is None:
            report.error(at, "`${` without its `}`", _FORMS)
            return None
        head, _, rest = name.partition(".")
        if name == "stack":
            return self.stack
        if head == "config" and rest:
            return self._configured(rest, at, report)
        queue, _, attribute = rest.rpartition(".")
        if head == "queue" and queue and attribute == "url":
            return self._queue(queue, at, report)
        report.error(at, f"unknown place `${{{name}}}`", _FORMS)
        return None

    def _queue(self, name: str, at: Mark, report: Report) -> QueueUrl | None:
        if self.queues is None or name in self.queues:
            return QueueUrl(name)
        none = "the Environment has none: declare it under `storage.queues`"
        report.error(
            at, f"unknown queue `{name}`", meant(name, self.queues, none=none, have="the Environment has")
        )
        return None

    def _configured(self, key: str, at: Mark, report: Report) -> str | None:
        full = f"foundry:{key}"
        setting = self.settings.get(full)
        if setting is None and not are_known(self.settings):
            return None
        if setting is None:
            known = [name for name in known_keys(self.settings) if name not in ("stackId", "layers")]
            hint = meant(key, known, none="", have="") if known else ""
            fix = f"{hint} or " if hint.startswith("did you mean") else ""
            report.error(
                at,
                f"`{full}` is not set",
                f"{fix}write `{full}: VALUE` below `config:` in Pulumi.{self.stack}.yaml",
            )
            return None
        if setting.secret:
            report.error(
                at,
                f"`{full}` is a secret and would be shown in clear here",
                "name secrets only in a connection, as `{secret: KEY}`",
            )
            return None
        return None if placeholder(full, setting, report) else setting.value


def position_in(text: str, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _joined(parts: list[str | QueueUrl]) -> list[str | QueueUrl]:
    joined: list[str | QueueUrl] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined
