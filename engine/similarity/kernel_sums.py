"""The exact sums of kernels (TIES, DARE …) with a family's members and with one another, as the store keeps them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.similarity.family_files import FamilyFiles, cut_parts, identify_checkpoint
from engine.similarity.gram_table import GramTable
from engine.similarity.pair_sums import PairSums
from engine.similarity.store import GramStore, PairKey, pair_key
from engine.similarity.table_making import fill_pair, widen_table


class KernelSums:
    """Hold what is known exactly of kernels; begins with what the store knows."""

    def __init__(self, files: FamilyFiles, kernels: Mapping[str, str], store: GramStore) -> None:
        """Look the kernels' sums up.

        Args:
            files: the family.
            kernels: per kernel what stands for its value in the store.
            store: where sums are kept.

        Raises:
            InputChangedError: a file is not as it was when its header was read.
            NotFoundError: a file is gone.
        """
        self._store = store
        members = dict(zip((files.base, *files.vectors), map(identify_checkpoint, files.headers), strict=True))
        self._base_name, self._base = files.base, members[files.base]
        self._identities = {**members, **kernels}
        self._kernels = frozenset(kernels)
        self._parts = cut_parts(files.headers[0])
        sizes = [len(part) for part in self._parts]
        self._known: dict[PairKey, PairSums] = store.find(self._base, tuple(self._identities.values()), sizes) if kernels else {}

    def has_all(self, kernels: Sequence[str], tensors: Sequence[str], *, with_base: bool) -> bool:
        """Tell whether all sums of these kernels, with the members and with one another, are known of these tensors.

        Args:
            kernels: which of them.
            tensors: of the family.
            with_base: whether the products with the base are to be known, too; of some kernels they never are, see `add`.
        """
        others = self._kernels if with_base else {*self._kernels, self._base_name}
        members = [name for name in self._identities if name not in others]
        pairs = itertools.chain(itertools.product(members, kernels), itertools.combinations_with_replacement(kernels, 2))
        parts = [(number, np.array(places)) for number, places, _ in self._locate(tensors)]
        return all(self._covers(pair, number, places) for pair in pairs for number, places in parts)

    def add(self, measured: GramTable, *, is_kept: bool) -> None:
        """Take over sums of kernels that were measured, and keep them in the store where that is right.

        Args:
            measured: its vectors are members and kernels of the family; where its base is "" its products with the base are not known.
            is_kept: whether it is certain what they were measured of.
        """
        names = (measured.base, *measured.vectors)
        found: dict[PairKey, PairSums] = {}
        for one, other in itertools.combinations_with_replacement(range(len(names)), 2):
            if names[one] and not self._kernels.isdisjoint((names[one], names[other])):
                for number, places, rows in self._locate(measured.tensors):
                    key = self._key((names[one], names[other]), number)
                    found[key] = _take_pair(measured, (one, other), places, rows, len(self._parts[number]))
        self._known |= found
        if is_kept:
            self._store.save(self._base, found)

    def fill_in(self, table: GramTable) -> GramTable:
        """Return the table in which whatever is known of the kernels among its vectors is exact."""
        filled = widen_table(table, ())
        names = (table.base, *table.vectors)
        parts = list(self._locate(table.tensors))
        for one, other in itertools.combinations_with_replacement(range(len(names)), 2):
            pair = names[one], names[other]
            for number, places, rows in parts if not self._kernels.isdisjoint(pair) else ():
                if self._covers(pair, number, np.array(places)):
                    fill_pair(filled, rows, (one, other), self._known[self._key(pair, number)], places)
        return filled if filled.errors is not None and filled.errors.any() else replace(filled, errors=None)

    def widen(self, table: GramTable, kernels: Sequence[str]) -> GramTable:
        """Return a table with a vector more for each kernel, all of whose sums must be known."""
        return self.fill_in(widen_table(table, kernels))

    def _locate(self, tensors: Sequence[str]) -> Iterator[tuple[int, list[int], list[int]]]:
        """Yield each part of which there are tensors, with their places in it and their rows in a table."""
        rows = {name: row for row, name in enumerate(tensors)}
        for number, part in enumerate(self._parts):
            places = [place for place, name in enumerate(part) if name in rows]
            if places:
                yield number, places, [rows[part[place]] for place in places]

    def _covers(self, pair: tuple[str, str], part: int, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> bool:
        if not set(pair) <= self._identities.keys():
            return False
        sums = self._known.get(self._key(pair, part))
        return sums is not None and sums.covers(places)

    def _key(self, pair: tuple[str, str], part: int) -> PairKey:
        return pair_key(self._identities[pair[0]], self._identities[pair[1]], part)


def _take_pair(table: GramTable, pair: tuple[int, int], places: list[int], rows: list[int], size: int) -> PairSums:
    """Return the sums of two members of a table (0: the base) over some tensors of a part of this size."""
    one, other = pair
    sums = PairSums.empty(size, is_single=one == other)
    sums.known[places] = True
    sums.products[places] = table.products[rows, one, other]
    if one and other:
        sums.both[places] = table.both[rows, one - 1, other - 1]
        sums.signs[places] = table.signs[rows, one - 1, other - 1]
    if one == other:
        sums.magnitudes[places] = table.magnitudes[rows, one - 1]
    return sums
