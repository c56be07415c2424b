"""Run a whole process and measure its time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")
_SHOWN_CHARACTERS = 3000


@dataclass(frozen=True)
class Ended:
    """Hold what a process took."""

    seconds: float
    """From its start to its end, interpreter and imports with it."""
    processor_seconds: float
    """Of all cores together, the system's work for it included: what a busy machine changes least."""
    peak_bytes: int
    """The largest resident size, as the system counts it (`ru_maxrss`): pages of files that are mapped count as well."""
    output: str


class ProcessFailedError(Exception):
    """A measured process failed, so there is nothing to measure."""


def run_process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end.

    Raises:
        ProcessFailedError: it exited with anything but 0.
    """
    variables = {**os.environ, **(environment or {})}
    with tempfile.TemporaryFile() as printed:
        launched = subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCHER), *command], env=variables, stdout=subprocess.PIPE, stderr=printed, check=True
        )
        printed.seek(0)
        output = printed.read().decode(errors="replace")
    taken = json.loads(launched.stdout)
    if taken["status"]:
        message = f"{' '.join(command)} exited with {taken['status']}:\n{output[-_SHOWN_CHARACTERS:]}"
        raise ProcessFailedError(message)
    return Ended(taken["seconds"], taken["processor_seconds"], taken["peak_bytes"], output)
