"""The worker's ends of its pipes, and its tie to the window: no print gets between messages, no worker outlives its window."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = 0, 1, 2
_CHUNK_BYTES = 1 << 16
_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal that this process gets when the thread that started it ends."""


def claim_output() -> int:
    """Return a descriptor of the standard output for messages alone; whatever else is printed goes to standard error from now on."""
    messages = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    sys.stdout = sys.stderr
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  (there is none elsewhere)

        msvcrt.setmode(messages, os.O_BINARY)
        msvcrt.setmode(_STANDARD_INPUT, os.O_BINARY)
    return messages


def read_lines() -> Iterator[bytes]:
    """Yield the lines of standard input as they come; unbuffered, because a buffered reader holds a lock when the process ends."""
    rest = b""
    while chunk := os.read(_STANDARD_INPUT, _CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def tie_to_window() -> None:
    """Die with the window where the system can see to it, and leave Ctrl+C in its terminal to the window."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  (only here is there something to call)

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
