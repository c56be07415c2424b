"""The engine's process, spoken to over real pipes: a test for each sentence of its protocol (architecture.md, idea 9)."""

import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from engine.document.storage import parse_document
from engine.events import BytesMoved, RunCancelled, RunFinished, RunStarted, TensorWritten
from engine.planning.check import check_document
from engine.planning.options import RunOptions
from engine.similarity.gram_files import load_table
from engine.worker_messages import (
    PROTOCOL,
    GramJob,
    GramMoved,
    GramReady,
    Greeting,
    JobEnded,
    Ready,
    RunJob,
    StopJob,
    StopSeen,
    TidyJob,
    Told,
    write_message,
)
from tests.engine.worker_talk import PATIENCE_SECONDS, Place, Talk

SMALL_PIECES = RunOptions(piece_entries=4096, workers=1)
"""Thousands of pieces, so that there is time to stop between them."""


@pytest.fixture
def talk():
    talks = []

    def begin(*arguments):
        talks.append(Talk(*arguments))
        return talks[-1]

    yield begin
    for started in talks:
        started.process.kill()
        started.end()


@pytest.fixture
def small(tmp_path):
    return Place(tmp_path, 2)


@pytest.fixture
def large(tmp_path):
    """A place whose run takes seconds in small pieces."""
    return Place(tmp_path, 2000)


def events_of(talk):
    return [event for message in talk.heard if isinstance(message, Told) for event in message.events]


def await_progress(talk):
    """Return once a run moves bytes."""
    while not any(isinstance(event, BytesMoved) for event in events_of(talk)):
        talk.hear(Told)


def test_one_process_greets_runs_and_ends(talk, small):
    """The whole talk in its order: greeting first, Ready, events, the end of each job; then the end of input."""
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(small.job())
    ended = worker.hear(JobEnded)
    assert [type(message) for message in worker.heard[:3]] == [Greeting, Ready, Told]
    assert worker.heard[0].protocol == PROTOCOL
    assert worker.heard[1].devices[-1] == "cpu"
    assert (ended.job, ended.revision, ended.outcome.kind) == (1, 7, "done")
    events = events_of(worker)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    assert {event.tensor for event in events if isinstance(event, TensorWritten)} == set(load_file(small.folder / "out/model.safetensors"))

    result = ended.outcome.result
    report = json.loads((small.folder / "out" / "report.json").read_text())
    assert result.title == "Half way"
    assert [record.name for record in result.outputs[0].files if record.name.endswith("safetensors")] == ["model.safetensors"]
    assert result.conditions.plan_hash in json.dumps(report)

    assert worker.end() == 0


def test_a_job_that_cannot_be_done_ends_alone_and_the_process_serves_the_next(talk, small):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(small.job(1))
    assert worker.hear(JobEnded).outcome.kind == "done"

    # The target exists now, which is a problem of the document: the same that a check in the window finds.
    worker.say(small.job(2))
    refused = worker.hear(JobEnded).outcome
    assert refused.kind == "refused"
    assert refused.problems == check_document(parse_document(json.dumps(small.graph)), small.folder).problems != ()

    damaged = RunJob(3, 7, "{", small.folder, RunOptions())
    worker.say(damaged)
    failed = worker.hear(JobEnded).outcome
    assert (failed.kind, failed.error) == ("failed", "DocumentError")

    # A fault of our own ends the job, not the process, and its traceback can be read.
    small.graph["nodes"]["out"]["parameters"]["folder"] = "other"
    worker.say(small.job(4, RunOptions(piece_entries=-1)))
    broken = worker.hear(JobEnded).outcome
    assert broken.kind == "broken"
    assert "Traceback" in Path(broken.log).read_text()

    worker.say(small.job(5, RunOptions(staging="restart")))
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert worker.end() == 0


def test_stop_is_seen_during_a_run_and_leaves_nothing(talk, large):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(large.job(1, SMALL_PIECES))
    await_progress(worker)
    worker.say(StopJob(1))
    ended = worker.hear(JobEnded)
    assert [message.job for message in worker.heard if isinstance(message, StopSeen)] == [1]
    assert ended.outcome.kind == "stopped"
    assert isinstance(events_of(worker)[-1], RunCancelled)
    assert large.list_folder() == ["base", "tuned"]

    # A job that waits behind another can be stopped, too; and the process goes on.
    worker.say(large.job(2, SMALL_PIECES))
    worker.say(large.job(3, SMALL_PIECES))
    worker.say(StopJob(3))
    worker.say(StopJob(2))
    outcomes = {message.job: message.outcome.kind for message in (worker.hear(JobEnded), worker.hear(JobEnded))}
    assert outcomes == {2: "stopped", 3: "stopped"}
    worker.say(StopJob(99))
    assert worker.hear(StopSeen).job == 99


