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


def test_of_two_searches_or_two_test_sets_none_is_chosen(compared, tested):
    """Which of two figures to tell is not for the table to say."""
    found = (replace(compared.analogies[0], searches=("search", "again")), *compared.analogies[1:])
    again = replace(tested, node="again", chosen_text="0.75")
    (row, _) = tabulate_analogies(replace(compared, analogies=found), (tested, again)).rows
    assert (row.strength, row.edited) == ("", None)
    doubled = replace(tested, tests=(*tested.tests, *(replace(record, test_set="other") for record in tested.tests)))
    table = tabulate_analogies(compared, (doubled,))
    assert (table.rows[0].strength, table.rows[0].edited, table.metric) == ("0.50", None, "")


def test_analogies_tested_by_different_metrics_have_no_common_head(compared, tested, measure):
    found = tuple(replace(each, searches=(name,)) for each, name in zip(compared.analogies, ("search", "by_f1"), strict=True))
    point = replace(tested.points[0], targets=(measure(0.5, 200, "macro_f1"),))
    table = tabulate_analogies(replace(compared, analogies=found), (tested, replace(tested, node="by_f1", points=(point,))))
    assert [row.edited.metric for row in table.rows] == ["accuracy", "macro_f1"]
    assert table.metric == ""


def test_a_single_analogy_needs_no_table(compared):
    assert tabulate_analogies(replace(compared, analogies=compared.analogies[:1]), ()) is None


def test_the_page_has_the_table(analogy, compared, tested):
    result = replace(analogy, similarities=(compared,), searches=(tested,))
    page = render_html(result, result.outputs[0])
    assert "Analogies against their true vectors" in page
    assert "with λ · D̂" in page
    without = replace(result, searches=())
    assert "with λ · D̂" not in render_html(without, without.outputs[0])
