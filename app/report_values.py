"""The values of a report.json as they are read: numbers, lists and records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

Record = Mapping[str, object]


def read_number(value: object) -> float:
    """Return a figure of the report; null is NaN, infinity is spelled out."""
    return math.nan if value is None else float(str(value))


def read_list(value: object) -> list[object]:
    """Return a list.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, list):
        raise TypeError(value)
    return cast("list[object]", value)


def read_records(value: object) -> list[Record]:
    """Return a list of records.

    Raises:
        TypeError: it is none.
    """
    return [_read_record(each) for each in read_list(value)]


def _read_record(value: object) -> Record:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return cast("Record", value)
