"""What a Similarity node compares, and the figures that follow from the sums of it: in a run and without one alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.checkpoints.series_folder import SeriesEntry
from engine.document.model import NodeId
from engine.execution.analogies import list_corners
from engine.execution.result import LayerSimilarity, Matrix, PathRecord, SimilarityRecord
from engine.operation import Linear, PortKind
from engine.planning.resolve import Resolved
from engine.planning.work import WorkPlanner
from engine.similarity.geometry import cosines_of, norms_of
from engine.similarity.geometry_counts import count_figures
from engine.similarity.geometry_tips import place_tips
from engine.similarity.gram_table import Floats, GramTable
from engine.similarity.sections import Section, find_sections


@dataclass(frozen=True)
class Compared:
    """Say what a table is about."""

    node: str
    names: tuple[str, ...]
    """One for each vector."""
    has_base: bool
    """Whether the table knows their base."""
    per_layer: bool
    parallelograms: tuple[tuple[int, ...], ...] = ()
    """As SimilarityRecord.parallelograms."""
    paths: tuple[PathRecord, ...] = ()
    read: tuple[bool, ...] = ()
    """Of each vector, whether it is the change of one model that is read; () where that is not known."""


def describe_compared(planner: WorkPlanner, node: NodeId) -> Compared:
    """Return what a Similarity node compares."""
    resolved, vectors = planner.resolved, planner.compared_vectors(node)
    return Compared(
        node=node,
        names=tuple(map(resolved.title, vectors)),
        has_base=planner.shared_base(node) is not None,
        per_layer=bool(resolved.graph.steps[node].parameters["per_layer"]),
        parallelograms=tuple(filter(None, (_find_corners(resolved, vectors, vector) for vector in vectors))),
        paths=tuple(_find_paths(resolved, vectors)),
        read=tuple(_is_read(resolved, vector) for vector in vectors),
    )


def make_record(compared: Compared, table: GramTable) -> SimilarityRecord:
    """Return the figures that follow from a table whose vectors are, in their order, those that are compared."""
    whole = _compare(table, "", table.tensors)
    counts = count_figures(table)
    base_norm = float(np.sqrt(table.products[:, 0, 0].sum()))
    relative = tuple(norm / base_norm if base_norm > 0 else math.nan for norm in whole.norms)
    tips = place_tips(table.products.sum(axis=0)[1:, 1:], compared.read)
    return SimilarityRecord(
        node=compared.node,
        names=compared.names,
        cosine=whole.cosine,
        norms=whole.norms,
        relative_norms=relative if compared.has_base else (),
        sign_conflicts=_to_matrix(counts.conflicts),
        zero_shares=tuple(map(float, counts.zeros)),
        entries=whole.entries,
        layers=_by_layer(table) if compared.per_layer else (),
        places=_to_matrix(tips.places),
        shown_share=tips.shown_share,
        shown_models=tips.models,
        parallelograms=compared.parallelograms,
        paths=compared.paths,
    )


def _is_read(resolved: Resolved, vector: NodeId) -> bool:
    """Tell whether a vector is the change of one model that is read: an adapter, or a checkpoint minus another."""
    step = resolved.graph.steps[vector]
    read = [operand.kind is PortKind.CHECKPOINT and operand.node in resolved.sources for operand in step.operands]
    return vector in resolved.sources or (isinstance(step.behaviour, Linear) and bool(read) and all(read))


def _find_paths(resolved: Resolved, vectors: Sequence[NodeId]) -> Iterator[PathRecord]:
    """Give the vectors of each series whose steps are compared one by one."""
    steps = {member.node: member.entry for members in resolved.expansion.series.values() for member in members}
    groups: dict[NodeId, dict[int, SeriesEntry]] = {}
    for number, vector in enumerate(vectors):
        found = [steps[node] for node in resolved.graph.ancestors(vector) if node in steps]
        if len(found) == 1:
            groups.setdefault(resolved.expansion.origin(vector), {})[number] = found[0]
    for members in groups.values():
        if len(members) > 1:
            number, entry = next(iter(members.items()))
            name = resolved.title(vectors[number]).removesuffix(f" · {entry.name}")
            yield PathRecord(name, tuple(members), tuple(float(entry.number) for entry in members.values()))


def _find_corners(resolved: Resolved, vectors: Sequence[NodeId], vector: NodeId) -> tuple[int, ...]:
    """Return the numbers of an analogy's A, B and C and its own; () for other vectors, and where one of them is not compared."""
    corners = list_corners(resolved.graph.steps[vector])
    is_known = bool(corners) and all(node in vectors for node in corners)
    return tuple(vectors.index(node) for node in (*corners, vector)) if is_known else ()


def _by_layer(table: GramTable) -> tuple[LayerSimilarity, ...]:
    layers: dict[str, list[Section]] = {}
    for section in find_sections(table.tensors):
        layers.setdefault(section.layer, []).append(section)
    return tuple(_compare_layer(table, title, sections) for title, sections in layers.items())


def _compare_layer(table: GramTable, title: str, sections: Sequence[Section]) -> LayerSimilarity:
    whole = _compare(table, title, [tensor for section in sections for tensor in section.tensors])
    parts = tuple(_compare(table, section.title, section.tensors) for section in sections)
    return replace(whole, sections=parts) if len(parts) > 1 else whole


def _compare(table: GramTable, title: str, tensors: Sequence[str]) -> LayerSimilarity:
    number = {name: row for row, name in enumerate(table.tensors)}
    rows = [number[name] for name in tensors]
    # One layer of (vectors, layers, vectors), as geometry has them.
    inner = table.products[rows].sum(axis=0)[1:, None, 1:]
    norms = tuple(map(float, norms_of(inner)[:, 0]))
    return LayerSimilarity(title, _to_matrix(cosines_of(inner)[:, 0, :]), norms, int(table.entries[rows].sum()))


def _to_matrix(array: Floats) -> Matrix:
    return tuple(tuple(float(cell) for cell in row) for row in array)
