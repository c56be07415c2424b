"""The figures of a report, as inline SVG beside what their captions say."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from engine.execution.result import SearchRecord, SimilarityRecord
from engine.report.matrix_figure import CONFLICTS, COSINES, draw_matrix, has_numbered_columns, lay_out_matrix, norms_up_to
from engine.report.strength_figure import draw_strength_curve


@dataclass(frozen=True)
class SimilarityFigures:
    """Hold the figures of one Similarity node; empty text where there is nothing to draw."""

    cosine: Markup
    sign_conflicts: Markup
    norms_per_layer: Markup
    is_wide: bool
    """Too wide to stand beside another figure."""
    is_numbered: bool
    """Columns stand under the numbers of the rows, because the names are long."""


_WIDEST_COLUMN = 500.0


def draw_similarity(record: SimilarityRecord, key: str) -> SimilarityFigures:
    """Draw the cosines, the sign conflicts and the norms per layer of one record."""
    layout = lay_out_matrix(record.names, record.names)
    names = ", ".join(record.names)
    return SimilarityFigures(
        cosine=draw_matrix(record.cosine, layout, COSINES, f"{key}-cosine", f"Cosines between the vectors {names}"),
        sign_conflicts=draw_matrix(record.sign_conflicts, layout, CONFLICTS, f"{key}-signs", f"Sign conflicts between {names}"),
        norms_per_layer=_draw_norms_per_layer(record, f"{key}-layers"),
        is_wide=layout.width > _WIDEST_COLUMN,
        is_numbered=has_numbered_columns(record.names, record.names),
    )


def draw_search(record: SearchRecord, key: str) -> Markup:
    """Draw the λ curve of one search."""
    return draw_strength_curve(record, key)


def _draw_norms_per_layer(record: SimilarityRecord, key: str) -> Markup:
    """Draw a row for each layer and a column for each vector; nothing where no layer was asked for."""
    if not record.layers:
        return Markup()
    rows = tuple(layer.name for layer in record.layers)
    values = tuple(layer.norms for layer in record.layers)
    largest = max((norm for row in values for norm in row if math.isfinite(norm)), default=0.0)
    layout = lay_out_matrix(rows, record.names)
    return draw_matrix(values, layout, norms_up_to(largest), key, f"Norm of each vector in each of {len(rows)} layers")
