"""The share that a run tells grows with its work: no step is larger than the work that it stands for, and none is left for the end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.events import BytesMoved, PassStarted, StrengthChosen
from engine.execution.progress import Progress
from engine.planning.figure_counts import count_figures
from tests.engine.graph_lines import TEST_SETS, TWO_VECTORS

SEARCH = """
s = strength_search base=base vectors={vectors} targets=target start:0.3 stop:0.9 step:0.3 strengths:{mode}
out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out
"""
SOURCES = f"{TWO_VECTORS}{TEST_SETS}\n t2 = scale vector=ta factor:0.5\n t3 = scale vector=tb factor:0.5"


class Files:
    """The bytes that were read, as a FileSet tells them."""

    bytes_read = 0


class Clock:
    """A clock that a test turns."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("engine.execution.progress.time", clock)
    return clock


def begin(planned, figures):
    files, told = Files(), []
    progress = Progress(files, lambda: 0, told.append, planned, figures)
    progress.begin_pass(0)
    return progress, files, told


def test_equal_figures_are_equal_steps_and_a_stream_is_what_it_takes_beside_them(clock):
    """Twenty figures of a second and a stream of a hundredth of one, at the speed that streams are thought to have."""
    progress, files, _ = begin([20_000, 10_000_000], [20, 0])
    shares = [0.0]
    for _ in range(20):
        clock.now += 1.0
        files.bytes_read += 1000
        progress.measured(1, 1, 1.0)
        shares.append(progress.share)
    steps = [after - before for before, after in pairwise(shares)]
    # The first two are weighed before any has shown how long it takes.
    assert max(steps[2:]) < 1.01 * min(steps[2:])
    assert 0.99 < shares[-1] < 1
    progress.begin_pass(1)
    files.bytes_read += 10_000_000
    clock.now += 1.0
    progress.moved()
    assert progress.share == pytest.approx(1)


def test_figures_that_are_known_move_nothing_and_the_others_go_all_the_way(clock):
    progress, files, _ = begin([2000], [20])
    for _ in range(10):
        progress.measured(1, 0, 0.0)
        progress.spare(100)
    assert progress.share == 0
    for number in range(1, 11):
        clock.now += 1.0
        files.bytes_read += 100
        progress.measured(1, 1, 1.0)
        assert progress.share == pytest.approx(number / 10)


def test_what_is_struck_out_of_a_pass_moves_nothing(clock):
    progress, files, _ = begin([1000, 1000], [0, 0])
    files.bytes_read = 500
    progress.expect(600)
    assert progress.share == pytest.approx(0.25)
    files.bytes_read = 600
    progress.begin_pass(1)
    assert progress.share == pytest.approx(1 - 0.75 * 1000 / 1100)
    progress.expect(400)
    files.bytes_read = 1000
    clock.now += 1.0
    progress.moved()
    assert progress.share == 1
    assert progress.bytes_planned == 1000


def test_the_end_is_told_however_soon_it_comes(clock):
    progress, files, told = begin([1000], [0])
    progress.moved()
    files.bytes_read = 900
    progress.end()
    last = told[-1]
    assert (last.share, last.bytes_read, last.bytes_planned, last.seconds_left) == (1.0, 900, 900, 0.0)


@pytest.mark.parametrize("is_last", [True, False])
def test_figures_that_a_search_left_unmeasured_are_no_longer_counted_when_it_is_over(clock, is_last):
    progress, _, told = begin([100, 0], [10, 0])
    clock.now += 1.0
    progress.measured(4, 3, 1.0)
    assert (told[-1].figures, told[-1].figures_planned) == (4, 10)
    if not is_last:
        progress.begin_pass(1)
    progress.end()
    assert (told[-1].figures, told[-1].figures_planned) == (4, 4)


@pytest.fixture
def watched(bench, vision, monkeypatch, tmp_path_factory):
    """Return a function that runs lines and gives each pass's last news, by its place, and all shares that were told."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr("engine.execution.progress.SHORTEST_SECONDS", 0.0)

    def run(lines):
        plan = bench.plan(lines, {"workers": 1})
        bench.run_plan(plan)
        moved = [event for event in bench.events if isinstance(event, (BytesMoved, PassStarted))]
        ends = [before for before, after in pairwise(moved) if isinstance(after, PassStarted) and isinstance(before, BytesMoved)]
        told = [event for event in moved if isinstance(event, BytesMoved)]
        return plan, [*ends, told[-1]], [event.share for event in told]

    return run


@pytest.mark.parametrize("mode", ["pairs", "subsets", "helpers"])
def test_a_search_of_subsets_reads_what_is_planned_and_so_comes_evenly_to_its_end(watched, mode):
    plan, ends, shares = watched(SOURCES + SEARCH.format(vectors="ta,tb,t2,t3", mode=mode))
    assert ends[0].bytes_read == plan.passes[0].bytes_read
    assert (ends[0].figures, ends[-1].figures) == (ends[0].figures_planned, ends[-1].figures_planned)
    assert ends[0].figures == count_figures(plan.passes[0].work, plan.resolved.graph)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    # At least as many steps as tries: none stands for a fifth of the run.
    assert max(after - before for before, after in pairwise([0.0, *shares])) < 0.2


def test_a_figure_that_another_node_asks_for_too_is_counted_once(watched):
    search = SEARCH.format(vectors="ta,tb", mode="pairs").replace("targets=target", "targets=target tests=test")
    measured = "m = evaluate checkpoint=s.checkpoint test_set=test"
    plan, ends, _ = watched(f"{SOURCES}{search}{measured}\n".replace("metrics=s.metrics", "metrics=s.metrics,m"))
    assert len(plan.passes) == 3
    assert ends[-1].figures == ends[-1].figures_planned == count_figures(plan.passes[0].work, plan.resolved.graph)


def test_a_stream_is_said_to_read_what_the_chosen_strengths_leave(watched, bench):
    plan, ends, _ = watched(SOURCES + SEARCH.format(vectors="ta,tb", mode="pairs"))
    (chosen,) = [event for event in bench.events if isinstance(event, StrengthChosen)]
    assert "0" in chosen.strength.split(", ")
    later = bench.events[bench.events.index(chosen) :]
    begun = next(event for event in later if isinstance(event, BytesMoved))
    search, export = ends
    # Of the base and two others one is left out; what has been written by now is the header.
    reading, writing = plan.passes[1].bytes_read * 2 // 3, plan.passes[1].bytes_written
    assert begun.bytes_planned == search.bytes_read + search.bytes_written + reading + writing
    assert export.bytes_read == search.bytes_read + reading


def test_zeros_of_a_search_with_a_strength_for_each_are_no_longer_planned(watched):
    """At strengths of 0 or 0.9 two tries: both, and one alone."""
    lines = SOURCES + SEARCH.format(vectors="ta,tb", mode="each budget:2").replace(
        "start:0.3 stop:0.9 step:0.3", "start:0 stop:0.9 step:0.9"
    )
    plan, ends, shares = watched(lines)
    search, export = plan.passes
    assert ends[0].bytes_read < search.bytes_read
    assert ends[0].bytes_planned - export.bytes_read - export.bytes_written == ends[0].bytes_read + ends[0].bytes_written
    assert shares == sorted(shares)
