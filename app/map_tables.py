"""What stands beside the weight map, as tables: a series step by step, and analogies against their true answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from app.widgets.map_scene import MapPath, MapScene
from app.word_table import Table
from engine.planning.learning_rates import write_learning_rate


def tabulate_paths(paths: Sequence[MapPath]) -> Table:
    """Return a line for each checkpoint: how alike it is to the last of its series, and how long; of several trainings also whose it is."""
    first = paths[0]
    names = (_tr("training"),) if len(paths) > 1 or not first.is_training else ()
    lines = [
        (*((name,) if names else ()), f"{number:.10g}", _spell(cosine), _spell(norm))
        for path in paths
        for name, number, cosine, norm in zip(_name_lines(path), path.numbers, path.cosines, path.norms, strict=True)
    ]
    return Table((*names, first.quantity, name_cosine(first), "‖τ‖"), tuple(lines))


def _name_lines(path: MapPath) -> Sequence[str]:
    return (path.name,) * len(path.numbers) if path.is_training else path.names


def name_cosine(path: MapPath) -> str:
    """Return what the cosines of a path are with."""
    if path.is_training:
        return _tr("cosine to the final vector")
    if path.numbers.count(path.numbers[-1]) > 1:
        return _tr("cosine to {0}").format(path.names[-1])
    return _tr("cosine to the vector at {0}").format(write_learning_rate(path.numbers[-1]))


def tabulate_analogies(scene: MapScene) -> Table:
    """Return a line for each analogy whose true answer is known."""
    lines = [
        (shape.name, _spell_with(shape.residual, shape.residual_error), _spell_with(shape.cosine, shape.cosine_error), shape.true_name)
        for shape in scene.parallelograms
        if shape.true_name
    ]
    return Table((_tr("analogy"), _tr("residual"), "cos(D̂, D)", _tr("against")), tuple(lines))


def _spell_with(number: float, error: float) -> str:
    return ("≈ " if error else "") + _spell(number, ".4g")


def _spell(number: float, form: str = ".6g") -> str:
    return "" if math.isnan(number) else format(number, form)


def _tr(text: str) -> str:
    return QCoreApplication.translate("map_tables", text)
