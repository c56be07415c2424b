"""The parameters that say what is measured on a model, the same for every operation that measures."""

from __future__ import annotations

from engine.parameters import Integer, OneOf

METRIC = OneOf(
    "metric",
    "What to measure; auto takes the usual metric of the test set's task.",
    ("auto", "accuracy", "macro_f1", "perplexity", "exact_match", "flagged_share"),
    "auto",
)
BATCH_SIZE = Integer("batch_size", "How many examples the model sees at once.", 32, minimum=1, unit="examples")
