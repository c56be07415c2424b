"""Several analogies stand in one table: how near each comes, at which strength, and what it does on test data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.execution.result import AnalogyRecord, MetricRecord
from engine.report.analogy_table import tabulate_analogies
from engine.report.render import render_html


@pytest.fixture
def compared(analogy):
    """Return the vectors τ A, τ B, τ C, D̂ and τ D with two analogies, the first of which a search tries."""
    found = (AnalogyRecord("guess", 3, 4, 1.6, 0.14, ("search",)), AnalogyRecord("other", 2, 1, 2.2, -0.3))
    return replace(analogy.similarities[0], analogies=found)


@pytest.fixture
def tested(analogy, measure):
    roles = (("base", 0.3), ("reference", 0.9), ("edited", 0.6))
    tests = [MetricRecord(role, role, "set", measure(value, 200, metric)) for role, value in roles for metric in ("accuracy", "macro_f1")]
    return replace(analogy.searches[0], tests=tuple(tests))


def test_rows_tell_figures_strength_and_test_data(compared, tested):
    table = tabulate_analogies(compared, (tested,))
    first, second = table.rows
    assert (first.name, first.true_name, first.cosine, first.residual, first.strength) == ("D̂", "τ D", 0.14, 1.6, "0.50")
    assert [figure.value for figure in (first.base, first.edited, first.reference)] == [0.3, 0.6, 0.9]
    assert (second.strength, second.base, second.edited, second.reference) == ("", None, None, None)
    assert table.metric == "accuracy"


def test_a_single_analogy_needs_no_table(compared):
    assert tabulate_analogies(replace(compared, analogies=compared.analogies[:1]), ()) is None


def test_the_page_has_the_table(analogy, compared, tested):
    result = replace(analogy, similarities=(compared,), searches=(tested,))
    page = render_html(result, result.outputs[0])
    assert "Analogies against their true vectors" in page
    assert "with λ · D̂" in page
    without = replace(result, searches=())
    assert "with λ · D̂" not in render_html(without, without.outputs[0])
