"""Say how much a test set holds, in what its figures count: examples of labelled data, tokens of a text."""

from __future__ import annotations

from collections.abc import Iterator

from engine.evaluation.measurement import Measurement
from engine.execution.result import RunResult, TestSetRecord
from engine.report.wording import write_count

_EXAMPLES = "examples"


def write_size(test_set: TestSetRecord, result: RunResult) -> str:
    """Write “247 examples”, or “31,584 tokens” where that is what the run counted on it: a text is one example, however long."""
    counts = (figure for figure in _list_figures(test_set, result) if figure.counted != _EXAMPLES)
    counted = next((f"{figure.n:,} {figure.counted}" for figure in counts), "")
    return counted or write_count(test_set.examples, "example")


def _list_figures(test_set: TestSetRecord, result: RunResult) -> Iterator[Measurement]:
    """Yield what the run measured on a test set."""
    for output in result.outputs:
        yield from (record.measurement for record in output.metrics if record.is_on(test_set))
    for search in result.searches:
        yield from (record.measurement for record in (*search.tests, *search.validation) if record.is_on(test_set))
