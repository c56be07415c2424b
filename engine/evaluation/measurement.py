"""One measured figure, never without its n and its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measurement:
    """Hold one metric of one checkpoint on one test set."""

    metric: str
    """accuracy, macro_f1, perplexity, exact_match, flagged_share, mean_score."""
    value: float
    n: int
    """What was counted: examples, or scored tokens for perplexity (see `counted`)."""
    low: float
    """The lower end of the 95 % interval."""
    high: float
    higher_is_better: bool
    counted: str = "examples"
    interval: str = "Wilson 95 %"
    """How the interval was made."""
    details: Mapping[str, str] = field(default_factory=dict)
    """How it was measured: stride, context, template, seed …"""
    measured_at: str = field(default="", compare=False)
    """When it was measured (ISO 8601 with the offset), where an earlier run did and it was taken from the cache; empty: by this run."""
