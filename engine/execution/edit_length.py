"""How long an edit is beside its base, from the exact figures of the vectors that it is a sum of."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from engine.document.model import NodeId
from engine.execution.multiples import find_multiples
from engine.execution.result import SimilarityRecord
from engine.planning.coefficient import Strengths
from engine.planning.work import WorkPlanner


def find_edit_share(value: NodeId, records: Iterable[SimilarityRecord], planner: WorkPlanner, strengths: Strengths) -> float | None:
    """Return ‖edit‖/‖θ₀‖ of a value, exactly; None unless it is a sum of multiples of vectors that a Similarity node has measured.

    Of a base of zeros nothing is a share.
    """
    for record in records:
        node = NodeId(record.node)
        base = planner.shared_base(node)
        multiples = find_multiples(planner.folding, value, planner.compared_vectors(node), base, strengths) if base is not None else None
        if multiples is not None:
            shares = multiples * np.array(record.relative_norms)
            # Of a vector that is zero there is no cosine, and it adds nothing.
            square = float(shares @ np.nan_to_num(np.array(record.cosine)) @ shares)
            return math.sqrt(max(square, 0.0)) if math.isfinite(square) else None
    return None
