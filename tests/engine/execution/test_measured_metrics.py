"""A CSV of metrics that were measured elsewhere."""

from __future__ import annotations

import math

import pytest

from engine.errors import EvaluationError
from engine.evaluation.measurement import Measurement
from engine.execution.measured_metrics import read_measured_metrics

HEADER = "checkpoint,test_set,metric,value"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a CSV and reads it."""

    def write_and_read(text: str | bytes):
        path = tmp_path / "metrics.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_measured_metrics(path)

    return write_and_read


def test_a_full_row_is_taken_as_it_stands(write, tmp_path):
    (row,) = write(f"{HEADER},n,low,high,role,higher_is_better\nedit,digits,accuracy,0.93,500,0.9,0.95,edited,yes\n")
    assert (row.checkpoint, row.role, row.test_set, row.source) == ("edit", "edited", "digits", str(tmp_path / "metrics.csv"))
    assert row.measurement == Measurement("accuracy", 0.93, 500, 0.9, 0.95, higher_is_better=True, interval="as given in the file")


def test_what_is_not_known_may_be_left_out(write):
    (row,) = write(f"{HEADER}\nedit,digits,accuracy,0.93\n")
    assert row.role == "other"
    assert row.measurement.n == 0
    assert math.isnan(row.measurement.low)
    assert math.isnan(row.measurement.high)


@pytest.mark.parametrize(
    ("metric", "given", "higher"),
    [("accuracy", "", True), ("perplexity", "", False), ("flagged_share", "", False), ("accuracy", "false", False), ("loss", "no", False),
     ("perplexity", "True", True), ("f2", "1", True)],
)  # fmt: skip
def test_whether_more_is_better_is_said_or_known_of_the_metric(write, metric, given, higher):
    (row,) = write(f"{HEADER},higher_is_better\nedit,digits,{metric},3,{given}\n")
    assert row.measurement.higher_is_better is higher


@pytest.mark.parametrize("role", ["base", "reference", "edited", "random control"])
def test_the_roles_of_the_table_are_known_and_others_are_other(write, role):
    rows = write(f"{HEADER},role\na,t,accuracy,1, {role} \nb,t,accuracy,1,teacher\n")
    assert [row.role for row in rows] == [role, "other"]


def test_the_files_of_spreadsheets_are_read(write):
    rows = write('\ufeffmetric,value,checkpoint,test_set,who\r\naccuracy,5e-1,"a, the first",学習,me\r\naccuracy,1,b,t,me\r\n')
    assert [(row.checkpoint, row.test_set, row.measurement.value) for row in rows] == [("a, the first", "学習", 0.5), ("b", "t", 1.0)]


def test_a_perplexity_without_bounds_is_a_figure(write):
    (row,) = write(f"{HEADER},n,low,high\nruined,text,perplexity,inf,500,1e3,inf\n")
    assert (row.measurement.value, row.measurement.n, row.measurement.high) == (math.inf, 500, math.inf)


def test_no_rows_are_no_figures(write):
    assert write(HEADER + "\n") == ()


@pytest.mark.parametrize("text", ["", "checkpoint,metric,n\na,accuracy,3\n"], ids=["empty", "other columns"])
def test_missing_columns_are_named_with_those_there_are(write, text):
    with pytest.raises(EvaluationError, match=r"no column .*test_set.*value") as caught:
        write(text)
    assert "checkpoint, test_set, metric, value" in caught.value.remedy


@pytest.mark.parametrize("value", ["", "93 %", "0,93", "nan"])
def test_a_value_that_is_no_number_is_refused_with_its_line(write, value):
    with pytest.raises(EvaluationError, match="line 3: value is") as caught:
        write(f'{HEADER}\na,t,accuracy,1\nb,t,accuracy,"{value}"\n')
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("column", "value"),
    [(column, value) for column in ("n", "low", "high") for value in ("many", "nan")] + [("n", "inf"), ("n", "-1"), ("n", "0.5")],
)
def test_so_are_n_and_the_interval(write, column, value):
    with pytest.raises(EvaluationError, match=f"line 2: {column} is “{value}”"):
        write(f"{HEADER},{column}\na,t,accuracy,1,{value}\n")


def test_a_row_that_is_too_short_is_refused_and_one_too_long_read(write):
    (row,) = write(f"{HEADER}\na,t,accuracy,1,surplus,more\n")
    assert row.measurement.value == 1
    with pytest.raises(EvaluationError, match="line 2: value"):
        write(f"{HEADER}\na,t\n")


def test_lines_are_counted_as_an_editor_counts_them(write):
    with pytest.raises(EvaluationError, match="line 5"):
        write(f'{HEADER}\n"a\nb",t,accuracy,1\n\nc,t,accuracy,none\n')


@pytest.mark.parametrize("content", [b"\xff\xfe\x00broken", b"checkpoint,test_set,metric,value\n\xe4,t,accuracy,1\n"])
def test_what_is_no_utf_8_is_refused(write, content):
    with pytest.raises(EvaluationError, match="can't be read as a CSV"):
        write(content)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match="can't be read"):
        read_measured_metrics(tmp_path / "none.csv")
    with pytest.raises(EvaluationError, match="can't be read"):
        read_measured_metrics(tmp_path)


def test_the_report_shows_them_beside_its_own_and_says_where_they_come_from(bench, family):
    (bench.folder / "m.csv").write_text(f"{HEADER}\nedit,digits,accuracy,0.93\n")
    result = bench.run("""
        base = checkpoint source:base
        a = checkpoint source:a
        ta = task_vector tuned=a base=base
        edit = apply base=base vector=ta strength:0.3
        m = measured_metrics source:m.csv
        out = export_checkpoint checkpoint=edit metrics=m folder:out
    """)
    (row,) = result.outputs[0].metrics
    assert (row.measurement.value, row.source) == (0.93, str(bench.folder / "m.csv"))
    assert "m.csv" in (bench.folder / "out/report.html").read_text()
