"""The learning rates of a graph's checkpoints, read from what their user calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.document.model import NodeId
from engine.planning.resolve import Resolved

_RATE = re.compile(
    r"(?<![a-z])(?:lr|learning[ _-]?rate)(?:\s*(?:[:=_-]|of)?\s*)(\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)", re.IGNORECASE
)
_SMALL = 0.01


def find_learning_rates(resolved: Resolved, base: NodeId | None) -> dict[NodeId, float]:
    """Return the learning rate of every checkpoint but the base whose label tells one; of a series it is that of the last checkpoint."""
    passed = {member.node for members in resolved.expansion.series.values() for member in members[:-1]}
    trained = [node for node, source in resolved.sources.items() if source.adapts is None and source.identity != base]
    told = {node: read_learning_rate(resolved.graph.steps[node].title) for node in trained if node not in passed}
    return {node: rate for node, rate in told.items() if rate is not None}


def read_learning_rate(title: str) -> float | None:
    """Return the learning rate that a label tells: “digits, lr 1e-5”, “digits_lr-1e-5”, “learning rate = 0.0003”."""
    found = _RATE.search(title)
    return float(found[1]) if found else None


def write_learning_rate(rate: float) -> str:
    """Return a learning rate as people write it, all small ones alike: 1e-5, 3e-4, 0.01."""
    text = f"{rate:.10g}"
    if rate >= _SMALL or rate <= 0:
        return text
    digits, _, power = f"{rate:.9e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def place_rates(rates: Sequence[float]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return the learning rates that there are, each once and the smallest first, and which of them each of the given is."""
    found = tuple(sorted(set(rates)))
    return found, tuple(map(found.index, rates))
