"""Figures from counts of entries: conflicts of sign, exact zeros, magnitudes. They do not change with positive strengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.similarity.gram_table import MAGNITUDE_BINS, Counts, Floats, GramTable


@dataclass(frozen=True)
class CountFigures:
    """Hold the shares of V vectors over some tensors."""

    conflicts: Floats
    """(V, V): of the entries where neither is zero, the share in which the signs differ; NaN where there is none."""
    zeros: Floats
    """(V,): the share of entries that are exactly 0: what bfloat16 rounded away, above all; NaN where there are no entries."""
    magnitudes: Counts
    """(V, MAGNITUDE_BINS): entries by power of two, see `gram_table.magnitude_edges`."""
    entries: int


def count_figures(table: GramTable, rows: Sequence[int] | None = None) -> CountFigures:
    """Return the figures over some of a table's tensors; over all when no rows are given."""
    chosen = np.arange(len(table.tensors)) if rows is None else np.asarray(rows, dtype=np.intp)
    both, signs = table.both[chosen].sum(axis=0), table.signs[chosen].sum(axis=0)
    entries = int(table.entries[chosen].sum())
    conflicts = np.divide((both - signs) / 2, both, out=np.full(both.shape, np.nan), where=both > 0)
    zeros = 1 - np.diagonal(both) / (entries or np.nan)
    magnitudes = table.magnitudes[chosen].sum(axis=0).reshape(-1, MAGNITUDE_BINS)
    return CountFigures(conflicts, zeros, magnitudes, entries)
