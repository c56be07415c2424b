"""Text to text: the share of answers that equal a reference after a stated normalisation."""

from __future__ import annotations

from engine.evaluation.batches import Stop
from engine.evaluation.continuations import Sampling, continue_texts
from engine.evaluation.loaded_model import LoadedModel
from engine.evaluation.measurement import Measurement
from engine.evaluation.metrics import NORMALISATION, count_exact_matches, measure_share
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import choose_metric
from engine.evaluation.test_sets import TestSet


def measure_text_to_text(loaded: LoadedModel, test_set: TestSet, settings: EvaluationSettings, stop: Stop) -> tuple[Measurement, ...]:
    """Return the exact-match share of greedy answers.

    Raises:
        EvaluationError: There is no tokenizer, or the metric does not fit.
        Cancelled: `stop` said so.
    """
    metric = choose_metric(settings.metric, test_set.task)
    prompts = test_set.inputs
    if not isinstance(prompts, tuple):
        message = f"a test set of the task {test_set.task} without texts"
        raise TypeError(message)
    written = continue_texts(loaded, prompts, Sampling(settings.new_tokens, settings.batch_size), stop)
    details = {
        **test_set.details,
        "answers": f"greedy, at most {settings.new_tokens} new tokens",
        "compared after": NORMALISATION,
        **({"inputs cut": f"{written.cut_prompts:,}, at the start"} if written.cut_prompts else {}),
    }
    hits = count_exact_matches(written.texts, test_set.answers)
    return (measure_share(metric, hits, test_set.examples, details),)
