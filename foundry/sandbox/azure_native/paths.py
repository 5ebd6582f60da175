"""Property paths in Pulumi's notation: `properties.networkAcls.ipRules[0].value`, `tags["cost.center"]`."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"^[A-Za-z_$][\w$]*$")


def child(path: str, name: str) -> str:
    """The path of a property of the object at `path`; the empty path is the resource itself."""
    if not _PLAIN.match(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{name}" if path else name


def element(path: str, index: int) -> str:
    """The path of an element of the list at `path`."""
    return f"{path}[{index}]"
