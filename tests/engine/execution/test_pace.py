"""A time left is told once the like of what is left has been done, and is then near the truth."""

import pytest

from engine.events import BytesMoved, MetricMeasured
from engine.execution.pace import Pace, extrapolate
from engine.execution.progress import Progress


@pytest.mark.parametrize(("done", "wanted"), [(0, None), (19, None), (20, 98.0), (500, 2.0), (1000, 0.0), (1200, 0.0)])
def test_a_stream_goes_on_at_its_speed_once_enough_is_done(done, wanted):
    assert extrapolate(2.0, done, 1000) == wanted


def test_figures_to_come_take_as_long_as_those_before_them():
    pace = Pace([40, 0, 10])
    pace.begin_pass(0)
    assert pace.left(0.0) is None
    # The first one loads the model.
    now = 60.0
    pace.count(4, 4, 60.0, now)
    for _ in range(3):
        assert pace.left(now) is None
        now += 2.0
        pace.count(4, 4, 2.0, now)
    assert pace.left(now) == pytest.approx((24 + 10) * 0.5)
    assert pace.left(now + 1.0) == pytest.approx((24 + 10) * 0.5 - 1.0)
    assert pace.left(now + 100.0) == 0


def test_known_figures_take_no_time_and_say_nothing_of_it():
    pace = Pace([40])
    pace.begin_pass(0)
    for _ in range(5):
        pace.count(4, 0, 0.001, 0.1)
    assert pace.left(0.1) is None
    for number in range(4):
        pace.count(2, 2, 3.0, 3.0 * (number + 1))
    assert pace.left(12.0) == pytest.approx((40 - 20 - 8) * 1.5)


def test_what_a_pass_left_undone_is_not_waited_for():
    pace = Pace([40, 0])
    pace.begin_pass(0)
    pace.count(4, 4, 1.0, 1.0)
    pace.begin_pass(1)
    assert pace.left(2.0) == 0


class Files:
    """The bytes that were read, as a FileSet tells them."""

    bytes_read = 0


def test_a_stream_after_measurements_is_counted_too(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("engine.execution.progress.time.monotonic", lambda: clock[0])
    files, told = Files(), []
    progress = Progress(files, lambda: 0, told.append, [600, 400], [8, 0])
    progress.begin_pass(0)
    assert progress.seconds_left is None
    for _ in range(6):
        clock[0] += 2.0
        files.bytes_read += 100
        progress.measured(1, 1, 2.0)
    assert progress.seconds_left == pytest.approx(2 * 2.0 + 400 / (600 / 12))
    progress.begin_pass(1)
    assert progress.seconds_left is None
    clock[0] += 1.0
    files.bytes_read += 100
    assert progress.seconds_left == pytest.approx(3.0)
    progress.moved()
    assert told[-1].seconds_left == pytest.approx(3.0)


def test_measurements_to_come_are_timed_by_their_figures_and_not_by_their_bytes(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("engine.execution.progress.time.monotonic", lambda: clock[0])
    files = Files()
    progress = Progress(files, lambda: 0, lambda event: None, [600, 300, 400], [8, 4, 0])
    progress.begin_pass(0)
    for _ in range(6):
        clock[0] += 2.0
        files.bytes_read += 100
        progress.measured(1, 1, 2.0)
    assert progress.seconds_left == pytest.approx((2 + 4) * 2.0 + 400 / (600 / 12))


def test_what_need_not_be_read_is_no_longer_planned():
    files = Files()
    progress = Progress(files, lambda: 0, lambda event: None, [600, 400], [8, 0])
    progress.begin_pass(0)
    files.bytes_read = 100
    progress.spare(450)
    assert progress.bytes_planned == 150 + 400
    files.bytes_read = 200
    assert progress.bytes_planned == 200 + 400


SEARCH = """
    base = checkpoint source:base
    a = checkpoint source:a
    t = task_vector tuned=a base=base
    target = test_set source:target.npz split:validation
    test = test_set source:test.npz
    s = strength_search base=base vectors=t targets=target tests=test references=a start:0 stop:1 step:0.25
    out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out
"""


def test_a_search_tells_no_time_before_tries_are_done(bench, vision, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr("engine.execution.progress.SHORTEST_SECONDS", 0.0)
    bench.run(SEARCH)
    measured, early, late = 0, [], []
    for event in bench.events:
        if isinstance(event, MetricMeasured) and event.measurement.metric == "accuracy":
            measured += 1
        elif isinstance(event, BytesMoved):
            (early if measured < 4 else late).append(event.seconds_left)
    # One reference, the base and four strengths; base, reference and choice on test data.
    assert measured == 1 + 5 + 3
    assert set(early) == {None}
    assert any(left is not None for left in late)
