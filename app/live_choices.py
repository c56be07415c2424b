"""The strengths that a run's searches have chosen, as live numbers: what follows from a search is known after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.run_progress import RunProgress
from engine.document.model import NodeId
from engine.planning.coefficient import Symbol
from engine.planning.live_model import LiveModel


def read_choices(model: LiveModel | None, run: RunProgress | None, stale: Collection[NodeId]) -> Mapping[Symbol, float]:
    """Return what the last run chose, for the searches that are as they were then."""
    if model is None or run is None:
        return {}
    chosen: dict[Symbol, float] = {}
    for choice in run.chosen:
        symbols = list_strengths(model, NodeId(choice.node))
        numbers = [part.strip() for part in choice.strength.split(",")]
        if choice.node not in stale and len(numbers) == len(symbols):
            chosen |= dict(zip(symbols, map(float, numbers), strict=True))
    return chosen


def list_strengths(model: LiveModel, search: NodeId) -> list[Symbol]:
    """Return what a search is to choose: one strength, or one for each of its vectors, in their order."""
    return sorted((number.symbol for number in model.numbers if number.symbol.node == search and not number.parameter), key=_place)


def _place(symbol: Symbol) -> int:
    """Return which of a search's vectors a strength is for: `strength.10` comes after `strength.2`."""
    index = symbol.name.rpartition(".")[2]
    return int(index) if index.isdigit() else 0
