"""Every figure about linear nodes from a Gram table and their weights alone: no tensor is touched while a slider moves.

A node's *edit* is Σ wᵢδᵢ: for a vector its value, for a checkpoint its value minus θ₀. Edits may weigh the differences otherwise
in some tensors than in others (a layer filter): tensors with the same weights are a *group*. Everything is a quadratic form over
differences, ⟨a, b⟩ = Σ_groups w_aᵀ G w_b, so nothing cancels however small the edits are beside θ₀ (science.md, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.similarity.gram_table import Floats, GramTable
from engine.similarity.sections import find_sections

ONE_THREAD = 1 << 18
"""Products of matrices with at most so many multiplications are done in the calling thread. OpenBLAS shares larger ones among threads,
which at this size costs more than it saves, and on a busy machine twenty times as much (its interface/gemm.c)."""
_NEAR = 1e-3
"""Squared distances below this share of the edits' own squares are computed another way: beyond it, three digits of sixteen cancel."""
_CHANCE_DEVIATIONS = 3
"""Farther than so many standard deviations from 0 hardly a cosine of unrelated directions lies: one of 370."""
Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]


class Geometry:
    """Hold a table arranged for a family's nodes; what does not depend on live numbers is summed here, once per structure."""

    def __init__(self, table: GramTable, columns: Sequence[str], tensors: Sequence[str], groups: Sequence[int]) -> None:
        """Arrange a table.

        Args:
            table: of T tensors and the vectors of its family.
            columns: what the columns of the weights stand for; those that the table does not know make a node's figures NaN.
            tensors: the tensors of the live model; figures are over those that the table has, too.
            groups: per tensor the group whose weights hold in it.
        """
        group_of = dict(zip(tensors, groups, strict=True))
        rows = np.array([row for row, name in enumerate(table.tensors) if name in group_of], dtype=np.intp)
        self.table = table
        self.tensors = tuple(table.tensors[row] for row in rows)
        self.sections = find_sections(self.tensors)
        self.group_count = max(groups, default=-1) + 1
        self._places, self.is_missing = _find_columns(table, columns)
        self.rows = rows
        """(tensors,): the table's rows of the tensors."""
        self.groups = np.array([group_of[name] for name in self.tensors], dtype=np.intp)
        products = table.products[rows]
        self.base_squares: Floats = products[:, 0, 0]
        """(tensors,): ‖θ₀‖² per tensor."""
        self.entries = int(table.entries[rows].sum())
        self._per_tensor = self.arrange(products)
        self.tensor_stack = Stack(self._per_tensor, self.groups)
        self.section_of = self._number_tensors([section.tensors for section in self.sections])
        self._cells, cell_of = np.unique(np.stack([self.section_of, self.groups], axis=1), axis=0, return_inverse=True)
        self.cell_stack = Stack(_sum_rows(self._per_tensor, cell_of.reshape(-1), len(self._cells)), self._cells[:, 1])
        self.whole_stack = Stack(_sum_rows(self._per_tensor, self.groups, self.group_count), np.arange(self.group_count))

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the titles of the layers (and of what lies outside them), in reading order."""
        return tuple(dict.fromkeys(section.layer for section in self.sections))

    def measure(self, weights: Floats) -> Figures:
        """Return the figures of nodes.

        Args:
            weights: (groups, nodes, columns): of δ_column in each node's edit. A node with NaN among its weights, or with any
                weight on a column that the table does not know, is not known: its figures are NaN.
        """
        return Figures(self, weights)

    def arrange(self, table: Floats) -> Floats:
        """Return (tensors, V + 1, V + 1) sums of a table as (tensors, columns, columns)."""
        return self._take_columns(np.moveaxis(self._take_columns(table), 2, 1))

    def base_norm(self) -> float:
        """Return ‖θ₀‖ over the tensors."""
        return float(np.sqrt(self.base_squares.sum()))

    def sum_sections(self, cells: Floats) -> Floats:
        """Return (nodes, sections, nodes) sums of (nodes, cells, nodes)."""
        return _sum_runs(cells, self._cells[:, 0])

    def sum_layers(self, sections: Floats) -> Floats:
        """Return (nodes, layers, nodes) sums of (nodes, sections, nodes)."""
        numbers = {layer: number for number, layer in enumerate(self.layers)}
        return _sum_runs(sections, np.array([numbers[section.layer] for section in self.sections], dtype=np.intp))

    def _take_columns(self, last: Floats) -> Floats:
        """Return an array whose last axis follows the live columns; 0 where the table does not know one."""
        return np.where(self.is_missing, 0.0, last[..., self._places])

    def _number_tensors(self, parts: Sequence[Sequence[str]]) -> Numbers:
        number = {tensor: index for index, names in enumerate(parts) for tensor in names}
        return np.array([number[tensor] for tensor in self.tensors], dtype=np.intp)


class Stack:
    """Hold K symmetric matrices with a group each, laid out so that one product a group serves them all."""

    def __init__(self, matrices: Floats, groups: Numbers) -> None:
        """Lay out (K, C, C) matrices and (K,) groups."""
        self.shape = matrices.shape
        self.diagonals: Floats = np.diagonal(matrices, axis1=1, axis2=2).copy()
        """(K, C)."""
        self.groups = groups
        # With a group or so for each matrix they are multiplied one by one, in a loop of numpy's own.
        self._matrices = matrices if 1 < len(matrices) <= 2 * len(np.unique(groups)) else None
        self._blocks = [(int(group), np.flatnonzero(groups == group)) for group in np.unique(groups)]
        self._laid = [np.ascontiguousarray(np.moveaxis(matrices[rows], 1, 0)).reshape(self.shape[1], -1) for _, rows in self._blocks]

    def multiply(self, weights: Floats) -> Floats:
        """Return (N, K, N): w_a·M_k·w_bᵀ for (groups, N, C) weights, each with the weights of its matrix's group."""
        if self._matrices is not None:
            own = weights[self.groups]
            return np.swapaxes(np.matmul(np.matmul(own, self._matrices), np.swapaxes(own, 1, 2)), 0, 1)
        nodes, columns = weights.shape[1], self.shape[1]
        result = np.empty((nodes, self.shape[0], nodes))
        if not nodes:
            return result
        run = max(ONE_THREAD // max(nodes * columns * max(nodes, columns), 1), 1)
        for (group, rows), laid in zip(self._blocks, self._laid, strict=True):
            own = weights[group]
            across = np.ascontiguousarray(own.T)
            for start in range(0, len(rows), run):
                half = own @ laid[:, start * columns : (start + run) * columns]
                result[:, _as_index(rows[start : start + run]), :] = (half.reshape(-1, columns) @ across).reshape(nodes, -1, nodes)
        return result

    def square(self, weights: Floats) -> Floats:
        """Return (N,): Σ_k w M_k wᵀ for (groups, N, C) weights."""
        total = np.zeros(weights.shape[1])
        if not total.size:
            return total
        for (group, _), laid in zip(self._blocks, self._laid, strict=True):
            own = weights[group]
            half = (own @ laid).reshape(own.shape[0], -1, self.shape[1]).sum(axis=1)
            total += np.einsum("nc,nc->n", half, own)
        return total


class Figures:
    """Hold the figures of N nodes at one setting of the live numbers; each is computed when it is first asked for.

    Arrays run over nodes in the order of the weights, with further nodes last: `inner[a, …, b]` and `cosines[a, …, b]`.
    """

    def __init__(self, geometry: Geometry, weights: Floats) -> None:
        """Look which nodes are known."""
        self._geometry = geometry
        unknown = np.isnan(weights).any(axis=(0, 2)) | (np.nan_to_num(weights)[:, :, geometry.is_missing] != 0).any(axis=(0, 2))
        self.is_known: Flags = ~unknown
        """(N,)."""
        self.weights: Floats = np.where(unknown[None, :, None], 0.0, weights)
        """(groups, N, columns), 0 for nodes that are not known."""

    @cached_property
    def inner(self) -> Floats:
        """(N, N): ⟨edit_a, edit_b⟩ over the whole model."""
        return self._veil(self._geometry.whole_stack.multiply(self.weights)).sum(axis=1)

    @cached_property
    def section_inner(self) -> Floats:
        """(N, sections, N): ⟨edit_a, edit_b⟩ over each section."""
        return self._veil(self._geometry.sum_sections(self._geometry.cell_stack.multiply(self.weights)))

    @cached_property
    def layer_inner(self) -> Floats:
        """(N, layers, N): ⟨edit_a, edit_b⟩ over each layer, all its sections together."""
        return self._geometry.sum_layers(self.section_inner)

    @cached_property
    def tensor_inner(self) -> Floats:
        """(N, tensors, N): ⟨edit_a, edit_b⟩ over each tensor."""
        return self._veil(self._geometry.tensor_stack.multiply(self.weights))

    @cached_property
    def norms(self) -> Floats:
        """(N,): ‖edit‖."""
        return norms_of(self.inner[:, None, :])[:, 0]

    @cached_property
    def cosines(self) -> Floats:
        """(N, N): ⟨a, b⟩ / (‖a‖‖b‖) of edits; NaN where one is zero."""
        return cosines_of(self.inner[:, None, :])[:, 0, :]

    @property
    def relative_norms(self) -> Floats:
        """(N,): ‖edit‖ / ‖θ₀‖."""
        base = self._geometry.base_norm()
        return self.norms / base if base else np.full_like(self.norms, np.nan)

    @cached_property
    def shares(self) -> Floats:
        """(N, N): ⟨a, b⟩/‖b‖², how much of b is in a: 1 is fully, above 1 over-applied, below 0 negated (science.md, section 4)."""
        return _divide(self.inner, np.diagonal(self.inner)[None, :])

    @cached_property
    def interference_shares(self) -> Floats:
        """(N,): 1 − Σ wᵢ²‖δᵢ‖² / ‖edit‖², the share of ‖edit‖² that comes of the differences' overlap (science.md, section 4)."""
        stack = self._geometry.whole_stack
        alone = np.einsum("gnc,gc->n", self.weights[stack.groups] ** 2, stack.diagonals)
        return 1 - _divide(alone, np.diagonal(self.inner))

    @cached_property
    def distances(self) -> Floats:
        """(N + 1, N + 1): ‖a − b‖ of edits, θ₀ (the edit 0) last."""
        count = len(self.is_known)
        squares = np.zeros((count + 1, count + 1))
        own = np.diagonal(self.inner)
        squares[:count, :count] = own[:, None] + own[None, :] - 2 * self.inner
        squares[:count, count] = squares[count, :count] = own
        self._mend_near(squares)
        np.fill_diagonal(squares, np.where(np.isnan(np.diagonal(squares)), np.nan, 0.0))
        return np.sqrt(np.maximum(squares, 0))

    def _mend_near(self, squares: Floats) -> None:
        """Replace the squares of short distances between long edits, which cancelled, by those of differences of weights."""
        count = len(self.is_known)
        own = np.diagonal(self.inner)
        first, second = np.nonzero(np.triu(squares[:count, :count] < _NEAR * (own[:, None] + own[None, :]), 1))
        if len(first):
            found = self._geometry.whole_stack.square(self.weights[:, first] - self.weights[:, second])
            squares[first, second] = squares[second, first] = found

    def residual(self, made: int, true: int) -> float:
        """Return how far what an analogy makes lies from what is true."""
        return residual_of(float(self.distances[made, true]), float(self.norms[true]))

    def _veil(self, inner: Floats) -> Floats:
        """Make the rows and columns of nodes that are not known NaN."""
        if not self.is_known.all():
            inner[~self.is_known] = np.nan
            inner[..., ~self.is_known] = np.nan
        return inner


def norms_of(inner: Floats) -> Floats:
    """Return (N, K) norms of (N, K, N) inner products."""
    return np.sqrt(np.maximum(np.einsum("aka->ak", inner), 0))


def cosines_of(inner: Floats) -> Floats:
    """Return (N, K, N) cosines of (N, K, N) inner products, exactly 1 of an edit with itself; NaN where an edit is zero."""
    norms = norms_of(inner)
    with np.errstate(divide="ignore"):
        inverse = np.where(norms > 0, 1 / norms, np.nan)
    cosines = inner * inverse[:, :, None]
    cosines *= inverse.T[None, :, :]
    with_themselves = np.einsum("aka->ak", cosines)  # a view
    with_themselves[(norms > 0) & np.isfinite(norms)] = 1
    return np.clip(cosines, -1, 1, out=cosines)


def residual_of(gap: float, norm: float) -> float:
    """Return ‖D̂ − D‖ / ‖D‖, for an analogy's result D̂ the gap of its parallelogram C + B − A − D (science.md, section 4).

    Args:
        gap: ‖D̂ − D‖.
        norm: ‖D‖; of none there is no residual (NaN).
    """
    return gap / norm if norm > 0 else float("nan")


def chance_band(entries: int) -> float:
    """Return 1/√d, the standard deviation of the cosine of two random directions of d entries."""
    return entries**-0.5 if entries else float("nan")


def chance_limit(entries: int) -> float:
    """Return 3/√d, three of these standard deviations: a single cosine within could be chance; 1 at most, for no cosine is beyond."""
    return min(_CHANCE_DEVIATIONS * chance_band(entries), 1.0) if entries else float("nan")


def is_chance_cosine(cosine: float, entries: int) -> bool:
    """Tell whether the cosine of two directions of so many entries lies within that limit; what is not known does not."""
    return abs(cosine) <= chance_limit(entries)


def _find_columns(table: GramTable, columns: Sequence[str]) -> tuple[Numbers, Flags]:
    """Return, per live column, its place in the table's products (0 where there is none) and whether it is missing."""
    places = {name: index for index, name in enumerate(table.vectors, start=1)}
    found = np.array([places.get(column, 0) for column in columns], dtype=np.intp)
    return found, found == 0


def _as_index(rows: Numbers) -> Numbers | slice:
    """Return contiguous rows as a slice, which is read without a copy."""
    is_run = len(rows) > 0 and rows[-1] - rows[0] + 1 == len(rows)
    return slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows


def _sum_rows(values: Floats, number: Numbers, count: int) -> Floats:
    """Return (count, …): the sums of the rows with each number."""
    if count == 1:
        return values.sum(axis=0, keepdims=True)
    return np.stack([values[number == wanted].sum(axis=0) for wanted in range(count)]) if count else values[:0]


def _sum_runs(values: Floats, numbers: Numbers) -> Floats:
    """Return (N, runs, N): the sums of (N, K, N) over the runs of equal numbers among K."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return values if len(starts) == len(numbers) else np.add.reduceat(values, starts, axis=1)


def _divide(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where nothing is below."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
