"""What is known of a node in weight space, in words and figures: on its card and in the inspector."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.decimal_text import shorten_figure, write_figure
from app.estimate_text import write_estimate
from app.live_view import FamilyView
from app.similarity_figures import find_meanings, list_rows
from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.live_model import LiveSeries
from engine.similarity.figure_errors import (
    find_overlap_error,
    find_ratio_error,
    find_relative_norm_error,
    find_residual_error,
    find_share_error,
    find_stock_error,
)
from engine.similarity.geometry import Floats
from engine.similarity.geometry_presets import adds_only, model_stock_ratio

_MOST_OPERANDS = 4
_MOST_PAIRS = 3
_ROOM, _ROOM_BESIDE_ARROW = 6, 5
"""Characters of a figure on a card."""


@dataclass(frozen=True)
class Fact:
    """Hold one thing that is known of a node."""

    name: str
    figure: str
    why: str = ""
    """Why there is a dash in the place of a figure."""


def shorten_live_facts(views: Sequence[FamilyView]) -> Mapping[NodeId, str]:
    """Return a figure for each node to stand on it: how long its vector is, or how far its model is from the base."""
    short: dict[NodeId, str] = {}
    for view in views:
        norms = view.figures.norms
        for row, node in enumerate(view.space.family.nodes):
            if view.figures.is_known[row] and node.source is None:
                short[node.node] = f"{_short_symbol(view, row)} {_sign(view, row)}{shorten_figure(float(norms[row]), _ROOM)}"
        for made in view.space.family.lists:
            last = view.space.rows[made.members[-1]]
            if made.node is not None and view.figures.is_known[last]:
                sign = _sign(view, last).strip() or " "
                short[made.node] = f"{_short_symbol(view, last)} →{sign}{shorten_figure(float(norms[last]), _ROOM_BESIDE_ARROW)}"
    return short


def list_live_facts(views: Sequence[FamilyView], node_id: NodeId) -> tuple[Fact, ...]:
    """Return the facts of one node, the figures of the present moment."""
    for view in views:
        row = view.space.rows.get(node_id)
        if row is not None:
            return tuple(_tell_node(view, row))
        made = next((made for made in (*view.space.family.lists, *view.space.family.series) if made.node == node_id), None)
        if made is not None:
            return tuple(_tell_list(view, made))
    return ()


def _tell_list(view: FamilyView, made: LiveSeries) -> Iterator[Fact]:
    """Tell the way that a node of a series goes: from its first step to its last one, and how far it strays between."""
    known = [
        (step, row)
        for step, row in zip(made.numbers, map(view.space.rows.__getitem__, made.members), strict=True)
        if view.figures.is_known[row]
    ]
    if not known:
        return
    (first_step, first), (last_step, last) = known[0], known[-1]
    first_name, last_name = f"{first_step:,.0f}", f"{last_step:,.0f}"
    symbol, norms = _symbol(view, last), view.figures.norms
    yield Fact(_tr("‖{0}‖ at step {1}").format(symbol, last_name), _norm(view, last))
    yield Fact(_tr("‖{0}‖ / ‖θ₀‖ at step {1}").format(symbol, last_name), _relative_norm(view, last))
    if first != last:
        own = [float(norms[row]) for _, row in known]
        yield Fact(_tr("‖{0}‖ at step {1}").format(symbol, first_name), _norm(view, first))
        span = _tr("{0} to {1}").format(f"{min(own):.3g}", f"{max(own):.3g}")
        yield Fact(_tr("‖{0}‖ of all {1} steps").format(symbol, len(known)), f"{_sign(view, last)}{span}")
        yield Fact(_tr("cos of step {0} with step {1}").format(first_name, last_name), _cosine(view, first, last))
    yield Fact(_tr("measured from"), view.names.get(view.space.family.family.base, ""))
    yield from _tell_extent(view)


def _tell_node(view: FamilyView, row: int) -> Iterator[Fact]:
    node, geometry = view.space.family.nodes[row], view.space.geometry
    base = view.names.get(view.space.family.family.base, "")
    if node.node == view.space.family.family.base:
        yield Fact("‖θ₀‖", write_estimate(geometry.base_norm(), view.error_geometry.measure_base(), ".4g"))
    elif not view.figures.is_known[row]:
        yield Fact(_tr("in weight space"), _tr("known after its search or estimate"))
        return
    else:
        symbol = _symbol(view, row)
        yield Fact(f"‖{symbol}‖", _norm(view, row))
        yield Fact(f"‖{symbol}‖ / ‖θ₀‖", _relative_norm(view, row))
        yield from _tell_operands(view, row)
        yield from _tell_shares(view, row)
        yield from _tell_compared(view, row)
        yield from _tell_counts(view, row)
        yield Fact(_tr("measured from"), base)
    yield from _tell_extent(view)


def _tell_extent(view: FamilyView) -> Iterator[Fact]:
    """Tell of how many tensors all these figures are, and which they leave out."""
    geometry = view.space.geometry
    yield Fact(_tr("tensors · params"), f"{len(geometry.tensors) - len(view.gaps.broken)} · {geometry.entries:,}")
    if view.gaps.broken:
        yield Fact(_tr("not counted, NaN or infinity in"), ", ".join(view.gaps.names.values()))
    if view.gaps.left_out:
        count = len(view.gaps.left_out)
        yield Fact(_tr("not counted, of several shapes"), _tr("{0} tensors").format(f"{count:,}") if count > 1 else _tr("1 tensor"))


def _tell_operands(view: FamilyView, row: int) -> Iterator[Fact]:
    """Tell how alike a node is to what it is made of, and that among itself."""
    operands = _own_operands(view, row)
    norms = view.figures.norms
    shown, rest = operands[:_MOST_OPERANDS], operands[_MOST_OPERANDS:]
    for operand in shown:
        name = _name(view, operand)
        if len(operands) > 1:
            yield Fact(_tr("cos with {0}").format(name), _cosine(view, row, operand))
        error = find_ratio_error(view.error_geometry, view.figures, row, operand)
        yield Fact(_tr("times as long as {0}").format(name), write_estimate(float(norms[row] / norms[operand]), error, ".3g"))
    if rest:
        yield Fact(_tr("cos with {0} more").format(len(rest)), _span(view, view.figures.cosines[row, rest], ".2f"))
        yield Fact(_tr("times as long as these {0}").format(len(rest)), _span(view, norms[row] / norms[rest], ".3g"))
    if 1 < len(operands) <= _MOST_PAIRS:
        for one, two in combinations(operands, 2):
            yield Fact(f"cos({_name(view, one)}, {_name(view, two)})", _cosine(view, one, two))


def _tell_shares(view: FamilyView, row: int) -> Iterator[Fact]:
    """Tell how much of each task is in an edit of several, how they overlap, and what Model Stock would make of them."""
    own = [task.index for task in list_rows(view) if task.column is not None and _is_within(view, row, task.index)]
    if len(own) <= 1:
        return
    shown, rest = own[:_MOST_OPERANDS], own[_MOST_OPERANDS:]
    # Of what is made of the tasks themselves the cosines are told already; an edit of length 0 has none.
    if view.figures.norms[row] > 0 and not set(own) <= set(_own_operands(view, row)):
        for task in shown:
            yield Fact(_tr("cos with {0}").format(_name(view, task)), _cosine(view, row, task))
    for task in shown:
        error = find_share_error(view.error_geometry, view.figures, row, task)
        yield Fact(_tr("share of {0} in it").format(_name(view, task)), write_estimate(float(view.figures.shares[row, task]), error, ".2f"))
    if rest:
        yield Fact(_tr("shares of {0} more in it").format(len(rest)), _span(view, view.figures.shares[row, rest], ".2f"))
    share = float(view.figures.interference_shares[row])
    if math.isfinite(share):
        error = find_overlap_error(view.error_geometry, view.figures, row)
        yield Fact(_tr("share of overlap in ‖τ‖²"), write_estimate(share, error, ".0%"))
    if adds_only(view.figures.weights[:, row]) and (view.figures.norms[own] > 0).all():
        yield _tell_stock(view, own)


def _span(view: FamilyView, figures: Floats, form: str) -> str:
    """Return the least and the greatest of some figures, a dash where none is known."""
    if np.isnan(figures).all():
        return "–"
    sign = "≈ " if view.space.geometry.table.is_estimate else ""
    least, most = (write_figure(float(figure), form) for figure in (np.nanmin(figures), np.nanmax(figures)))
    return f"{sign}{least}" if least == most else _tr("{0}{1} to {2}").format(sign, least, most)


def _tell_stock(view: FamilyView, own: Sequence[int]) -> Fact:
    """Tell Model Stock's t of some vectors, none of which is zero."""
    count = len(own)
    name = _tr("Model Stock’s t of these") if count <= _MOST_OPERANDS else _tr("Model Stock’s t of all {0}").format(count)
    whole = model_stock_ratio(view.figures.inner[np.ix_(own, own)])
    error = find_stock_error(view.error_geometry, view.figures, own, whole)
    if math.isfinite(whole) and math.isfinite(error):
        return Fact(name, write_estimate(whole, error, ".2f"))
    return Fact(name, "–", _tr("The vectors cancel, or nearly: t = N·c / (1 + (N − 1)·c) is then a division by what can’t be told from 0."))


