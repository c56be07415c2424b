"""Draw the way of a training: cosine with the last vector, and length, by step."""

from __future__ import annotations

import math
from typing import Final

from markupsafe import Markup

from engine.execution.result import PathRecord, SimilarityRecord
from engine.report.plot import BELOW, PLOT_HEIGHT, WIDTH, Ink, LegendEntry, draw_legend, finish_plot, legend_height, open_plot
from engine.report.svg import CONTROL, TARGET, as_inline_svg, new_figure
from engine.report.wording import write_cosine, write_figure

_COSINE: Final = LegendEntry("cosine with the last", Ink(TARGET, "-", "o"))
_LENGTH: Final = LegendEntry("length ÷ the last one’s", Ink(CONTROL, "--", "s"))
_TOP: Final = legend_height(2)


def draw_path(record: SimilarityRecord, path: PathRecord, key: str) -> Markup:
    """Return the curves as inline SVG; empty where the last vector has no length."""
    cosines, shares = follow_path(record, path)
    if not math.isfinite(shares[-1]):
        return Markup()
    figure, canvas = new_figure(WIDTH, _TOP + PLOT_HEIGHT + BELOW)
    axes = open_plot(canvas, _TOP)
    for ink, values in ((_COSINE.ink, cosines), (_LENGTH.ink, shares)):
        axes.plot(path.steps, values, color=ink.colour, linewidth=1.8, marker=ink.marker, markersize=4, linestyle=ink.dash)
    finish_plot(canvas, axes, _TOP, "step")
    draw_legend(canvas, (_COSINE, _LENGTH), 0)
    return as_inline_svg(figure, key, describe_path(record, path))


def follow_path(record: SimilarityRecord, path: PathRecord) -> tuple[list[float], list[float]]:
    """Return, step by step, the cosine with the last vector and the length as a share of the last one's."""
    last = path.vectors[-1]
    whole = record.norms[last]
    return [record.cosine[number][last] for number in path.vectors], [
        record.norms[number] / whole if whole else math.nan for number in path.vectors
    ]


def describe_path(record: SimilarityRecord, path: PathRecord) -> str:
    """Say in words what the curves show."""
    cosines, shares = follow_path(record, path)
    told = "; ".join(
        f"step {step:g}: {write_cosine(cosine)} and {write_figure(share)}"
        for step, cosine, share in zip(path.steps, cosines, shares, strict=True)
    )
    return f"“{path.name}” on its way: cosine with the last vector, and length over the last one’s ({told})."
