"""Records as JSON: an event, a problem or a result, with NaN and infinity as null."""

from __future__ import annotations

import json
import math
from enum import Enum

from engine.events import Event
from engine.problems import Problem
from engine.record_codec import simplify_record


def write_event(event: Event | Problem) -> str:
    """Return one line of JSON: the type's name in `event`, then its fields."""
    fields = simplify_record(event, _write_plain)
    named = {"event": type(event).__name__, **fields} if isinstance(fields, dict) else fields
    return _dump(named)


def write_record(record: object) -> str:
    """Return a record, or mappings and lists of records, as one line of JSON."""
    return _dump(simplify_record(record, _write_plain))


def _dump(value: object) -> str:
    # ASCII only: on Windows a pipe's encoding is whatever the system's language says.
    return json.dumps(value, allow_nan=False)


def _write_plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | str) else str(value)
