"""Where the command line's lines go: standard output for results, standard error for everything else."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TextIO

_TERMINAL_SIGNS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t")}
"""C0 and C1 control characters, DEL included: a tensor's name must not be able to steer a terminal."""


class Console:
    """Write whole lines from any thread; on a terminal one more line that changes in place.

    Where nobody reads any longer (`… | head`) the rest is dropped and the work goes on.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        """Write to these two streams."""
        self._out = out
        self._err = err
        self._lock = threading.RLock()
        self._status_width = 0
        self._closed: set[TextIO] = set()
        self.fault = ""
        """Why standard output could not take everything; empty when it could, or when its reader left."""

    @property
    def is_terminal(self) -> bool:
        """Tell whether somebody watches standard error."""
        return self._err.isatty()

    def say(self, line: str = "") -> None:
        """Write one line of the result."""
        with self._lock:
            self._clear_status()
            self._write(self._out, _make_safe(line, self._out) + "\n")

    def tell(self, line: str) -> None:
        """Write one line about the work to standard error."""
        with self._lock:
            self._clear_status()
            self._write(self._err, _make_safe(line, self._err) + "\n")

    def show_status(self, text: str) -> None:
        """Replace the line that changes in place; only for a terminal."""
        with self._lock:
            safe = _make_safe(text, self._err)[: _terminal_width()]
            self._write(self._err, "\r" + safe.ljust(self._status_width))
            self._status_width = len(safe)

    def _clear_status(self) -> None:
        if self._status_width:
            self._write(self._err, "\r" + " " * self._status_width + "\r")
            self._status_width = 0

    def _write(self, stream: TextIO, text: str) -> None:
        if stream in self._closed:
            return
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError) as error:
            self._closed.add(stream)
            _divert(stream)
            if stream is self._out and not isinstance(error, BrokenPipeError):
                self.fault = f"Standard output can't be written: {getattr(error, 'strerror', None) or error}."


def _make_safe(line: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return line.translate(_TERMINAL_SIGNS).encode(encoding, "backslashreplace").decode(encoding)


def _terminal_width() -> int:
    with contextlib.suppress(OSError, ValueError):
        return max(20, os.get_terminal_size(2).columns - 1)
    return 79


def _divert(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that Python's own flush at exit does not complain."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
