"""Text search in plain Python: words, BM25 over passages, and how much of a question a passage covers.

Small on purpose: it has to find the right paragraph of a handful of documents, always the same one.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_STOP_WORDS: Final = """
a about after all also am an and any are as at be been but by can could did do does for from get give had has have he her
here him his how i if in into is it its just may me might more most must my need no not of on one only or our out over
please she should so some tell than that the their them then there these they this those to too up us was we were what
when where which who whom whose why will with would you your
"""
_STOP: Final = frozenset(_STOP_WORDS.split())
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_K1: Final = 1.2
_B: Final = 0.75


_ENDINGS: Final = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
    ("ly", ""),
)


def _stem(word: str) -> str:
    """A word without the endings of English plurals and verb forms; the same wrong stem on both sides does no harm."""
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


@lru_cache(maxsize=4_096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text that carry meaning, in lower case, stemmed."""
    found = (match.group().lower().partition("'")[0].partition("\u2019")[0] for match in _WORD.finditer(text))
    return tuple(_stem(word) for word in found if word not in _STOP)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text and where it is from.

    Attributes:
        source: Whatever tells the place to whoever made the passage.
        text: What is searched.
        body: What is shown: the text without the heading it stands under.
    """

    source: str
    text: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        passage: What was found.
        score: BM25: orders the hits of one search.
        coverage: How much of the question the passage covers, 0 to 1: comparable between searches.
    """

    passage: Passage
    score: float
    coverage: float


def passages(source: str, title: str, text: str) -> list[Passage]:
    """Paragraphs of a text. A heading is no passage of its own: title and heading count as words of each paragraph."""
    found: list[Passage] = []
    heading = ""
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = [line.strip() for line in block.strip().splitlines()]
        while lines and (lines[0].startswith("#") or not lines[0]):
            heading = lines.pop(0).lstrip("# ").strip() or heading
        if lines:
            body = "\n".join(lines)
            found.append(Passage(source, f"{title}\n{heading}\n{body}", body))
    return found


def rank(question: str, candidates: Sequence[Passage]) -> list[Hit]:
    """Passages that share a word with the question, best first; ties keep their order."""
    asked = tuple(dict.fromkeys(words(question)))
    if not asked or not candidates:
        return []
    counted = [Counter(words(item.text)) for item in candidates]
    lengths = [sum(counts.values()) for counts in counted]
    mean = sum(lengths) / len(lengths) or 1.0
    weights = {word: _rarity(word, counted) for word in asked}
    hits = []
    for item, counts, length in zip(candidates, counted, lengths, strict=True):
        met = [word for word in asked if counts[word]]
        if met:
            score = sum(
                weights[word]
                * counts[word]
                * (_K1 + 1)
                / (counts[word] + _K1 * (1 - _B + _B * length / mean))
                for word in met
            )
            hits.append(Hit(item, round(score, 6), round(_coverage(met, asked, weights), 6)))
    return sorted(hits, key=lambda hit: -hit.score)


def _coverage(met: Sequence[str], asked: Sequence[str], weights: Mapping[str, float]) -> float:
    """The share of the question's words, rare ones counting more; a single word of several is weak evidence."""
    weighted = sum(weights[word] for word in met) / sum(weights.values())
    if len(met) == 1:
        return weighted if len(asked) == 1 else 0.6 * weighted
    return max(weighted, len(met) / len(asked))


def _rarity(word: str, counted: Sequence[Counter[str]]) -> float:
    holding = sum(1 for counts in counted if counts[word])
    # The 1 keeps a word that every passage of a small collection holds from counting for nothing.
    return 1 + math.log(1 + (len(counted) - holding + 0.5) / (holding + 0.5))


def overlap(question: str, texts: Iterable[str]) -> float:
    """Share of the question's words that occur in any of the texts, 0 to 1."""
    asked = set(words(question))
    held = {word for text in texts for word in words(text)}
    return len(asked & held) / len(asked) if asked else 0.0
