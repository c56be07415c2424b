"""What a run tells adds up to what the window shows of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.run_progress import RunProgress, changed_nodes, describe_event, follow_event, format_bytes, format_seconds
from engine.document.edits import move_nodes, set_label, set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.events import BytesMoved, NodeFinished, PassStarted, RunStarted

GRAPH = Document(
    nodes={NodeId("a"): Node("checkpoint"), NodeId("b"): Node("export_checkpoint"), NodeId("c"): Node("checkpoint")},
    wires=(Wire(PortRef.parse("a.checkpoint"), PortRef.parse("b.checkpoint")),),
)
BEGUN = RunProgress(1, GRAPH, Path())


def test_share_and_speed_follow_from_the_bytes():
    run = follow_event(BEGUN, RunStarted("t", 2, 300, 100, 50, "cpu"))
    run = follow_event(run, PassStarted(0, "Stream"))
    run = follow_event(run, BytesMoved(75, 25, 2.0, ("b",)))
    assert (run.share, run.read_speed, run.working, run.stage) == (0.25, 37.5, ("b",), "Stream")
    assert follow_event(run, NodeFinished("b")).finished == {"b"}
    assert replace(run, ending="done").share == 1


def test_the_time_left_is_the_engines_and_is_gone_when_it_does_not_know_or_all_is_over():
    run = follow_event(BEGUN, RunStarted("t", 2, 300, 100, 50, "cpu"))
    assert follow_event(run, BytesMoved(75, 25, 2.0)).seconds_left is None
    run = follow_event(run, BytesMoved(75, 25, 2.0, seconds_left=9.0))
    assert run.seconds_left == 9
    assert replace(run, ending="done").seconds_left is None
    assert follow_event(run, BytesMoved(80, 25, 2.1)).seconds_left is None


def test_changed_nodes_are_those_whose_values_are_others_now():
    assert changed_nodes(GRAPH, set_parameter(GRAPH, NodeId("a"), "source", "x")) == {"a", "b"}
    assert changed_nodes(GRAPH, replace(GRAPH, wires=())) == {"b"}
    assert changed_nodes(GRAPH, set_label(GRAPH, NodeId("a"), "A")) == frozenset()
    assert changed_nodes(GRAPH, move_nodes(GRAPH, {NodeId("a"): (1.0, 2.0)})) == frozenset()


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1_500, "2 kB"), (5_250_000, "5.2 MB"), (512_000_000, "512 MB"), (4.1e9, "4.1 GB")]
)
def test_bytes_read_well(count, text):
    assert format_bytes(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(-1, "0 s"), (1.4, "1 s"), (89, "89 s"), (150, "2 min"), (7260, "2 h 01 min")])
def test_seconds_read_well(seconds, text):
    assert format_seconds(seconds) == text


def test_bytes_are_not_logged_and_passes_are():
    assert describe_event(BytesMoved(1, 1, 1.0), {}) == ""
    assert describe_event(PassStarted(0, "Stream"), {}) == "Pass 1: Stream"


def test_the_total_falls_when_kept_figures_spare_reading():
    run = follow_event(BEGUN, RunStarted("", 2, 900, 100, 0, "cpu"))
    run = follow_event(run, BytesMoved(50, 0, 1.0, bytes_planned=200))
    assert run.share == 0.25
    run = follow_event(run, BytesMoved(100, 0, 2.0))
    assert run.bytes_planned == 200


def test_the_share_is_that_of_the_work_where_the_engine_tells_it():
    run = follow_event(BEGUN, RunStarted("", 2, 900, 100, 0, "cpu"))
    run = follow_event(run, BytesMoved(500, 0, 1.0, share=0.125))
    assert run.share == 0.125
    assert (run.bytes_done, run.bytes_planned) == (500, 1000)
