"""Run a whole process and measure its time and memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SHOWN_CHARACTERS = 3000


@dataclass(frozen=True)
class Ended:
    """Hold what a process took."""

    seconds: float
    """From its start to its end, interpreter and imports with it."""
    processor_seconds: float
    """Of all cores together, the system's work for it included: what a busy machine changes least."""
    peak_bytes: int
    """The largest resident size, as the system counts it (`ru_maxrss`)."""
    output: str


class ProcessFailedError(Exception):
    """A measured process failed, so there is nothing to measure."""


def run_process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end.

    Raises:
        ProcessFailedError: it exited with anything but 0.
    """
    started = time.perf_counter()
    variables = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        output = child.stdout.read().decode(errors="replace") if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        message = f"{' '.join(command)} exited with {child.returncode}:\n{output[-_SHOWN_CHARACTERS:]}"
        raise ProcessFailedError(message)
    return Ended(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10, output)
