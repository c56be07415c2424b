"""Where the models that a graph makes lie among compared vectors: on the plane of the vectors, by their multiples of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from engine.document.model import NodeId
from engine.execution.result import EditedPlace, SimilarityRecord
from engine.operation import PortKind
from engine.planning.coefficient import Symbol
from engine.planning.formula import group_forms
from engine.planning.linear import Atom, Folding
from engine.planning.work import WorkPlanner

Weights = Mapping[Atom, Fraction]
_EXACT = 1e-9
"""Weights are exact fractions; only the solution of their equations is rounded."""


def place_edited(record: SimilarityRecord, planner: WorkPlanner, strengths: Mapping[Symbol, Fraction]) -> SimilarityRecord:
    """Return the record with the place of every model that is the vectors' base and a sum of multiples of them.

    One whose edit differs from tensor to tensor, or is made by another operation, has no place that follows from the vectors'.
    """
    similarity, folding = NodeId(record.node), planner.folding
    base = planner.shared_base(similarity)
    vectors = [_find_weights(folding, operand.node, strengths) for operand in folding.resolved.graph.steps[similarity].inputs["vectors"]]
    known = [weights for weights in vectors if weights is not None]
    if base is None or len(known) < len(vectors) or len(record.places) != len(vectors) + 1:
        return record
    origin = {Atom(base, PortKind.CHECKPOINT): Fraction(-1)}
    places = np.array(record.places[1:])
    edited: list[EditedPlace] = []
    for node in _list_made(folding):
        weights = _find_weights(folding, node, strengths)
        multiples = None if weights is None else _solve(_add(weights, origin), known)
        if multiples is not None:
            place = tuple(map(float, multiples @ places))
            edited.append(EditedPlace(node, folding.resolved.title(node), place))
    return replace(record, edited=tuple(edited))


def _list_made(folding: Folding) -> Iterator[NodeId]:
    """Give the nodes of the run whose value is a model that no file holds."""
    resolved = folding.resolved
    for node, step in resolved.graph.steps.items():
        value = resolved.values.get(node)
        is_made = node in resolved.graph.needed and node not in resolved.sources and not step.node.muted
        if is_made and value is not None and value.kind is PortKind.CHECKPOINT:
            yield node


def _find_weights(folding: Folding, node: NodeId, strengths: Mapping[Symbol, Fraction]) -> Weights | None:
    """Return what a value is made of; None where it is not the same in all tensors, or a strength was not found."""
    groups = group_forms(folding, node)
    if len(groups) != 1:
        return None
    (form,) = groups
    weights = {atom: weight.number for atom, weight in form.substitute(strengths).weights}
    known = {atom: number for atom, number in weights.items() if number is not None}
    return known if len(known) == len(weights) else None


def _add(one: Weights, other: Weights) -> Weights:
    return {atom: one.get(atom, Fraction(0)) + other.get(atom, Fraction(0)) for atom in {**one, **other}}


def _solve(edit: Weights, vectors: list[Weights]) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Return the multiples of the vectors that make an edit; None where none do, or nothing is edited."""
    atoms = list(dict.fromkeys(atom for weights in (edit, *vectors) for atom in weights))
    wanted = np.array([float(edit.get(atom, 0)) for atom in atoms])
    columns = np.array([[float(weights.get(atom, 0)) for weights in vectors] for atom in atoms]).reshape(len(atoms), len(vectors))
    if not wanted.any():
        return None
    multiples = np.linalg.lstsq(columns, wanted)[0]
    return multiples if np.abs(columns @ multiples - wanted).max() <= _EXACT * np.abs(wanted).max() else None
