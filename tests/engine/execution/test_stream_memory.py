"""What a stream does when the device's memory ends."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import torch

from engine.checkpoints.positioned_io import FileSet
from engine.errors import DeviceError
from engine.execution.pieces import Ground
from engine.execution.stream import Stream, StreamSettings, make_tasks
from tests.engine.graph_lines import EXPORTED_EDIT


class Collector:
    """Keep the values of pieces; pieces above a size do not fit into the device."""

    def __init__(self, planner, largest):
        self.planner, self.largest = planner, largest
        self.found, self.lock = {}, threading.Lock()

    def look(self, evaluator):
        if evaluator.count > self.largest:
            raise torch.OutOfMemoryError
        tensor = evaluator.work.tensor
        with self.lock:
            self.found[tensor, evaluator.offset] = evaluator.value(self.planner.folding.segments("edit", tensor)).clone()

    def merge(self, task, number, partials):
        """Need no order."""

    def close(self, work):
        """Need no end."""


def collect(bench, largest, *, whole=False):
    plan, remarks = bench.plan(EXPORTED_EDIT), []
    collector = Collector(plan.planner, largest)
    with FileSet(plan.inputs) as files:
        ground = Ground(plan.planner, files, torch.device("cpu"), {}, False, {})
        settings = StreamSettings(131072, 2, 0, lambda: False, remarks.append, lambda: None)
        tasks = make_tasks(ground, plan.planner.checkpoint_work("edit"), 131072)
        if whole:
            tasks = [replace(task, piece_entries=max(task.work.entries, 1), is_whole=True) for task in tasks]
        Stream(ground, settings, lambda work: (collector,)).run(tasks)
    names = {tensor for tensor, _ in collector.found}
    assert not whole or len(names) == len(collector.found)
    return {name: torch.cat([collector.found[key] for key in sorted(collector.found) if key[0] == name]) for name in names}, remarks


def test_out_of_memory_goes_on_with_smaller_pieces_and_says_so(bench, family):
    whole, silent = collect(bench, 1 << 30)
    smaller, remarks = collect(bench, 65536)
    assert not silent
    assert remarks == ["cpu ran out of memory; going on with pieces of 65536 entries."]
    assert whole.keys() == smaller.keys()
    assert all(torch.equal(whole[name], smaller[name]) for name in whole)


def test_no_memory_even_for_a_block_is_an_error(bench, family):
    with pytest.raises(DeviceError, match="no memory left"):
        collect(bench, 100)


def test_a_tensor_that_is_needed_whole_is_never_cut(bench, family):
    pieces, _ = collect(bench, 1 << 30)
    whole, remarks = collect(bench, 1 << 30, whole=True)
    assert not remarks
    assert max(value.numel() for value in whole.values()) > 131072
    assert all(torch.equal(pieces[name], whole[name]) for name in whole)


def test_no_memory_for_a_tensor_that_is_needed_whole_is_an_error(bench, family):
    with pytest.raises(DeviceError, match="no memory left even for pieces of 210,000 entries"):
        collect(bench, 131072, whole=True)