def _is_within(view: FamilyView, row: int, task: int) -> bool:
    """Tell whether an edit is made of a task's vector, among others."""
    weights = view.figures.weights
    column = np.flatnonzero(weights[:, task].any(axis=0))
    return view.figures.is_known[task] and row != task and len(column) == 1 and bool(weights[:, row, column[0]].any())


def _tell_compared(view: FamilyView, row: int) -> Iterator[Fact]:
    node = view.space.family.nodes[row]
    for true in node.compared:
        other = view.space.rows.get(true)
        if other is not None and view.figures.is_known[other]:
            yield Fact(_tr("cos with {0}").format(_name(view, other)), _cosine(view, row, other))
            distance, error = view.figures.residual(row, other), find_residual_error(view.error_geometry, view.figures, row, other)
            yield Fact(_tr("distance to {0}, of its length").format(_name(view, other)), write_estimate(distance, error, ".3g"))


def _tell_counts(view: FamilyView, row: int) -> Iterator[Fact]:
    """Tell what is counted entry by entry: of the checkpoints' own differences, and of kernels."""
    places = {name: place for place, name in enumerate(view.space.geometry.table.vectors)}
    columns = view.space.family.columns
    meanings = find_meanings(view.space.family)

    def find(index: int) -> int | None:
        meaning = meanings[index]
        return places.get(str(columns[meaning])) if isinstance(meaning, int) else None

    own = find(row)
    if own is not None:
        yield Fact(_tr("exactly 0"), f"{_mark_counts(view, own)}{view.counts.zeros[own]:.1%}")
    found = [place for operand in _own_operands(view, row) if (place := find(operand)) is not None]
    pairs = [float(view.counts.conflicts[one, two]) for one, two in combinations(dict.fromkeys(found), 2)]
    known = [pair for pair in pairs if math.isfinite(pair)]
    if known:
        label = _tr("sign conflicts") if len(known) == 1 else _tr("sign conflicts, mean of pairs")
        yield Fact(label, f"{_mark_counts(view, *found)}{sum(known) / len(known):.0%}")


