"""What a run decides only while it runs (a strength, the device): a resumed run must decide the same, or pieces of two exports mix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from engine.checkpoints.flushing import flush_file, flush_folder
from engine.errors import StagingError, WriteError

DECISIONS_NAME = "decisions.json"


def settle_decision(folder: Path, name: str, value: str, *, flush: bool) -> None:
    """Write down a decision of the run in a staging folder, or hold it against the one that stands there.

    Raises:
        StagingError: The unfinished run had decided otherwise.
        WriteError: It can't be written.
    """
    path = folder / DECISIONS_NAME
    known = _read_decisions(path)
    if name not in known:
        _write_decisions(path, {**known, name: value}, flush=flush)
    elif known[name] != value:
        fact = f"The unfinished run in {folder} was made with the {name} {known[name]}; now it is {value}."
        raise StagingError(fact, "Run again with --restart to begin anew.")


def _read_decisions(path: Path) -> Mapping[str, str]:
    try:
        found: object = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        fact = f"{path} can't be read: {error}."
        raise StagingError(fact, "Run again with --restart to begin anew.") from error
    return {name: str(value) for name, value in cast("dict[str, object]", found).items()} if isinstance(found, dict) else {}


def _write_decisions(path: Path, decisions: Mapping[str, str], *, flush: bool) -> None:
    """Replace the file at once, so that a crash leaves the old or the new one."""
    new = path.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(json.dumps(decisions, ensure_ascii=False, sort_keys=True))
            file.flush()
            if flush:
                flush_file(file.fileno())
        new.replace(path)
    except OSError as error:
        fact = f"{path} can't be written: {error.strerror or error}."
        raise WriteError(fact, "Check that you may write there.") from error
    if flush:
        flush_folder(path.parent)
