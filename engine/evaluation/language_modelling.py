"""Perplexity of causal language models: exp of the mean loss per token, over sliding windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import EvaluationError
from engine.evaluation.batches import Stop, split_batches
from engine.evaluation.intervals import Rows, bootstrap_interval, describe_bootstrap
from engine.evaluation.loaded_model import LoadedModel, load_tokenizer
from engine.evaluation.measurement import Measurement
from engine.evaluation.memory import LOGIT_BYTES
from engine.evaluation.metrics import perplexity
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.test_sets import TestSet
from engine.evaluation.token_batches import find_longest, pad_right
from engine.evaluation.windows import Window, cut_windows

FEWEST_UNITS = 20
"""A bootstrap over fewer units than this says little, so finer ones are taken."""


@dataclass(frozen=True)
class _Losses:
    """Hold the loss of every scored token, with the window and the document it lies in."""

    tokens: NDArray[np.float64]
    windows: NDArray[np.int64]
    documents: NDArray[np.int64]


def measure_language_modelling(loaded: LoadedModel, test_set: TestSet, settings: EvaluationSettings, stop: Stop) -> tuple[Measurement, ...]:
    """Return the perplexity per token of the model's own tokenizer, with a bootstrap interval.

    Raises:
        EvaluationError: There is no tokenizer, or nothing to score.
        Cancelled: `stop` said so.
    """
    longest = find_longest(loaded.network)
    context = min(settings.context, longest)
    stride = min(settings.stride, context) if settings.stride <= settings.context else settings.stride
    windows = list(cut_windows(_read_documents(loaded, test_set), context, stride))
    if not windows:
        fact = f"The test set {test_set.source} has no text of two tokens or more."
        raise EvaluationError(fact, "Take a longer text.")
    losses = _score_windows(loaded, windows, settings.batch_size, stop)
    details = {
        **test_set.details,
        "perplexity": "exp of the mean loss per token; a document's first token is not scored",
        "context": f"{context:,} tokens"
        + (f", the model's longest ({settings.context:,} asked for)" if context < settings.context else ""),
        "stride": f"{stride:,} tokens",
        "documents": f"{test_set.examples:,}",
    }
    return (_summarise(losses, settings.seed, details),)


def _read_documents(loaded: LoadedModel, test_set: TestSet) -> Sequence[Sequence[int]]:
    inputs = test_set.inputs
    if isinstance(inputs, np.ndarray):
        return inputs.tolist()
    if not isinstance(inputs, tuple):
        message = f"a test set of the task {test_set.task} with pictures"
        raise TypeError(message)
    tokenizer = load_tokenizer(loaded.folder)
    return [tokenizer(text)["input_ids"] for text in inputs]


def _score_windows(loaded: LoadedModel, windows: Sequence[Window], batch_size: int, stop: Stop) -> _Losses:
    vocabulary = int(loaded.network.config.get_text_config().vocab_size)
    longest = max(len(window.tokens) for window in windows)
    fitting = max(1, LOGIT_BYTES // (longest * vocabulary * torch.float32.itemsize))
    found: list[torch.Tensor] = []
    for rows in split_batches(len(windows), min(batch_size, fitting), stop):
        found.extend(_score_batch(loaded, [windows[row] for row in rows]))
    counts = [window.scored for window in windows]
    places = np.repeat(np.arange(len(windows)), counts)
    documents = np.repeat([window.document for window in windows], counts)
    return _Losses(torch.cat(found).numpy().astype(np.float64), places.astype(np.int64), documents.astype(np.int64))


def _score_batch(loaded: LoadedModel, windows: Sequence[Window]) -> list[torch.Tensor]:
    """Return the loss of each window's scored tokens (natural logarithm), on the CPU."""
    batch = pad_right([window.tokens for window in windows], 0, loaded.device)
    logits = loaded.network(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    scored: list[torch.Tensor] = []
    for row, window in enumerate(windows):
        end = len(window.tokens)
        start = end - window.scored
        losses = torch.nn.functional.cross_entropy(
            logits[row, start - 1 : end - 1].float(), batch.input_ids[row, start:end], reduction="none"
        )
        scored.append(losses.cpu())
    return scored


def _summarise(losses: _Losses, seed: int, details: Mapping[str, str]) -> Measurement:
    units, name = _choose_units(losses)
    sums = np.bincount(units, weights=losses.tokens)
    counts = np.bincount(units)

    def resampled(rows: Rows) -> float:
        return perplexity(float(sums[rows].sum()), int(counts[rows].sum()))

    low, high = bootstrap_interval(resampled, len(counts), seed)
    n = len(losses.tokens)
    return Measurement(
        "perplexity",
        perplexity(float(losses.tokens.sum()), n),
        n,
        low,
        high,
        higher_is_better=False,
        counted="tokens",
        interval=describe_bootstrap(name),
        details=details,
    )


def _choose_units(losses: _Losses) -> tuple[NDArray[np.int64], str]:
    """Return what is drawn anew: documents, for they are independent; windows or tokens where those are too few."""
    for units, name in ((losses.documents, "documents"), (losses.windows, "windows")):
        present, places = np.unique(units, return_inverse=True)
        if len(present) >= FEWEST_UNITS:
            return places.astype(np.int64), name
    return np.arange(len(losses.tokens), dtype=np.int64), "tokens"
