"""Draw the way of a training: cosine with the last vector, and length, by step."""

from __future__ import annotations

import math
from typing import Final

from markupsafe import Markup

from engine.execution.result import PathRecord, SimilarityRecord
from engine.report.svg import CONTROL, DIM, LINE, TARGET, TEXT, as_inline_svg, new_figure
from engine.report.wording import write_cosine, write_figure

_WIDTH: Final = 480.0
_HEIGHT: Final = 260.0
_AREA: Final = (0.1, 0.2, 0.87, 0.66)


def draw_path(record: SimilarityRecord, path: PathRecord, key: str) -> Markup:
    """Return the curves as inline SVG; empty where the last vector has no length."""
    cosines, shares = follow_path(record, path)
    if not math.isfinite(shares[-1]):
        return Markup()
    figure, canvas = new_figure(_WIDTH, _HEIGHT)
    axes = canvas.figure.add_axes(_AREA)
    axes.patch.set_visible(False)
    axes.plot(path.steps, cosines, color=TARGET, linewidth=1.8, marker="o", markersize=4)
    axes.plot(path.steps, shares, color=CONTROL, linewidth=1.8, marker="s", markersize=4, linestyle="--")
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(LINE)
    axes.tick_params(colors=DIM, labelsize=10, length=0, pad=5)
    axes.locator_params(axis="both", nbins=6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.6g}".replace("-", "−"))
    for number, (name, colour, dash) in enumerate((("cosine with the last", TARGET, "-"), ("length ÷ the last one’s", CONTROL, "--"))):
        left = 48 + number * 200
        canvas.plot((left, left + 24), (14, 14), color=colour, linewidth=1.8, linestyle=dash)
        canvas.text(left + 32, 18, name, fontsize=11, color=colour, ha="left", va="baseline")
    canvas.text(_WIDTH / 2, _HEIGHT - 10, "step", fontsize=11, color=TEXT, ha="center", va="baseline")
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
