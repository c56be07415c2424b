"""Text classification: the class of the largest logit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.evaluation.batches import Stop, split_batches
from engine.evaluation.class_names import read_class_names
from engine.evaluation.labels import Labelling, map_labels
from engine.evaluation.loaded_model import LoadedModel, load_tokenizer
from engine.evaluation.measurement import Measurement
from engine.evaluation.metrics import measure_labels
from engine.evaluation.predictions import describe_failures, pick_classes
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import choose_metric
from engine.evaluation.test_sets import TestSet
from engine.evaluation.token_batches import TokenBatch, find_longest


@dataclass(frozen=True)
class Logits:
    """Hold a classifier's logits for a list of texts."""

    values: torch.Tensor
    """Texts × outputs, on the CPU."""
    details: Mapping[str, str]
    """How many texts were cut, and how padding went."""


def measure_text_classification(
    loaded: LoadedModel, test_set: TestSet, settings: EvaluationSettings, stop: Stop
) -> tuple[Measurement, ...]:
    """Return the accuracy or macro F1 of a classifier on texts or rows of token ids.

    Raises:
        EvaluationError: The labels, the tokenizer or the metric do not fit.
        Cancelled: `stop` said so.
    """
    metric = choose_metric(settings.metric, test_set.task)
    truth, matching = map_labels(Labelling(test_set.labels, test_set.label_names), read_class_names(loaded.network))
    logits = _classify_inputs(loaded, test_set, settings.batch_size, stop)
    predicted = pick_classes(logits.values).numpy().astype(np.int64)
    details = {**test_set.details, **logits.details, "labels matched": matching, **describe_failures(predicted)}
    return (measure_labels(metric, truth, predicted, settings.seed, details),)


def classify_texts(loaded: LoadedModel, texts: Sequence[str], batch_size: int, stop: Stop) -> Logits:
    """Return the logits of texts, each cut to what the model can read."""
    tokenizer = load_tokenizer(loaded.folder)
    longest = min(int(tokenizer.model_max_length), find_longest(loaded.network))
    can_pad = tokenizer.pad_token is not None and loaded.network.config.get_text_config().pad_token_id is not None
    cut = 0

    def encode(rows: range) -> TokenBatch:
        nonlocal cut
        chosen = list(texts[rows.start : rows.stop])
        cut += sum(len(ids) > longest for ids in tokenizer(chosen)["input_ids"])
        tokens = tokenizer(chosen, truncation=True, max_length=longest, padding=can_pad, return_tensors="pt")
        return TokenBatch(tokens["input_ids"].to(loaded.device), tokens["attention_mask"].to(loaded.device))

    # A tokenizer or model without a padding token takes one text at a time, or it would look at the padding.
    values = _run(loaded, encode, len(texts), batch_size if can_pad else 1, stop)
    return Logits(values, {"texts cut": f"{cut:,}, to {longest:,} tokens"} if cut else {})


def _classify_inputs(loaded: LoadedModel, test_set: TestSet, batch_size: int, stop: Stop) -> Logits:
    inputs = test_set.inputs
    if isinstance(inputs, np.ndarray):

        def encode(rows: range) -> TokenBatch:
            ids = torch.from_numpy(inputs[rows.start : rows.stop]).to(loaded.device)
            return TokenBatch(ids, torch.ones_like(ids))

        return Logits(_run(loaded, encode, len(inputs), batch_size, stop), {"inputs": "token ids, taken as they are"})
    if isinstance(inputs, tuple):
        return classify_texts(loaded, inputs, batch_size, stop)
    message = f"a test set of the task {test_set.task} with pictures"
    raise TypeError(message)


def _run(loaded: LoadedModel, encode: Callable[[range], TokenBatch], count: int, batch_size: int, stop: Stop) -> torch.Tensor:
    found: list[torch.Tensor] = []
    for rows in split_batches(count, batch_size, stop):
        batch = encode(rows)
        found.append(loaded.network(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits.cpu())
    return torch.cat(found)
