"""What the Similarity panel shows, computed from a family's view without Qt: rows, heat maps, curves by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.live_view import FamilyView
from app.similarity_parts import (
    Grain,
    Part,
    count_entries,
    count_part,
    find_errors,
    inner_by_part,
    is_broken,
    list_parts,
)
from engine.operation import PortKind
from engine.planning.coefficient import ONE
from engine.planning.live_model import LiveFamily, LiveNode, LiveTerm
from engine.similarity.geometry import chance_band, cosines_of, norms_of
from engine.similarity.geometry_counts import CountFigures
from engine.similarity.geometry_errors import FigureErrors
from engine.similarity.gram_table import magnitude_edges

Floats = NDArray[np.float64]
Quantity = Literal["cosine", "share", "conflict"]


@dataclass(frozen=True)
class Row:
    """Name one line of a heat map."""

    index: int
    """Of its node among the family's nodes."""
    name: str
    column: int | None
    """Of the vector that it is in the family's table, for what is counted entry by entry; None for sums."""


@dataclass(frozen=True)
class HeatMap:
    """Hold a square of figures."""

    quantity: Quantity
    names: tuple[str, ...]
    values: Floats
    """(N, N); NaN where nothing is known."""
    errors: Floats
    """(N, N): standard errors; 0 for what is exact."""
    entries: int
    """How many numbers each vector has there."""
    norms: Floats
    """(N,): how long each edit is there; NaN for one that is not known."""
    is_broken: bool = False
    """Whether some model holds NaN or infinity there, so that nothing is known."""


@dataclass(frozen=True)
class PartCurve:
    """Hold one figure in each part of a model."""

    name: str
    values: tuple[float, ...]
    """NaN where nothing is known."""
    errors: tuple[float, ...] = ()
    """Standard errors; none where the figures are exact."""


def list_rows(view: FamilyView, quantity: Quantity = "cosine") -> tuple[Row, ...]:
    """Return the lines of a heat map: every difference of the graph once, by its task vector's name where there is one."""
    family = view.space.family
    shown: dict[object, int] = {}
    meanings = find_meanings(family)
    for index, (node, meaning) in enumerate(zip(family.nodes, meanings, strict=True)):
        if meaning is None:
            continue
        known = shown.get(meaning)
        if known is None or (node.kind is PortKind.VECTOR and family.nodes[known].kind is not PortKind.VECTOR):
            shown[meaning] = index
    places = {name: place for place, name in enumerate(view.space.geometry.table.vectors)}
    rows: list[Row] = []
    for meaning, index in shown.items():
        node = family.nodes[index].node
        column = places.get(str(family.columns[meaning])) if isinstance(meaning, int) else None
        rows.append(Row(index, view.names.get(node, str(node)), column))
    rows.sort(key=lambda row: row.index)
    return tuple(row for row in rows if quantity != "conflict" or row.column is not None)


def find_meanings(family: LiveFamily) -> tuple[object, ...]:
    """Return per node what its edit always equals: the number of a column, None for 0, else something of its own."""
    meanings: list[object] = []
    for index, node in enumerate(family.nodes):
        meanings.append(_find_meaning(index, node, meanings))
    return tuple(meanings)


def _find_meaning(index: int, node: LiveNode, before: Sequence[object]) -> object:
    if node.column is not None:
        return node.column
    terms = [term for term in node.terms if before[term.row] is not None]
    if not terms:
        return None
    return before[terms[0].row] if len(terms) == 1 and _is_once(terms[0]) else (index, node.node)


def _is_once(term: LiveTerm) -> bool:
    return all(weight == ONE for weight in term.weights)


def make_heat_map(view: FamilyView, rows: Sequence[Row], quantity: Quantity, part: Part | None) -> HeatMap:
    """Return the figures of some lines, over the whole model or over one part of it."""
    names, chosen = tuple(row.name for row in rows), [row.index for row in rows]
    places, none = np.ix_(chosen, chosen), np.zeros((len(rows), len(rows)))
    inner = _find_inner(view, part)
    norms = norms_of(inner)[chosen, 0]
    broken = part is not None and is_broken(view, part)
    entries = view.space.geometry.entries if part is None else count_entries(view, part)
    if quantity == "conflict":
        values = np.full_like(none, np.nan) if broken else _conflicts(count_part(view, part), rows)
        return HeatMap(quantity, names, values, none, entries, norms, broken)
    cosines = cosines_of(inner)[:, 0, :][places]
    found = find_errors(view, part) if view.space.geometry.table.is_estimate and not broken else None
    errors = found.cosines[places] if found is not None else none
    if quantity == "cosine":
        return HeatMap(quantity, names, cosines, errors, entries, norms, broken)
    # ⟨a, b⟩ / ‖b‖² = cos · ‖a‖ / ‖b‖, and so its error to first order.
    ratios = divide_rows(norms, norms)
    if found is not None:
        spread = divide_rows(found.norms[chosen], norms).diagonal()
        errors = ratios * (errors + np.abs(cosines) * (spread[:, None] + spread[None, :]))
        errors[found.multiples[places]] = 0.0
    return HeatMap(quantity, names, cosines * ratios, errors, entries, norms, broken)


