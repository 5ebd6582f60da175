"""What a stack's layers say once they are merged, with the file and line that each value came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from foundry.manifest.layers import Document
from foundry.manifest.loading import open_stack
from foundry.manifest.marked import Mapping, Mark, Sequence
from foundry.manifest.report import Report
from foundry.manifest.schema import FILES
from foundry.manifest.settings import Settings

_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./ -]*(?<! )")
_WORDS: Final = frozenset(("true", "false", "null", "yes", "no", "on", "off"))
_COMMENT_COLUMN: Final = 60


def explain(root: Path, stack: str, *, settings: Settings | None = None) -> tuple[str, ...]:
    """The merged documents as lines of YAML, each value with its origin behind a `#`.

    Texts show what `${…}` was filled with; files stay names. What can't be read is left out: `load` tells why.

    Args:
        root: The folder of the Pulumi project.
        stack: The stack's name.
        settings: Where settings come from; the stack's settings file when None.
    """
    found = open_stack(root, stack, settings, Report())
    if found is None:
        return ()
    kinds = list(FILES)
    documents = sorted(
        found.documents.found.values(), key=lambda document: (kinds.index(document.kind), document.name)
    )
    lines: list[str] = []
    for document in documents:
        lines += [*([""] if lines else []), *_document(document)]
    return tuple(lines)


def _document(document: Document) -> Iterator[str]:
    title = f"{document.kind} {document.name}".rstrip()
    if document.omitted:
        at = document.tree.values_at["omit"]
        yield f"# {title}: left out of this stack by {at.path}:{at.line}"
        return
    yield f"# {title}: {' + '.join(document.sources)}"
    yield from _entries(document.tree, "")


def _entries(tree: Mapping, indent: str) -> Iterator[str]:
    for key, value in tree.items():
        yield from _value(f"{indent}{_scalar(key)}:", value, tree.values_at[key], indent)


def _value(start: str, value: Any, at: Mark, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield start
        yield from _entries(value, indent + "  ")
    elif isinstance(value, Sequence) and value:
        yield start
        for item, item_at in zip(value, value.items_at, strict=True):
            yield from _value(f"{indent}  -", item, item_at, indent + "  ")
    else:
        line = f"{start} {_scalar(value)}"
        yield f"{line:<{_COMMENT_COLUMN}}  # {at.path}:{at.line}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return str(value)
    return json.dumps(value, ensure_ascii=False)
