"""Updates of the engine's process are gathered: few messages, none lost but what a later one overtakes."""

from __future__ import annotations

import os
import time

from engine.events import SHORTEST_SECONDS, BytesMoved, TensorWritten
from engine.planning.options import RunOptions
from engine.worker_messages import RunJob, StopSeen, read_answer
from engine.worker_outbox import Outbox


def test_updates_are_gathered_and_none_but_the_overtaken_is_lost():
    ours, theirs = os.pipe()
    outbox = Outbox(theirs)
    job = RunJob(1, 2, "", None, RunOptions())
    began = time.monotonic()
    outbox.start()
    for number in range(3000):
        outbox.tell(job, BytesMoved(number, 0, 0.0))
        if number % 1000 == 0:
            outbox.tell(job, TensorWritten("out", str(number), 1))
        time.sleep(0.0001)
    outbox.end_job(StopSeen(1))
    outbox.close()
    seconds = time.monotonic() - began
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        *updates, last = [read_answer(line) for line in pipe]
    events = [event for told in updates for event in told.events]
    assert isinstance(last, StopSeen)
    assert len(updates) <= seconds / SHORTEST_SECONDS + 2
    assert [event.tensor for event in events if isinstance(event, TensorWritten)] == ["0", "1000", "2000"]
    moved = [event.bytes_read for event in events if isinstance(event, BytesMoved)]
    assert moved == sorted(moved)
    assert moved[-1] == 2999
