"""What the command line returns to the shell."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Name the exit statuses there are."""

    DONE = 0
    PROBLEMS = 1
    """The graph has problems that its user can mend."""
    WRONG_USAGE = 2
    FAILED = 3
    """The world failed: a file, the disk, the network."""
    INTERRUPTED = 130


class UsageError(Exception):
    """Report words on the command line that make no sense, as a sentence."""
