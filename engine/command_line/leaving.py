"""How the command line ends: at once."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End the process with this status; torch is not taken apart first, which would take 0.3 s of every run.

    All that is written is closed and all threads are joined by then; what is left is the text that waits to be shown.
    """
    if "torch" in sys.modules:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    sys.exit(status)
