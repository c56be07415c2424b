"""How long an edit is beside its base, from the exact figures of the vectors that it is a sum of."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from engine.document.model import NodeId
from engine.execution.multiples import Strengths, find_multiples
from engine.execution.result import SimilarityRecord
from engine.planning.work import WorkPlanner


def find_edit_share(value: NodeId, records: Iterable[SimilarityRecord], planner: WorkPlanner, strengths: Strengths) -> float | None:
    """Return ‖edit‖/‖θ₀‖ of a value, exactly; None unless it is a sum of multiples of vectors that a Similarity node has measured."""
    for record in records:
        base = planner.shared_base(NodeId(record.node))
        base_norm = _find_base_norm(record)
        if base is None or base_norm is None:
            continue
        vectors = [operand.node for operand in planner.resolved.graph.steps[NodeId(record.node)].inputs["vectors"]]
        multiples = find_multiples(planner.folding, value, vectors, base, strengths)
        if multiples is not None:
            lengths = multiples * np.array(record.norms)
            # Of a vector that is zero there is no cosine, and it adds nothing.
            square = float(lengths @ np.nan_to_num(np.array(record.cosine)) @ lengths)
            return math.sqrt(max(square, 0.0)) / base_norm
    return None


def _find_base_norm(record: SimilarityRecord) -> float | None:
    """Return ‖θ₀‖, of which the record has the vectors' norms as shares; None where no share is other than zero."""
    pairs = zip(record.norms, record.relative_norms, strict=False)
    return next((norm / share for norm, share in pairs if share > 0 and math.isfinite(norm)), None)
