"""Test sets: labelled examples or text of the user's, opened as one frozen value whatever the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import EvaluationError
from engine.evaluation.arrays import CLASSES_NAME, LABELS_NAME, PICTURE_NAMES, TOKENS_NAME, Arrays, describe_arrays, find_array, read_arrays
from engine.evaluation.columns import Columns, Wish, choose_columns
from engine.evaluation.fingerprint import fingerprint_test_set
from engine.evaluation.formats import Format, detect_format
from engine.evaluation.labels import Labelling, read_labels
from engine.evaluation.pictures import PictureFiles, Pictures, arrange_pictures
from engine.evaluation.tables import Row, Table, read_table
from engine.evaluation.tasks import IMAGE_TASKS, LABEL_TASKS, TASKS, Task

Tokens = NDArray[np.int64]
Inputs = tuple[str, ...] | Pictures | Tokens
MATRIX = 2


@dataclass(frozen=True)
class TestSetSettings:
    """Hold the parameters of a Test set node."""

    __test__ = False  # not a test class of pytest's

    source: Path
    task: str = "auto"
    role: str = "target"
    split: str = "test"
    input_column: str = ""
    label_column: str = ""
    limit: int = 0
    """How many examples to take at most; 0 takes all."""
    classes: str = ""
    """Names of the classes for zero-shot classification, parted by commas."""
    template: str = ""
    """Texts of a class for zero-shot classification, one a line, with {} where the name goes."""


@dataclass(frozen=True)
class TestSet:
    """Hold the examples of a test set."""

    __test__ = False  # not a test class of pytest's

    task: Task
    inputs: Inputs
    """Texts, pictures, or token ids (N × length)."""
    labels: tuple[int, ...]
    """An index into label_names, or where there are none the number in the file; empty for text tasks."""
    label_names: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]
    """For text_to_text: the accepted answers of each example."""
    sha256: str
    """Of the file, or of the folder's files and names."""
    source: Path
    classes: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    """What was taken of the file, and how."""

    @property
    def examples(self) -> int:
        """Return how many examples there are."""
        return len(self.inputs)


def open_test_set(settings: TestSetSettings) -> TestSet:
    """Read a test set.

    Raises:
        EvaluationError: The source can't be read, or does not hold what the task needs.
    """
    try:
        form = detect_format(settings.source)
        opened = _open_arrays(settings) if form.kind == "arrays" else _open_table(form, settings)
    except EvaluationError as error:
        # Most facts name the file; those about columns and rows know only the table.
        is_named = settings.source.name in error.fact
        raise error.located(path="" if is_named else str(settings.source)) from error.__cause__
    if not opened.examples:
        fact = f"The test set {settings.source} holds no examples."
        raise EvaluationError(fact, "Take another file.")
    return opened


def _open_table(form: Format, settings: TestSetSettings) -> TestSet:
    table = read_table(form, settings.source, 0 if form.kind == "images" else settings.limit)
    columns = _choose(table, form, settings)
    rows, taken = _take(table, form, settings.limit)
    labelling = Labelling((), ())
    if columns.task in LABEL_TASKS:
        labelling = read_labels([row[columns.label] for row in rows], table.class_names.get(columns.label, ()), columns.label)
    answers = tuple(_read_answers(row[columns.label], number) for number, row in enumerate(rows)) if columns.task == "text_to_text" else ()
    inputs = _read_inputs(rows, columns, form, settings.source)
    return _assemble(settings, columns.task, inputs, labelling, answers, taken | _name_columns(columns, form))


def _choose(table: Table, form: Format, settings: TestSetSettings) -> Columns:
    if form.kind == "images" and "label" not in table.columns:
        fact = f"The pictures in {settings.source} are not parted into folders, one for each of two or more classes."
        raise EvaluationError(fact, "Put the pictures of each class into a folder of the class's name.")
    return choose_columns(table.columns, _read_wish(settings))


def _read_wish(settings: TestSetSettings) -> Wish:
    if settings.task not in ("auto", *TASKS):
        fact = f"There is no task “{settings.task}”."
        raise EvaluationError(fact, f"Take one of auto, {', '.join(TASKS)}.")
    return Wish(settings.task, settings.input_column, settings.label_column, bool(settings.classes or settings.template))


