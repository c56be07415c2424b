"""What the Similarity panel shows, computed from a family's view without Qt: rows, heat maps, curves by layer, the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.live_view import FamilyView
from engine.operation import PortKind
from engine.planning.coefficient import ONE
from engine.planning.live_model import LiveFamily, LiveNode, LiveTerm
from engine.similarity.geometry import chance_band, cosines_of, norms_of
from engine.similarity.geometry_counts import CountFigures, count_figures

Floats = NDArray[np.float64]
Quantity = Literal["cosine", "conflict"]


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
    band: float
    """1/√d: cosines within could be chance; NaN for other figures."""


@dataclass(frozen=True)
class LayerCurve:
    """Hold one figure in each layer."""

    name: str
    values: tuple[float, ...]


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
    return tuple(row for row in rows if quantity == "cosine" or row.column is not None)


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


def layer_names(view: FamilyView) -> tuple[str, ...]:
    """Return the titles of the layers, in reading order."""
    return view.space.geometry.layers


def make_heat_map(view: FamilyView, rows: Sequence[Row], quantity: Quantity, layer: int | None) -> HeatMap:
    """Return the figures of some lines, over the whole model or over one layer."""
    names = tuple(row.name for row in rows)
    places = np.ix_([row.index for row in rows], [row.index for row in rows])
    none = np.zeros((len(rows), len(rows)))
    if quantity == "conflict":
        return HeatMap(quantity, names, _conflicts(_count(view, layer), rows), none, float("nan"))
    if layer is None:
        errors = view.errors.cosines[places] if view.space.geometry.table.is_estimate else none
        return HeatMap(quantity, names, view.figures.cosines[places], errors, chance_band(view.space.geometry.entries))
    inner = view.figures.layer_inner[:, layer : layer + 1, :]
    return HeatMap(quantity, names, cosines_of(inner)[:, 0, :][places], none, float(chance_by_layer(view)[layer]))


def _conflicts(counts: CountFigures, rows: Sequence[Row]) -> Floats:
    """Return the shares of conflicting signs, and on the diagonal the shares of entries that are exactly 0."""
    columns = [row.column for row in rows if row.column is not None]
    values = counts.conflicts[np.ix_(columns, columns)].copy()
    np.fill_diagonal(values, counts.zeros[columns])
    return values


def _count(view: FamilyView, layer: int | None) -> CountFigures:
    return view.counts if layer is None else count_figures(view.space.geometry.table, list_tensors(view)[layer])


def list_tensors(view: FamilyView) -> tuple[tuple[int, ...], ...]:
    """Return, per layer, the table's rows of its tensors."""
    geometry = view.space.geometry
    found: Mapping[str, list[int]] = {layer: [] for layer in geometry.layers}
    for row, section in zip(geometry.rows, geometry.section_of, strict=True):
        found[geometry.sections[section].layer].append(int(row))
    return tuple(tuple(rows) for rows in found.values())


def chance_by_layer(view: FamilyView) -> Floats:
    """Return 1/√d of each layer."""
    entries = view.space.geometry.table.entries
    return np.array([chance_band(int(entries[list(rows)].sum())) for rows in list_tensors(view)])


def norms_by_layer(view: FamilyView, rows: Sequence[Row]) -> tuple[LayerCurve, ...]:
    """Return how long each line's edit is in each layer."""
    norms = norms_of(view.figures.layer_inner)
    return tuple(LayerCurve(row.name, tuple(map(float, norms[row.index]))) for row in rows)


def cosines_by_layer(view: FamilyView, first: Row, second: Row) -> LayerCurve:
    """Return how alike two lines are in each layer."""
    inner = view.figures.layer_inner[np.ix_([first.index, second.index], range(len(layer_names(view))), [first.index, second.index])]
    return LayerCurve(f"{first.name} · {second.name}", tuple(map(float, cosines_of(inner)[0, :, 1])))


def conflicts_by_layer(view: FamilyView, first: Row, second: Row) -> LayerCurve:
    """Return the share of conflicting signs of two lines in each layer, or of exact zeros of a line with itself."""
    if first.column is None or second.column is None:
        return LayerCurve(f"{first.name} · {second.name}", ())
    values = [_conflicts(_count(view, layer), (first, second)) for layer in range(len(layer_names(view)))]
    place = (0, 0) if first == second else (0, 1)
    return LayerCurve(f"{first.name} · {second.name}", tuple(float(square[place]) for square in values))


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


def make_table(view: FamilyView, rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return a head and a line for each row: name, norms, share of exact zeros, then the cosine with every row."""
    figures, zeros = view.figures, view.counts.zeros
    is_estimate = view.space.geometry.table.is_estimate
    head = ["", "‖τ‖", "‖τ‖ / ‖θ₀‖", "exactly 0", *(f"cos with {row.name}" for row in rows)]
    head += [f"± {row.name}" for row in rows] if is_estimate else []
    lines: list[tuple[str, ...]] = []
    for row in rows:
        zero = "" if row.column is None else f"{zeros[row.column]:.6g}"
        line = [row.name, _spell(figures.norms[row.index]), _spell(figures.relative_norms[row.index]), zero]
        line += [_spell(figures.cosines[row.index, other.index]) for other in rows]
        line += [_spell(view.errors.cosines[row.index, other.index]) for other in rows] if is_estimate else []
        lines.append(tuple(line))
    return tuple(head), tuple(lines)


def _spell(number: float) -> str:
    return "" if np.isnan(number) else f"{number:.6g}"
