"""Labels: what a file calls the classes, and which of the model's outputs each of them is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import EvaluationError

DEFAULT_NAME = re.compile(r"LABEL_\d+")
"""What transformers calls a class that was never given a name."""
NUMBER = re.compile(r"\d+")
SHOWN = 5


@dataclass(frozen=True)
class Labelling:
    """Hold the labels of a test set."""

    labels: tuple[int, ...]
    names: tuple[str, ...]
    """Empty when the file holds numbers only."""


def read_labels(values: Sequence[object], names: tuple[str, ...], column: str) -> Labelling:
    """Return labels as numbers: those in the file, or the place of each name among the sorted names.

    Raises:
        EvaluationError: A label is missing, or no whole number and no text.
    """
    # A reader that goes by chunks may take the same column for numbers first and for text later.
    if any(isinstance(value, str) for value in values) and None not in values:
        found = names or tuple(sorted({str(value) for value in values}))
        places = {name: place for place, name in enumerate(found)}
        return Labelling(tuple(places[str(value)] for value in values), found)
    return Labelling(tuple(_read_number(value, row, column) for row, value in enumerate(values, 1)), names)


def _read_number(value: object, row: int, column: str) -> int:
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    fact = f"Row {row} has {'no label' if value is None else f'the label {value!r}'} in the column “{column}”."
    raise EvaluationError(fact, "A label is a whole number or a name; fill it in, or name another column in label_column.")


def map_labels(labelling: Labelling, model_names: Sequence[str]) -> tuple[NDArray[np.int64], str]:
    """Return each example's label as the model's output, and how they were matched.

    Names are matched with the model's names; names that are numbers are taken as numbers; where the model has no
    names of its own, the sorted names take its outputs in order.

    Args:
        labelling: The labels of the test set.
        model_names: The names of the model's outputs, in order.

    Raises:
        EvaluationError: A label has no output.
    """
    if labelling.names:
        outputs, how = _match_names(labelling.names, model_names)
        mapped = np.asarray(outputs, dtype=np.int64)[np.asarray(labelling.labels, dtype=np.int64)]
    else:
        mapped, how = np.asarray(labelling.labels, dtype=np.int64), "by number"
    outside = mapped[(mapped < 0) | (mapped >= len(model_names))]
    if outside.size:
        fact = f"The test set has the label {outside[0]}, but the model's outputs are 0 to {len(model_names) - 1}."
        raise EvaluationError(fact, "Take a test set of this model's classes.")
    return mapped, how


def _match_names(names: Sequence[str], model_names: Sequence[str]) -> tuple[list[int], str]:
    places = {name.casefold(): place for place, name in reversed(list(enumerate(model_names)))}
    if all(name.casefold() in places for name in names):
        return [places[name.casefold()] for name in names], "by name"
    if all(NUMBER.fullmatch(name) for name in names):
        return [int(name) for name in names], "by number"
    if len(names) == len(model_names) and all(DEFAULT_NAME.fullmatch(name) for name in model_names):
        return list(range(len(names))), "sorted names in the order of the model's outputs"
    unknown = [name for name in names if name.casefold() not in places]
    fact = f"The model does not know the class “{unknown[0]}”; its {len(model_names)} classes are {_shorten(model_names)}."
    raise EvaluationError(fact, "Name the classes as the model's config.json does, or by number.")


def _shorten(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:SHOWN])
    return shown + (" …" if len(names) > SHOWN else "")
