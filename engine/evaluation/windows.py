"""Windows that slide over a document so that each token is scored once, with as much context as fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.errors import EvaluationError

SHORTEST = 2
"""One token to look at and one to score."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hold one window: the tokens the model sees and how many of them, the last ones, are scored."""

    tokens: Sequence[int]
    scored: int
    document: int
    """The index of the document."""


def cut_windows(documents: Sequence[Sequence[int]], context: int, stride: int) -> Iterator[Window]:
    """Yield the windows of every document; its first token is context only, for nothing stands before it.

    Raises:
        EvaluationError: The stride would skip tokens.
    """
    if context < SHORTEST or not 0 < stride <= context:
        fact = f"A stride of {stride} does not fit a context of {context} tokens: some would never be measured."
        raise EvaluationError(fact, f"Take a context of at least {SHORTEST} and a stride from 1 to the context.")
    for index, tokens in enumerate(documents):
        yield from _cut_document(tokens, context, stride, index)


def _cut_document(tokens: Sequence[int], context: int, stride: int, index: int) -> Iterator[Window]:
    done, start = 1, 0
    while done < len(tokens):
        end = min(start + context, len(tokens))
        yield Window(tokens[start:end], end - done, index)
        # Nothing stands before a window's first token, so it must be one that was scored already.
        done, start = end, min(start + stride, end - 1)
