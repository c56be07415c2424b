"""The worker's one mouth: a thread that writes messages, and gathers what a run tells to at most 20 updates a second."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Sequence

from engine.events import SHORTEST_SECONDS, BytesMoved, Event
from engine.worker_messages import FromWorker, Job, Told, write_message

_PATIENCE_SECONDS = 2.0


class Outbox:
    """Write messages in their order, from any thread, without anybody waiting for the pipe."""

    def __init__(self, descriptor: int) -> None:
        """Take over the pipe to the window; `start` begins to write."""
        self._descriptor = descriptor
        self._waking = threading.Condition()
        self._messages: list[FromWorker] = []
        self._events: list[Event] = []
        self._job: Job | None = None
        self._is_closed = False
        self._last_told = 0.0
        self._thread = threading.Thread(target=self._serve, name="events", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def send(self, message: FromWorker) -> None:
        """Write a message as soon as the pipe is free."""
        with self._waking:
            self._messages.append(message)
            self._waking.notify_all()

    def tell(self, job: Job, event: Event) -> None:
        """Write an event of a run with the next update."""
        with self._waking:
            self._job = job
            if isinstance(event, BytesMoved) and self._events and isinstance(self._events[-1], BytesMoved):
                self._events.pop()
            self._events.append(event)
            self._waking.notify_all()

    def end_job(self, message: FromWorker) -> None:
        """Write what was told so far, then the message that ends the job."""
        with self._waking:
            self._messages += self._take_events()
            self._messages.append(message)
            self._waking.notify_all()

    def close(self) -> None:
        """Write what is left, and end the thread."""
        with self._waking:
            self._is_closed = True
            self._waking.notify_all()
        self._thread.join(_PATIENCE_SECONDS)

    def _serve(self) -> None:
        # A window that is gone can't be told anything; that its end of the input closes is what ends the worker.
        with contextlib.suppress(BrokenPipeError):
            while messages := self._await_messages():
                for message in messages:
                    _write_all(self._descriptor, write_message(message))

    def _await_messages(self) -> Sequence[FromWorker]:
        """Return what is to be written next; nothing only when all is written and the outbox is closed."""
        with self._waking:
            while not self._messages:
                wait_seconds = self._last_told + SHORTEST_SECONDS - time.monotonic()
                if self._events and (wait_seconds <= 0 or self._is_closed):
                    self._messages += self._take_events()
                elif self._is_closed:
                    break
                else:
                    self._waking.wait(wait_seconds if self._events else None)
            messages, self._messages = self._messages, []
            return messages

    def _take_events(self) -> Sequence[FromWorker]:
        if self._job is None or not self._events:
            return ()
        told = Told(self._job.job, self._job.revision, tuple(self._events))
        self._events.clear()
        self._last_told = time.monotonic()
        return (told,)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
