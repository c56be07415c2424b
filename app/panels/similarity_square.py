"""A heat map of the Similarity panel in words: its legend, and what hovering a cell tells."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import QCoreApplication

from app.estimate_text import write_estimate
from app.similarity_figures import HeatMap
from app.widgets.heat_map import HeatSquare
from engine.similarity.geometry import chance_band, chance_limit, is_chance_cosine


def make_square(found: HeatMap, where: str) -> HeatSquare:
    """Return a heat map as it is painted; `where` says which part of the model it is over."""
    tell = partial(_tell_cell, found)
    if found.quantity == "conflict":
        title = _tr("Share of conflicting signs, {0}").format(where)
        legend = _tr("50 %: as by chance · on the diagonal: entries that are exactly 0")
        return HeatSquare(title, found.names, found.values, is_signed=False, legend=legend, has_own_diagonal=True, tell=tell)
    if found.quantity == "share":
        title = _tr("Shares, {0}").format(where)
        legend = _tr("how much of each column is in each row: 1 all of it, below 0 negated")
        return HeatSquare(title, found.names, found.values, legend=legend, errors=found.errors, tell=tell)
    title = _tr("Cosines, {0}").format(where)
    estimated = _tr("≈ hatched: estimated · ") if (found.errors > 0).any() else ""
    limit = chance_limit(found.entries)
    legend = "" if found.is_broken else estimated + write_limit(limit)
    return HeatSquare(title, found.names, found.values, band=limit, legend=legend, errors=found.errors, tell=tell)


def write_limit(limit: float) -> str:
    """Return what the dots of a heat map of cosines mean, by how far from 0 one could be chance."""
    return _tr("dotted: within 3/√d = {0:.2g}, could be chance").format(limit)


def explain_chance(value: float, entries: int) -> str:
    """Return why a cosine of vectors of so many entries could be chance, as a line below it; nothing of one that is too far from 0."""
    words = _tr("could be chance: unrelated vectors scatter by 1/√d = {0:.2g}, hardly beyond 3/√d = {1:.2g}")
    return "\n" + words.format(chance_band(entries), chance_limit(entries)) if is_chance_cosine(value, entries) else ""


def _tell_cell(found: HeatMap, row: int, column: int) -> str:
    names = found.names[row] if row == column and found.quantity == "conflict" else f"{found.names[row]} · {found.names[column]}"
    return f"{names}\n{_tell_figure(found, row, column)}"


def _tell_figure(found: HeatMap, row: int, column: int) -> str:
    value, spread = float(found.values[row, column]), float(found.errors[row, column])
    if math.isnan(value):
        return _explain_gap(found, row, column)
    if found.quantity == "conflict":
        if row == column:
            return _tr("{0:.2%} of the entries are exactly 0").format(value)
        return _tr("signs differ in {0:.2%} of the entries where neither is 0").format(value)
    if found.quantity == "share":
        figure = write_estimate(value, spread, ".4f")
        return _tr("of ‘{0}’ there is {1} in ‘{2}’").format(found.names[column], figure, found.names[row])
    figure = _tr("cosine {0}").format(write_estimate(value, spread, ".4f"))
    return figure + (explain_chance(value, found.entries) if row != column else "")


def _explain_gap(found: HeatMap, row: int, column: int) -> str:
    """Say why there is no figure."""
    if found.is_broken:
        return _tr("not known: a model holds NaN or infinity here")
    if any(math.isnan(found.norms[place]) for place in (row, column)):
        return _tr("not known yet: its search or its estimate has yet to run")
    zeros = [found.names[place] for place in dict.fromkeys((row, column)) if found.norms[place] == 0]
    if zeros:
        return _tr("nothing to compare: {0} changes nothing here").format(_tr(" and ").join(f"‘{name}’" for name in zeros))
    return _tr("nothing to compare: in no entry are both other than 0")


def _tr(text: str) -> str:
    return QCoreApplication.translate("similarity_square", text)
