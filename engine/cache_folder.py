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
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "weightloom" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "weightloom"
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "weightloom"
