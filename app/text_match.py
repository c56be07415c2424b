"""How well what was typed fits an entry of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

_Entry = TypeVar("_Entry")


def rank_matches(typed: str, entries: Iterable[_Entry], texts: Callable[[_Entry], tuple[str, ...]]) -> list[_Entry]:
    """Return the entries that hold every word typed, the best first; entries that fit alike keep their order.

    Args:
        typed: words in any order; none fits everything.
        entries: what is searched.
        texts: gives an entry's texts, the most telling first.
    """
    words = typed.casefold().split()
    scored = [(_score(words, texts(entry)), entry) for entry in entries]
    found = [(score, entry) for score, entry in scored if score is not None]
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _score(words: list[str], texts: tuple[str, ...]) -> int | None:
    """Return how late and how deep the words are found (0 is best); None where one is missing."""
    score = 0
    for word in words:
        places = [_place(word, text.casefold(), index) for index, text in enumerate(texts)]
        found = [place for place in places if place is not None]
        if not found:
            return None
        score += min(found)
    return score


def _place(word: str, text: str, index: int) -> int | None:
    """Return a number that is smaller for an earlier text, and within it for the start of the text, then of a word."""
    if text.startswith(word):
        return index * 3
    if f" {word}" in text:
        return index * 3 + 1
    return index * 3 + 2 if word in text else None
