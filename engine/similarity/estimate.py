"""Which blocks a first estimate reads, and what their sums say of the whole, with its standard error.

Blocks are drawn tensor by tensor: a tensor's blocks are cut into as many strata as blocks are drawn, and one is drawn
from each with equal chances, so that sums weighted by the strata's sizes are unbiased whatever the tensor holds. The standard error is
that of drawing from the whole tensor at once (Cochran, Sampling Techniques, 3rd ed., eq. 2.20), which strata can only make smaller when
neighbours are alike. Two things widen it, so that three of it are as rarely exceeded as three of a normal distribution's: for few blocks
Student's t, and for blocks whose sums are skewed the factor 1 + 2·|skewness|/√blocks, found by trying sums of rows with lognormal, sparse
and Zipf-like sizes (the means of skewed samples converge slowly).

What holds: where changes are spread over a tensor, evenly or as unevenly as that, the exact sum is within three standard errors in at least
99 of 100 draws, for each product. No sample knows of a mass that lies in blocks none of which was drawn, and in embeddings and heads, whose
rows are words, such masses are common: a few new tokens, and nothing else. So these are read whole as long as all of them together are not
too large: then they have no error at all. Where they are too large they are drawn in the smallest blocks, and the error allows for as many
changed blocks as are all missed in one of 100 draws: ln 0.01 / ln(1 − share drawn), the rule of three for 99 %. A run of changed rows over
two strata is never missed. The error of any other tensor allows for as many, too, if a drawn block of it did not change at all. Each such
block is taken to have changed as much as the most changed ones that were seen (`engine.similarity.estimate_errors`); for a few rows that
have changed more than that nothing can be warranted, and `tell_unseen` says so to the user. Where a handful of entries is most of a change,
three errors hold less often: docs/decisions/015 has the figures.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.similarity.gram_table import Floats
from engine.tensor_names import part_of

SMALLEST_BLOCK, LARGEST_BLOCK = 1 << 12, 1 << 15
"""In entries. Large blocks are read faster, of small ones there are more: large ones are drawn where there are enough of them."""
ENOUGH_BLOCKS = 64
"""Of each tensor, if all had the same number."""
BUDGET_BYTES = 400_000_000
"""What is read at most, small tensors and the least number of blocks aside: 0.3 s from the page cache, 1 s from a plain SSD."""
ROWS_BYTES = 1_100_000_000
"""Embeddings and heads of all members together are read whole up to this: 64,000 words of 2,048 numbers of four models in bfloat16, in
0.7 s from the page cache on two cores."""
WHOLE_ENTRIES = 1 << 16
"""A tensor of at most so many is read whole."""
USUAL_LEAST_BLOCKS = 32
FEWEST_BLOCKS = 4
"""Of each larger tensor when there are very many: below that a standard error means nothing."""
_MANY = 1000
"""Degrees of freedom beyond which Student's distribution is no longer told apart from the normal one."""
_SKEWNESS_FACTOR = 2
_LEAST_TOLD = 0.01
_UNSEEN_CHANCE = 0.01
_NORMAL_TAIL = 0.5 * math.erfc(3 / math.sqrt(2))
"""How often a normal variable is beyond three standard deviations on one side: 0.00135."""


