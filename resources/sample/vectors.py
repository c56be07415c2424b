"""Task arithmetic in plain torch: the yardstick of the card, written without the engine so that it can also judge it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]

STRENGTHS = tuple(round(0.05 * step, 2) for step in range(1, 21))
"""The paper's grid for image models; 0 is the reference and never a candidate."""
KEEP_SHARE = 0.95


@dataclass(frozen=True)
class Choice:
    """The outcome of a search for a strength; a strength of 0 means that none qualified."""

    strength: float
    curve: tuple[tuple[float, ...], ...]
    """(strength, measure, measure ...) on validation data, the reference first."""


def subtract(tuned: Weights, start: Weights) -> Weights:
    """Return the task vector tuned - start."""
    return {name: tuned[name] - tensor for name, tensor in start.items()}


def combine(terms: Sequence[tuple[float, Weights]]) -> Weights:
    """Return the weighted sum of vectors."""
    return {name: sum((factor * vector[name] for factor, vector in terms[1:]), terms[0][0] * terms[0][1][name]) for name in terms[0][1]}


def apply(start: Weights, vector: Weights, strength: float) -> Weights:
    """Return start + strength * vector."""
    return {name: tensor + strength * vector[name] for name, tensor in start.items()}


def draw_random(like: Weights, seed: int) -> Weights:
    """Return a Gaussian vector whose norm equals that of `like` tensor by tensor (the paper's control)."""
    generator = torch.Generator().manual_seed(seed)
    drawn: dict[str, Tensor] = {}
    for name, tensor in like.items():
        noise = torch.randn(tensor.shape, generator=generator)
        drawn[name] = noise * (tensor.norm() / noise.norm())
    return drawn


def measure_norm(vector: Weights) -> float:
    """Return the norm of the flattened vector."""
    return measure_product(vector, vector) ** 0.5


def measure_cosine(first: Weights, second: Weights) -> float:
    """Return the cosine of the flattened vectors."""
    return measure_product(first, second) / (measure_norm(first) * measure_norm(second))


def measure_product(first: Weights, second: Weights) -> float:
    """Return the inner product in float64."""
    return sum(float(first[name].double().flatten() @ second[name].double().flatten()) for name in first)


def search_kept(measure: Callable[[float], tuple[float, float]], qualifies: Callable[[float, float], bool]) -> Choice:
    """Choose the largest strength whose control qualifies; `measure` returns (target, control), `qualifies` gets (control, the base's)."""
    reference = measure(0.0)
    curve = [(0.0, *reference)] + [(strength, *measure(strength)) for strength in STRENGTHS]
    kept = [strength for strength, _, control in curve[1:] if qualifies(control, reference[1])]
    return Choice(max(kept, default=0.0), tuple(curve))


def search_best(measure: Callable[[float], float]) -> Choice:
    """Choose the strength with the best measure, higher being better; of equals the smallest."""
    curve = [(strength, measure(strength)) for strength in (0.0, *STRENGTHS)]
    best = max(curve[1:], key=lambda point: point[1])
    return Choice(best[0], tuple(curve))
