"""What TIES, DARE and other kernels have made, exactly, from the models that a run has written.

A written model is θ₀ + Σ wᵢδᵢ + w·K with one kernel's value K, so K = (its difference from θ₀ − Σ wᵢδᵢ) / w: the inner products of K
follow from those of the written model, which is read like one more checkpoint of the family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.checkpoints.header import Header
from engine.checkpoints.sources import open_checkpoint
from engine.document.model import NodeId
from engine.execution.gram_pass import PassSettings, measure_gram
from engine.execution.kernel_sample import KernelGraph
from engine.operation import PortKind
from engine.planning.live_model import LiveFamily, make_live_model
from engine.planning.live_weights import WeightEvaluator
from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import Floats, GramTable
from engine.similarity.store import GramStore


@dataclass(frozen=True)
class _Written:
    kernel: NodeId
    header: Header
    weights: Floats
    """(groups, columns): of the differences and the kernels in the written model."""
    column: int
    """The kernel's."""


def measure_kernels(
    graph: KernelGraph, table: GramTable, written: Mapping[NodeId, Path], store: GramStore, settings: PassSettings | None = None
) -> GramTable:
    """Return a table in which the estimated products of kernels are replaced by exact ones, as far as written models tell them.

    Counts of entries stay estimates. A kernel is exact up to the rounding of the model's dtype.

    Args:
        graph: the graph that was run, as it was then.
        table: with the kernels' estimates.
        written: per export node the folder of the model it wrote.
        store: keeps what is measured.
        settings: of the pass over the written models.

    Raises:
        EngineError: a written model can't be read.
        Cancelled: the user stopped.
    """
    family = next(each for each in make_live_model(graph.resolved).families if each.family.base == graph.files.base)
    found = _find_written(graph, family, written, table)
    if not found:
        return table
    headers = (*graph.files.headers, *(each.header for each in found))
    names = tuple(f"written {each.kernel}" for each in found)
    files = FamilyFiles(graph.files.base, (*graph.files.vectors, *names), graph.files.tensors, graph.files.left_out, headers)
    exact = measure_gram(files, store, settings).table
    return _put_in(table, exact.products, found, family) if exact.tensors == table.tensors else table


def _find_written(graph: KernelGraph, family: LiveFamily, written: Mapping[NodeId, Path], table: GramTable) -> list[_Written]:
    """Return, per kernel that the table has, a written model that tells it."""
    weights = WeightEvaluator(family).evaluate(make_live_model(graph.resolved).read_values(graph.document))
    rows = {node.node: row for row, node in enumerate(family.nodes)}
    found: dict[NodeId, _Written] = {}
    for export, folder in written.items():
        step = graph.resolved.graph.steps.get(export)
        model = next((operand.node for operand in step.operands if operand.kind is PortKind.CHECKPOINT), None) if step else None
        own = weights[:, rows[model]] if model is not None and model in rows else None
        column = _find_single_kernel(own, len(family.family.vectors)) if own is not None else None
        if own is None or column is None or family.columns[column] not in table.vectors:
            continue
        header = open_checkpoint(str(folder), folder)
        if _has_all(header, graph.files):
            found.setdefault(family.columns[column], _Written(family.columns[column], header, own, column))
    return list(found.values())


def _find_single_kernel(weights: Floats, vectors: int) -> int | None:
    """Return the column of the only kernel in a model; None where there is none, several, or a weight that is not known."""
    if np.isnan(weights).any():
        return None
    columns = [column for column in range(vectors, weights.shape[1]) if weights[:, column].any()]
    return columns[0] if len(columns) == 1 and weights[:, columns[0]].all() else None


def _has_all(header: Header, files: FamilyFiles) -> bool:
    base = files.headers[0].tensors
    return all(name in header.tensors and header.tensors[name].shape == base[name].shape for name in files.tensors)


def _put_in(table: GramTable, measured: Floats, found: Sequence[_Written], family: LiveFamily) -> GramTable:
    """Return the table with the kernels' products put in; `measured` has θ₀, the differences, then the written models."""
    own = 1 + len(family.family.vectors)
    group_of = dict(zip(family.family.tensors, family.groups, strict=True))
    groups = np.array([group_of[name] for name in table.tensors], dtype=np.intp)
    mixing = np.zeros((len(table.tensors), own + len(found), own + len(found)))
    mixing[:, range(own), range(own)] = 1.0
    for number, each in enumerate(found):
        weights = each.weights[groups]
        share = weights[:, each.column]
        mixing[:, own + number, 1:own] = -weights[:, : own - 1] / share[:, None]
        mixing[:, own + number, own + number] = 1 / share
    exact = mixing @ measured @ mixing.swapaxes(1, 2)
    places = [*range(own), *(1 + table.vectors.index(str(each.kernel)) for each in found)]
    products = table.products.copy()
    errors = np.zeros_like(products) if table.errors is None else table.errors.copy()
    products[np.ix_(range(len(products)), places, places)] = exact
    errors[np.ix_(range(len(products)), places, places)] = 0.0
    return replace(table, products=products, errors=errors)
