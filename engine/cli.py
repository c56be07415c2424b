"""The command line: one door to the engine, and the one place where an exception becomes an exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from engine.command_line.arguments import parse_words
from engine.command_line.checking import check_file
from engine.command_line.console import Console
from engine.command_line.crash_log import save_crash
from engine.command_line.exit_status import ExitStatus, UsageError
from engine.errors import Cancelled, EngineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the words say; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        chosen = parse_words(words)
    except SystemExit as leaving:
        # argparse has written its usage, its help or the version already.
        return leaving.code if isinstance(leaving.code, int) else ExitStatus.DONE
    console = Console(sys.stdout, sys.stderr)
    status = _run_command(chosen, console, words)
    if console.fault and status is ExitStatus.DONE:
        console.tell(f"error: {console.fault}")
        return ExitStatus.FAILED
    return status


def _run_command(chosen: argparse.Namespace, console: Console, words: Sequence[str]) -> ExitStatus:
    try:
        return _find_command(chosen.command)(chosen, console)
    except UsageError as fault:
        console.tell(" ".join(chosen.parser.format_usage().split()))
        console.tell(f"{chosen.parser.prog}: error: {fault}")
        return ExitStatus.WRONG_USAGE
    except (Cancelled, KeyboardInterrupt):
        console.tell("Interrupted.")
        return ExitStatus.INTERRUPTED
    except EngineError as failure:
        console.tell(f"error: {failure}")
        return ExitStatus.FAILED
    except MemoryError:
        console.tell("error: There is no memory left. Close other programs, or give a smaller --memory.")
        return ExitStatus.FAILED
    except Exception as failure:  # noqa: BLE001  (a bug: its traceback goes to the log, never to the user's screen)
        _tell_crash(failure, console, words)
        return ExitStatus.FAILED


def _tell_crash(failure: Exception, console: Console, words: Sequence[str]) -> None:
    log = save_crash(failure, words)
    place = f"Please report it with {log}." if log else "Its traceback could not be saved."
    console.tell(f"error: This is a bug in Weightloom: {type(failure).__name__}: {failure}. {place}")


def _find_command(name: str) -> Callable[[argparse.Namespace, Console], ExitStatus]:
    """Return what does a command; only `check` is needed at once, the others bring more than it may wait for."""
    match name:
        case "run":
            from engine.command_line.running import run_file as command  # noqa: PLC0415
        case "inspect":
            from engine.command_line.inspecting import inspect_sources as command  # noqa: PLC0415
        case "similarity":
            from engine.command_line.similarity_command import compare_vectors as command  # noqa: PLC0415
        case "sample":
            from engine.command_line.sample_command import copy_sample_to as command  # noqa: PLC0415
        case _:
            return check_file
    return command
