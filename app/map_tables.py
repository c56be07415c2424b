"""What stands beside the weight map, as tables: a series step by step, and analogies against their true answers."""

from __future__ import annotations

import math

from app.widgets.map_scene import MapPath, MapScene
from app.word_table import Table

_DIGITS = ".6g"


def tabulate_path(path: MapPath) -> Table:
    """Return a line for each checkpoint of a series: how alike it is to the last one, and how far it has gone."""
    head = (path.quantity, "cosine to the final vector", "‖τ‖")
    figures = zip(path.numbers, path.cosines, path.norms, strict=True)
    return Table(head, tuple((f"{number:.10g}", _spell(cosine), _spell(norm)) for number, cosine, norm in figures))


def tabulate_analogies(scene: MapScene) -> Table:
    """Return a line for each analogy whose true answer is known."""
    sign = "≈ " if scene.is_estimate else ""
    lines = [
        (shape.name, shape.true_name, sign + _spell(shape.residual), sign + _spell(shape.cosine))
        for shape in scene.parallelograms
        if shape.true_name
    ]
    return Table(("analogy", "against", "residual", "cos(D̂, D)"), tuple(lines))


def _spell(number: float) -> str:
    return "" if math.isnan(number) else f"{number:{_DIGITS}}"
