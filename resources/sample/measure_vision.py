"""Measure the vision half of a built pack: the paper's effects, strengths chosen on validation data, test data measured at the choice."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import ViTForImageClassification
from vectors import (
    KEEP_SHARE,
    Choice,
    Weights,
    apply,
    combine,
    draw_random,
    measure_cosine,
    measure_norm,
    search_best,
    search_kept,
    subtract,
)
from vision import SERIES_STEPS

Figures = dict[str, object]

STYLES = ("plain", "diag", "dots", "inverted", "photo", "diag-5-9")
TUNED = ("diag", "dots", "inverted", "photo", "plain-0-4", "diag-0-4", "plain-5-9", "diag-5-9")
RATES = {"1e-4": "diag-lr-1e-4", "3e-4": "diag", "1e-3": "diag-lr-1e-3"}


class VisionPack:
    """A built pack: its weights, and one network to measure any weights with."""

    def __init__(self, folder: Path) -> None:
        """Load the base into the network."""
        self._folder = folder
        self._network = self._load("base")
        self.base = self.read_weights("base")

    def read_weights(self, name: str) -> Weights:
        """Return a copy of a model's weights by the names of the network."""
        return {key: tensor.clone() for key, tensor in self._load(name).state_dict().items()}

    def read_vector(self, name: str) -> Weights:
        """Return the task vector of a fine-tune."""
        return subtract(self.read_weights(name), self.base)

    def measure(self, weights: Weights, style: str, split: str) -> float:
        """Return the accuracy in per cent."""
        arrays = np.load(self._folder / "data" / f"{style}-{split}.npz")
        pixels = torch.from_numpy(arrays["images"]).float()[:, None].div(255).sub(0.5).div(0.5)
        self._network.load_state_dict(dict(weights))
        with torch.inference_mode():
            guesses = self._network(pixel_values=pixels).logits.argmax(dim=1)
        return float((guesses == torch.from_numpy(arrays["labels"])).double().mean() * 100)

    def _load(self, name: str) -> ViTForImageClassification:
        return ViTForImageClassification.from_pretrained(self._folder / "models" / name).eval()


def measure_vision(folder: Path) -> Figures:
    """Return every figure of the vision half."""
    pack = VisionPack(folder)
    models = {name: pack.read_weights(name) for name in ("base", *TUNED, *RATES.values())}
    return {
        "test_accuracy": {name: {style: pack.measure(weights, style, "test") for style in STYLES} for name, weights in models.items()},
        "negation": {style: _measure_negation(pack, pack.read_vector(style), style) for style in ("diag", "dots")},
        "addition": {"+".join(pair): _measure_addition(pack, pair, pair) for pair in (("diag", "dots"), ("inverted", "photo"))},
        "analogy": _measure_analogy(pack),
        "geometry": _measure_geometry(pack),
        "series": {str(step): _measure_step(pack, step) for step in SERIES_STEPS},
        "learning_rates": {rate: _measure_rate(pack, name) for rate, name in RATES.items()},
    }


def _measure_negation(pack: VisionPack, vector: Weights, style: str) -> Figures:
    """Subtract with the paper's rule: the largest strength that keeps 95 % of the base's accuracy on plain digits."""
    forget, noise = combine([(-1, vector)]), draw_random(vector, 0)
    return {
        "base": _measure_pair(pack, pack.base, style),
        "tuned": _measure_pair(pack, apply(pack.base, vector, 1), style),
        "edited": _measure_forgetting(pack, forget, style),
        "random": _measure_forgetting(pack, noise, style),
    }


def _measure_forgetting(pack: VisionPack, vector: Weights, style: str) -> Figures:
    choice = search_kept(
        lambda strength: _measure_both(pack, apply(pack.base, vector, strength), style, "validation"),
        lambda control, reference: control >= KEEP_SHARE * reference,
    )
    return _tell(choice) | _measure_pair(pack, apply(pack.base, vector, choice.strength), style)


def _measure_pair(pack: VisionPack, weights: Weights, style: str) -> Figures:
    target, control = _measure_both(pack, weights, style, "test")
    return {"target": target, "control": control}


def _measure_both(pack: VisionPack, weights: Weights, style: str, split: str) -> tuple[float, float]:
    return pack.measure(weights, style, split), pack.measure(weights, "plain", split)


