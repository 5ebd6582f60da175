"""Parts of a review, joined so that they fit into one comment: what doesn't is left out in whole parts, with a line that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from foundry.report.markdown import code, visible

# GitHub refuses a comment of more characters (GitHub docs: "body is too long (maximum is 65536 characters)").
LIMIT: Final = 65_536


@dataclass(frozen=True)
class Block:
    """A part of the review that is shown whole, or left out whole with `short` in its place."""

    section: str
    full: str
    short: str


def fit(head: str, blocks: list[Block], stack: str) -> str:
    """Joins head and blocks; shortens the longest blocks first, then whole sections, until the text fits."""
    texts = [block.full for block in blocks]
    total = length(joined(head, blocks, texts))
    hint = f"*Some parts are left out for length. All of it: {code(f'fac preview -s {stack}' if stack else 'fac preview')}*"
    budget = LIMIT if total <= LIMIT else LIMIT - length(hint) - 2
    for index in sorted(range(len(blocks)), key=lambda at: -len(blocks[at].full)):
        if total <= budget:
            break
        short = blocks[index].short
        if short and len(short) < len(texts[index]):
            total -= length(texts[index]) - length(short)
            texts[index] = short
    for section in reversed(dict.fromkeys(block.section for block in blocks)):
        if total <= budget:
            break
        members = [at for at, block in enumerate(blocks) if block.section == section and texts[at]]
        line = f"*{len(members)} left out for length*"
        total -= sum(length(texts[at]) for at in members) - length(line)
        for at in members:
            texts[at] = line if at == members[0] else ""
    text = joined(head, blocks, texts)
    return text if budget == LIMIT else f"{text}\n{hint}\n"


def joined(head: str, blocks: Sequence[Block], texts: Sequence[str]) -> str:
    """The review: its head, then each block by its text, below the heading of its section; an empty text is left out."""
    parts = [head]
    section = ""
    for block, text in zip(blocks, texts, strict=True):
        if not text:
            continue
        if block.section != section:
            section = block.section
            parts.append(f"\n### {section}\n")
        elif not text.startswith("- "):
            parts.append("")
        parts.append(text)
    return visible("\n".join(parts) + "\n")


def length(text: str) -> int:
    """Characters as GitHub's limit counts them at worst: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
