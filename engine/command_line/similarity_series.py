"""What `weightloom similarity` tells of series: how each training goes, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.command_line.figures import write_fine_cosine
from engine.command_line.table import align_rows
from engine.execution.result import PathRecord, SimilarityRecord
from engine.report.wording import write_figure


@dataclass(frozen=True)
class SeriesFigures:
    """Hold the way of one training."""

    name: str
    steps: tuple[float, ...]
    cosines_to_last: tuple[float, ...]
    """Of the vector at each step with that at the last one."""
    norms: tuple[float, ...]


def follow_series(record: SimilarityRecord, path: PathRecord) -> SeriesFigures:
    """Return a training's figures by its steps."""
    last = path.vectors[-1]
    cosines = tuple(record.cosine[place][last] for place in path.vectors)
    return SeriesFigures(path.name, path.steps, cosines, tuple(record.norms[place] for place in path.vectors))


def write_series(record: SimilarityRecord) -> Iterator[str]:
    """Go through the lines that tell how each training goes."""
    for path in record.paths:
        found = follow_series(record, path)
        figures = zip(found.steps, found.cosines_to_last, found.norms, strict=True)
        rows = [["step", "cosine with the last", "norm"], *([f"{step:g}", write_fine_cosine(c), write_figure(n)] for step, c, n in figures)]
        yield f"{path.name}, step by step"
        yield from align_rows(rows, indent="    ")