def _mark_counts(view: FamilyView, *vectors: int) -> str:
    """Return what stands before counts of some of the table's vectors: those of a sample are scaled up."""
    errors = view.space.geometry.table.errors
    columns = [1 + vector for vector in vectors]
    return "≈ " if errors is not None and errors[:, columns, columns].any() else ""


def _own_operands(view: FamilyView, row: int) -> list[int]:
    """Return the places of a node's operands that are no zero vectors and known."""
    node, rows = view.space.family.nodes[row], view.space.rows
    found = dict.fromkeys(rows[operand] for operand in node.operands if operand in rows)
    return [index for index in found if view.figures.is_known[index] and view.figures.norms[index] > 0 and index != row]


def _short_symbol(view: FamilyView, row: int) -> str:
    return "‖τ‖" if view.space.family.nodes[row].kind is PortKind.VECTOR else "‖Δθ‖"


def _symbol(view: FamilyView, row: int) -> str:
    return "τ" if view.space.family.nodes[row].kind is PortKind.VECTOR else "θ − θ₀"


def _name(view: FamilyView, row: int) -> str:
    node = view.space.family.nodes[row].node
    return view.names.get(node, str(node))


def _norm(view: FamilyView, row: int) -> str:
    least = "≥ " if view.gaps.broken else ""
    return least + write_estimate(float(view.figures.norms[row]), _norm_error(view, row), ".4g")


def _relative_norm(view: FamilyView, row: int) -> str:
    error = find_relative_norm_error(view.error_geometry, view.figures, row)
    return write_estimate(float(view.figures.relative_norms[row]), error, ".3g")


def _cosine(view: FamilyView, one: int, two: int) -> str:
    error = float(view.errors.cosines[one, two]) if view.space.geometry.table.is_estimate else 0.0
    return write_estimate(float(view.figures.cosines[one, two]), error, ".2f")


def _norm_error(view: FamilyView, row: int) -> float:
    return float(view.errors.norms[row]) if view.space.geometry.table.is_estimate else 0.0


def _sign(view: FamilyView, row: int) -> str:
    """Return what stands before a length that is not the whole truth: tensors that are left out can only add to it."""
    estimated = "≈ " if _norm_error(view, row) > 0 else ""
    return "≥ " if view.gaps.broken else estimated


def _tr(text: str) -> str:
    return QCoreApplication.translate("live_facts", text)
