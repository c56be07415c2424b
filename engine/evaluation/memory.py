"""How much memory measuring a model takes, estimated from its config alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from engine.evaluation.architectures import Config, read_model_config
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import IMAGE_TASKS, Task

FLOAT_BYTES = 4
LIBRARY_BYTES = 330 << 20
"""transformers, datasets, pyarrow and pandas, beyond a process that has torch: 230 MB measured, and room."""
LOGIT_BYTES = 256 << 20
"""Logits that language modelling lets one batch have; windows over it go in smaller batches."""
LIVE_HIDDEN, LIVE_INNER, LIVE_SCORES = 12, 3, 3
"""Arrays of a layer's width, of its MLP's and of attention scores alive at once in a layer, generously."""
PIXEL_ARRAYS = 6
CONVOLUTION_CHANNELS = 128
"""Channels at full resolution that a network without patches is taken to keep alive."""
DEFAULT_LENGTH = 512
SCORED_TASKS: tuple[Task, ...] = ("generation", "language_modelling")
WEIGHT_SUFFIXES = frozenset({".safetensors", ".bin"})


def estimate_model_bytes(folder: Path, parameter_count: int, settings: EvaluationSettings, task: Task) -> int:
    """Return an upper estimate of what a model adds to the process: weights, activations and the libraries.

    Args:
        folder: The model folder; its files are mapped while they are loaded and count until then.
        parameter_count: The entries of the checkpoint.
        settings: Batch size, context and new tokens.
        task: What is measured.

    Raises:
        EvaluationError: The folder has no usable config.json.
    """
    config = read_model_config(folder)
    weights = FLOAT_BYTES * parameter_count
    # Zero-shot keeps the base's text side, and holds the edited one while it computes the texts.
    kept = 2 * weights if task == "zero_shot_image_classification" else 0
    working = _estimate_activations(config, settings, task)
    if task in SCORED_TASKS and settings.scorer is not None and settings.scorer.is_dir():
        working += _estimate_scorer(settings.scorer, settings)
    return LIBRARY_BYTES + weights + kept + _count_file_bytes(folder) + working


def _count_file_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix in WEIGHT_SUFFIXES)


def _estimate_scorer(folder: Path, settings: EvaluationSettings) -> int:
    """Return what a classifier that scores texts takes: its files mapped, and float32 weights that may be twice as large."""
    return 3 * _count_file_bytes(folder) + _estimate_activations(read_model_config(folder), settings, "text_classification")


def _estimate_activations(config: Config, settings: EvaluationSettings, task: Task) -> int:
    side = _part(config, "vision_config" if task in IMAGE_TASKS else "text_config")
    if task in IMAGE_TASKS:
        return _estimate_image_batch(side, settings.batch_size)
    length = _estimate_length(side, settings, task)
    batch = settings.batch_size
    vocabulary = _number(side, ("vocab_size",), 0)
    if task == "language_modelling":
        # Windows are batched only as far as their logits fit; the loss of a row needs its log-softmax as well.
        row = FLOAT_BYTES * length * vocabulary
        batch = max(1, min(batch, LOGIT_BYTES // max(1, row)))
        logits = batch * row + 3 * row
    else:
        # Noise is drawn in float64, and the scores are copied.
        logits = 8 * FLOAT_BYTES * batch * vocabulary
    return _estimate_layers(side, batch, length) + _estimate_cache(side, batch, length, task) + logits


def _estimate_image_batch(side: Config, batch: int) -> int:
    size = _number(side, ("image_size",), 224)
    pixels = FLOAT_BYTES * batch * _number(side, ("num_channels",), 3) * size * size * PIXEL_ARRAYS
    patch = _number(side, ("patch_size",), 0)
    if not patch:
        return pixels + FLOAT_BYTES * batch * size * size * CONVOLUTION_CHANNELS
    return pixels + _estimate_layers(side, batch, (size // patch) ** 2 + 1)


def _estimate_length(side: Config, settings: EvaluationSettings, task: Task) -> int:
    longest = _number(side, ("max_position_embeddings", "n_positions", "n_ctx"), 0)
    if task == "language_modelling":
        return min(settings.context, longest) if longest else settings.context
    return longest if task == "text_classification" and longest else min(longest or DEFAULT_LENGTH, DEFAULT_LENGTH) + settings.new_tokens


def _estimate_layers(side: Config, batch: int, length: int) -> int:
    hidden = _number(side, ("hidden_size", "n_embd", "d_model"), 1024)
    inner = _number(side, ("intermediate_size", "n_inner", "d_ff"), 4 * hidden)
    heads = _number(side, ("num_attention_heads", "n_head", "num_heads"), 16)
    per_token = LIVE_HIDDEN * hidden + LIVE_INNER * inner + LIVE_SCORES * heads * length
    return FLOAT_BYTES * batch * length * per_token


def _estimate_cache(side: Config, batch: int, length: int, task: Task) -> int:
    """Return the keys and values that a decoder keeps, of self and cross attention."""
    if task in (*IMAGE_TASKS, "text_classification"):
        return 0
    layers = _number(side, ("num_hidden_layers", "n_layer", "num_layers"), 32)
    return 4 * FLOAT_BYTES * layers * batch * length * _number(side, ("hidden_size", "n_embd", "d_model"), 1024)


def _part(config: Config, name: str) -> Config:
    part = config.get(name)
    return cast("Config", part) if isinstance(part, Mapping) else config


def _number(config: Config, names: tuple[str, ...], default: int) -> int:
    """Return the first of these entries that is a positive whole number."""
    return next((value for name in names if isinstance(value := config.get(name), int) and value > 0), default)
