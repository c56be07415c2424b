"""A bug's traceback goes to a file in the user's cache, and one sentence to the user."""

from __future__ import annotations

import datetime
import os
import platform
import traceback
from collections.abc import Sequence
from pathlib import Path

from engine.cache_folder import cache_folder
from engine.command_line.arguments import find_version


def save_crash(failure: BaseException, arguments: Sequence[str]) -> Path | None:
    """Write the traceback and the circumstances to a new file; None where that can't be done either."""
    moment = datetime.datetime.now(tz=datetime.UTC)
    path = cache_folder() / "logs" / f"crash-{moment:%Y%m%d-%H%M%S}-{os.getpid()}.log"
    lines = [
        f"weightloom {find_version()}, Python {platform.python_version()}, {platform.platform()}, {moment.isoformat(timespec='seconds')}",
        f"arguments: {list(arguments)!r}",
        "",
        *traceback.format_exception(failure),
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return path
