"""What on the disk is a training's output folder: whatever is dropped, and what the command line compares, is a series then."""

from __future__ import annotations

import re
from pathlib import Path

_STEP = re.compile(r"checkpoint-\d+")
"""What the Trainer of transformers calls the checkpoints it leaves on its way."""
CHECKPOINT_PATTERN = "checkpoint-*"
"""The same with a *, as a series asks for it unless the user says otherwise."""


def holds_series(folder: Path) -> bool:
    """Tell whether a folder holds folders like checkpoint-500, whatever lies beside them.

    Raises:
        OSError: it can't be listed.
    """
    return any(_STEP.fullmatch(entry.name) and entry.is_dir() for entry in folder.iterdir())
