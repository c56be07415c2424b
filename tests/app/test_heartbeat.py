"""A window that stalls is noticed."""

from __future__ import annotations

import time

from app.heartbeat import Heartbeat


def test_stalled_window_is_noticed(qtbot):
    heartbeat = Heartbeat()
    gaps = []
    heartbeat.stalled.connect(gaps.append)
    heartbeat.start()
    time.sleep(0.12)
    qtbot.waitUntil(lambda: bool(gaps), timeout=120_000)
    heartbeat.stop()
    assert max(gaps) >= 0.12
