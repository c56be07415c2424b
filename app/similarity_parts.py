"""The parts of a model that figures are told for: its layers, the attention, MLP and norms of each, single tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.live_view import FamilyView
from engine.similarity.geometry import Geometry
from engine.similarity.geometry_counts import CountFigures, count_figures
from engine.similarity.geometry_errors import FigureErrors

Floats = NDArray[np.float64]
Grain = Literal["layer", "section", "tensor"]
"""How finely a model is divided."""
GRAINS: tuple[Grain, ...] = ("layer", "section", "tensor")
_KEPT = 12


@dataclass(frozen=True)
class Part:
    """Name one part of a model."""

    grain: Grain
    number: int
    """Among the parts of its grain, in reading order."""
    title: str
    layer: str
    """The layer it lies in; its own title for what lies in none."""
    tensors: tuple[int, ...]
    """Places among the geometry's tensors."""


def list_parts(view: FamilyView, grain: Grain) -> tuple[Part, ...]:
    """Return the parts of a model in reading order."""
    return _divide(view.space.geometry, grain)


@lru_cache(maxsize=_KEPT)
def _divide(geometry: Geometry, grain: Grain) -> tuple[Part, ...]:
    sections = [geometry.sections[number] for number in geometry.section_of]
    if grain == "tensor":
        order = sorted(range(len(sections)), key=lambda place: int(geometry.section_of[place]))
        return tuple(Part(grain, number, geometry.tensors[place], sections[place].layer, (place,)) for number, place in enumerate(order))
    titles = [section.layer if grain == "layer" else section.title for section in sections]
    wanted = dict.fromkeys(section.layer if grain == "layer" else section.title for section in geometry.sections)
    layers = dict(zip(titles, (section.layer for section in sections), strict=True))
    found = {title: tuple(place for place, own in enumerate(titles) if own == title) for title in wanted}
    return tuple(Part(grain, number, title, layers[title], places) for number, (title, places) in enumerate(found.items()))


def inner_by_part(view: FamilyView, grain: Grain) -> Floats:
    """Return (nodes, parts, nodes) inner products; NaN for parts in which a model is not finite."""
    figures, parts = view.figures, list_parts(view, grain)
    if grain == "tensor":
        inner = figures.tensor_inner[:, [part.tensors[0] for part in parts], :]
    else:
        inner = figures.layer_inner if grain == "layer" else figures.section_inner
    gaps = [part.number for part in parts if is_broken(view, part)]
    if gaps:
        inner = inner.copy()
        inner[:, gaps, :] = np.nan
    return inner


def is_broken(view: FamilyView, part: Part) -> bool:
    """Tell whether a model holds NaN or infinity in a part: nothing is known of it then."""
    broken = view.gaps.broken
    return bool(broken) and any(view.space.geometry.tensors[place] in broken for place in part.tensors)


def list_rows_of(view: FamilyView, part: Part) -> list[int]:
    """Return the table's rows of a part's tensors."""
    return view.space.geometry.rows[list(part.tensors)].tolist()


def count_entries(view: FamilyView, part: Part) -> int:
    """Return how many numbers a part holds."""
    return int(view.space.geometry.table.entries[list_rows_of(view, part)].sum())


def count_part(view: FamilyView, part: Part | None) -> CountFigures:
    """Return what is counted entry by entry, over a part or over the whole model."""
    return view.counts if part is None else count_figures(view.space.geometry.table, list_rows_of(view, part))


def find_errors(view: FamilyView, part: Part | None) -> FigureErrors:
    """Return the standard errors of a part's figures, or of the whole model's; 0 for what is exact."""
    return view.errors if part is None else view.error_geometry.measure_parts(view.figures, [part.tensors])[0]
