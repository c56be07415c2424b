"""All analogies of a run in one table: how near each comes to its true vector, and what the model moved along it can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evaluation.measurement import Measurement
from engine.execution.result import AnalogyRecord, SearchRecord, SimilarityRecord
from engine.report.wording import write_words

_SEVERAL = 2
"""A single analogy is told in the map's caption and on its card."""


@dataclass(frozen=True)
class AnalogyRow:
    """Hold one analogy; figures that no search has measured on test data are None."""

    name: str
    true_name: str
    cosine: float
    residual: float
    strength: str
    """What a search has chosen for it; empty without one."""
    base: Measurement | None
    edited: Measurement | None
    reference: Measurement | None


@dataclass(frozen=True)
class AnalogyTable:
    """Hold the rows, with what the test figures are."""

    rows: tuple[AnalogyRow, ...]
    metric: str
    """“accuracy”; empty where no analogy was tested, or they by different metrics."""


def tabulate_analogies(record: SimilarityRecord, searches: Sequence[SearchRecord]) -> AnalogyTable | None:
    """Return the table of several analogies; None where there are not several."""
    if len(record.analogies) < _SEVERAL:
        return None
    rows = tuple(_make_row(record, found, searches) for found in record.analogies)
    metrics = {row.edited.metric for row in rows if row.edited is not None}
    return AnalogyTable(rows, write_words(metrics.pop()) if len(metrics) == 1 else "")


def _make_row(record: SimilarityRecord, found: AnalogyRecord, searches: Sequence[SearchRecord]) -> AnalogyRow:
    own = [search for search in searches if search.node in found.searches]
    search = own[0] if len(own) == 1 else None
    return AnalogyRow(
        record.names[found.made],
        record.names[found.true],
        found.cosine,
        found.residual,
        search.chosen_text if search is not None else "",
        *(_find_test(search, role) if search is not None else None for role in ("base", "edited", "reference")),
    )


def _find_test(search: SearchRecord, role: str) -> Measurement | None:
    """Return the test figure of a role by the metric that was searched by; None unless there is just one."""
    metrics = {figure.metric for figure in search.points[0].targets[:1]}
    found = [record.measurement for record in search.tests if record.role == role and record.measurement.metric in metrics]
    return found[0] if len(found) == 1 else None
