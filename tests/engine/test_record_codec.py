"""What one process writes, the other reads equal; what is no record is refused."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest

from engine.errors import WorkerError
from engine.record_codec import decode_record, encode_record


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Circle:
    radius: float = 1.0


@dataclass(frozen=True)
class Square:
    side: float = 1.0


@dataclass(frozen=True)
class Drawing:
    name: str = "x"
    count: int = 0
    is_done: bool = False
    weight: float | None = None
    where: Path | None = None
    colour: Colour = Colour.RED
    mode: Literal["a", "b"] = "a"
    size: tuple[float, float] = (0.0, 0.0)
    shapes: tuple[Circle | Square, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    matrix: tuple[tuple[float, ...], ...] = ()


def send(record):
    return decode_record(type(record), json.loads(json.dumps(encode_record(record), allow_nan=False)))


@pytest.mark.parametrize(
    "drawing",
    [
        Drawing(),
        Drawing("ü “x”", 2**80, is_done=True, weight=0.1, where=Path("/a/ö"), mode="b", size=(1.5, -2.0)),
        Drawing(shapes=(Circle(2), Square(3), Circle(math.inf)), notes={"b": 1, "a": 2}),
        Drawing(matrix=((1.0, 0.1 + 0.2), (5e-324, 1.7976931348623157e308)), weight=-math.inf),
    ],
)
def test_record_arrives_equal(drawing):
    assert send(drawing) == drawing


def test_nan_arrives_as_nan():
    assert math.isnan(send(Drawing(weight=math.nan)).weight)


@pytest.mark.parametrize(
    "change",
    [
        {"name": 1}, {"count": 1.5}, {"count": True}, {"is_done": 0}, {"weight": []}, {"weight": True}, {"mode": "c"}, {"size": [1]},
        {"shapes": [{"type": "Triangle"}]}, {"shapes": [3]}, {"shapes": None}, {"notes": []}, {"where": 5}, {"unknown": 1},
        {"type": "Circle"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(WorkerError, match="Expected"):
        decode_record(Drawing, {**encode_record(Drawing()), **change})


def test_missing_field_is_refused():
    with pytest.raises(WorkerError):
        decode_record(Circle, {"type": "Circle"})


def test_what_is_no_record_is_not_sent():
    with pytest.raises(WorkerError, match="set"):
        encode_record({1, 2})
