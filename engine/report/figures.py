"""The figures of a report, as inline SVG beside what their captions say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from engine.execution.result import Matrix, SearchRecord, SimilarityRecord
from engine.report.map_figure import draw_map
from engine.report.map_layout import is_numbered_map
from engine.report.matrix_figure import CONFLICTS, COSINES, draw_matrix, has_numbered_columns, lay_out_matrix, norms_up_to
from engine.report.path_figure import describe_path, describe_trainings, draw_path, draw_trainings
from engine.report.strength_figure import draw_strength_curve
from engine.report.tries_figure import draw_tries
from engine.search.subsets import HELPERS
from engine.similarity.geometry import is_chance_cosine


@dataclass(frozen=True)
class PathFigure:
    """Hold curves over something that orders vectors."""

    title: str
    curves: Markup
    words: str
    """What they show."""


@dataclass(frozen=True)
class SimilarityFigures:
    """Hold the figures of one Similarity node; empty text where there is nothing to draw."""

    cosine: Markup
    sign_conflicts: Markup
    norms_per_layer: Markup
    cosines_per_layer: Markup
    """A row for each layer and a column for each pair."""
    pairs_left_out: int
    """Pairs that have no column, because there are too many."""
    map: Markup
    paths: tuple[PathFigure, ...]
    """The curves of all trainings together, of each by step, and of what learning rates order."""
    is_map_numbered: bool
    """Tips carry the numbers of the vectors."""
    is_wide: bool
    """Too wide to stand beside another figure."""
    is_numbered: bool
    """Columns stand under the numbers of the rows, because the names are long."""


DOTTED: Final = "dotted"
"""How cells are marked whose cosine could be chance."""
_WIDEST_COLUMN = 500.0
_MOST_PAIRS = 15


def draw_similarity(record: SimilarityRecord, key: str) -> SimilarityFigures:
    """Draw the cosines, the sign conflicts and the norms per layer of one record."""
    layout = lay_out_matrix(record.names, record.names)
    names = ", ".join(record.names)
    return SimilarityFigures(
        cosine=draw_matrix(
            record.cosine, layout, COSINES, f"{key}-cosine", f"Cosines between the vectors {names}", _find_chance_pairs(record)
        ),
        sign_conflicts=draw_matrix(
            _drop_diagonal(record.sign_conflicts), layout, CONFLICTS, f"{key}-signs", f"Sign conflicts between {names}"
        ),
        norms_per_layer=_draw_norms_per_layer(record, f"{key}-layers"),
        cosines_per_layer=_draw_cosines_per_layer(record, f"{key}-layer-cosines"),
        pairs_left_out=len(_list_pairs(record)) - len(_choose_pairs(record)),
        map=draw_map(record, f"{key}-map"),
        paths=tuple(_draw_paths(record, key)),
        is_map_numbered=is_numbered_map(record),
        is_wide=layout.width > _WIDEST_COLUMN,
        is_numbered=has_numbered_columns(record.names, record.names),
    )


def _find_chance_pairs(record: SimilarityRecord) -> set[tuple[int, int]]:
    """Return the cells of pairs whose cosine could be chance over the whole model."""
    pairs = itertools.permutations(range(len(record.names)), 2)
    return {(row, column) for row, column in pairs if is_chance_cosine(record.cosine[row][column], record.entries)}


def _drop_diagonal(values: Matrix) -> Matrix:
    """Return a matrix without what a vector has with itself: no conflict is no finding there."""
    return tuple(tuple(math.nan if row == column else value for column, value in enumerate(cells)) for row, cells in enumerate(values))


def draw_search(record: SearchRecord, key: str) -> Markup:
    """Draw the λ curve of one search, or the sets of strengths that were tried; of helpers their ranking says all."""
    if record.method == HELPERS:
        return Markup()
    return draw_tries(record, key) if record.vector_names else draw_strength_curve(record, key)


def _draw_paths(record: SimilarityRecord, key: str) -> Iterator[PathFigure]:
    """Give what can be drawn of a record's paths: what compares them first."""
    together = draw_trainings(record, f"{key}-trainings")
    if together:
        yield PathFigure("The trainings side by side", together, describe_trainings(record))
    for number, path in sorted(enumerate(record.paths, 1), key=lambda numbered: numbered[1].is_training):
        curves = draw_path(record, path, f"{key}-path-{number}")
        if curves:
            yield PathFigure("The way of the training" if path.is_training else "Learning rates", curves, describe_path(record, path))


def _draw_norms_per_layer(record: SimilarityRecord, key: str) -> Markup:
    """Draw a row for each layer and a column for each vector; nothing where no layer was asked for."""
    if not record.layers:
        return Markup()
    rows = tuple(layer.name for layer in record.layers)
    values = tuple(layer.norms for layer in record.layers)
    largest = max((norm for row in values for norm in row if math.isfinite(norm)), default=0.0)
    layout = lay_out_matrix(rows, record.names)
    return draw_matrix(values, layout, norms_up_to(largest), key, f"Norm of each vector in each of {len(rows)} layers")


def _draw_cosines_per_layer(record: SimilarityRecord, key: str) -> Markup:
    """Draw a row for each layer and a column for each pair; nothing where no layer was asked for."""
    pairs = _choose_pairs(record)
    if not record.layers or not pairs:
        return Markup()
    columns = tuple(f"{one + 1}·{other + 1}" for one, other in pairs)
    values = tuple(tuple(layer.cosine[one][other] for one, other in pairs) for layer in record.layers)
    layout = lay_out_matrix(tuple(layer.name for layer in record.layers), columns)
    words = f"Cosine of {len(pairs)} pairs of vectors in each of {len(record.layers)} layers"
    chance = {
        (row, column)
        for row, cosines in enumerate(values)
        for column, cosine in enumerate(cosines)
        if is_chance_cosine(cosine, record.layers[row].entries)
    }
    return draw_matrix(values, layout, COSINES, key, words, chance)


def _list_pairs(record: SimilarityRecord) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(len(record.names)), 2))


def _choose_pairs(record: SimilarityRecord) -> list[tuple[int, int]]:
    """Return the pairs that have a column: all, or those with the largest cosines by size over the whole model."""
    strengths = {pair: abs(cosine) if math.isfinite(cosine := record.cosine[pair[0]][pair[1]]) else -1.0 for pair in _list_pairs(record)}
    return sorted(sorted(strengths, key=lambda pair: -strengths[pair])[:_MOST_PAIRS])
