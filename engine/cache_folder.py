"""Where Weightloom keeps what it can make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder for caches: `WEIGHTLOOM_CACHE` if set, else the system's place for them; it may not exist yet."""
    chosen = os.environ.get("WEIGHTLOOM_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else _find_home() / "AppData" / "Local") / "weightloom" / "cache"
    if sys.platform == "darwin":
        return _find_home() / "Library" / "Caches" / "weightloom"
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else _find_home() / ".cache") / "weightloom"


def _find_home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        # A user whom the system does not know, as containers have them: nothing can be kept, as in a home that can't be written to.
        return Path(os.sep) / "nonexistent"
