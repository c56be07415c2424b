"""What a path in a document means: relative to the document's folder, with ~ for the user's own."""

from __future__ import annotations

from pathlib import Path


def find_path(folder: Path, written: str) -> Path:
    """Return the path that a document's text means; it need not exist, nor be one that can."""
    try:
        return folder / Path(written).expanduser()
    except RuntimeError:
        # “~nobody/models”, and there is no such user: a folder of that very name is the only other reading.
        return folder / written


def is_file(path: Path) -> bool:
    """Tell whether a file is there; what can't be looked at (a name too long, a folder without permission) is not."""
    try:
        return path.is_file()
    except OSError:
        return False
