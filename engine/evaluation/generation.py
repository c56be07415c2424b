"""Generation: continue prompts and report what share of the continuations a scorer flags (the paper's toxicity protocol)."""

from __future__ import annotations

from pathlib import Path

from engine.errors import EvaluationError
from engine.evaluation.batches import Stop
from engine.evaluation.continuations import Sampling, continue_texts
from engine.evaluation.loaded_model import LoadedModel
from engine.evaluation.measurement import Measurement
from engine.evaluation.metrics import measure_mean, measure_share
from engine.evaluation.scorers import score_texts
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import choose_metric
from engine.evaluation.test_sets import TestSet


def measure_generation(loaded: LoadedModel, test_set: TestSet, settings: EvaluationSettings, stop: Stop) -> tuple[Measurement, ...]:
    """Return the share of continuations that are flagged and their mean score.

    Raises:
        EvaluationError: There is no scorer, no tokenizer or no prompt.
        Cancelled: `stop` said so.
    """
    choose_metric(settings.metric, "generation")
    prompts, origin = _read_prompts(test_set, settings.prompts)
    written = continue_texts(loaded, prompts, Sampling(settings.new_tokens, settings.batch_size, settings.seed), stop)
    scores = score_texts(settings.scorer, written.texts, settings.batch_size, stop, str(loaded.device))
    details = {
        **test_set.details,
        "prompts": origin + (f"; {written.cut_prompts:,} cut at the start to fit the model" if written.cut_prompts else ""),
        "new tokens": str(settings.new_tokens),
        "sampling": f"temperature 1, whole vocabulary, seed {settings.seed}, the same draws for every model",
        "scorer": scores.description,
    }
    share = measure_share("flagged_share", sum(scores.flagged), len(prompts), details)
    return share, measure_mean("mean_score", scores.values, settings.seed, details)


def _read_prompts(test_set: TestSet, path: Path | None) -> tuple[tuple[str, ...], str]:
    if path is None:
        prompts = test_set.inputs
        if not isinstance(prompts, tuple):
            fact = f"The test set {test_set.source} holds no texts to continue."
            raise EvaluationError(fact, "Take texts, or name a file of prompts.")
        return prompts, f"{len(prompts):,}, the test set's texts"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fact = f"The file of prompts {path} can't be read: {error}."
        raise EvaluationError(fact, "Take a UTF-8 text file with a prompt on each line.") from error
    prompts = tuple(line for line in lines if line.strip())
    if not prompts:
        fact = f"The file of prompts {path} is empty."
        raise EvaluationError(fact, "Write a prompt on each line.")
    return prompts, f"{len(prompts):,}, of {path.name}"
