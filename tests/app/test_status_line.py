"""The line at the bottom, in a run and after it."""

from pathlib import Path

import pytest

from app.run_progress import RunProgress
from app.status_line import StatusLine
from engine.document.model import Document


@pytest.fixture
def line(qtbot):
    made = StatusLine()
    qtbot.addWidget(made)
    return made


def test_a_run_tells_its_speed_what_is_done_of_what_is_planned_and_the_time_left(line):
    run = RunProgress(
        1, Document(), Path(), bytes_planned=4_000_000, bytes_done=3_000_000, bytes_read=2_000_000, seconds=2.0, rest_seconds=7.0
    )
    line.show_run(run, 512_000_000)
    speed, done, left, memory = line.run.text().split(" · ")
    assert (speed, done, memory) == ("read 1.0 MB/s", "3.0 MB of 4.0 MB", "memory 512 MB")
    assert left == "7 s left"


@pytest.mark.parametrize(("memory", "text"), [(0, ""), (2000, "memory 2 kB")])
def test_without_a_run_only_the_engines_memory_is_told(line, memory, text):
    for run in (None, RunProgress(1, Document(), Path(), bytes_planned=10, ending="done")):
        line.show_run(run, memory)
        assert line.run.text() == text
