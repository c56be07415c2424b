"""A screen that nobody looks at: Xvfb, what is drawn on it, and keys for the window on it."""

from __future__ import annotations

import mmap
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

_SIZE = (1600, 1000)
_PIXEL_BYTES = 4
_LOOK_SECONDS = 0.002
_WATCHED_LINES = range(480, 488)
"""In the middle of a window that lies at the top left."""


class CheckFailed(Exception):  # noqa: N818  (it says what happened, as StopIteration does)
    """Say what is wrong with the bundle."""


class Screen:
    """Hold the X server of one check; what it shows lies in a file."""

    def __init__(self, folder: Path) -> None:
        """Start the server; `folder` takes its picture."""
        read_end, write_end = os.pipe()
        size = f"{_SIZE[0]}x{_SIZE[1]}x24"
        command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", size, "-fbdir", str(folder), "-nolisten", "tcp", "-noreset"]
        self._server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.display = f":{pipe.readline().strip()}"
        with (folder / "Xvfb_screen0").open("rb") as file:
            self._picture = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def watch_first_paint(self, start: Callable[[], subprocess.Popen[bytes]], patience: float) -> tuple[subprocess.Popen[bytes], float]:
        """Start a program; return it with the seconds until it has drawn something.

        Raises:
            CheckFailed: it ended, or drew nothing in time.
        """
        before = self._look()
        begun = time.monotonic()
        process = start()
        while self._look() == before:
            if process.poll() is not None or time.monotonic() - begun > patience:
                message = f"the window does not show (exit status {process.poll()})"
                raise CheckFailed(message)
            time.sleep(_LOOK_SECONDS)
        return process, time.monotonic() - begun

    def press(self, keys: str) -> None:
        """Give the window the focus, there being no window manager that would, and press keys.

        Raises:
            CheckFailed: there is no window.
        """
        found = self._xdotool("search", "--onlyvisible", "--name", "Weightloom").split()
        if not found:
            message = "no window of the name Weightloom is on the screen"
            raise CheckFailed(message)
        self._xdotool("windowfocus", "--sync", found[-1], "key", keys)

    def close(self) -> None:
        """End the server."""
        self._picture.close()
        self._server.terminate()
        self._server.wait()

    def __enter__(self) -> Self:
        """Return the screen itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the server."""
        self.close()

    def _look(self) -> bytes:
        """Return some lines of what is on the screen, from its middle."""
        line = _SIZE[0] * _PIXEL_BYTES
        start = len(self._picture) - (_SIZE[1] - _WATCHED_LINES.start) * line
        return self._picture[start : start + len(_WATCHED_LINES) * line]

    def _xdotool(self, *words: str) -> str:
        environment = {**os.environ, "DISPLAY": self.display}
        done = subprocess.run(["xdotool", *words], env=environment, capture_output=True, text=True, check=False)
        return done.stdout
