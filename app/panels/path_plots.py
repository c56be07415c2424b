"""The curves beside the weight map: a training by step, all trainings together, and trainings by learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.map_tables import name_cosine
from app.theme import current_tokens
from app.widgets.map_scene import MapPath
from app.widgets.plot import Plot, PlotColours, PlotCurve
from engine.planning.learning_rates import write_learning_rate

_CONTEXT = "path plots"
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


def plot_side(side: PathSide) -> Plot:
    """Return the curves of one plot."""
    return _plot_path(side.title, side.paths[0]) if len(side.paths) == 1 else _plot_trainings(side.paths)


def choose_colours(paths: int = 1) -> PlotColours:
    """Return the colours of a path's two curves or, of so many paths together, one for both curves of each."""
    colours = current_tokens()
    curves = (colours.vector, colours.checkpoint, colours.metrics, colours.accent, colours.ok, colours.error)
    return PlotColours(colours.background, colours.line, colours.text, colours.dim, curves[: max(paths, 2)])


def _name_path(path: MapPath) -> str:
    if path.name:
        return QCoreApplication.translate(_CONTEXT, "{0}: by {1}").format(path.name, path.quantity)
    return QCoreApplication.translate(_CONTEXT, "By {0}").format(path.quantity)


def _plot_path(title: str, path: MapPath) -> Plot:
    """Return how alike its vectors are to the last one, and how long they are."""
    final = path.norms[-1]
    length = QCoreApplication.translate(_CONTEXT, "‖τ‖ ÷ final ‖τ‖ ({0:.3g})")
    if not path.is_training:
        length = QCoreApplication.translate(_CONTEXT, "‖τ‖ ÷ its ‖τ‖ ({0:.3g})")
    # Learning rates lie too far apart for a plain axis: each has a place, under its number.
    names = () if path.is_training else tuple(map(write_learning_rate, path.numbers))
    places = tuple(map(float, range(len(names)))) if names else path.numbers
    curves = (
        _make_curve(name_cosine(path), places, path.cosines),
        _make_curve(length.format(final), places, _divide(path.norms, final), is_dashed=True),
    )
    return Plot(title, curves, places=names, quantity=path.quantity)


def _plot_trainings(paths: Sequence[MapPath]) -> Plot:
    """Return all trainings in one plot: first the cosines of each to its own end, then the lengths, all over the longest."""
    longest = max(path.norms[-1] for path in paths)
    title = QCoreApplication.translate(_CONTEXT, "cosine to its end · dashed: ‖τ‖ ÷ {0:.3g}").format(longest)
    curves = [_make_curve(path.name, path.numbers, path.cosines) for path in paths]
    curves += [_make_curve(f"{path.name} ‖τ‖", path.numbers, _divide(path.norms, longest), is_dashed=True) for path in paths]
    return Plot(title, tuple(curves), quantity=paths[0].quantity)


def _make_curve(name: str, places: Figures, figures: Figures, *, is_dashed: bool = False) -> PlotCurve:
    return PlotCurve(name, tuple(zip(places, figures, strict=True)), is_dashed=is_dashed)


def _divide(norms: Figures, whole: float) -> list[float]:
    return [norm / whole if whole > 0 else math.nan for norm in norms]
