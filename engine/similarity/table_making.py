"""Tables made of what is known: from sums of pairs in parts, of one tensor, or of a smaller table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import GramTable, make_zeros
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
    entries = np.array([files.headers[0].tensors[name].count for name in files.tensors], np.int64)
    return make_zeros(files.base, files.vectors, files.tensors, files.left_out, entries)


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


def widen_table(table: GramTable, vectors: Sequence[str]) -> GramTable:
    """Return a table with more vectors, of which nothing is known yet: their sums are 0, their errors not a number."""
    zeros = make_zeros(table.base, (*table.vectors, *vectors), table.tensors, table.left_out, table.entries)
    wider = replace(zeros, errors=np.full_like(zeros.products, np.nan), non_finite=table.non_finite, notes=table.notes)
    put_in(table, wider)
    return wider


def put_in(table: GramTable, wider: GramTable) -> None:
    """Put a table's sums into one that has its vectors first, and others after them."""
    own = len(table.vectors)
    wider.products[:, : own + 1, : own + 1] = table.products
    wider.both[:, :own, :own], wider.signs[:, :own, :own] = table.both, table.signs
    wider.magnitudes[:, :own] = table.magnitudes
    if wider.errors is not None:
        wider.errors[:, : own + 1, : own + 1] = 0 if table.errors is None else table.errors


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
