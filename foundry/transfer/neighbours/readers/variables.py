"""Environment variables in a foreign file, as settings of the stack."""

from __future__ import annotations

import re
from typing import Any, Final

from foundry.transfer.foreign import Place
from foundry.transfer.neighbours.fields import Fields

_ENV: Final = re.compile(r"=Env\.(\w+)|\$\{env:(\w+)(?::([^}]*))?\}")


def setting_of_stack(where: str, value: Any, fields: Fields) -> Any:
    """`=Env.NAME` and `${env:NAME:default}` as a setting of the stack."""
    if not isinstance(value, str):
        return value

    def place(found: re.Match[str]) -> str:
        if found[3] is not None:
            fields.lost(where, f"the environment variable {found[2]}; its default is written")
            return found[3]
        name = found[1] or found[2]
        fields.notes.deviations.append(
            f"{where}: the environment variable {name} is the setting foundry:{name} (`pulumi config set foundry:{name} …`)"
        )
        return f"${{config.{name}}}"

    filled = _ENV.sub(place, value)
    return Place(filled) if "${config." in filled and "${config." not in value else filled
