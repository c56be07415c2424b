"""What is known of a node in weight space, in words and figures: on its card and in the inspector."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.decimal_text import shorten_figure, write_figure
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
    least = "≥ " if view.gaps.broken else ""
    yield Fact(_tr("‖{0}‖ at step {1}").format(symbol, last_name), least + _spell(float(norms[last]), _norm_error(view, last), ".4g"))
    yield Fact(_tr("‖{0}‖ / ‖θ₀‖ at step {1}").format(symbol, last_name), _relative_norm(view, last))
    if first != last:
        own = [float(norms[row]) for _, row in known]
        yield Fact(_tr("‖{0}‖ at step {1}").format(symbol, first_name), least + _spell(own[0], _norm_error(view, first), ".4g"))
        span = _tr("{0} to {1}").format(f"{min(own):.3g}", f"{max(own):.3g}")
        yield Fact(_tr("‖{0}‖ of all {1} steps").format(symbol, len(known)), f"{_sign(view, last)}{span}")
        yield Fact(_tr("cos of step {0} with step {1}").format(first_name, last_name), _cosine(view, first, last))
    yield Fact(_tr("measured from"), view.names.get(view.space.family.family.base, ""))
    yield from _tell_extent(view)


def _tell_node(view: FamilyView, row: int) -> Iterator[Fact]:
    node, geometry = view.space.family.nodes[row], view.space.geometry
    base = view.names.get(view.space.family.family.base, "")
    if node.node == view.space.family.family.base:
        yield Fact("‖θ₀‖", _spell(geometry.base_norm(), view.error_geometry.measure_base(), ".4g"))
    elif not view.figures.is_known[row]:
        yield Fact(_tr("in weight space"), _tr("known after its search or estimate"))
        return
    else:
        symbol = _symbol(view, row)
        least = "≥ " if view.gaps.broken else ""
        yield Fact(f"‖{symbol}‖", least + _spell(float(view.figures.norms[row]), _norm_error(view, row), ".4g"))
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
    for operand in operands[:_MOST_OPERANDS]:
        name = _name(view, operand)
        if len(operands) > 1:
            yield Fact(_tr("cos with {0}").format(name), _cosine(view, row, operand))
        if norms[operand] > 0:
            error = find_ratio_error(view.error_geometry, view.figures, row, operand)
            yield Fact(_tr("times as long as {0}").format(name), _spell(float(norms[row] / norms[operand]), error, ".3g"))
    if 1 < len(operands) <= _MOST_PAIRS:
        for one, two in combinations(operands, 2):
            yield Fact(f"cos({_name(view, one)}, {_name(view, two)})", _cosine(view, one, two))
    share = float(view.figures.interference_shares[row])
    # A kernel's value is no sum: nothing in it overlaps.
    if len(operands) > 1 and math.isfinite(share) and view.space.family.nodes[row].column is None:
        yield Fact(_tr("share of overlap in ‖τ‖²"), _spell(share, find_overlap_error(view.error_geometry, view.figures, row), ".0%"))


def _tell_shares(view: FamilyView, row: int) -> Iterator[Fact]:
    """Tell how much of each task is in an edit of several, and what Model Stock would make of them."""
    tasks = [task.index for task in list_rows(view) if task.column is not None]
    own = [task for task in tasks if _is_within(view, row, task)]
    if len(own) <= 1:
        return
    for task in own[:_MOST_OPERANDS]:
        error = find_share_error(view.error_geometry, view.figures, row, task)
        yield Fact(_tr("share of {0} in it").format(_name(view, task)), _spell(float(view.figures.shares[row, task]), error, ".2f"))
    if adds_only(view.figures.weights[:, row]) and (view.figures.norms[own] > 0).all():
        yield _tell_stock(view, own)


def _tell_stock(view: FamilyView, own: Sequence[int]) -> Fact:
    """Tell Model Stock's t of some vectors, none of which is zero."""
    name, whole = _tr("Model Stock’s t of these"), model_stock_ratio(view.figures.inner[np.ix_(own, own)])
    error = find_stock_error(view.error_geometry, view.figures, own, whole)
    if math.isfinite(whole) and math.isfinite(error):
        return Fact(name, _spell(whole, error, ".2f"))
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
            error = find_residual_error(view.error_geometry, view.figures, row, other)
            yield Fact(
                _tr("distance to {0}, of its length").format(_name(view, other)), _spell(view.figures.residual(row, other), error, ".3g")
            )


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


def _relative_norm(view: FamilyView, row: int) -> str:
    error = find_relative_norm_error(view.error_geometry, view.figures, row)
    return _spell(float(view.figures.relative_norms[row]), error, ".3g")


def _cosine(view: FamilyView, one: int, two: int) -> str:
    error = float(view.errors.cosines[one, two]) if view.space.geometry.table.is_estimate else 0.0
    return _spell(float(view.figures.cosines[one, two]), error, ".2f")


def _norm_error(view: FamilyView, row: int) -> float:
    return float(view.errors.norms[row]) if view.space.geometry.table.is_estimate else 0.0


def _sign(view: FamilyView, row: int) -> str:
    """Return what stands before a length that is not the whole truth: tensors that are left out can only add to it."""
    estimated = "≈ " if _norm_error(view, row) > 0 else ""
    return "≥ " if view.gaps.broken else estimated


def _spell(value: float, error: float, form: str) -> str:
    if math.isnan(value):
        return "–"
    written = write_figure(value, form)
    return f"≈ {written} ± {_spell_error(error, form)}" if error > 0 else written


def _spell_error(error: float, form: str) -> str:
    """Return a standard error with its first digit, in per cent beside a percentage."""
    told = 100 * error if form.endswith("%") else error
    return f"{float(f'{told:.1g}'):g}" + ("%" if form.endswith("%") else "")


def _tr(text: str) -> str:
    return QCoreApplication.translate("live_facts", text)
