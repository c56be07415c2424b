"""Rows of CSV, TSV, JSON lines, Parquet, plain text and picture folders, read through Hugging Face `datasets`."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from engine.errors import EvaluationError
from engine.evaluation.formats import Format

Row = Mapping[str, object]


class _Rows(Protocol):
    """What we use of datasets' IterableDataset."""

    features: Mapping[str, object] | None

    def __iter__(self) -> Iterator[Row]: ...


@dataclass(frozen=True)
class Table:
    """Hold a table's rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    class_names: Mapping[str, tuple[str, ...]]
    """The names behind a column's numbers, where the file declares them."""


def read_table(form: Format, source: Path, limit: int = 0) -> Table:
    """Return the first `limit` rows of the table in these files (0: all of them), without a copy in any cache.

    Raises:
        EvaluationError: A file is damaged, or there are no rows.
    """
    stream = _stream(form, source, limit)
    try:
        # pandas closes a CSV file at its end only, and was told the limit; the other readers close theirs when left early.
        rows = tuple(stream if form.kind == "csv" else islice(stream, limit or None))[: limit or None]
    # pyarrow's, pandas' and datasets' errors share no ancestor below Exception; what fails here is the file.
    except Exception as error:
        raise _unreadable(source, error) from error
    if not rows:
        fact = f"The test set {source} has no rows."
        raise EvaluationError(fact, "Take another file.")
    return Table(tuple(rows[0]), rows, _read_class_names(stream.features or {}))


def _stream(form: Format, source: Path, limit: int) -> _Rows:
    options: Mapping[str, Mapping[str, object]] = {
        # “NA” and “null” are words, not holes.
        "csv": {"sep": "\t" if form.files[0].suffix.lower() == ".tsv" else ",", "keep_default_na": False, "nrows": limit or None},
        "text": {"sample_by": "document"},
    }
    builder = "imagefolder" if form.kind == "images" else form.kind
    datasets = _import_datasets()
    try:
        rows = datasets.load_dataset(
            builder, data_files={"test": _name_files(form, source)}, split="test", streaming=True, **options.get(form.kind, {})
        )
        return cast("_Rows", _leave_pictures_encoded(rows, datasets.Image))
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise _unreadable(source, error) from error


def _import_datasets() -> ModuleType:
    """Import `datasets` (a second, so only here) so that it draws no bars and counts no loads on its server."""
    import datasets  # noqa: PLC0415
    from datasets import config  # noqa: PLC0415

    datasets.disable_progress_bars()
    # Even for local CSV files the library sends a request that counts the load, and waits three seconds for it when offline.
    config.HF_UPDATE_DOWNLOAD_COUNTS = False
    return datasets


def _name_files(form: Format, source: Path) -> list[str]:
    """Return the files as patterns: the library takes every name for one."""
    if form.kind != "images":
        return [glob.escape(str(path)) for path in form.files]
    suffixes = sorted({path.suffix for path in form.files})
    return [f"{glob.escape(str(source))}/**/*{glob.escape(suffix)}" for suffix in suffixes]


def _leave_pictures_encoded(rows: _Rows, image_type: type) -> object:
    """Ask for the bytes or the path of each picture: decoding waits until a batch needs it."""
    for name, feature in (rows.features or {}).items():
        if isinstance(feature, image_type):
            rows = rows.cast_column(name, image_type(decode=False))  # type: ignore[attr-defined]
    return rows


def _unreadable(source: Path, error: Exception) -> EvaluationError:
    cause = error.__cause__ or error
    lines = str(cause).strip().splitlines()
    reason = lines[0].rstrip(".") if lines else type(cause).__name__
    fact = f"The test set {source} can't be read: {reason}."
    return EvaluationError(fact, "Mend the file, or take another one.")


def _read_class_names(features: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    named = {column: getattr(feature, "names", None) for column, feature in features.items()}
    return {column: tuple(cast("Sequence[str]", names)) for column, names in named.items() if names}
