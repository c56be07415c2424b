"""Of which multiples of given vectors an edit is made: exactly, and in all tensors alike, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Strengths
from engine.planning.linear import Atom, Folding, Segments

Weights = Mapping[Atom, Fraction]
Multiples = NDArray[np.float64]
_EXACT = 1e-9
"""Weights are exact fractions; only the solution of their equations is rounded."""


def find_multiples(folding: Folding, edit: NodeId, vectors: Sequence[NodeId], base: NodeId, strengths: Strengths) -> Multiples | None:
    """Return the multiples of vectors whose sum an edit is; None where there are none, or nothing is edited.

    Args:
        folding: knows what every value is made of.
        edit: a vector, or a checkpoint, of which the difference from the base is meant.
        vectors: the nodes of the vectors.
        base: the source (by identity) that the difference is taken from.
        strengths: what searches have found.
    """
    origin: Weights = {Atom(base, PortKind.CHECKPOINT): Fraction(1)} if _is_checkpoint(folding, edit) else {}
    rows: dict[tuple[Fraction, ...], None] = {}
    for weights in _list_weights(folding, (edit, *vectors), strengths):
        if any(found is None for found in weights):
            return None
        known = [found for found in weights if found is not None]
        if known[0]:
            known[0] = _subtract(known[0], origin)
        atoms = dict.fromkeys(atom for found in known for atom in found)
        rows |= dict.fromkeys(tuple(found.get(atom, Fraction(0)) for found in known) for atom in atoms)
    return _solve(list(rows), len(vectors))


def _is_checkpoint(folding: Folding, node: NodeId) -> bool:
    return folding.resolved.values[node].kind is PortKind.CHECKPOINT


def _list_weights(folding: Folding, nodes: Sequence[NodeId], strengths: Strengths) -> Iterator[list[Weights | None]]:
    """Give what the values of some nodes are made of, each case that there is among the entries once; nothing where one has no tensor."""
    seen: set[tuple[object, ...]] = set()
    for tensor in dict.fromkeys(name for node in nodes for name in folding.resolved.values[node].shapes):
        sides = [folding.segments(node, tensor) for node in nodes]
        for stop in sorted({stop for segments in sides for stop, _ in segments}):
            forms = tuple(next((form for end, form in segments if stop <= end), None) for segments in sides)
            if forms not in seen:
                seen.add(forms)
                yield [_read_weights(segments, stop, strengths) for segments in sides]


def _read_weights(segments: Segments, stop: int, strengths: Strengths) -> Weights | None:
    """Return the weights that hold just below a stop; None where a strength was not found."""
    form = next((form for end, form in segments if stop <= end), None)
    weights = dict(form.substitute(strengths).weights) if form is not None else {}
    known = {atom: weight.number for atom, weight in weights.items() if weight.number is not None}
    return known if len(known) == len(weights) else None


def _subtract(one: Weights, other: Weights) -> Weights:
    return {atom: one.get(atom, Fraction(0)) - other.get(atom, Fraction(0)) for atom in {**one, **other}}


def _solve(rows: Sequence[tuple[Fraction, ...]], vectors: int) -> Multiples | None:
    """Return the multiples that make the first column of the others."""
    table = np.array([[float(weight) for weight in row] for row in rows]).reshape(len(rows), vectors + 1)
    wanted, columns = table[:, 0], table[:, 1:]
    if not wanted.any():
        return None
    multiples = np.linalg.lstsq(columns, wanted)[0]
    return multiples if np.abs(columns @ multiples - wanted).max() <= _EXACT * np.abs(wanted).max() else None
