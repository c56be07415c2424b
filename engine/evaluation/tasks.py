"""What a model is asked to do with a test set, which metrics fit it and which is the usual one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from engine.errors import EvaluationError

Task = Literal[
    "image_classification",
    "zero_shot_image_classification",
    "text_classification",
    "language_modelling",
    "text_to_text",
    "generation",
]
Metric = Literal["accuracy", "macro_f1", "perplexity", "exact_match", "flagged_share"]

TASKS: tuple[Task, ...] = get_args(Task)
IMAGE_TASKS: tuple[Task, ...] = ("image_classification", "zero_shot_image_classification")
LABEL_TASKS: tuple[Task, ...] = (*IMAGE_TASKS, "text_classification")
METRICS: Mapping[Task, tuple[Metric, ...]] = {
    "image_classification": ("accuracy", "macro_f1"),
    "zero_shot_image_classification": ("accuracy", "macro_f1"),
    "text_classification": ("accuracy", "macro_f1"),
    "language_modelling": ("perplexity", "flagged_share"),
    "text_to_text": ("exact_match",),
    "generation": ("flagged_share",),
}
"""The metrics that fit each task; `auto` is the first."""
LOWER_IS_BETTER = frozenset({"perplexity", "flagged_share", "mean_score"})


def choose_metric(metric: str, task: Task) -> Metric:
    """Return the metric to measure, `auto` being the task's usual one.

    Raises:
        EvaluationError: The metric does not fit the task.
    """
    fitting = METRICS[task]
    if metric == "auto":
        return fitting[0]
    for known in fitting:
        if metric == known:
            return known
    fact = f"The metric {metric} does not fit a test set of the task {task}."
    raise EvaluationError(fact, f"Take {' or '.join(fitting)}.")