def _measure_addition(pack: VisionPack, names: Sequence[str], styles: Sequence[str]) -> Figures:
    """Add fine-tunes with one strength, best by the mean normalized accuracy on validation data."""
    vector = combine([(1, pack.read_vector(name)) for name in names])
    tuned = [pack.read_weights(name) for name in names]

    def normalize(weights: Weights, split: str) -> list[float]:
        shares = zip(styles, tuned, strict=True)
        return [pack.measure(weights, style, split) / pack.measure(own, style, split) for style, own in shares]

    choice = _search_mean(lambda strength: normalize(apply(pack.base, vector, strength), "validation"))
    noise = draw_random(vector, 0)
    chance = _search_mean(lambda strength: normalize(apply(pack.base, noise, strength), "validation"))
    return {
        "base": _tell_mean(normalize(pack.base, "test")),
        "edited": _tell(choice) | _tell_mean(normalize(apply(pack.base, vector, choice.strength), "test")),
        "strength 1": _tell_mean(normalize(apply(pack.base, vector, 1), "test")),
        "random": _tell(chance) | _tell_mean(normalize(apply(pack.base, noise, chance.strength), "test")),
    }


def _search_mean(measure: Callable[[float], list[float]]) -> Choice:
    def average(strength: float) -> float:
        found = measure(strength)
        return sum(found) / len(found)

    return search_best(average)


def _measure_analogy(pack: VisionPack) -> Figures:
    """Measure A : B :: C : ? on diagonal 5-9; each line takes its own best strength on validation data."""
    first, second, third = (pack.read_vector(name) for name in ("plain-0-4", "diag-0-4", "plain-5-9"))
    edit = combine([(1, third), (1, second), (-1, first)])
    lines = {"analogy": edit, "C alone": third, "B alone": second, "random": draw_random(edit, 0)}
    found: Figures = {name: _measure_best(pack, vector, "diag-5-9") for name, vector in lines.items()}
    fixed = {"base": pack.base, "own fine-tune": pack.read_weights("diag-5-9")}
    fixed |= {f"{name}, strength 1": apply(pack.base, lines[name], 1) for name in ("analogy", "C alone", "B alone")}
    own = pack.read_vector("diag-5-9")
    figures = {name: {"target": pack.measure(weights, "diag-5-9", "test")} for name, weights in fixed.items()}
    return found | figures | {"cosine to own fine-tune": measure_cosine(edit, own), "cosine of C": measure_cosine(third, own)}


def _measure_best(pack: VisionPack, vector: Weights, style: str) -> Figures:
    choice = search_best(lambda strength: pack.measure(apply(pack.base, vector, strength), style, "validation"))
    return _tell(choice) | {"target": pack.measure(apply(pack.base, vector, choice.strength), style, "test")}


def _measure_geometry(pack: VisionPack) -> Figures:
    vectors = {name: pack.read_vector(name) for name in TUNED}
    return {
        "names": list(TUNED),
        "norms": {name: measure_norm(vector) for name, vector in vectors.items()},
        "base_norm": measure_norm(pack.base),
        "cosines": [[measure_cosine(vectors[row], vectors[column]) for column in TUNED] for row in TUNED],
    }


def _measure_step(pack: VisionPack, step: int) -> Figures:
    """Measure what a vector from the middle of training is worth already."""
    name = f"diag-series/checkpoint-{step}"
    vector = pack.read_vector(name)
    return {
        "cosine_to_last": measure_cosine(vector, pack.read_vector("diag")),
        "norm": measure_norm(vector),
        "target": pack.measure(pack.read_weights(name), "diag", "test"),
        "negation": _measure_forgetting(pack, combine([(-1, vector)]), "diag"),
        "sum with dots": _measure_sum_with_dots(pack, vector),
    }


def _measure_sum_with_dots(pack: VisionPack, vector: Weights) -> Figures:
    """Add a vector of diag to dots, normalized by the finished fine-tunes."""
    total = combine([(1, vector), (1, pack.read_vector("dots"))])
    tuned = {style: pack.read_weights(style) for style in ("diag", "dots")}

    def normalize(strength: float, split: str) -> list[float]:
        weights = apply(pack.base, total, strength)
        return [pack.measure(weights, style, split) / pack.measure(own, style, split) for style, own in tuned.items()]

    choice = _search_mean(lambda strength: normalize(strength, "validation"))
    return _tell(choice) | _tell_mean(normalize(choice.strength, "test"))


def _measure_rate(pack: VisionPack, name: str) -> Figures:
    """Measure how a sum and a subtraction fare with a vector of another learning rate."""
    vector = pack.read_vector(name)
    return {
        "norm": measure_norm(vector),
        "target": pack.measure(pack.read_weights(name), "diag", "test"),
        "negation": _measure_forgetting(pack, combine([(-1, vector)]), "diag"),
        "sum with dots": _measure_addition(pack, (name, "dots"), ("diag", "dots"))["edited"],
    }


def _tell(choice: Choice) -> Figures:
    return {"strength": choice.strength, "curve": [list(point) for point in choice.curve]}


def _tell_mean(normalized: list[float]) -> Figures:
    return {"normalized": normalized, "mean": sum(normalized) / len(normalized)}
