"""What `weightloom similarity` tells of vectors that a number orders: the steps of a training, or learning rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.command_line.figures import write_fine_cosine
from engine.command_line.table import align_rows
from engine.execution.result import PathRecord, SimilarityRecord
from engine.planning.learning_rates import write_learning_rate
from engine.report.wording import write_figure


@dataclass(frozen=True)
class SeriesFigures:
    """Hold the way of one training, or trainings at several learning rates."""

    name: str
    """Empty of learning rates."""
    steps: tuple[float, ...]
    """Or learning rates."""
    cosines_to_last: tuple[float, ...]
    """Of the vector at each step with that at the last one."""
    norms: tuple[float, ...]
    quantity: str
    """What the steps are: step or learning rate."""


def follow_series(record: SimilarityRecord, path: PathRecord) -> SeriesFigures:
    """Return a path's figures by its steps."""
    last = path.vectors[-1]
    cosines = tuple(record.cosine[place][last] for place in path.vectors)
    return SeriesFigures(path.name, path.steps, cosines, tuple(record.norms[place] for place in path.vectors), path.quantity)


def write_series(record: SimilarityRecord) -> Iterator[str]:
    """Go through the lines that tell how each training goes, and how those at several learning rates compare."""
    for path in record.paths:
        found = follow_series(record, path)
        figures = [[write_fine_cosine(c), write_figure(n)] for c, n in zip(found.cosines_to_last, found.norms, strict=True)]
        if path.is_training:
            yield f"{path.name}, step by step"
            rows = [["step", "cosine with the last", "norm"], *([f"{step:g}", *row] for step, row in zip(path.steps, figures, strict=True))]
        else:
            yield "By learning rate, as the names tell it"
            names = [record.names[place] for place in path.vectors]
            rates = map(write_learning_rate, path.steps)
            head = ["", path.quantity, f"cosine with that at {write_learning_rate(path.steps[-1])}", "norm"]
            rows = [head, *([name, rate, *row] for name, rate, row in zip(names, rates, figures, strict=True))]
        yield from align_rows(rows, indent="    ")
