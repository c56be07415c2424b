"""What a stream does when the device's memory ends."""

from __future__ import annotations

import threading

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


def collect(bench, largest):
    plan, remarks = bench.plan(EXPORTED_EDIT), []
    collector = Collector(plan.planner, largest)
    with FileSet(plan.inputs) as files:
        ground = Ground(plan.planner, files, torch.device("cpu"), {}, False, {})
        settings = StreamSettings(131072, 2, 0, lambda: False, remarks.append, lambda: None)
        tasks = make_tasks(ground, plan.planner.checkpoint_work("edit"), 131072)
        Stream(ground, settings, lambda work: (collector,)).run(tasks)
    names = {tensor for tensor, _ in collector.found}
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
