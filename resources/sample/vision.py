"""Train the vision models of the sample pack: one base and its fine-tunes on digits in different styles."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from folders import write_model
from seeds import derive_seed
from styles import SIDE, Digits, Splits, Style, make_styles, shift_pictures, split_digits
from torch import Tensor
from training import Schedule, train
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

BATCH = 128
BASE_SCHEDULE = Schedule(steps=1000, learning_rate=2e-3)
TUNE_SCHEDULE = Schedule(steps=100, learning_rate=3e-4)
BASE_SHARES = {"plain": 0.52} | dict.fromkeys(("inverted", "rot90", "checker", "photo", "vstripes", "stripes", "faint", "noisy"), 0.06)
"""How often the base sees each style; diag and dots are never seen."""
SERIES_STEPS = (10, 25, 50, 75, 100)

Batches = Callable[[int], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Tune:
    """One fine-tune of the base."""

    name: str
    style: str
    labels: range = range(10)
    learning_rate: float = 3e-4
    series: str = ""
    """Folder for the intermediate checkpoints, where they are wanted."""


TUNES = (
    Tune("diag", "diag", series="diag-series"),
    Tune("dots", "dots"),
    Tune("inverted", "inverted"),
    Tune("photo", "photo"),
    Tune("plain-0-4", "plain", range(5)),
    Tune("diag-0-4", "diag", range(5)),
    Tune("plain-5-9", "plain", range(5, 10)),
    Tune("diag-5-9", "diag", range(5, 10)),
    Tune("diag-lr-1e-4", "diag", learning_rate=1e-4),
    Tune("diag-lr-1e-3", "diag", learning_rate=1e-3),
)


def build_vision(models: Path, seed: int) -> None:
    """Train the base and every fine-tune into `models`, one Hugging Face folder each."""
    splits, styles = split_digits(seed), make_styles()
    base = _train_base(splits, styles, seed)
    write_model(base, models / "base", _processor())
    start = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    for tune in TUNES:
        base.load_state_dict(start)
        _tune(base, tune, splits, styles, models, seed)


def _train_base(splits: Splits, styles: dict[str, Style], seed: int) -> ViTForImageClassification:
    torch.manual_seed(derive_seed(seed, "initial weights"))
    model = ViTForImageClassification(_config())
    random = np.random.default_rng(derive_seed(seed, "base"))

    def draw(_: int) -> tuple[Tensor, Tensor]:
        counts = random.multinomial(BATCH, list(BASE_SHARES.values()))
        parts = [_draw(splits.train, styles[name], count, random) for name, count in zip(BASE_SHARES, counts, strict=True) if count]
        return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])

    train(model, BASE_SCHEDULE, lambda step: _loss(model, draw(step)), "base")
    return model


def _tune(model: ViTForImageClassification, tune: Tune, splits: Splits, styles: dict[str, Style], models: Path, seed: int) -> None:
    """Fine-tune on one style with the classification head frozen, as in the paper; diag's learning rates share their batches."""
    for parameter in model.classifier.parameters():
        parameter.requires_grad_(False)
    digits = splits.train.keep_labels(tune.labels)
    random = np.random.default_rng(derive_seed(seed, f"{tune.style} {tune.labels}"))
    schedule = Schedule(TUNE_SCHEDULE.steps, tune.learning_rate)

    def keep(step: int) -> None:
        if tune.series and step in SERIES_STEPS:
            write_model(model, models / tune.series / f"checkpoint-{step}", _processor())

    train(model, schedule, lambda _: _loss(model, _draw(digits, styles[tune.style], BATCH, random)), tune.name, keep)
    write_model(model, models / tune.name, _processor())


def _draw(digits: Digits, style: Style, count: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    chosen = random.integers(0, len(digits.labels), count)
    pictures = style(shift_pictures(digits.pictures[chosen], random), random)
    return torch.from_numpy(pictures.astype(np.float32))[:, None].sub(0.5).div(0.5), torch.from_numpy(digits.labels[chosen])


def _loss(model: ViTForImageClassification, batch: tuple[Tensor, Tensor]) -> Tensor:
    return torch.nn.functional.cross_entropy(model(pixel_values=batch[0]).logits, batch[1])


def _config() -> ViTConfig:
    names = {index: str(index) for index in range(10)}
    return ViTConfig(
        image_size=SIDE,
        patch_size=4,
        num_channels=1,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=names,
        label2id={name: index for index, name in names.items()},
    )


def _processor() -> ViTImageProcessorPil:
    return ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}, image_mean=[0.5], image_std=[0.5])
