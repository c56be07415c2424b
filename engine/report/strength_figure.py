"""Draw what a strength search measured: the curves with their intervals, the rule's limit and the choice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from engine.evaluation.measurement import Measurement
from engine.execution.result import SearchRecord
from engine.report.plot import (
    BELOW,
    DASHED,
    DOTTED,
    PLOT_HEIGHT,
    WIDTH,
    Ink,
    LegendEntry,
    choose_series_ink,
    draw_legend,
    finish_plot,
    legend_height,
    open_plot,
)
from engine.report.svg import LIMIT, TEXT, as_inline_svg, new_figure
from engine.report.wording import write_metric, write_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Curve:
    """Hold one test set's figures along the strengths."""

    name: str
    role: str
    number: int
    """Its place among those of its role."""
    metric: str
    strengths: tuple[float, ...]
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True)
class CurvePlot:
    """Hold the curves of one metric, which share a plot."""

    search: SearchRecord
    curves: tuple[Curve, ...]

    @property
    def limit(self) -> float | None:
        """Return the rule's limit where it belongs to these curves: it is the first control's."""
        first = self.search.control_names[0] if self.search.control_names else None
        return self.search.limit if any((curve.role, curve.name) == ("control", first) for curve in self.curves) else None

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        """Return the legend: a line for each curve, the choice and the limit."""
        named = tuple(
            LegendEntry(f"{curve.role}: {write_words(curve.metric)} on {curve.name}", choose_series_ink(curve.role, curve.number))
            for curve in self.curves
        )
        chosen = LegendEntry(f"chosen λ = {self.search.chosen_text}", Ink(TEXT, DASHED))
        if self.limit is None:
            return (*named, chosen)
        whose = "the control" if len(self.search.control_names) == 1 else self.search.control_names[0]
        return (*named, chosen, LegendEntry(f"limit of {whose}: {write_metric(self.limit, self.curves[0].metric)}", Ink(LIMIT, DOTTED)))

    @property
    def height(self) -> float:
        """Return the height with the legend above."""
        return legend_height(len(self.entries)) + PLOT_HEIGHT + BELOW


def draw_strength_curve(search: SearchRecord, key: str) -> Markup:
    """Return the λ curve as inline SVG: one plot for each metric, above one another."""
    curves = collect_curves(search)
    metrics = tuple(dict.fromkeys(curve.metric for curve in curves))
    plots = [CurvePlot(search, tuple(curve for curve in curves if curve.metric == metric)) for metric in metrics]
    figure, canvas = new_figure(WIDTH, sum(plot.height for plot in plots))
    top = 0.0
    for plot in plots:
        _draw_plot(canvas, plot, top)
        top += plot.height
    return as_inline_svg(figure, key, describe_search(search))


def collect_curves(search: SearchRecord) -> tuple[Curve, ...]:
    """Return the targets' curves, then the controls'."""
    strengths = tuple(point.strength for point in search.points)
    curves: list[Curve] = []
    for role, names in (("target", search.target_names), ("control", search.control_names)):
        for number, name in enumerate(names):
            found = tuple((point.targets if role == "target" else point.controls)[number] for point in search.points)
            curves.append(Curve(name, role, number, found[0].metric if found else "", strengths, found))
    return tuple(curve for curve in curves if curve.measurements)


def describe_search(search: SearchRecord) -> str:
    """Say in words what the curve shows."""
    names = ", ".join((*search.target_names, *search.control_names))
    return f"Figures on validation data ({names}) along {len(search.points)} strengths; chosen λ = {search.chosen_text}."


def _draw_plot(canvas: Axes, plot: CurvePlot, top: float) -> None:
    """Draw the curves of one metric and their legend, from `top` downwards."""
    area_top = top + legend_height(len(plot.entries))
    axes = open_plot(canvas, area_top)
    for curve in plot.curves:
        _draw_curve(axes, curve)
    if plot.limit is not None:
        axes.axhline(plot.limit, color=LIMIT, linewidth=1, linestyle=DOTTED)
    axes.axvline(plot.search.chosen, color=TEXT, linewidth=1, linestyle=DASHED)
    finish_plot(canvas, axes, area_top, "strength λ")
    draw_legend(canvas, plot.entries, top)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    """Draw one curve with its intervals."""
    ink = choose_series_ink(curve.role, curve.number)
    axes.errorbar(
        curve.strengths,
        [measurement.value for measurement in curve.measurements],
        yerr=measure_whiskers(curve.measurements),
        color=ink.colour,
        linewidth=1.8,
        elinewidth=0.8,
        capsize=2,
        marker=ink.marker,
        markersize=3.5,
        linestyle=ink.dash,
    )


def measure_whiskers(measurements: tuple[Measurement, ...]) -> tuple[list[float], list[float]]:
    """Return how far the intervals reach below and above; not at all where an end is not known."""
    below = [_distance(measurement.value, measurement.low) for measurement in measurements]
    return below, [_distance(measurement.high, measurement.value) for measurement in measurements]


def _distance(upper: float, lower: float) -> float:
    return max(0.0, upper - lower) if math.isfinite(upper) and math.isfinite(lower) else 0.0
