from __future__ import annotations

import math
from dataclasses import replace

from engine.evaluation.measurement import Measurement
from engine.report.metrics_table import tabulate, write_spread


def test_columns_run_from_the_base_to_the_reference(analogy):
    table = tabulate(analogy.metrics, analogy.test_sets)
    assert [column.checkpoint for column in table.columns] == ["base", "C alone", "random vector", "edited", "own fine-tune"]


def test_each_test_set_has_a_row_and_ratios_stand_below(analogy):
    table = tabulate(analogy.metrics, analogy.test_sets)
    assert [(row.name, row.is_derived) for row in table.rows] == [
        ("inverted 5–9", False),
        ("normalized accuracy", True),
        ("inverted 0–4", False),
        ("plain digits", False),
        ("control ratio", True),
    ]
    assert [row.is_target for row in table.rows] == [True, False, False, False, False]


def leave_out(records, groups):
    """Return the figures of a run that edits, and compares with its own fine-tune, a model for each group, measured on that group alone."""
    base, *_, edited, own = (record for record in records if record.test_set == "inverted 5–9")
    return [
        replace(record, checkpoint=f"{record.checkpoint} {group}" if record.role != "base" else "base", test_set=f"group {group}")
        for group in range(groups)
        for record in (base, edited, own)
    ]


def test_models_that_share_no_set_share_a_column_where_the_table_is_wide(analogy):
    table = tabulate(leave_out(analogy.metrics, 3), analogy.test_sets)
    assert [column.checkpoint for column in table.columns] == ["base", "edited", "reference"]
    assert [[cell.model for cell in row.cells] for row in table.rows if not row.is_derived] == [
        ["", f"edited {group}", f"own fine-tune {group}"] for group in range(3)
    ]
    assert all(cell.text != "–" for row in table.rows if not row.is_derived for cell in row.cells)


def test_models_keep_their_columns_where_there_is_room_or_a_set_has_two(analogy):
    assert len(tabulate(leave_out(analogy.metrics, 2), analogy.test_sets).columns) == 5
    apart = leave_out(analogy.metrics, 3)
    rival = replace(apart[1], checkpoint="another")
    table = tabulate([*apart, rival], analogy.test_sets)
    assert [column.checkpoint for column in table.columns] == ["base", "edited 0", "another", "edited 1", "edited 2", "reference"]


def test_what_was_not_measured_is_a_dash(analogy):
    row = tabulate(analogy.metrics, analogy.test_sets).rows[2]
    assert [cell.text for cell in row.cells] == ["0.510", "0.957", "0.506", "0.931", "–"]


def test_a_measured_nan_is_a_dash_without_an_interval(analogy):
    record = analogy.metrics[0]
    broken = replace(record, measurement=replace(record.measurement, value=math.nan))
    cell = tabulate([broken], analogy.test_sets).rows[0].cells[0]
    assert (cell.text, cell.spread, cell.interval) == ("–", "", "")


def test_no_figure_stands_without_its_interval_and_n(analogy):
    table = tabulate(analogy.metrics, analogy.test_sets)
    measured = [cell for row in table.rows if not row.is_derived for cell in row.cells if cell.text != "–"]
    assert len(measured) == len(analogy.metrics)
    assert all("Wilson" in cell.interval and "n\u00a0" in cell.interval and cell.spread for cell in measured)


def test_figures_that_rest_on_different_counts_say_their_own(analogy, measure):
    fewer = replace(analogy.metrics[3], measurement=measure(0.6, 90))
    row = tabulate([analogy.metrics[0], fewer], analogy.test_sets).rows[0]
    assert [cell.spread.split(" ")[-1] for cell in row.cells] == ["n\u00a0247", "n\u00a090"]
    assert "247" not in row.note


def test_two_metrics_on_one_test_set_are_two_rows(analogy, measure):
    other = replace(analogy.metrics[0], measurement=measure(0.3, 247, "macro_f1"), normalized=None)
    rows = tabulate([analogy.metrics[0], other], analogy.test_sets).rows
    assert [row.note for row in rows] == ["target · test · n\u00a0247", "macro F1 · target · test · n\u00a0247"]


def test_on_paper_the_way_of_intervals_is_said_once_and_n_where_figures_differ_in_it(analogy):
    table = tabulate(analogy.metrics, analogy.test_sets)
    assert table.intervals == "Below each figure stands its interval: Wilson 95 %."
    printed = [cell.printed for row in table.rows for cell in row.cells if cell.interval]
    assert all(text.count("–") == 1 and "Wilson" not in text and "n\u00a0" not in text for text in printed)
    first, *rest = analogy.metrics
    other = replace(first, measurement=replace(first.measurement, n=200, interval="bootstrap 95 %", metric="macro_f1"))
    alike = replace(first, checkpoint="alike", measurement=replace(other.measurement, n=201))
    table = tabulate((first, *rest, other, alike), analogy.test_sets)
    assert table.intervals == "Below each figure stands its interval: Wilson 95 % of accuracy; bootstrap 95 % of macro F1."
    counts = [cell.printed.rpartition(", ")[2] for row in table.rows if "macro" in row.note for cell in row.cells if cell.printed]
    assert counts == ["n\u00a0200", "n\u00a0201"]
    assert tabulate((), ()).intervals == ""


def test_lopsided_intervals_say_both_sides():
    assert write_spread(Measurement("accuracy", 0.5, 100, 0.4, 0.6, True)) == "±.10"
    assert write_spread(Measurement("accuracy", 0.99, 100, 0.946, 0.998, True)) == "+.008 −.04"
    assert write_spread(Measurement("perplexity", 16.0, 100, 14.8, 17.2, False)) == "±1.2"
    assert write_spread(Measurement("accuracy", 0.5, 100, math.nan, 0.6, True)) == ""


def test_figures_measured_elsewhere_name_their_file(crowded):
    note = tabulate(crowded.metrics, crowded.test_sets).rows[-1].note
    assert "measured elsewhere: measured<b>.csv" in note
    assert note.startswith("macro F1")


def test_nothing_measured_gives_no_rows(vector_export):
    assert tabulate(vector_export.metrics, vector_export.test_sets).rows == ()
