"""Records as JSON: an event, a problem or a result, with NaN and infinity as null."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from enum import Enum

from engine.events import Event
from engine.problems import Problem


def write_event(event: Event | Problem) -> str:
    """Return one line of JSON: the type's name in `event`, then its fields."""
    fields = _simplify(event)
    named = {"event": type(event).__name__, **fields} if isinstance(fields, dict) else fields
    return _dump(named)


def write_record(record: object) -> str:
    """Return a record, or mappings and lists of records, as one line of JSON."""
    return _dump(_simplify(record))


def _dump(value: object) -> str:
    # ASCII only: on Windows a pipe's encoding is whatever the system's language says.
    return json.dumps(value, allow_nan=False)


def _simplify(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _simplify(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _simplify(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_simplify(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | str) else str(value)
