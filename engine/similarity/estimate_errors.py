"""What the blocks of a tensor's own draw do not tell of its error: blocks that were not drawn, and large ones that were drawn elsewhere.

A draw that missed the few large blocks of a tensor finds its sum too small and its error, too. Tensors of one kind, such as the same matrix
of every layer, are changed alike: what spread is found in all of them, relative to the square, is taken for each. A sum is then taken to be
up to twice as large as found, if the others are. And where changes lie in rows, and other rows are left alone, rows that changed may all be
missed: there the error allows for as many blocks as `count_unseen` says, each changed as much as the most changed ones seen anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.similarity.estimate import WHOLE_ENTRIES, DrawnBlocks, count_unseen, lies_in_rows, measure_draw
from engine.similarity.gram_table import Counts, Floats, GramTable

Flags = NDArray[np.bool_]
_FEW_CHANGED = 8
"""With fewer changed blocks than these, of more that were drawn, a sum hangs on which were drawn."""
_MISSED_ERRORS = 2
"""How many standard errors make what a draw has missed: three then cover half as much again, as what is made of it may hang on chance."""
_ROUNDING = 1e-5
_MOST_RAISED = 2
"""How many times as large as found a square is taken to be at most when an error is put in proportion to it."""


@dataclass(frozen=True)
class SeenBlocks:
    """Hold what the draw of one tensor saw of each member of the family, the base the first."""

    densities: Floats
    """(n,): the mean square of an entry over the drawn blocks that changed; 0 where none did."""
    is_still: Flags
    """(n,): whether some of the drawn blocks did not change, though others may have, and it is not known that nothing did."""
    is_zero: Flags
    """(n,): whether it is known that nothing changed, whatever was drawn."""

    @staticmethod
    def of(squares: Floats, block_entries: int, is_measured: Flags, is_zero: Flags) -> SeenBlocks:
        """Return what the (drawn blocks, n) sums of squares show; of the base and of what was not measured nothing."""
        changed = squares > 0
        asked = is_measured & ~is_zero & (np.arange(len(is_zero)) > 0)
        densities = squares.sum(axis=0) / np.maximum(changed.sum(axis=0), 1) / block_entries
        return SeenBlocks(np.where(asked, densities, 0.0), asked & ~changed.all(axis=0), is_zero)

    @property
    def saw_nothing(self) -> bool:
        """Tell whether there is a member that may have changed and of which no change was seen."""
        return bool((self.is_still & (self.densities == 0)).any())


def pool_errors(table: GramTable, drawn: Mapping[int, DrawnBlocks], pairs: Flags) -> None:
    """Let no error be smaller, beside its squares, than those of the tensors of the same kind are on average.

    Args:
        table: whose errors are raised.
        drawn: what was read of its tensors, by row.
        pairs: (T, n, n): the products that are estimates.
    """
    kinds: dict[str, list[int]] = {}
    for row, blocks in drawn.items():
        if not blocks.is_whole and table.entries[row]:
            kinds.setdefault(re.sub(r"\d+", "#", table.tensors[row]), []).append(row)
    for rows in kinds.values():
        if len(rows) > 1 and table.errors is not None:
            table.errors[rows] = _pool(table, rows, np.array([measure_draw(drawn[row]) for row in rows]), pairs[rows])


def _pool(table: GramTable, rows: list[int], draws: Floats, pairs: Flags) -> Floats:
    """Return the errors of one kind's tensors; `draws` says how large an error their draws make of one and the same spread."""
    errors = np.zeros(0) if table.errors is None else table.errors[rows]
    entries = table.entries[rows, None]
    squares = np.einsum("tii->ti", table.products[rows])
    raised = np.maximum(squares, np.minimum(_MOST_RAISED * squares, (squares / entries).mean(axis=0) * entries))
    scale = np.sqrt(squares[:, :, None] * squares[:, None, :]) * draws[:, None, None]
    known = pairs & (scale > 0)
    spreads = np.divide(errors, scale, out=np.zeros_like(errors), where=known)
    pooled = np.sqrt((spreads**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    others = pooled * np.sqrt(raised[:, :, None] * raised[:, None, :]) * draws[:, None, None]
    return np.where(pairs, np.maximum(errors, others), errors)


def allow_for_unseen(table: GramTable, drawn: Mapping[int, DrawnBlocks], seen: Mapping[int, SeenBlocks], pairs: Flags) -> None:
    """Let the errors of sampled tensors cover changed rows none of which was drawn, see `engine.similarity.estimate`.

    Args:
        table: whose errors are raised.
        drawn: what was read of its tensors, by row.
        seen: what was seen of those that were not read whole.
        pairs: (T, n, n): the products that are estimates.
    """
    if table.errors is None:
        return
    changed = _find_most_changed(table, seen)
    for row, found in seen.items():
        if not table.entries[row]:
            continue
        blocks = drawn[row]
        # What is known exactly to be zero is so in the rows that were not drawn, too.
        known_zero = found.is_zero | ~(pairs[row].diagonal() | (table.products[row].diagonal() > 0))
        densities = np.where(known_zero, 0.0, changed)
        densities[0] = table.products[row, 0, 0] / table.entries[row]
        unseen = count_unseen(blocks) * blocks.block_entries * np.sqrt(np.outer(densities, densities)) / 3
        # The base itself has no rows that are 0 but for a few.
        unseen[0, 0] = 0.0
        still = found.is_still | lies_in_rows(table.tensors[row])
        table.errors[row] = np.hypot(table.errors[row], np.where(pairs[row] & (still[:, None] | still), unseen, 0.0))


def allow_for_missed(table: GramTable, exact: Floats, changed: Counts, drawn: Mapping[int, DrawnBlocks]) -> None:
    """Let the errors of what was made of vectors on drawn blocks cover what the draw has missed of these, whose products are known.

    Where a square differs from the exact one by more than three errors, the blocks are not what the tensor is, and where only few of them
    changed they can't tell: there what was made may have missed as much as that, or as all of the vector, and half of it again. It is taken
    to have missed it in the proportion of its own square over the whole model to that of the vectors.

    Args:
        table: the vectors, and after them what was made of them, as found on the drawn blocks; its errors are raised.
        exact: (T, m, m): the exact products of the base and the vectors.
        changed: (T, m): in how many of the drawn blocks they changed.
        drawn: what was drawn of the tensors, by row.
    """
    if table.errors is None:
        return
    own = exact.shape[1]
    squares, errors, known = (np.einsum("tii->ti", array) for array in (table.products, table.errors, exact))
    counts = np.array([0 if drawn[row].is_whole else len(drawn[row].blocks) for row in range(len(known))])
    off = np.maximum(np.abs(squares[:, :own] - known) - 3 * errors[:, :own], 0.0)
    # Sums of other orders differ by a rounding.
    off = np.where((off > _ROUNDING * known) & (table.entries > 0)[:, None], off, 0.0)
    missed = np.where(changed < np.minimum(_FEW_CHANGED, counts)[:, None], known, off) / _MISSED_ERRORS
    vectors = float(squares[:, 1:own].sum(axis=0).max(initial=0.0))
    proportion = np.maximum(squares[:, own:].sum(axis=0) / vectors, 1.0) if vectors > 0 else np.ones(squares.shape[1] - own)
    made = missed[:, 1:].max(axis=1, initial=0.0)[:, None] * proportion
    each = np.concatenate([errors[:, :1], missed[:, 1:], made], axis=1)
    table.errors[:] = np.hypot(table.errors, np.sqrt(each[:, :, None] * each[:, None, :]))


def _find_most_changed(table: GramTable, seen: Mapping[int, SeenBlocks]) -> Floats:
    """Return (n,): the mean square of an entry of each member where it changed most; tensors that are not counted have none.

    Of the larger tensors as a whole, and of blocks in those that changed in some blocks only; if nothing has changed in these, of the
    smaller tensors; and where no change was seen at all, as much as the base is large.
    """
    squares = np.einsum("tii->ti", table.products) / np.maximum(table.entries, 1)[:, None]
    large = table.entries > WHOLE_ENTRIES
    blocks = [np.where(found.is_still, found.densities, 0.0) for row, found in seen.items() if table.entries[row]]
    most = np.max([*squares[large], *blocks, np.zeros(squares.shape[1])], axis=0)
    small = squares[~large].max(axis=0, initial=0.0)
    most = np.where(most > 0, most, small)
    return np.where(most > 0, most, squares[:, 0].max(initial=0.0))
