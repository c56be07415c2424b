"""Similarities in the worker lane: beside the runs, one at a time, and never again after a death that they may have caused."""

import sys
from pathlib import Path

import pytest

from app.worker_lane import WorkerLane
from engine.planning.options import RunOptions
from engine.worker_messages import GramJob, GramMoved, RunJob

PATIENCE = 30_000
SCRIPT = """
import os, sys
from engine.worker_messages import *
def say(message):
    sys.stdout.buffer.write(write_message(message)); sys.stdout.buffer.flush()
for line in sys.stdin.buffer:
    message = read_request(line)
    if isinstance(message, Greeting):
        say(Greeting(PROTOCOL)); say(Ready(0.0, ("cpu",)))
    elif isinstance(message, GramJob):
        say(GramMoved(message.job, message.revision, 5_000_000_000, 9_000_000_000))
        if message.document == "die":
            os._exit(9)
        if message.document == "quick":
            say(JobEnded(message.job, message.revision, Outcome("done")))
    elif isinstance(message, RunJob):
        if message.document == "die":
            os._exit(9)
        say(JobEnded(message.job, message.revision, Outcome("done")))
    elif isinstance(message, StopJob):
        say(StopSeen(message.job)); say(JobEnded(message.job, 0, Outcome("stopped")))
"""


@pytest.fixture
def lane(qapp):
    made = WorkerLane((sys.executable, "-c", SCRIPT), (0.0, 0.0))
    made.told_of, made.ends, made.run_ends = [], [], []
    made.gram_told.connect(made.told_of.append)
    made.gram_ended.connect(lambda job, outcome: made.ends.append((job, outcome.kind)))
    made.ended.connect(lambda job, outcome: made.run_ends.append((job, outcome.kind)))
    made.start()
    yield made
    made.close()
    made.deleteLater()


def gram(number, document="long"):
    return GramJob(number, 0, document, Path())


def run(number, document=""):
    return RunJob(number, 0, document, Path(), RunOptions())


def test_a_job_asked_for_early_waits_for_the_process(lane, qtbot):
    lane.measure(gram(1, "quick"))
    qtbot.waitUntil(lambda: lane.ends == [(1, "done")], timeout=PATIENCE)
    assert lane.told_of == [GramMoved(1, 0, 5_000_000_000, 9_000_000_000)]
    assert not lane.is_running


def test_a_later_job_takes_the_place_of_the_one_before(lane, qtbot):
    lane.measure(gram(1))
    qtbot.waitUntil(lambda: len(lane.told_of) == 1, timeout=PATIENCE)
    lane.measure(gram(2, "quick"))
    qtbot.waitUntil(lambda: lane.ends == [(2, "done")], timeout=PATIENCE)
    lane.measure(gram(3))
    lane.stop_measuring()
    lane.measure(gram(4, "quick"))
    qtbot.waitUntil(lambda: lane.ends == [(2, "done"), (4, "done")], timeout=PATIENCE)


def test_a_run_is_not_kept_waiting(lane, qtbot):
    lane.measure(gram(1))
    qtbot.waitUntil(lambda: len(lane.told_of) == 1, timeout=PATIENCE)
    lane.run(run(2))
    qtbot.waitUntil(lambda: lane.run_ends == [(2, "done")], timeout=PATIENCE)
    assert lane.ends == []


def test_a_job_that_ends_the_process_is_not_given_to_the_next(lane, qtbot):
    lane.measure(gram(1, "die"))
    qtbot.waitUntil(lambda: lane.ends == [(1, "failed")], timeout=PATIENCE)
    lane.measure(gram(2, "quick"))
    qtbot.waitUntil(lambda: lane.ends == [(1, "failed"), (2, "done")], timeout=PATIENCE)


def test_a_job_survives_the_death_of_a_run(lane, qtbot):
    lane.measure(gram(1))
    qtbot.waitUntil(lambda: len(lane.told_of) == 1, timeout=PATIENCE)
    lane.run(run(2, "die"))
    qtbot.waitUntil(lambda: lane.run_ends == [(2, "failed")], timeout=PATIENCE)
    qtbot.waitUntil(lambda: len(lane.told_of) == 2, timeout=PATIENCE)
    assert lane.ends == []
