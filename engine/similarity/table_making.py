"""From sums of pairs in parts to the table of a family."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable
from engine.similarity.pair_sums import PairSums

if TYPE_CHECKING:
    from engine.similarity.row_sums import RowSums

FindSums = Callable[[int, int, int], PairSums]
"""(member, member that is not smaller, part) → their sums."""


def make_table(files: FamilyFiles, parts: Sequence[Sequence[str]], find_sums: FindSums) -> GramTable:
    """Return the table of a family from the sums of all pairs of its members; tensors that are not finite are left out."""
    table = empty_table(files)
    members = range(len(files.headers))
    rows = {name: index for index, name in enumerate(files.tensors)}
    for number, part in enumerate(parts):
        places = [place for place, name in enumerate(part) if name in rows]
        at = [rows[part[place]] for place in places]
        for one, other in itertools.combinations_with_replacement(members, 2) if at else ():
            fill_pair(table, at, (one, other), find_sums(one, other, number), places)
    return leave_out_non_finite(table)


def empty_table(files: FamilyFiles) -> GramTable:
    """Return a table of zeros, to be filled in."""
    count, width = len(files.tensors), len(files.vectors)
    entries = np.array([files.headers[0].tensors[name].count for name in files.tensors], np.int64)
    products = np.zeros((count, width + 1, width + 1))
    both, signs = np.zeros((2, count, width, width), np.int64)
    magnitudes = np.zeros((count, width, MAGNITUDE_BINS), np.int64)
    return GramTable(files.base, files.vectors, files.tensors, files.left_out, entries, products, both, signs, magnitudes)


def fill_pair(table: GramTable, at: Sequence[int], pair: tuple[int, int], sums: PairSums, places: Sequence[int]) -> None:
    """Put the exact sums of a pair of members (0: the base) at some places of a part into the table's tensors `at`."""
    one, other = pair
    if table.errors is not None:
        table.errors[at, one, other] = table.errors[at, other, one] = 0
    table.products[at, one, other] = table.products[at, other, one] = sums.products[places]
    if one:
        table.both[at, one - 1, other - 1] = table.both[at, other - 1, one - 1] = sums.both[places]
        table.signs[at, one - 1, other - 1] = table.signs[at, other - 1, one - 1] = sums.signs[places]
    if one == other and one:
        table.magnitudes[at, one - 1] = sums.magnitudes[places]


def fill_tensor(table: GramTable, at: int, pair: tuple[int, int], sums: RowSums, found_at: tuple[int, int]) -> None:
    """Put the sums of a pair of members in one tensor into the table's tensor `at`; they lie in a row and a column of `sums`."""
    alone = PairSums.empty(1, is_single=pair[0] == pair[1])
    alone.put(0, sums, *found_at)
    fill_pair(table, [at], pair, alone, [0])


def leave_out_non_finite(table: GramTable) -> GramTable:
    """Return the table with sums of 0 for tensors that hold NaN or infinity, and their names beside it."""
    wrong = ~np.isfinite(np.einsum("tii->ti", table.products))
    bad = wrong.any(axis=1)
    if not bad.any():
        return table
    names = (table.base, *table.vectors)
    # A base that is not finite makes every difference NaN, and is the one to name.
    found = [(tensor, member) for tensor, member in zip(*np.nonzero(wrong), strict=True) if not member or not wrong[tensor, 0]]
    for array in (table.entries, table.products, table.both, table.signs, table.magnitudes, table.errors):
        if array is not None:
            array[bad] = 0
    return replace(table, non_finite=tuple((table.tensors[tensor], names[member]) for tensor, member in found))
