"""Batches of examples, between which a stop is obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.errors import Cancelled

Stop = Callable[[], bool]


def split_batches(count: int, size: int, stop: Stop) -> Iterator[range]:
    """Yield ranges of at most `size` rows that cover `count` rows in order.

    Raises:
        Cancelled: `stop` said so before a batch.
    """
    for start in range(0, count, size):
        if stop():
            fact = f"Stopped after {start:,} of {count:,} examples."
            raise Cancelled(fact)
        yield range(start, min(start + size, count))
