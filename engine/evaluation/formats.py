"""What kind of files a test set is made of, seen from their names alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import EvaluationError

Kind = Literal["csv", "json", "parquet", "text", "images", "arrays"]
KIND_OF_SUFFIX: Mapping[str, Kind] = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".parquet": "parquet", ".txt": "text",
    ".npz": "arrays", ".safetensors": "arrays",
}  # fmt: skip
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
KNOWN = "A test set is a .csv, .tsv, .jsonl, .parquet, .txt, .npz or .safetensors file, or a folder of pictures in one folder per class."


@dataclass(frozen=True)
class Format:
    """Hold what a test set is made of."""

    kind: Kind
    files: tuple[Path, ...]
    """In sorted order."""


def detect_format(source: Path) -> Format:
    """Return the format of a file or a folder.

    Raises:
        EvaluationError: Nothing lies there, or it is none of the known formats.
    """
    try:
        if not source.exists():
            fact = f"The test set {source} does not exist."
            raise EvaluationError(fact, "Check the source of the Test set node.")
        return _detect_folder(source) if source.is_dir() else Format(_detect_file(source), (source,))
    except OSError as error:
        fact = f"The test set {source} can't be looked at: {error.strerror or error}."
        raise EvaluationError(fact, "Check the path and its permissions.") from error


def _detect_file(path: Path) -> Kind:
    kind = KIND_OF_SUFFIX.get(path.suffix.lower())
    if kind is None:
        fact = f"The test set {path} is of a format that is not known (“{path.suffix}”)."
        raise EvaluationError(fact, KNOWN)
    return kind


def _detect_folder(folder: Path) -> Format:
    """Take the pictures below the folder, else the files of its most frequent table or text suffix."""
    pictures = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if pictures:
        return Format("images", tuple(pictures))
    tables = sorted(path for path in folder.iterdir() if path.suffix.lower() in KIND_OF_SUFFIX)
    suffixes = Counter(path.suffix.lower() for path in tables)
    if len(suffixes) == 1 and KIND_OF_SUFFIX[tables[0].suffix.lower()] != "arrays":
        return Format(KIND_OF_SUFFIX[tables[0].suffix.lower()], tuple(tables))
    found = ", ".join(sorted(suffixes)) or "nothing known"
    fact = f"The folder {folder} can't be read as one test set: it holds {found}."
    raise EvaluationError(fact, KNOWN)
