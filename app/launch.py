"""The console script: a subcommand goes to the engine's command line, anything else opens the window."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

SUBCOMMANDS = frozenset({"run", "check", "inspect", "similarity", "sample"})
_WRONG_USAGE = 2
WORKER_FLAG = "--engine-worker"
"""Makes this program the engine's process behind a window: what a bundle starts, which has no `python -m`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand the arguments to the engine or to the window; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [WORKER_FLAG]:
        _serve_window()
    if words and (words[0] in SUBCOMMANDS or words[0].startswith("-")):
        return _run_command_line(words, is_whole_process=arguments is None)
    return _open_window(words)


def _run_command_line(words: Sequence[str], *, is_whole_process: bool) -> int:
    # Only here, because the window starts without the command line and must show at once.
    from engine.cli import main as run_command_line
    from engine.command_line.leaving import leave  # noqa: PLC0415

    status = run_command_line(words)
    if is_whole_process:
        leave(status)
    return status


def _serve_window() -> NoReturn:
    # Only here, for the same reason.
    from engine.worker import main as serve  # noqa: PLC0415

    serve()


def _open_window(words: Sequence[str]) -> int:
    if trouble := _find_trouble(words):
        sys.stderr.write(trouble + "\n")
        return _WRONG_USAGE
    # Only here, because the command line needs no Qt.
    from app.window_process import run_window  # noqa: PLC0415

    return run_window(words)


def _find_trouble(words: Sequence[str]) -> str:
    """Return why no window can open, in a sentence with the remedy; Qt itself would abort without a screen."""
    word = next((word for word in words if "." not in word and not Path(word).exists()), None)
    if word is not None:
        return f"weightloom: “{word}” is no command and no file. The commands are {', '.join(sorted(SUBCOMMANDS))}; or name a .loom file."
    needs_screen = sys.platform.startswith("linux") and "QT_QPA_PLATFORM" not in os.environ
    if needs_screen and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return "weightloom: There is no screen to open a window on. Work without one: weightloom run FILE.loom (see weightloom --help)."
    return ""


if __name__ == "__main__":
    sys.exit(main())
