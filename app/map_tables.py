"""What stands beside the weight map, as tables: a series step by step, and analogies against their true answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.widgets.map_scene import MapPath, MapScene
from app.word_table import Table
from engine.planning.learning_rates import write_learning_rate

_DIGITS = ".6g"


def tabulate_paths(paths: Sequence[MapPath]) -> Table:
    """Return a line for each checkpoint: how alike it is to the last of its series, and how long; of several series also whose it is."""
    first = paths[0]
    last = "the final vector" if first.is_training else f"that at {write_learning_rate(first.numbers[-1])}"
    names = ("training",) if len(paths) > 1 else ()
    lines = [
        (*((path.name,) if names else ()), f"{number:.10g}", _spell(cosine), _spell(norm))
        for path in paths
        for number, cosine, norm in zip(path.numbers, path.cosines, path.norms, strict=True)
    ]
    return Table((*names, first.quantity, f"cosine to {last}", "‖τ‖"), tuple(lines))


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
