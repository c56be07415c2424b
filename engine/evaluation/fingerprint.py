"""The fingerprint of a test set's files, by which the same data in two roles is found."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.errors import EvaluationError


def fingerprint_test_set(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files with their names in sorted order.

    Raises:
        EvaluationError: Nothing lies there, or it can't be read.
    """
    try:
        return _hash_folder(path) if path.is_dir() else _hash_file(path)
    except OSError as error:
        fact = f"The test set {path} can't be read: {error.strerror or error}."
        raise EvaluationError(fact, "Check the path and its permissions.") from error


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in names:
        # The names count: in an image folder they are the labels.
        digest.update(f"{name}\0{_hash_file(folder / name)}\n".encode())
    return digest.hexdigest()