def test_end_of_input_means_stop(talk, large):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(large.job(1, SMALL_PIECES))
    await_progress(worker)
    assert worker.end() == 0
    last = worker.hear_all()[-1]
    assert isinstance(last, JobEnded)
    assert last.outcome.kind == "stopped"
    assert large.list_folder() == ["base", "tuned"]


def test_what_a_killed_run_left_is_tidied_away(talk, large):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(large.job(1, SMALL_PIECES))
    await_progress(worker)
    worker.process.kill()
    worker.hear_all()
    assert any(".partial-" in name for name in large.list_folder())

    successor = talk()
    successor.say(Greeting(PROTOCOL))
    successor.say(large.job(2, SMALL_PIECES))
    in_the_way = successor.hear(JobEnded).outcome
    assert (in_the_way.kind, in_the_way.error) == ("failed", "StagingError")
    successor.say(large.job(3, SMALL_PIECES, TidyJob))
    assert successor.hear(JobEnded).outcome.kind == "done"
    assert large.list_folder() == ["base", "tuned"]


def test_prints_of_libraries_go_to_standard_error(talk, small):
    """A thread that prints without end, by Python and past it, from the moment the output is claimed."""
    shouting = (
        "import os, threading, time\n"
        "from engine import worker\n"
        "def shout():\n"
        "    while not os.path.sameopenfile(1, 2): time.sleep(0.001)\n"
        "    while True:\n"
        "        print('noise of Python')\n"
        "        os.write(1, b'noise of C\\n')\n"
        "        time.sleep(0.001)\n"
        "threading.Thread(target=shout, daemon=True).start()\n"
        "worker.main()\n"
    )
    worker = talk((sys.executable, "-c", shouting))
    worker.say(Greeting(PROTOCOL))
    worker.say(small.job())
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert worker.end() == 0
    assert {line.strip() for line in worker.printed} >= {b"noise of Python", b"noise of C"}


