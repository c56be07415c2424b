"""Draw what a strength search measured: the curves with their intervals, the rule's limit and the choice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from engine.evaluation.measurement import Measurement
from engine.execution.result import SearchRecord
from engine.report.svg import CONTROL, DIM, LIMIT, LINE, TARGET, TEXT, as_inline_svg, fit_text, new_figure
from engine.report.wording import write_metric, write_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH: Final = 480.0
_LEFT: Final = 52.0
_RIGHT: Final = 12.0
_PLOT_HEIGHT: Final = 200.0
_LEGEND_LINE: Final = 18.0
_BELOW: Final = 46.0
_DASHES: Final = ("-", "--", ":", "-.")
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Curve:
    """Hold one test set's figures along the strengths."""

    name: str
    role: str
    metric: str
    strengths: tuple[float, ...]
    measurements: tuple[Measurement, ...]


def draw_strength_curve(search: SearchRecord, key: str) -> Markup:
    """Return the λ curve as inline SVG: one plot for each metric, above one another."""
    curves = collect_curves(search)
    metrics = tuple(dict.fromkeys(curve.metric for curve in curves))
    plots = [[(number, curve) for number, curve in enumerate(curves) if curve.metric == metric] for metric in metrics]
    heights = [_legend_height(search, [curve for _, curve in plot]) + _PLOT_HEIGHT + _BELOW for plot in plots]
    figure, canvas = new_figure(WIDTH, sum(heights))
    top = 0.0
    for plot, height in zip(plots, heights, strict=True):
        _draw_plot(canvas, search, plot, top)
        top += height
    return as_inline_svg(figure, key, describe_search(search))


def collect_curves(search: SearchRecord) -> tuple[Curve, ...]:
    """Return the targets' curves, then the controls'."""
    strengths = _places(search)
    curves: list[Curve] = []
    for role, names in (("target", search.target_names), ("control", search.control_names)):
        for number, name in enumerate(names):
            found = tuple((point.targets if role == "target" else point.controls)[number] for point in search.points)
            curves.append(Curve(name, role, found[0].metric if found else "", strengths, found))
    return tuple(curve for curve in curves if curve.measurements)


def describe_search(search: SearchRecord) -> str:
    """Say in words what the curve shows."""
    names = ", ".join((*search.target_names, *search.control_names))
    along = "sets of strengths in the order tried" if search.vector_names else "strengths"
    return f"Figures on validation data ({names}) along {len(search.points)} {along}; chosen λ = {search.chosen_text}."


def _places(search: SearchRecord) -> tuple[float, ...]:
    """Return where the points stand: at their strengths, or where each vector has its own by the order in which they were tried."""
    return tuple(float(number) if search.vector_names else point.strength for number, point in enumerate(search.points))


def _chosen_place(search: SearchRecord) -> float:
    chosen = [place for place, point in zip(_places(search), search.points, strict=True) if point.strengths == search.chosen_strengths]
    return chosen[0] if search.vector_names and chosen else search.chosen


def _limit_of(search: SearchRecord, curves: list[Curve]) -> float | None:
    """Return the rule's limit where it belongs to these curves: it is the first control's."""
    first = search.control_names[0] if search.control_names else None
    return search.limit if any((curve.role, curve.name) == ("control", first) for curve in curves) else None


def _legend_height(search: SearchRecord, curves: list[Curve]) -> float:
    """Return the height of the lines of the legend above a plot."""
    return _LEGEND_LINE * (len(curves) + 1 + (_limit_of(search, curves) is not None)) + 10


