"""Progress as a line: what can't be told yet is left out."""

from __future__ import annotations

import pytest

from engine.command_line.progress_lines import describe_progress
from engine.events import BytesMoved


@pytest.mark.parametrize(("done", "tells"), [(0, False), (19, False), (20, True), (500, True)])
def test_the_time_left_is_told_once_enough_is_done(done, tells):
    line = describe_progress(BytesMoved(done * 1000, 0, 2.0), 1_000_000)
    assert ("left" in line) == tells
