"""What a search has measured, as plots of curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QCoreApplication

from app.sweeps import Curve, Sweep
from app.widgets.plot import Plot, PlotCurve
from engine.subset_scores import find_best, mean_by_size


def draw_curves(curves: Sequence[Curve]) -> tuple[PlotCurve, ...]:
    """Return curves as they are drawn: controls dashed."""
    return tuple(PlotCurve(curve.name, curve.points, curve.is_control) for curve in curves)


def plot_tries(sweep: Sweep, title: str) -> Plot:
    """Return the figures of each try, over the strength or, where each vector has its own, over the number of the try."""
    curves = draw_curves(sweep.curves)
    words = _tr("chosen λ = {0}") if sweep.is_final and sweep.choice else _tr("best so far λ = {0}")
    marked = sweep.choice or sweep.best
    chosen = words.format(write_strengths(marked)) if marked else ""
    if not sweep.vector_names:
        return Plot(title, curves, sweep.chosen, chosen, sweep.limit)
    places = sorted({x for curve in sweep.curves for x, _ in curve.points})
    hints = {place: f"λ = {write_strengths(trial.strengths)}" for place, trial in zip(places, sweep.trials, strict=False)}
    return Plot(title, curves, sweep.chosen, chosen, sweep.limit, quantity=_tr("try"), hints=hints)


def plot_sizes(sweep: Sweep, title: str) -> Plot:
    """Return the figures by how many vectors take part: their mean, the best and the worst."""
    best = find_best(sweep.trials, higher_is_better=sweep.higher_is_better)
    means = mean_by_size(best)
    groups: Mapping[int, list[float]] = {
        size: sorted((trial.score for subset, trial in best.items() if len(subset) == size), reverse=sweep.higher_is_better)
        for size in means
    }
    curves = (
        PlotCurve(_tr("mean"), _number(means.values())),
        PlotCurve(_tr("best"), _number(scores[0] for scores in groups.values()), is_dashed=True),
        PlotCurve(_tr("worst"), _number(scores[-1] for scores in groups.values()), is_dashed=True),
    )
    return Plot(title, curves, places=tuple(map(str, means)), quantity=_tr("number of vectors"))


def write_strengths(strengths: Iterable[float]) -> str:
    """Return one strength or several, as people write them."""
    return ", ".join(f"{strength:g}" for strength in strengths)


def _number(figures: Iterable[float]) -> tuple[tuple[float, float], ...]:
    """Return each figure with its place along the axis, from 0."""
    return tuple((float(place), figure) for place, figure in enumerate(figures))


def _tr(text: str) -> str:
    return QCoreApplication.translate("sweep_plot", text)
