"""One training loop for every model of the pack: AdamW, warm-up then cosine, clipped gradients."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

WEIGHT_DECAY = 0.01
WARM_UP_SHARE = 0.1
LARGEST_NORM = 1.0


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train."""

    steps: int
    learning_rate: float


def train(
    model: nn.Module, schedule: Schedule, loss_at: Callable[[int], Tensor], name: str, after_step: Callable[[int], None] = lambda _: None
) -> None:
    """Train in place; `after_step` is called with 1, 2, ... once the step's weights stand."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=schedule.learning_rate, weight_decay=WEIGHT_DECAY)
    rates = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate_share(step, schedule.steps))
    begun, loss = time.monotonic(), torch.tensor(math.nan)
    model.train()
    for step in range(schedule.steps):
        optimiser.zero_grad(set_to_none=True)
        loss = loss_at(step)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, LARGEST_NORM)
        optimiser.step()
        rates.step()
        after_step(step + 1)
    model.eval()
    sys.stderr.write(f"{name}: {schedule.steps} steps, last loss {loss.item():.3f}, {time.monotonic() - begun:.0f} s\n")


def _rate_share(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: a linear rise over the first tenth, then half a cosine to zero."""
    warm_up = max(1, round(WARM_UP_SHARE * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
