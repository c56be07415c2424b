"""The engine's process as the window holds it: started, spoken to and listened to by threads, so that the window waits for none of it."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from app.launch import WORKER_FLAG
from engine.errors import WorkerError
from engine.worker_messages import FromWorker, ToWorker, read_answer, write_message

_KEPT_LINES = 20
_NOT_STARTED = 127
"""The status that a shell gives for a program it can't start."""


@dataclass(frozen=True)
class Heard:
    """Hold a message of the process."""

    message: FromWorker


@dataclass(frozen=True)
class Said:
    """Hold a line of what the process and its libraries print."""

    line: str


@dataclass(frozen=True)
class Gone:
    """Say that the process has ended."""

    status: int
    """Its exit status; negative: the number of the signal that killed it."""
    last_lines: tuple[str, ...]
    """The last of what it printed."""


Report = Heard | Said | Gone


def worker_command() -> Sequence[str]:
    """Return the command that starts the process; a bundle is its own interpreter."""
    if getattr(sys, "frozen", False):
        return (sys.executable, WORKER_FLAG)
    # -P: a file named torch.py in the folder one happens to be in is not what the engine means.
    return (sys.executable, "-P", "-m", "engine.worker")


class WorkerProcess:
    """Hold one process from its start to its end."""

    def __init__(self, command: Sequence[str], post: Callable[[WorkerProcess, Report], None]) -> None:
        """Begin to start the process.

        Args:
            command: the program and its arguments.
            post: takes each report, from threads of this object; `Gone` is the last, and comes once.
        """
        self._command = tuple(command)
        self._post = post
        self._messages: queue.SimpleQueue[ToWorker | None] = queue.SimpleQueue()
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_killed = False
        # The process dies with the thread that starts it (PR_SET_PDEATHSIG), hence one that lives as long as the process.
        self._thread = threading.Thread(target=self._serve, name="engine process", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Return the process's number; 0 before it has one."""
        return self._process.pid if self._process is not None else 0

    def send(self, message: ToWorker) -> None:
        """Say something to the process; what it does not hear any more is dropped."""
        self._messages.put(message)

    def end_input(self) -> None:
        """Close its input, which tells it to stop and end."""
        self._messages.put(None)

    def kill(self) -> None:
        """End it at once."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait until the process is gone and reported so; tell whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        try:
            process = self._start()
        except OSError as error:
            self._post(self, Gone(_NOT_STARTED, (f"{self._command[0]}: {error.strerror or error}",)))
            return
        with process:
            writer = threading.Thread(target=self._write, args=(process.stdin,), name="to engine process", daemon=True)
            printer = threading.Thread(target=self._listen_to_prints, args=(process.stderr,), name="engine process prints", daemon=True)
            writer.start()
            printer.start()
            self._listen(process.stdout)
            status = process.wait()
            self._messages.put(None)
            writer.join()
            printer.join()
        self._post(self, Gone(status, tuple(self._last_lines)))

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}
        flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
        pipe = subprocess.PIPE
        with self._lock:
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, creationflags=flags)
            if self._is_killed:
                self._process.kill()
            return self._process

    def _listen(self, output: IO[bytes] | None) -> None:
        for line in output or ():
            try:
                message = read_answer(line)
            except WorkerError as error:
                # What can't be understood can't be waited for either.
                self._hear_line(str(error))
                self.kill()
                return
            self._post(self, Heard(message))

    def _listen_to_prints(self, output: IO[bytes] | None) -> None:
        for line in output or ():
            self._hear_line(line.decode(errors="replace").rstrip())

    def _hear_line(self, line: str) -> None:
        self._last_lines.append(line)
        self._post(self, Said(line))

    def _write(self, pipe: IO[bytes] | None) -> None:
        if pipe is None:
            return
        # A process that is gone hears nothing; `Gone` says so.
        with contextlib.suppress(OSError), pipe:
            while (message := self._messages.get()) is not None:
                pipe.write(write_message(message))
                pipe.flush()