@pytest.mark.parametrize("line", [write_message(Greeting(PROTOCOL + 1)), b"hello, protocol\n"])
def test_another_protocol_is_refused(talk, line):
    worker = talk()
    worker.process.stdin.write(line)
    worker.process.stdin.flush()
    assert worker.process.wait(PATIENCE_SECONDS) != 0
    worker.end()
    assert b"protocol" in b"".join(worker.printed)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """Keep what is measured in a folder of the test's own; the processes inherit it."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))


def gram_job(place, number=1):
    return GramJob(number, 7, json.dumps(place.graph), place.folder)


def test_a_gram_job_answers_with_tables_that_are_mapped(talk, small, own_cache):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(gram_job(small))
    ready, wider = worker.hear(GramReady), worker.hear(GramReady)
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert load_table(wider.table).vectors == ("tuned", "trim")
    assert (ready.job, ready.revision, load_table(ready.table).notes) == (1, 7, ())
    table = load_table(ready.table)
    base, tuned = (load_file(small.folder / name / "model.safetensors") for name in ("base", "tuned"))
    assert (table.base, table.vectors) == ("base", ("tuned",))
    assert isinstance(table.products, np.memmap)
    for index, name in enumerate(table.tensors):
        step = (tuned[name] - base[name]).double()
        assert table.products[index, 1, 1] == pytest.approx(float((step * step).sum()), rel=1e-5)
    moved = [message for message in worker.heard if isinstance(message, GramMoved)]
    assert moved[-1].bytes_done == moved[-1].bytes_total > 0
    assert worker.end() == 0


FEW = "gram.estimate_kernels = functools.partial(gram.estimate_kernels, budget_bytes=1_000_000)"
OF_FEW_BLOCKS = (
    sys.executable, "-c", f"import functools, engine.worker_gram as gram, engine.worker as worker; {FEW}; worker.main()"
)  # fmt: skip
"""A worker that estimates kernels of so few blocks that they are not whole."""


def test_what_a_run_has_made_of_kernels_is_measured_exactly_and_kept(talk, large, own_cache):
    """The next one who asks is told it without a run."""
    for path in large.folder.rglob("*.safetensors"):
        os.utime(path, (1, 1))
    worker = talk(OF_FEW_BLOCKS)
    worker.say(Greeting(PROTOCOL))
    worker.say(replace(gram_job(large), made=("trim",)))
    estimated, exact = (load_table(worker.hear(GramReady).table) for _ in range(2))
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert estimated.vectors == exact.vectors == ("tuned", "trim")
    assert estimated.errors[:, 2, 2].any()
    assert exact.errors is None
    worker.say(gram_job(large, 2))
    alone, known = (load_table(worker.hear(GramReady).table) for _ in range(2))
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert alone.vectors == ("tuned",)
    np.testing.assert_array_equal(known.products, exact.products)
    np.testing.assert_array_equal(known.both, exact.both)
    assert worker.end() == 0


def test_what_was_made_of_files_that_may_still_change_is_not_kept(talk, large, own_cache):
    """Files from the future count as written just now, however long the test takes."""
    for path in large.folder.rglob("*.safetensors"):
        os.utime(path, (1, time.time() + 3600))
    worker = talk(OF_FEW_BLOCKS)
    worker.say(Greeting(PROTOCOL))
    for number, made in enumerate((("trim",), ())):
        worker.say(replace(gram_job(large, number), made=made))
        tables = [load_table(worker.hear(GramReady).table) for _ in range(2)]
        assert worker.hear(JobEnded).outcome.kind == "done"
        assert tables[-1].is_estimate == (not made)
    assert worker.end() == 0


def test_a_family_without_kernels_has_its_table_after_a_run_that_made_others(talk, small, own_cache):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    small.graph["nodes"]["trim"]["muted"] = True
    worker.say(replace(gram_job(small), made=("elsewhere",)))
    assert load_table(worker.hear(GramReady).table).vectors == ("tuned",)
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert worker.end() == 0


def test_a_cache_that_can_not_be_written_to_costs_no_figure(talk, small, tmp_path, monkeypatch):
    """A file where the folder should be: no right of an administrator helps there."""
    (tmp_path / "cache").write_text("")
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(gram_job(small))
    table = load_table(worker.hear(GramReady).table)
    assert worker.hear(JobEnded).outcome.kind == "done"
    assert table.products[:, 1, 1].any()
    assert [note for note in table.notes if str(tmp_path / "cache") in note]


def test_a_gram_job_knows_every_checkpoint_of_a_series(talk, small, own_cache):
    nodes = {
        "base": {"operation": "checkpoint", "parameters": {"source": "base"}},
        "run": {"operation": "series", "parameters": {"source": "run"}},
        "tau": {"operation": "task_vector"},
    }
    for step in (5, 10):
        shutil.copytree(small.folder / "tuned", small.folder / "run" / f"checkpoint-{step}")
    wires = [{"from": "run.checkpoint", "to": "tau.tuned"}, {"from": "base.checkpoint", "to": "tau.base"}]
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(GramJob(1, 7, json.dumps({"format": "weightloom/1", "nodes": nodes, "wires": wires}), small.folder))
    table = load_table(worker.hear(GramReady).table)
    assert (table.base, len(table.vectors)) == ("base", 2)
    assert worker.hear(JobEnded).outcome.kind == "done"


def test_an_estimate_comes_before_the_exact_table(talk, large, own_cache):
    """In a process that reads very little before."""
    script = "import engine.worker_gram as gram, engine.worker as worker; gram.BUDGET = gram.ReadingBudget(0, 0); worker.main()"
    worker = talk((sys.executable, "-c", script))
    worker.say(Greeting(PROTOCOL))
    worker.say(gram_job(large))
    first, second = worker.hear(GramReady), worker.hear(GramReady)
    assert load_table(first.table).is_estimate
    assert not load_table(second.table).is_estimate


def test_a_gram_job_lets_a_run_through_and_goes_on_after_it(talk, large, own_cache):
    """Also one that was begun: the run ends first, and both end well."""
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.hear(Ready)
    worker.say(gram_job(large, 1))
    worker.say(gram_job(large, 2))
    worker.say(large.job(3))
    ended = [worker.hear(JobEnded) for _ in range(3)]
    assert all(message.outcome.kind == "done" for message in ended)
    order = [message.job for message in ended]
    assert order.index(3) < order.index(2)


def test_a_gram_job_can_be_stopped(talk, large, own_cache):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(gram_job(large, 1))
    worker.say(StopJob(1))
    outcome = worker.hear(JobEnded).outcome
    assert outcome.kind == "stopped"
    worker.say(gram_job(large, 2))
    assert worker.hear(JobEnded).outcome.kind == "done"


def test_a_gram_job_of_what_cannot_be_read_fails_in_words(talk, small, own_cache):
    worker = talk()
    worker.say(Greeting(PROTOCOL))
    worker.say(GramJob(1, 7, "{", small.folder))
    assert worker.hear(JobEnded).outcome.error == "DocumentError"
    path = small.folder / "tuned" / "model.safetensors"
    worker.say(gram_job(small, 2))
    assert worker.hear(JobEnded).outcome.kind == "done"
    path.write_bytes(path.read_bytes()[:-8])
    # A checkpoint that can't be opened is a problem that the check tells of; there is no family then.
    worker.say(gram_job(small, 3))
    assert worker.hear(JobEnded).outcome.kind == "done"
