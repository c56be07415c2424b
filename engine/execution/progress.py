"""How far a run is, told at most 20 times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from engine.checkpoints.positioned_io import FileSet
from engine.events import SHORTEST_SECONDS, BytesMoved, Listener
from engine.execution.pace import Pace, extrapolate
from engine.execution.share import DoneShare, WorkLeft


class Progress:
    """Count bytes from what is read and written, and tell the listener now and then."""

    def __init__(
        self, files: FileSet, written: Callable[[], int], listener: Listener, planned: Sequence[int], figures: Sequence[int]
    ) -> None:
        """Start the clock; `planned` is what each pass is to read and write, `figures` how many it is to measure."""
        self.started = time.monotonic()
        self.nodes: tuple[str, ...] = ()
        """The nodes that the present pass works for."""
        self._files = files
        self._written = written
        self._listener = listener
        self._planned = planned
        self._figures = figures
        self._pace = Pace(figures)
        self._share = DoneShare(sum(size for size, asked in zip(planned, figures, strict=True) if asked), sum(figures))
        self._counted = 0
        """The bytes that the share knows of."""
        self._at_figures = 0
        """The bytes that had been moved when figures were told last."""
        self._before = 0
        self._here = 0
        self._later = sum(planned)
        self._index = 0
        self._began = 0.0
        self._last = 0.0
        self._lock = threading.Lock()

    def begin_pass(self, index: int) -> None:
        """Turn to a pass: of those before it is known what they have moved, whatever was planned of them."""
        with self._lock:
            self._count_moved()
            if self._done > self._before and not self._figures[self._index]:
                self._share.time_stream(self._done - self._before, self.seconds - self._began)
            self._before, self._here, self._later = self._done, self._planned[index], sum(self._planned[index + 1 :])
            self._index, self._began, self._at_figures = index, self.seconds, self._done
            self._pace.begin_pass(index)

    def end(self) -> None:
        """Tell that all passes are over."""
        with self._lock:
            self._before, self._here, self._later = self._done, 0, 0
            self._pace.end()
            self._share.end()
        self._tell(0.0)

    def expect(self, size_bytes: int) -> None:
        """Note what the present pass is going to read and write, now that the strengths are known."""
        with self._lock:
            self._count_moved()
            self._here = size_bytes

    def spare(self, size_bytes: int) -> None:
        """Note that the present pass will not read something it was planned to: what it is read for is known, or weighs nothing."""
        with self._lock:
            self._count_moved()
            self._here -= size_bytes
        self.moved()

    def measured(self, asked: int, measured: int, seconds: float) -> None:
        """Note the figures of a checkpoint: how many were asked for first, how many of them had to be measured, and how long that took."""
        with self._lock:
            self._count_moved()
            now = self._done
            self._pace.count(asked, measured, seconds, self.seconds)
            if measured:
                left = self._left(now)
                self._share.advance(left._replace(figures=left.figures + measured), left)
                self._share.time_figures(measured, now - self._at_figures, seconds)
            self._at_figures = now
        self.moved()

    def moved(self) -> None:
        """Tell how far the run is, unless that was told just now; called by every worker after every piece."""
        now = time.monotonic()
        with self._lock:
            if now - self._last < SHORTEST_SECONDS:
                return
            self._last = now
            self._count_moved()
            left = self.seconds_left
        self._tell(left)

    @property
    def bytes_planned(self) -> int:
        """Return what will have been read and written when the run is over, as far as is known by now."""
        return max(self._before + self._here, self._done) + self._later

    @property
    def seconds_left(self) -> float | None:
        """Return how long the run still takes, None while that can't be known: figures by their pace, streams by their bytes."""
        measuring, streaming = self._pace.left(self.seconds), self._stream_seconds
        return None if measuring is None or streaming is None else measuring + streaming

    @property
    def share(self) -> float:
        """Return how much of the work is done, 0 to 1."""
        return self._share.value

    def _tell(self, left: float | None) -> None:
        read, written, known = self._files.bytes_read, self._written(), self._pace.figures_known
        figures = known, known + self._pace.figures_left
        self._listener(BytesMoved(read, written, self.seconds, self.nodes, self.bytes_planned, left, self.share, *figures))

    def _count_moved(self) -> None:
        """Let the share grow by what was moved since it last did."""
        now = self._done
        self._share.advance(self._left(self._counted), self._left(now))
        self._counted = now

    def _left(self, done: int) -> WorkLeft:
        """Return what is left when so many bytes have been moved."""
        return WorkLeft(max(self._before + self._here - done, 0) + self._later, self._pace.figures_left)

    @property
    def _stream_seconds(self) -> float | None:
        later = zip(self._planned[self._index + 1 :], self._figures[self._index + 1 :], strict=True)
        to_come = sum(planned for planned, figures in later if not figures)
        if any(self._figures[self._index : self._index + 1]):
            # Models are read between measurements: the bytes of all the time so far, so that streams are not promised too soon.
            return extrapolate(self.seconds, self._done, self._done + to_come) if to_come else 0.0
        gone, whole = self._done - self._before, self._here + to_come
        return extrapolate(self.seconds - self._began, gone, whole) if whole > gone else 0.0

    @property
    def seconds(self) -> float:
        """Return the time since the run began."""
        return time.monotonic() - self.started

    @property
    def _done(self) -> int:
        return self._files.bytes_read + self._written()