def divide_rows(above: Floats, below: Floats) -> Floats:
    """Return (N, N): each of some lengths by each of others; NaN where there is none to divide by."""
    first, second = np.broadcast_arrays(above[:, None], below[None, :])
    return np.divide(first, second, out=np.full(first.shape, np.nan), where=second > 0)


def _find_inner(view: FamilyView, part: Part | None) -> Floats:
    """Return (nodes, 1, nodes) inner products over a part, or over the whole model."""
    if part is None:
        return view.figures.inner[:, None, :]
    return inner_by_part(view, part.grain)[:, part.number : part.number + 1, :]


def _conflicts(counts: CountFigures, rows: Sequence[Row]) -> Floats:
    """Return the shares of conflicting signs, and on the diagonal the shares of entries that are exactly 0."""
    columns = [row.column for row in rows if row.column is not None]
    values = counts.conflicts[np.ix_(columns, columns)].copy()
    np.fill_diagonal(values, counts.zeros[columns])
    return values


def chance_by_part(view: FamilyView, grain: Grain) -> tuple[float, ...]:
    """Return 1/√d of each part."""
    return tuple(float(chance_band(count_entries(view, part))) for part in list_parts(view, grain))


def norms_by_part(view: FamilyView, rows: Sequence[Row], grain: Grain) -> tuple[PartCurve, ...]:
    """Return how long each line's edit is in each part."""
    norms = norms_of(inner_by_part(view, grain))
    errors = _errors_by_part(view, grain)
    return tuple(
        PartCurve(row.name, tuple(map(float, norms[row.index])), tuple(float(each.norms[row.index]) for each in errors)) for row in rows
    )


def cosines_by_part(view: FamilyView, first: Row, second: Row, grain: Grain) -> PartCurve:
    """Return how alike two lines are in each part."""
    chosen = [first.index, second.index]
    inner = inner_by_part(view, grain)[chosen][:, :, chosen]
    errors = tuple(float(each.cosines[first.index, second.index]) for each in _errors_by_part(view, grain))
    return PartCurve(f"{first.name} · {second.name}", tuple(map(float, cosines_of(inner)[0, :, 1])), errors)


def _errors_by_part(view: FamilyView, grain: Grain) -> tuple[FigureErrors, ...]:
    if not view.space.geometry.table.is_estimate:
        return ()
    return view.error_geometry.measure_parts(view.figures, [part.tensors for part in list_parts(view, grain)])


def conflicts_by_part(view: FamilyView, first: Row, second: Row, grain: Grain) -> PartCurve:
    """Return the share of conflicting signs of two lines in each part, or of exact zeros of a line with itself."""
    if first.column is None or second.column is None:
        return PartCurve(f"{first.name} · {second.name}", ())
    place = (0, 0) if first == second else (0, 1)
    values = tuple(
        float("nan") if is_broken(view, part) else float(_conflicts(count_part(view, part), (first, second))[place])
        for part in list_parts(view, grain)
    )
    return PartCurve(f"{first.name} · {second.name}", values)


def magnitude_curves(view: FamilyView, rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[PartCurve, ...]]:
    """Return sizes of single changes, by power of two, and per line the share of the entries that are so large; exact zeros apart."""
    columns = {row.name: row.column for row in rows if row.column is not None}
    counts = view.counts.magnitudes[list(columns.values())]
    used = np.flatnonzero(counts.sum(axis=0))
    if not len(used):
        return (), ()
    bins = slice(int(used[0]), int(used[-1]) + 1)
    shares = counts[:, bins] / max(view.counts.entries, 1)
    sizes = tuple(f"{edge:.1e}" for edge in magnitude_edges()[bins])
    return sizes, tuple(PartCurve(name, tuple(map(float, own))) for name, own in zip(columns, shares, strict=True))


def cluster(values: Floats) -> tuple[int, ...]:
    """Return an order in which what is alike stands together: average linkage over 1 − cosine, then read from left to right."""
    apart = np.where(np.isnan(values), 1.0, 1 - values)
    groups: dict[int, tuple[int, ...]] = {index: (index,) for index in range(len(values))}
    between = apart.copy()
    np.fill_diagonal(between, np.inf)
    while len(groups) > 1:
        one, two = sorted(map(int, np.unravel_index(int(between.argmin()), between.shape)))
        first, second = len(groups[one]), len(groups[two])
        between[one] = between[:, one] = (first * between[one] + second * between[two]) / (first + second)
        between[one, one] = between[two] = between[:, two] = np.inf
        groups[one] = _join_ends(groups[one], groups.pop(two), apart)
    return next(iter(groups.values()), ())


def _join_ends(left: tuple[int, ...], right: tuple[int, ...], apart: Floats) -> tuple[int, ...]:
    """Return two ordered groups as one, turned so that the most alike ends meet."""
    turned = [(one, two) for one in (left, left[::-1]) for two in (right, right[::-1])]
    one, two = min(turned, key=lambda pair: float(apart[pair[0][-1], pair[1][0]]))
    joined = (*one, *two)
    return joined if joined[0] <= joined[-1] else joined[::-1]