def _take(table: Table, form: Format, limit: int) -> tuple[Sequence[Row], dict[str, str]]:
    """Take the first rows; of class folders, which are sorted by class, evenly spaced ones."""
    rows = table.rows
    if not limit or form.kind != "images":
        return rows, {"examples taken": f"the first {len(rows):,}"} if limit else {}
    chosen = [rows[index * len(rows) // limit] for index in range(limit)] if limit < len(rows) else rows
    return chosen, {"examples taken": f"{len(chosen):,} of {len(rows):,}, evenly spaced in the order of the names"}


def _name_columns(columns: Columns, form: Format) -> dict[str, str]:
    if form.kind in ("images", "text"):
        return {}
    return {"columns": f"{columns.input} → {columns.label}" if columns.label else columns.input}


def _read_inputs(rows: Sequence[Row], columns: Columns, form: Format, source: Path) -> Inputs:
    values = [row[columns.input] for row in rows]
    if columns.task in IMAGE_TASKS:
        folder = source if source.is_dir() else source.parent
        return PictureFiles(tuple(_locate_picture(value, folder) for value in values))
    empty = next((number for number, value in enumerate(values, 1) if value is None), 0)
    if empty:
        fact = f"Row {empty} has no value in the column “{columns.input}”."
        raise EvaluationError(fact, "Fill it in or remove the row.")
    return tuple(str(value) for value in values)


def _locate_picture(value: object, folder: Path) -> Path | bytes:
    """Return where a picture lies, relative names being relative to the table; or its bytes."""
    if isinstance(value, Mapping):
        held, path = value.get("bytes"), value.get("path")
        return held if isinstance(held, bytes) else folder / str(path)
    return value if isinstance(value, bytes) else folder / str(value)


def _read_answers(value: object, number: int) -> tuple[str, ...]:
    if value is None:
        fact = f"Row {number + 1} has no reference answer."
        raise EvaluationError(fact, "Fill it in or remove the row.")
    return tuple(str(answer) for answer in value) if isinstance(value, list | tuple) else (str(value),)


def _open_arrays(settings: TestSetSettings) -> TestSet:
    arrays, wish = read_arrays(settings.source), _read_wish(settings)
    held = find_array(arrays, wish.input, (*PICTURE_NAMES, TOKENS_NAME))
    if held is None:
        fact = f"{settings.source.name} holds neither “images” nor “input_ids”."
        raise EvaluationError(fact, describe_arrays(arrays))
    if held.ndim == MATRIX:
        return _open_tokens(settings, held, arrays)
    pictures = arrange_pictures(held, settings.source.name)
    task: Task = "zero_shot_image_classification" if wish.task == IMAGE_TASKS[1] or wish.is_zero_shot else "image_classification"
    _refuse_other_task(wish.task, IMAGE_TASKS)
    return _assemble_arrays(settings, task, pictures, arrays)


def _open_tokens(settings: TestSetSettings, held: NDArray[np.generic], arrays: Arrays) -> TestSet:
    if not np.issubdtype(held.dtype, np.integer):
        fact = f"The token ids in {settings.source.name} are of type {held.dtype}."
        raise EvaluationError(fact, "Store them as integers, one row per text.")
    _refuse_other_task(settings.task, ("language_modelling", "text_classification"))
    is_labelled = LABELS_NAME in arrays and settings.task != "language_modelling"
    task: Task = "text_classification" if is_labelled or settings.task == "text_classification" else "language_modelling"
    return _assemble_arrays(settings, task, held.astype(np.int64), arrays)


def _refuse_other_task(task: str, fitting: Sequence[str]) -> None:
    if task not in ("auto", *fitting):
        fact = f"These arrays do not make a test set of the task {task}."
        raise EvaluationError(fact, f"They make one of {' or '.join(fitting)}.")


def _assemble_arrays(settings: TestSetSettings, task: Task, inputs: Pictures | Tokens, arrays: Arrays) -> TestSet:
    labelling = Labelling((), ())
    if task in LABEL_TASKS:
        labels = find_array(arrays, settings.label_column, (LABELS_NAME,))
        if labels is None or labels.shape != (len(inputs),):
            fact = f"{settings.source.name} has {len(inputs):,} examples, but not as many labels in an array “{LABELS_NAME}”."
            raise EvaluationError(fact, describe_arrays(arrays))
        names = tuple(str(name) for name in arrays[CLASSES_NAME]) if CLASSES_NAME in arrays else ()
        labelling = read_labels(labels.tolist(), names, LABELS_NAME)
    limit = settings.limit if 0 < settings.limit < len(inputs) else len(inputs)
    cut = inputs[:limit] if isinstance(inputs, np.ndarray) else _cut_pictures(inputs, limit)
    taken = {"examples taken": f"the first {limit:,}"} if settings.limit else {}
    return _assemble(settings, task, cut, Labelling(labelling.labels[:limit], labelling.names), (), taken)


def _cut_pictures(pictures: Pictures, limit: int) -> Pictures:
    return PictureFiles(pictures.pictures[:limit]) if isinstance(pictures, PictureFiles) else type(pictures)(pictures.values[:limit])


def _assemble(
    settings: TestSetSettings,
    task: Task,
    inputs: Inputs,
    labelling: Labelling,
    answers: tuple[tuple[str, ...], ...],
    details: Mapping[str, str],
) -> TestSet:
    classes = tuple(name.strip() for name in settings.classes.split(",") if name.strip())
    templates = tuple(line.strip() for line in settings.template.splitlines() if line.strip())
    sha256 = fingerprint_test_set(settings.source)
    return TestSet(task, inputs, labelling.labels, labelling.names, answers, sha256, settings.source, classes, templates, details)
