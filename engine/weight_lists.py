"""Weights of an input with many wires: one for each wire, or none at all for ones."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.operation import Counts, Parameters


def weights_or_ones(weights: Sequence[Fraction], wires: int) -> tuple[Fraction, ...]:
    """Return the weights, or a one for each wire if there are none."""
    return tuple(weights) or (Fraction(1),) * wires


def find_wrong_count(weights: object, wires: int) -> tuple[str, ...]:
    """Return a sentence if weights are given and are not one for each wire."""
    if not isinstance(weights, tuple) or len(weights) in (0, wires):
        return ()
    if wires == 0:
        return (f"weights has {_counted(len(weights), 'number')}, but nothing is wired in; wire in one for each, or take the weights out.",)
    return (f"weights has {_counted(len(weights), 'number')} for {_counted(wires, 'wire')}; give one for each wire, or none for ones.",)


def check_vector_weights(parameters: Parameters, counts: Counts) -> tuple[str, ...]:
    """Return a sentence if an operation's `weights` are not one for each of its `vectors`."""
    return find_wrong_count(parameters["weights"], counts.get("vectors", 0))


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