@dataclass(frozen=True)
class DrawnBlocks:
    """Hold what is read of one tensor."""

    blocks: NDArray[np.intp]
    """The numbers of the blocks drawn, rising; all of them when it is read whole."""
    weights: Floats
    """For how many blocks each stands."""
    total: int
    """Whole blocks in the tensor."""
    block_entries: int
    entries: int
    """Of the tensor; those beyond the last whole block are always read."""

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is left out."""
        return len(self.blocks) == self.total

    @property
    def read_entries(self) -> int:
        """Return how many entries are read."""
        return self.entries - (self.total - len(self.blocks)) * self.block_entries

    @property
    def scale(self) -> float:
        """Return for how many blocks one stands, on average."""
        return self.total / len(self.blocks) if len(self.blocks) else 1.0


def draw_blocks(
    tensors: Mapping[str, tuple[int, int]], seed: str, budget_bytes: int = BUDGET_BYTES, rows_bytes: int = 0
) -> dict[str, DrawnBlocks]:
    """Return which blocks of each tensor to read: decided by bytes alone, so that the same inputs give the same estimate.

    Args:
        tensors: per name the entries and the bytes of one entry, of all checkpoints together.
        seed: stands for the inputs.
        budget_bytes: what may be read.
        rows_bytes: beside it embeddings and heads up to so many bytes are read whole, the smallest first; of larger ones more is read, by
            as much as the budget has bytes for all of them.
    """
    whole = _choose_whole(tensors, rows_bytes)
    sampled = {name: size for name, size in tensors.items() if name not in whole and size[0] > WHOLE_ENTRIES}
    small = sum(entries * width for name, (entries, width) in tensors.items() if name not in whole and name not in sampled)
    left = max(budget_bytes - small, 0)
    # Bytes: one entry of each.
    one_each = max(sum(width for _, width in sampled.values()), 1)
    block = _choose_block(left, one_each)
    least = min(max(left // (one_each * block), FEWEST_BLOCKS), USUAL_LEAST_BLOCKS)
    share = left / max(_count_bytes(sampled), 1)
    more = min(rows_bytes, budget_bytes) / max(_count_bytes({name: size for name, size in sampled.items() if lies_in_rows(name)}), 1)
    drawn: dict[str, DrawnBlocks] = {}
    for name, (entries, _) in tensors.items():
        size = SMALLEST_BLOCK if name in sampled and lies_in_rows(name) else block
        total = entries // size
        own = share + more if lies_in_rows(name) else share
        count = min(max(round(total * own), least), total) if name in sampled else total
        drawn[name] = _draw(_Size(total, count, size, entries), f"{seed} {name}")
    return drawn


def draw_in_proportion(tensors: Mapping[str, tuple[int, int]], seed: str, budget_bytes: int) -> dict[str, DrawnBlocks]:
    """Return which blocks to read for a small model in which every tensor, a small one too, has its share of the entries.

    A magnitude of which a share of the model's entries is larger is then the same in both. Of the tiniest tensors there are `FEWEST_BLOCKS`
    entries, more than their share.

    Args:
        tensors: per name the entries and the bytes of one entry, of all checkpoints together.
        seed: stands for the inputs.
        budget_bytes: what may be read.
    """
    share = min(budget_bytes / max(_count_bytes(tensors), 1), 1.0)
    return {name: _draw(_fit_share(entries, share), f"{seed} {name}") for name, (entries, _) in tensors.items()}


def _fit_share(entries: int, share: float) -> _Size:
    """Return the draw of a tensor that comes nearest to a share of it; what lies beyond the last whole block is read as well."""
    wanted = share * entries
    most = min(max(int(wanted / ENOUGH_BLOCKS), 1), LARGEST_BLOCK) if share < 1 else LARGEST_BLOCK
    sizes = [_fit_count(entries, block, wanted) for block in range(most, most // 2, -max(most // ENOUGH_BLOCKS, 1))]
    return min(sizes, key=lambda size: abs(size.count * size.block_entries + entries % size.block_entries - wanted))


def _fit_count(entries: int, block: int, wanted: float) -> _Size:
    total = entries // block
    return _Size(total, min(max(round((wanted - entries % block) / block), FEWEST_BLOCKS), total), block, entries)


def lies_in_rows(name: str) -> bool:
    """Tell whether a tensor is one of those in which a few rows alone may have changed: each belongs to a word."""
    return part_of(name) in ("embeddings", "head")


def count_unseen(drawn: DrawnBlocks) -> float:
    """Return how many blocks are all missed in one of 100 draws; with more of them one is among the drawn."""
    if drawn.is_whole:
        return 0.0
    return min(math.log(_UNSEEN_CHANCE) / math.log1p(-1 / drawn.scale), drawn.total - len(drawn.blocks))


def tell_unseen(drawn: Mapping[str, DrawnBlocks], columns: Mapping[str, int], unchanged: Collection[str] = ()) -> tuple[str, ...]:
    """Return the sentences that tell the user what an estimate can't know; none where it has read, or seen changes in, every tensor.

    Args:
        drawn: what was read of each tensor.
        columns: how many entries a row of each has.
        unchanged: the tensors in which no change of some checkpoint was seen.
    """
    rows = {
        name: math.ceil(count_unseen(blocks) / max(columns[name] / blocks.block_entries, 1))
        for name, blocks in drawn.items()
        if lies_in_rows(name) and not blocks.is_whole
    }
    others = [name for name, blocks in drawn.items() if name in unchanged and name not in rows and not blocks.is_whole]
    return (*(_tell_rows(drawn, rows) if rows else ()), *(_tell_unchanged(drawn, others) if others else ()))


def _tell_rows(drawn: Mapping[str, DrawnBlocks], rows: Mapping[str, int]) -> tuple[str, ...]:
    names = ", ".join(f"“{name}”" for name in rows)
    missed = f"what has changed in fewer than about {max(rows.values()):,} rows alone may be missing until the exact figures are there."
    return (f"The estimate has read {_tell_share(drawn, rows)} of {names}: {missed}",)


def _tell_unchanged(drawn: Mapping[str, DrawnBlocks], names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - 1
    which = f"“{names[0]}”" + (f" and of {more:,} other tensor{'s' * (more > 1)}" if more else "")
    missed = "rows that it has not seen may have changed; the exact figures will tell."
    return (f"The estimate has read {_tell_share(drawn, names)} of {which} and seen no change there in at least one checkpoint: {missed}",)


def _tell_share(drawn: Mapping[str, DrawnBlocks], names: Collection[str]) -> str:
    """Return a percentage: of a single tensor, or the smallest of several."""
    share = min(1 / drawn[name].scale for name in names)
    part = f"{share:.0%}" if share >= _LEAST_TOLD else f"less than {_LEAST_TOLD:.0%}"
    return part if len(names) == 1 else f"{part} or more"


def _choose_whole(tensors: Mapping[str, tuple[int, int]], rows_bytes: int) -> set[str]:
    """Return the embeddings and heads that are read whole."""
    chosen: set[str] = set()
    for name, (entries, width) in sorted(tensors.items(), key=lambda item: item[1][0] * item[1][1]):
        if lies_in_rows(name) and entries * width <= rows_bytes:
            rows_bytes -= entries * width
            chosen.add(name)
    return chosen


def _count_bytes(tensors: Mapping[str, tuple[int, int]]) -> int:
    return sum(entries * width for entries, width in tensors.values())


def _choose_block(budget_bytes: int, one_each: int) -> int:
    block = LARGEST_BLOCK
    while block > SMALLEST_BLOCK and budget_bytes < ENOUGH_BLOCKS * one_each * block:
        block //= 2
    return block


@dataclass(frozen=True)
class _Size:
    """Hold how much of a tensor is drawn."""

    total: int
    count: int
    block_entries: int
    entries: int


def _draw(size: _Size, seed: str) -> DrawnBlocks:
    total, count = size.total, size.count
    edges = np.arange(count + 1) * total // max(count, 1)
    sizes = np.diff(edges)
    digest = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    offsets = np.floor(np.random.default_rng(int.from_bytes(digest)).random(count) * sizes).astype(np.intp)
    return DrawnBlocks(edges[:-1] + offsets, sizes.astype(np.float64), total, size.block_entries, size.entries)


def estimate_sum(values: Floats, drawn: DrawnBlocks) -> tuple[Floats, Floats]:
    """Return the sum over all of a tensor's whole blocks and its standard error, from those drawn.

    Args:
        values: (drawn blocks, …): one figure, or array of figures, for each.
        drawn: which they are.
    """
    weights = drawn.weights.reshape(-1, *(1,) * (values.ndim - 1))
    total = (weights * values).sum(axis=0)
    count = len(drawn.blocks)
    if drawn.is_whole or count < 2:  # noqa: PLR2004  (one block has no spread)
        return total, np.zeros_like(total)
    apart = values - values.mean(axis=0)
    spread = np.sqrt((apart**2).sum(axis=0) / (count - 1))
    scaled = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0)
    skewness = np.abs((scaled**3).mean(axis=0))
    error = spread * drawn.total * measure_draw(drawn)
    return total, error * (1 + _SKEWNESS_FACTOR * skewness / math.sqrt(count))


def measure_draw(drawn: DrawnBlocks) -> float:
    """Return the standard error of a mean over all blocks whose spread is 1, widened for few blocks."""
    count = len(drawn.blocks)
    if drawn.is_whole or count < 2:  # noqa: PLR2004  (one block has no spread)
        return 0.0
    return math.sqrt((1 - count / drawn.total) / count) * widen_error(min(count - 1, _MANY))


def scale_counts(counts: NDArray[np.int64], drawn: DrawnBlocks) -> NDArray[np.int64]:
    """Return counts over the drawn blocks as counts over all whole blocks."""
    return counts if drawn.is_whole else np.rint(counts * drawn.scale).astype(np.int64)


@lru_cache
def widen_error(freedom: int) -> float:
    """Return by what a standard error from so many degrees of freedom is multiplied, for three of it to mean what three should."""
    low, high = 3.0, 1e4
    while high - low > 1e-6 * low:
        middle = (low + high) / 2
        low, high = (middle, high) if _student_tail(middle, freedom) > _NORMAL_TAIL else (low, middle)
    return high / 3


def _student_tail(value: float, freedom: int) -> float:
    """Return P(t > value) for whole degrees of freedom (Abramowitz & Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(value / math.sqrt(freedom))
    cosine = math.cos(angle)
    terms = _list_terms(cosine, freedom)
    inside = math.sin(angle) * math.fsum(terms)
    if freedom % 2:
        inside = 2 / math.pi * (angle + (inside if freedom > 1 else 0.0))
    return (1 - inside) / 2


def _list_terms(cosine: float, freedom: int) -> Sequence[float]:
    odd = freedom % 2
    term, terms = cosine if odd else 1.0, list[float]()
    for index in range((freedom - odd) // 2):
        if index:
            below = 2 * index + odd
            term *= cosine * cosine * (below - 1) / below
        terms.append(term)
    return terms