def _draw_plot(canvas: Axes, search: SearchRecord, plot: list[tuple[int, Curve]], top: float) -> None:
    """Draw the curves of one metric and their legend, from `top` downwards."""
    curves = [curve for _, curve in plot]
    bottom = top + _legend_height(search, curves) + _PLOT_HEIGHT
    height_of_all = canvas.get_ylim()[0]
    area = (_LEFT / WIDTH, 1 - bottom / height_of_all, (WIDTH - _LEFT - _RIGHT) / WIDTH, _PLOT_HEIGHT / height_of_all)
    axes = canvas.figure.add_axes(area)
    axes.patch.set_visible(False)
    for number, curve in plot:
        _draw_curve(axes, curve, number)
    limit = _limit_of(search, curves)
    if limit is not None:
        axes.axhline(limit, color=LIMIT, linewidth=1, linestyle=(0, (2, 3)))
    axes.axvline(_chosen_place(search), color=TEXT, linewidth=1, linestyle=(0, (4, 3)))
    _dress_axes(axes)
    middle = _LEFT + (WIDTH - _LEFT - _RIGHT) / 2
    along = "sets of strengths λ, in the order tried" if search.vector_names else "strength λ"
    canvas.text(middle, bottom + 36, along, fontsize=11, color=DIM, ha="center", va="baseline")
    _draw_legend(canvas, search, plot, top)


def _draw_curve(axes: Axes, curve: Curve, number: int) -> None:
    """Draw one curve with its intervals."""
    values = [measurement.value for measurement in curve.measurements]
    below = [_distance(measurement.value, measurement.low) for measurement in curve.measurements]
    above = [_distance(measurement.high, measurement.value) for measurement in curve.measurements]
    axes.errorbar(
        curve.strengths,
        values,
        yerr=(below, above),
        color=_colour_of(curve),
        linewidth=1.8,
        elinewidth=0.8,
        capsize=2,
        marker=_MARKERS[number % len(_MARKERS)],
        markersize=3.5,
        linestyle=_DASHES[number % len(_DASHES)] if curve.role == "target" else "-",
    )


def _distance(upper: float, lower: float) -> float:
    """Return the length of a whisker; none where an end is not known."""
    return max(0.0, upper - lower) if math.isfinite(upper) and math.isfinite(lower) else 0.0


def _colour_of(curve: Curve) -> str:
    """Return the colour of a curve's role."""
    return TARGET if curve.role == "target" else CONTROL


def _dress_axes(axes: Axes) -> None:
    """Give the plot its grid and its numbers, in the page's colours."""
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(LINE)
    axes.tick_params(colors=DIM, labelsize=10, length=0, pad=5)
    axes.locator_params(axis="y", nbins=5)
    axes.locator_params(axis="x", nbins=6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.6g}".replace("-", "−"))


def _draw_legend(canvas: Axes, search: SearchRecord, plot: list[tuple[int, Curve]], top: float) -> None:
    """Draw a line of the legend for each curve, the choice and the limit, above the plot where nothing overlaps."""
    line = top + 12
    for number, curve in plot:
        dash = _DASHES[number % len(_DASHES)] if curve.role == "target" else "-"
        canvas.plot((_LEFT, _LEFT + 24), (line - 4, line - 4), color=_colour_of(curve), linewidth=1.8, linestyle=dash)
        canvas.plot(_LEFT + 12, line - 4, color=_colour_of(curve), marker=_MARKERS[number % len(_MARKERS)], markersize=4)
        _write_legend(canvas, f"{curve.role}: {write_words(curve.metric)} on {curve.name}", line, _colour_of(curve))
        line += _LEGEND_LINE
    canvas.plot((_LEFT, _LEFT + 24), (line - 4, line - 4), color=TEXT, linewidth=1, linestyle=(0, (4, 3)))
    _write_legend(canvas, f"chosen λ = {search.chosen_text}", line, TEXT)
    limit = _limit_of(search, [curve for _, curve in plot])
    if limit is not None:
        line += _LEGEND_LINE
        canvas.plot((_LEFT, _LEFT + 24), (line - 4, line - 4), color=LIMIT, linewidth=1, linestyle=(0, (2, 3)))
        whose = "the control" if len(search.control_names) == 1 else search.control_names[0]
        _write_legend(canvas, f"limit of {whose}: {write_metric(limit, plot[0][1].metric)}", line, LIMIT)


def _write_legend(canvas: Axes, text: str, line: float, colour: str) -> None:
    """Write one line of the legend, shortened in the middle where it is longer than the figure is wide."""
    room = WIDTH - _LEFT - 34
    canvas.text(_LEFT + 32, line, fit_text(text, 11, room), fontsize=11, color=colour, ha="left", va="baseline", parse_math=False)
