"""Labels matched with a model's outputs."""

from __future__ import annotations

import pytest

from engine.errors import EvaluationError
from engine.evaluation.labels import Labelling, map_labels, read_labels

DEFAULT = ("LABEL_0", "LABEL_1", "LABEL_2")


@pytest.mark.parametrize(
    ("labelling", "model_names", "expected", "how"),
    [
        (Labelling((0, 2), ()), DEFAULT, [0, 2], "by number"),
        (Labelling((0, 1), ("cat", "Dog")), ("dog", "bird", "cat"), [2, 0], "by name"),
        (Labelling((0, 1), ("10", "2")), tuple(f"LABEL_{place}" for place in range(11)), [10, 2], "by number"),
        (Labelling((0, 1), ("1", "2")), ("2", "1"), [1, 0], "by name"),
        (Labelling((2, 0), ("a", "b", "c")), DEFAULT, [2, 0], "sorted names in the order of the model's outputs"),
    ],
)
def test_labels_find_their_outputs(labelling: Labelling, model_names: tuple[str, ...], expected: list[int], how: str) -> None:
    mapped, described = map_labels(labelling, model_names)
    assert (mapped.tolist(), described) == (expected, how)


@pytest.mark.parametrize(
    ("labelling", "model_names", "message"),
    [
        (Labelling((3,), ()), DEFAULT, "has the label 3, but the model's outputs are 0 to 2"),
        (Labelling((-1,), ()), DEFAULT, "has the label -1"),
        (Labelling((0,), ("fish",)), ("cat", "dog"), "does not know the class “fish”; its 2 classes are “cat”, “dog”"),
        (Labelling((0, 1), ("a", "b")), DEFAULT, "does not know the class “a”"),
    ],
)
def test_labels_without_an_output_are_refused(labelling: Labelling, model_names: tuple[str, ...], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        map_labels(labelling, model_names)


def test_numbers_and_names_in_one_column_are_all_names() -> None:
    assert read_labels([1, 0, "other", 1], (), "label") == Labelling((1, 0, 2, 1), ("0", "1", "other"))


def test_labels_of_other_number_types_are_numbers() -> None:
    assert read_labels([True, 0, 2.0], (), "label") == Labelling((1, 0, 2), ())
