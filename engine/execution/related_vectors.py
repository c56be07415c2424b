"""Which compared vectors are made of the same checkpoints: their cosine tells how they were made, not what was learned."""

from __future__ import annotations

import itertools
from dataclasses import replace

from engine.document.model import NodeId
from engine.execution.result import SimilarityRecord
from engine.operation import Kernel, PortKind
from engine.planning.coefficient import Strengths
from engine.planning.formula import group_forms
from engine.planning.linear import Atom, Folding
from engine.planning.work import WorkPlanner


def find_related(record: SimilarityRecord, planner: WorkPlanner, strengths: Strengths) -> SimilarityRecord:
    """Return the record with the pairs of vectors that have a checkpoint in common, beside those they are measured from."""
    vectors = planner.compared_vectors(NodeId(record.node))
    origins = [_find_origins(planner.folding, vector, strengths) for vector in vectors]
    pairs = itertools.combinations(range(len(vectors)), 2)
    return replace(record, related=tuple((one, other) for one, other in pairs if origins[one] & origins[other]))


def _find_origins(folding: Folding, vector: NodeId, strengths: Strengths) -> frozenset[NodeId]:
    """Return what a vector is the change of: the checkpoints and adapters in it but its bases, through whatever makes it."""
    atoms = {atom for form in group_forms(folding, vector) for atom, _ in form.substitute(strengths).weights}
    bases = folding.resolved.values[vector].bases
    return frozenset(origin for atom in atoms for origin in _trace(folding, atom, strengths) if origin not in bases)


def _trace(folding: Folding, atom: Atom, strengths: Strengths) -> frozenset[NodeId]:
    """Return where an atom comes from: itself, or what its kernel takes in; a random vector knows of nothing."""
    step = folding.resolved.graph.steps[atom.node]
    if not isinstance(step.behaviour, Kernel) or step.behaviour.is_random_control:
        return frozenset({atom.node})
    operands = [operand.node for operand in step.operands if operand.kind in (PortKind.CHECKPOINT, PortKind.VECTOR)]
    return frozenset(origin for operand in operands for origin in _find_origins(folding, operand, strengths))
