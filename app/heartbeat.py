"""The window's pulse: a timer that tells when the window could not react for a while."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

BEAT_MILLISECONDS = 5
LONGEST_GAP_SECONDS = 0.05
"""Longer ones a person feels."""


class Heartbeat(QObject):
    """Measure the gaps between beats of a timer in the window's thread."""

    stalled = Signal(float)
    """(seconds): the window did nothing for so long."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Beat not yet."""
        super().__init__(parent)
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MILLISECONDS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin to beat."""
        self._last = time.monotonic()
        self._timer.start()

    def stop(self) -> None:
        """Rest: 200 beats a second are for when there is something to watch."""
        self._timer.stop()

    def _beat(self) -> None:
        now = time.monotonic()
        gap_seconds, self._last = now - self._last, now
        if gap_seconds > LONGEST_GAP_SECONDS:
            self.stalled.emit(gap_seconds)
