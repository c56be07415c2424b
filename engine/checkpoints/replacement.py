"""Put the files of a finished export in the place of an older one's, so that a crash in between leaves the older one.

Beside the target stands `.NAME.old-<plan hash>/`. While it holds `intent.json` the replacement is not done, and `repair_target` takes it
back: new files return to the staging folder, old ones to the target. Without `intent.json` it holds nothing that is still needed.
Every step is read off from where the files lie, so taking back may itself be interrupted and begun again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from engine.checkpoints.flushing import flush_folder
from engine.checkpoints.output_target import find_owned_files, is_plain_name
from engine.checkpoints.staging_folder import FILES_NAME
from engine.errors import StagingError, WriteError

INTENT_NAME = "intent.json"


@dataclass(frozen=True, slots=True)
class Replacement:
    """Hold which files change places."""

    old: tuple[str, ...]
    """Files of the older export, which go."""
    new: tuple[str, ...]
    """Files of the staging folder, which come."""
    staging: str
    """The name of the staging folder beside the target whose `files` hold the new ones."""


def find_stranger(target: Path, name: str, owned: frozenset[str]) -> str | None:
    """Return why a new file of this name may not be put into the target, as a sentence; None when it may."""
    place = target / name
    if not (place.exists() or place.is_symlink()):
        return None
    if name in owned and (place.is_symlink() or not place.is_dir()):
        return None
    return f"{place} is not listed in the report of the older export, so it is not replaced."


def replace_files(target: Path, staging: Path) -> None:
    """Move the older export's files aside and the staged ones in, then delete the old.

    Raises:
        WriteError: A file of the user's is in the way (nothing was touched), or the disk refused (all was taken back).
    """
    replacement = _plan(target, staging)
    aside = _name_aside(target, staging)
    try:
        _declare(replacement, aside)
        _move(replacement, target, staging, aside)
    except OSError as error:
        _take_back(target, aside)
        fact = f"The older export in {target} could not be replaced: {error.strerror or error}. It is as it was."
        raise WriteError(fact, "Check the folder's permissions, or choose another output folder; then use --resume.") from error
    (aside / INTENT_NAME).unlink()
    flush_folder(aside)  # or a loss of power could bring the intent back after the old files are gone
    shutil.rmtree(aside, ignore_errors=True)


def repair_target(target: Path) -> tuple[str, ...]:
    """Undo what crashed runs left between two exports and return a sentence for each; only for who holds the TargetLock.

    Raises:
        StagingError: What is left can't be put back without touching a file of the user's.
    """
    remarks: list[str] = []
    for aside in list(_find_asides(target)):
        if (aside / INTENT_NAME).exists():
            _take_back(target, aside)
            remarks.append(f"An earlier run was interrupted while it replaced the export in {target}; the older export is back.")
        shutil.rmtree(aside, ignore_errors=True)
    return tuple(remarks)


def _name_aside(target: Path, staging: Path) -> Path:
    return target.with_name(f".{target.name}.old-{staging.name.removeprefix(f'.{target.name}.partial-')}")


def _find_asides(target: Path) -> Iterator[Path]:
    prefix = f".{target.name}.old-"
    if target.parent.is_dir():
        yield from (path for path in target.parent.iterdir() if path.name.startswith(prefix) and path.is_dir())


def _plan(target: Path, staging: Path) -> Replacement:
    owned = find_owned_files(target)
    new = sorted(path.name for path in (staging / FILES_NAME).iterdir())
    for name in new:
        if obstacle := find_stranger(target, name, owned):
            raise WriteError(obstacle, "Move it away or choose another output folder; then use --resume.")
    old = sorted(name for name in owned if (target / name).is_symlink() or (target / name).is_file())
    return Replacement(tuple(old), tuple(new), staging.name)


def _declare(replacement: Replacement, aside: Path) -> None:
    """Write down what is going to move before anything does; the rename makes it whole or absent."""
    (aside / FILES_NAME).mkdir(parents=True)
    draft = aside / "intent.draft"
    draft.write_text(json.dumps(asdict(replacement)), encoding="utf-8")
    draft.rename(aside / INTENT_NAME)
    flush_folder(aside)
    flush_folder(aside.parent)


def _move(replacement: Replacement, target: Path, staging: Path, aside: Path) -> None:
    for name in replacement.old:
        (target / name).rename(aside / FILES_NAME / name)
    for name in replacement.new:
        (staging / FILES_NAME / name).rename(target / name)
    (staging / FILES_NAME).rmdir()
    flush_folder(target)
    flush_folder(aside / FILES_NAME)


def _take_back(target: Path, aside: Path) -> None:
    if not (aside / INTENT_NAME).exists():
        return
    replacement = _read_intent(aside)
    staged = target.with_name(replacement.staging) / FILES_NAME
    saved = aside / FILES_NAME
    try:
        staged.mkdir(parents=True, exist_ok=True)
        for name in replacement.new:
            if (name not in replacement.old or _is_there(saved / name)) and _is_there(target / name) and not _is_there(staged / name):
                (target / name).rename(staged / name)
        for name in replacement.old:
            if _is_there(saved / name):
                _put_back(saved / name, target / name)
    except OSError as error:
        fact = f"The older export of {target} lies in part in {saved} and can't be moved back: {error.strerror or error}."
        raise StagingError(fact, f"Move these files back by hand, then delete {aside}.") from error
    flush_folder(target)
    (aside / INTENT_NAME).unlink()


def _put_back(saved: Path, place: Path) -> None:
    if _is_there(place):
        fact = f"{place} was made after a crash, where a file of the older export was; that one lies in {saved}."
        raise StagingError(fact, "Keep one of the two at the output folder, delete the other, then run again.")
    saved.rename(place)


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _read_intent(aside: Path) -> Replacement:
    try:
        entry: object = json.loads((aside / INTENT_NAME).read_bytes())
    except (OSError, ValueError, RecursionError):
        entry = None
    match entry:
        case {"old": [*old], "new": [*new], "staging": str(staging)} if all(map(_is_sound_name, (*old, *new, staging))):
            return Replacement(tuple(cast("list[str]", old)), tuple(cast("list[str]", new)), staging)
        case _:
            fact = f"{aside / INTENT_NAME} should say which files were being replaced, and can't be read."
            raise StagingError(fact, f"Move the files in {aside / FILES_NAME} back by hand if you miss them, then delete {aside}.")


def _is_sound_name(name: object) -> bool:
    return isinstance(name, str) and is_plain_name(name)
