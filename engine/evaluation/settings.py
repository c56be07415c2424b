"""How a model is measured: the parameters that every task reads what concerns it from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EvaluationSettings:
    """Hold the parameters of a measurement."""

    metric: str = "auto"
    batch_size: int = 32
    context: int = 1024
    """For perplexity: how many tokens the model sees at once; cut to what the model can."""
    stride: int = 512
    """For perplexity: how many tokens each window moves on."""
    prompts: Path | None = None
    """For flagged_share: a file with a prompt on each line; None takes the test set's texts."""
    new_tokens: int = 20
    scorer: Path | None = None
    """For flagged_share: a word list or the folder of a text classifier."""
    seed: int = 0
