"""Declarations as YAML text that our reader (YAML 1.2, `foundry.manifest`) and every other reader understand the same way."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

_WIDTH: Final = 120
# What YAML 1.2 reads as a number and PyYAML, after YAML 1.1, would leave without quotes.
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[ox][0-9a-fA-F]+")
_BLOCK: Final = re.compile(r"[^\s].*", re.DOTALL)


class _Writer(yaml.SafeDumper):
    """PyYAML's writer without aliases, and with lists indented below their key."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML calls it)
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    if _NUMBER.fullmatch(value) or not value:
        return writer.represent_scalar("tag:yaml.org,2002:str", value, style='"')
    if "\n" in value and _is_block(value):
        return writer.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    return writer.represent_scalar("tag:yaml.org,2002:str", value)


def _is_block(value: str) -> bool:
    return (
        bool(_BLOCK.match(value))
        and "\r" not in value
        and not any(line != line.rstrip() for line in value.split("\n"))
        and all(mark == "\n" or mark.isprintable() for mark in value)
    )


_Writer.add_representer(str, _text)


def yaml_text(tree: Mapping[str, Any], *, schema: str | None = None) -> str:
    """A document as text.

    Args:
        tree: mappings, lists, texts, numbers, booleans and None; the order is kept.
        schema: path of the JSON Schema, as editors take it from the first line.
    """
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    stream = io.StringIO()
    writer = _Writer(stream, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None)
    root: Any = writer.represent_data(dict(tree))
    root.flow_style = False
    writer.open()
    writer.serialize(root)
    writer.close()
    return head + stream.getvalue()


def flow_text(value: Any) -> str:
    """A value in one line, as it can stand behind a key or in a list."""
    told = yaml.dump(
        [value], Dumper=_Writer, sort_keys=False, allow_unicode=True, width=1 << 30, default_flow_style=True
    )
    return str(told).strip()[1:-1]
