"""What the Similarity panel shows, as tables: the text alternative of its pictures, and what is copied and saved."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from app.live_view import FamilyView
from app.similarity_figures import HeatMap, PartCurve, Quantity, Row, make_heat_map
from app.similarity_parts import Grain, Part, count_entries, count_part, list_parts
from app.word_table import Table

_DIGITS = ".6g"


def tabulate_rows(view: FamilyView, rows: Sequence[Row], quantity: Quantity, part: Part | None) -> Table:
    """Return what a heat map shows with the lengths of its lines; the corner says where, unless it is the whole model."""
    found = make_heat_map(view, rows, quantity, part)
    where = part.title if part is not None else ""
    return _tabulate_signs(found, where) if quantity == "conflict" else _tabulate_cosines(view, rows, found, part)


def tabulate_curves(view: FamilyView, grain: Grain, curves: Sequence[PartCurve], chance: Sequence[float] = ()) -> Table:
    """Return figures part by part: a line for each part, with how many numbers it holds; of cosines also 1/√d."""
    head = [_name_grain(grain), _tr("entries"), *([_tr("1/√d")] if chance else []), *(curve.name for curve in curves)]
    head += [f"± {curve.name}" for curve in curves if curve.errors]
    columns = [chance, *(curve.values for curve in curves), *(curve.errors for curve in curves if curve.errors)]
    lines = [
        (part.title, f"{count_entries(view, part)}", *(_spell(column[part.number]) for column in columns if column))
        for part in list_parts(view, grain)
    ]
    return Table(tuple(head), tuple(lines))


def tabulate_magnitudes(sizes: Sequence[str], curves: Sequence[PartCurve]) -> Table:
    """Return a line for each size of changes, and how many of the entries are so large."""
    lines = [(size, *(_spell(curve.values[number]) for curve in curves)) for number, size in enumerate(sizes)]
    return Table((_tr("size from"), *(curve.name for curve in curves)), tuple(lines))


def _tabulate_cosines(view: FamilyView, rows: Sequence[Row], found: HeatMap, part: Part | None) -> Table:
    zeros = count_part(view, part).zeros
    base = _base_norm(view, part)
    is_estimate = view.space.geometry.table.is_estimate
    head = [
        part.title if part is not None else "",
        "‖τ‖",
        "‖τ‖ / ‖θ₀‖",
        _tr("exactly 0"),
        *(_name_figure(found.quantity, name) for name in found.names),
    ]
    head += [f"± {name}" for name in found.names] if is_estimate else []
    lines: list[tuple[str, ...]] = []
    for number, row in enumerate(rows):
        norm = float(found.norms[number])
        zero = "" if row.column is None or found.is_broken else f"{zeros[row.column]:{_DIGITS}}"
        line = [row.name, _spell(norm), _spell(norm / base if base else math.nan), zero, *map(_spell, found.values[number])]
        lines.append((*line, *(map(_spell, found.errors[number]) if is_estimate else ())))
    return Table(tuple(head), tuple(lines))


def _tabulate_signs(found: HeatMap, where: str) -> Table:
    head = (where, _tr("exactly 0"), *(_name_figure("conflict", name) for name in found.names))
    lines: list[tuple[str, ...]] = []
    for number, name in enumerate(found.names):
        shares = [_spell(value) if other != number else "" for other, value in enumerate(found.values[number])]
        lines.append((name, _spell(found.values[number, number]), *shares))
    return Table(head, tuple(lines))


def _name_figure(quantity: Quantity, name: str) -> str:
    words = {"cosine": _tr("cos with {0}"), "share": _tr("share of {0}"), "conflict": _tr("signs against {0}")}
    return words[quantity].format(name)


def _name_grain(grain: Grain) -> str:
    return {"layer": _tr("layer"), "section": _tr("part"), "tensor": _tr("tensor")}[grain]


def _base_norm(view: FamilyView, part: Part | None) -> float:
    squares = view.space.geometry.base_squares
    return math.sqrt(float(squares.sum() if part is None else squares[list(part.tensors)].sum()))


def _spell(number: float) -> str:
    return "" if math.isnan(number) else f"{number:{_DIGITS}}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("similarity_tables", text)
