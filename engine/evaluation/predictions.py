"""Logits made into predicted classes, with those that are no numbers told apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

NO_PREDICTION = -1


def pick_classes(logits: torch.Tensor) -> torch.Tensor:
    """Return the index of the largest logit of each row (the first of equals), on the CPU; −1 for a row with NaN or infinity."""
    classes = logits.argmax(dim=-1)
    is_number = torch.isfinite(logits).all(dim=-1)
    return torch.where(is_number, classes, NO_PREDICTION).cpu()


def describe_failures(predicted: NDArray[np.int64]) -> Mapping[str, str]:
    """Return a detail that says how many examples had no finite logits; nothing if all had."""
    failures = int(np.count_nonzero(predicted == NO_PREDICTION))
    return {"not finite": f"{failures:,} of {len(predicted):,} examples, counted as wrong"} if failures else {}
