"""What is known of a family's sums, part by part, and what is missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import InputChangedError
from engine.similarity.family_files import FamilyFiles, cut_parts, identify_checkpoint, is_settled
from engine.similarity.gram_table import GramTable
from engine.similarity.missing_rows import MissingRows, Pair, find_rows
from engine.similarity.pair_sums import PairSums
from engine.similarity.store import GramStore, PairKey, pair_key
from engine.similarity.table_making import make_table


@dataclass(frozen=True)
class MissingTensor:
    """Hold one tensor of which something is to be measured."""

    part: int
    place: int
    """Its position in the part."""
    name: str
    missing: MissingRows


class KnownSums:
    """Hold the sums of a family's pairs; begins with what the store knows."""

    def __init__(self, files: FamilyFiles, store: GramStore) -> None:
        """Identify the checkpoints and look their sums up.

        Raises:
            InputChangedError: a file is not as it was when its header was read.
            NotFoundError: a file is gone.
        """
        self.files = files
        self.parts = cut_parts(files.headers[0])
        self._store = store
        self._identities = tuple(identify_checkpoint(header) for header in files.headers)
        # Asked before a byte is read: what changes from now on shows in the files' times.
        self._settled = [is_settled(header) for header in files.headers]
        shared = set(files.tensors)
        self._places = [np.flatnonzero([name in shared for name in part]) for part in self.parts]
        self._known: dict[PairKey, PairSums] = store.find(self._identities[0], self._identities, [len(part) for part in self.parts])

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should know of the store."""
        return tuple(self._store.notes)

    @property
    def seed(self) -> str:
        """Return what draws from these checkpoints hang on: the same for the same files."""
        return " ".join(self._identities)

    def list_known(self) -> Iterator[tuple[int, int, int]]:
        """Yield (member, member that is not smaller, part) of what is known."""
        pairs = itertools.combinations_with_replacement(range(len(self._identities)), 2)
        for pair, part in itertools.product(pairs, range(len(self.parts))):
            if self._places[part].size and self._is_known(pair, part):
                yield (*pair, part)

    def find_missing(self, part: int) -> list[MissingTensor]:
        """Return the tensors of a part to be measured, each with the same rows; none when all is known."""
        members = range(len(self._identities))
        pairs = [pair for pair in itertools.combinations_with_replacement(members, 2) if not self._is_known(pair, part)]
        missing = find_rows(pairs)
        return [MissingTensor(part, int(place), self.parts[part][place], missing) for place in self._places[part]] if pairs else []

    def add(self, part: int, sums: Mapping[Pair, PairSums]) -> None:
        """Take over what was measured of a part, and keep it where it is certain what it was measured of.

        Raises:
            InputChangedError: a file changed since the measuring began.
        """
        self.verify_unchanged()
        self._known |= {self._key(pair, part): found for pair, found in sums.items()}
        settled = {self._key(pair, part): found for pair, found in sums.items() if all(self._settled[member] for member in (0, *pair))}
        if settled:
            self._store.save(self._identities[0], settled)

    def verify_unchanged(self) -> None:
        """Hold the files against what they were.

        Raises:
            InputChangedError: one is another.
            NotFoundError: one is gone.
        """
        for header, identity in zip(self.files.headers, self._identities, strict=True):
            if identify_checkpoint(header) != identity:
                fact = f"{header.source} changed while it was measured."
                raise InputChangedError(fact, "Let whatever writes it finish, then try again.")

    def make_table(self) -> GramTable:
        """Return the table, all of whose pairs must be known, with what the user should know of the store."""
        return replace(make_table(self.files, self.parts, self.find), notes=self.notes)

    def find(self, one: int, other: int, part: int) -> PairSums:
        """Return the sums of a pair of members that are known."""
        return self._known[self._key((one, other), part)]

    def _is_known(self, pair: Pair, part: int) -> bool:
        sums = self._known.get(self._key(pair, part))
        return not self._places[part].size or (sums is not None and sums.covers(self._places[part]))

    def _key(self, pair: Pair, part: int) -> PairKey:
        return pair_key(self._identities[pair[0]], self._identities[pair[1]], part)
