"""Cheap checks of a test set before a run: nothing but names and a table's header is read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.errors import EvaluationError
from engine.evaluation.formats import Format, Kind, detect_format
from engine.evaluation.tasks import IMAGE_TASKS
from engine.evaluation.test_sets import TestSetSettings


def check_test_set(settings: TestSetSettings) -> Sequence[str]:
    """Return what is wrong with a test set as sentences, as far as it shows without reading the examples."""
    try:
        form = detect_format(settings.source)
    except EvaluationError as error:
        return (str(error),)
    return (*_check_task(settings, form), *_check_columns(settings, form), *_check_template(settings.template))


def _check_task(settings: TestSetSettings, form: Format) -> Sequence[str]:
    pictures_wanted = settings.task in IMAGE_TASKS
    if form.kind == "images" and settings.task not in ("auto", *IMAGE_TASKS):
        return (f"{settings.source} is a folder of pictures, which the task {settings.task} can't use.",)
    if form.kind == "text" and (pictures_wanted or settings.task in ("text_classification", "text_to_text")):
        return (f"{settings.source} is plain text, which has no labels or answers for the task {settings.task}.",)
    if form.kind == "images" and all(path.parent == settings.source for path in form.files):
        return (f"The pictures in {settings.source} lie in no class folders. Put those of each class into a folder of its name.",)
    return ()


def _check_columns(settings: TestSetSettings, form: Format) -> Sequence[str]:
    wished = [name for name in (settings.input_column, settings.label_column) if name]
    read = _READERS.get(form.kind)
    if not wished or read is None:
        return ()
    try:
        names = read(form.files[0])
    except (OSError, ValueError) as error:
        return (f"The header of {form.files[0]} can't be read: {error}.",)
    if names is None:
        return ()
    return tuple(f"{settings.source} has no column “{name}”. The columns are {_quote(names)}." for name in wished if name not in names)


def _check_template(template: str) -> Sequence[str]:
    return tuple(f"template “{line}” has no {{}}, where the name of the class goes." for line in template.splitlines() if "{}" not in line)


def _read_csv_names(path: Path) -> Sequence[str]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","), [])


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _read_json_names(path: Path) -> Sequence[str] | None:
    """Return the keys of the first line; None where the file is one array, whose first entry may be long."""
    if path.suffix.lower() == ".json":
        return None
    with path.open(encoding="utf-8") as file:
        first = file.readline()
    row: object = json.loads(first)
    return [str(name) for name in row] if isinstance(row, dict) else None


def _read_parquet_names(path: Path) -> Sequence[str]:
    import pyarrow.parquet  # noqa: PLC0415  (200 ms that only a Parquet file is worth)

    return list(pyarrow.parquet.read_schema(path).names)


_READERS: Mapping[Kind, Callable[[Path], Sequence[str] | None]] = {
    "csv": _read_csv_names,
    "json": _read_json_names,
    "parquet": _read_parquet_names,
}
