"""Progress as lines: what can't be told yet is left out, and what was found is told as it is."""

from __future__ import annotations

import io

import pytest

from engine.command_line.console import Console
from engine.command_line.progress_lines import ProgressLines, describe_progress
from engine.evaluation.measurement import Measurement
from engine.events import BytesMoved, MetricMeasured, StrengthChosen

FIGURE = Measurement("accuracy", 0.952, 500, 0.931, 0.967, higher_is_better=True)


@pytest.mark.parametrize(("left", "told"), [(None, "250 kB/s"), (0.0, "250 kB/s, 0 s left"), (6.0, "250 kB/s, 6 s left")])
def test_the_time_left_is_told_once_it_is_known(left, told):
    event = BytesMoved(200_000, 300_000, 2.0, seconds_left=left)
    assert describe_progress(event, 2_000_000) == f"   25 %, 500 kB of 2 MB, {told}"


def test_the_share_is_that_of_the_work_where_it_is_told():
    event = BytesMoved(200_000, 300_000, 2.0, share=0.125)
    assert describe_progress(event, 2_000_000) == "   12 %, 500 kB of 2 MB, 250 kB/s"


def test_figures_are_counted_where_some_are_measured():
    event = BytesMoved(200_000, 300_000, 2.0, figures=18, figures_planned=61)
    assert describe_progress(event, 2_000_000).endswith("250 kB/s, 18 of at most 61 figures")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (MetricMeasured("m", "edited", "target", FIGURE), "“edited” on “target”: {figure}"),
        (MetricMeasured("m", "edited", "target", FIGURE, strength=0.5), "“edited” at strength 0.5 on “target”: {figure}"),
        (MetricMeasured("m", "edited", "target", FIGURE, 0.5, strengths=(0.5, 1.0)), "“edited” at strength 0.5, 1 on “target”: {figure}"),
        (StrengthChosen("search", "0.45", "best_target"), "The strength chosen is 0.45 (best target)."),
        (StrengthChosen("search", "0.45", "best_target", is_final=False), "Stopped; the best strength so far is 0.45 (best target)."),
    ],
    ids=["measured", "at a strength", "at several", "chosen", "chosen so far"],
)
def test_what_was_found_is_told(event, line):
    told = io.StringIO()
    ProgressLines(Console(io.StringIO(), told))(event)
    figure = "accuracy 0.952 (Wilson 95 %: 0.931 to 0.967, n = 500 examples)"
    assert told.getvalue() == f"  {line.format(figure=figure)}\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminals_last_line_changes_in_place_and_is_gone_before_the_next():
    told = Terminal()
    console = Console(io.StringIO(), told)
    console.show_status("a long line")
    console.show_status("short")
    console.tell("done")
    assert told.getvalue() == "\ra long line\rshort      \r     \rdone\n"
