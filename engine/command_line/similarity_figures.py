"""The figures of `weightloom similarity --json`: what was found, which of it could be chance, and the ways of trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from engine.command_line.similarity_series import follow_series
from engine.execution.result import LayerSimilarity, SimilarityRecord
from engine.similarity.geometry import chance_band, chance_limit


def gather_figures(record: SimilarityRecord) -> Mapping[str, object]:
    """Return a record's figures by their names, with the bands of chance and the ways of its series."""
    layers = [_gather_part(layer) for layer in record.layers]
    return {**_list_figures(record), "layers": layers, "series": [follow_series(record, path) for path in record.paths]}


def _gather_part(part: LayerSimilarity) -> Mapping[str, object]:
    return {**_list_figures(part), "sections": [_gather_part(section) for section in part.sections]}


def _list_figures(part: SimilarityRecord | LayerSimilarity) -> Mapping[str, object]:
    own = {field.name: getattr(part, field.name) for field in fields(part)}
    return {**own, "chance_deviation": chance_band(part.entries), "chance_limit": chance_limit(part.entries)}
