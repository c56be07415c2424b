"""The curves beside the weight map: a training by step, all trainings together, and trainings by learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from app.map_tables import name_cosine
from app.theme import current_tokens
from app.widgets.map_painter import list_way_colours
from app.widgets.map_scene import MapPath
from app.widgets.plot import Plot, PlotColours, PlotCurve
from engine.planning.learning_rates import place_rates, write_learning_rate
from engine.step_axis import needs_powers

_CONTEXT = "path plots"
_ASIDE = 0.08
"""How far what has one place stands from one another, in parts of the way to the next place."""
Figures = Sequence[float]


@dataclass(frozen=True)
class PathSide:
    """Hold the paths that one plot shows."""

    title: str
    paths: tuple[MapPath, ...]


def list_sides(paths: Sequence[MapPath]) -> tuple[PathSide, ...]:
    """Return the plots there are: all trainings together, if there are two or more, then each path alone."""
    trainings = tuple(path for path in paths if path.is_training)
    together = [PathSide(QCoreApplication.translate(_CONTEXT, "All trainings: by step"), trainings)] if len(trainings) > 1 else []
    return (*together, *(PathSide(_name_path(path), (path,)) for path in paths))


def plot_side(side: PathSide, *, is_estimate: bool = False) -> Plot:
    """Return the curves of one plot; of estimates the title says so."""
    plot = _plot_path(side.title, side.paths[0]) if len(side.paths) == 1 else _plot_trainings(side.paths)
    return replace(plot, title=f"≈ {plot.title}") if is_estimate else plot


def choose_colours(plot: Plot) -> PlotColours:
    """Return the colours of a path's two curves or, of several trainings together, those that their ways have on the map."""
    colours = current_tokens()
    is_together = any(curve.like is not None for curve in plot.curves)
    curves = list_way_colours() if is_together else (colours.vector, colours.checkpoint)
    return PlotColours(colours.background, colours.line, colours.text, colours.dim, curves)


def _name_path(path: MapPath) -> str:
    if path.name:
        return QCoreApplication.translate(_CONTEXT, "{0}: by {1}").format(path.name, path.quantity)
    return QCoreApplication.translate(_CONTEXT, "By {0}").format(path.quantity)


def _plot_path(title: str, path: MapPath) -> Plot:
    """Return how alike its vectors are to the last one, and how long they are."""
    if not path.is_training:
        return _plot_rates(title, path)
    length = QCoreApplication.translate(_CONTEXT, "‖τ‖ ÷ final ‖τ‖ ({0:.3g})")
    return Plot(title, _make_pair(path, path.numbers, (name_cosine(path), length)), quantity=path.quantity)


def _plot_rates(title: str, path: MapPath) -> Plot:
    """Return trainings over their learning rates: these lie too far apart for a plain axis, so each has a place, under its number."""
    rates, places = place_rates(path.numbers)
    words = tuple(map(write_learning_rate, rates))
    if len(rates) == len(places):
        names = (name_cosine(path), QCoreApplication.translate(_CONTEXT, "‖τ‖ ÷ its ‖τ‖ ({0:.3g})"))
        hints = dict(zip(map(float, places), path.names, strict=False))
        return Plot(title, _make_pair(path, places, names), places=words, quantity=path.quantity, hints=hints)
    # A line from one training to the next of the same rate would say that they are in an order.
    beside = [_stand_beside(places, number) for number in range(len(places))]
    lengths = _divide(path.norms, path.norms[-1])
    cosines = [_make_curve(name, (x,), (cosine,)) for name, x, cosine in zip(path.names, beside, path.cosines, strict=True)]
    hollow = [
        PlotCurve(f"{name} ‖τ‖", ((x, length),), like=number)
        for number, (name, x, length) in enumerate(zip(path.names, beside, lengths, strict=True))
    ]
    told = QCoreApplication.translate(_CONTEXT, "{0} · hollow: ‖τ‖ ÷ {1:.3g}").format(name_cosine(path), path.norms[-1])
    return Plot(told, (*cosines, *hollow), places=words, quantity=path.quantity)


def _stand_beside(places: Sequence[int], number: int) -> float:
    """Return where something stands that may share its place with others: beside them."""
    place = places[number]
    return place + _ASIDE * (places[:number].count(place) - (places.count(place) - 1) / 2)


def _make_pair(path: MapPath, places: Figures, names: tuple[str, str]) -> tuple[PlotCurve, PlotCurve]:
    """Return the cosines and the lengths of a path; the name of the second tells what the lengths are shares of."""
    cosine, length = names
    final = path.norms[-1]
    lengths = _make_curve(length.format(final), places, _divide(path.norms, final), is_dashed=True)
    return _make_curve(cosine, places, path.cosines), lengths


def _plot_trainings(paths: Sequence[MapPath]) -> Plot:
    """Return all trainings in one plot: first the cosines of each to its own end, then the lengths, all over the longest."""
    longest = max(path.norms[-1] for path in paths)
    title = QCoreApplication.translate(_CONTEXT, "cosine to its end · dashed: ‖τ‖ ÷ {0:.3g}").format(longest)
    curves = [_make_curve(path.name, path.numbers, path.cosines) for path in paths]
    for number, path in enumerate(paths):
        points = tuple(zip(path.numbers, _divide(path.norms, longest), strict=True))
        curves.append(PlotCurve(f"{path.name} ‖τ‖", points, is_dashed=True, like=number))
    has_powers = needs_powers([path.numbers for path in paths])
    return Plot(title, tuple(curves), quantity=paths[0].quantity, has_powers=has_powers)


def _make_curve(name: str, places: Figures, figures: Figures, *, is_dashed: bool = False) -> PlotCurve:
    return PlotCurve(name, tuple(zip(places, figures, strict=True)), is_dashed=is_dashed)


def _divide(norms: Figures, whole: float) -> list[float]:
    return [norm / whole if whole > 0 else math.nan for norm in norms]
