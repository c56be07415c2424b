"""Records as JSON: one walk for whoever writes some, and a form that another process reads back equal."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from engine.errors import WorkerError

_Record = TypeVar("_Record")
_TYPE = "type"
"""The key that names a record's class; no field has this name."""


def simplify_record(record: object, write_plain: Callable[[object], object], *, names_types: bool = False) -> object:
    """Return a record as what `json.dumps` takes: records and mappings as dicts, sequences as lists.

    Args:
        record: a dataclass, or mappings and sequences of them.
        write_plain: returns what stands for all else: numbers, text, what JSON has no word for.
        names_types: whether each record says what class it is of, to be read back.
    """
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        fields = {
            each.name: simplify_record(getattr(record, each.name), write_plain, names_types=names_types)
            for each in dataclasses.fields(record)
        }
        return {_TYPE: type(record).__name__, **fields} if names_types else fields
    if isinstance(record, Mapping):
        entries = cast("Mapping[object, object]", record)
        return {str(key): simplify_record(value, write_plain, names_types=names_types) for key, value in entries.items()}
    if isinstance(record, tuple | list):
        return [simplify_record(value, write_plain, names_types=names_types) for value in cast("Sequence[object]", record)]
    return write_plain(record)


def encode_record(record: object) -> object:
    """Return a record as what `json.dumps` takes; NaN and infinity become text, so that the JSON stays JSON.

    Raises:
        WorkerError: it holds something else than records, mappings with text keys, sequences, paths, numbers and text.
    """
    return simplify_record(record, _encode_plain, names_types=True)


def _encode_plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    fact = f"A {type(value).__name__} can't be sent between processes."
    raise WorkerError(fact, "Report this as a bug.")


def decode_record(kind: type[_Record], value: object) -> _Record:
    """Return the record of a class that a value of JSON stands for.

    Raises:
        WorkerError: it stands for none.
    """
    return cast("_Record", _decode(kind, value))


def _decode(kind: object, value: object) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), value)
    if origin is Literal:
        return _expect(value in get_args(kind), value, kind)
    if origin is tuple:
        return _decode_tuple(get_args(kind), value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _expect(isinstance(value, dict), value, kind)
        entries = cast("dict[str, object]", value)
        return {key: _decode(get_args(kind)[1], entry) for key, entry in entries.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decode_fields(kind, value)
    return _decode_plain(kind, value)


def _decode_plain(kind: object, value: object) -> object:
    if kind is float:
        # A whole float is written without its point by other writers of JSON, and “nan” is text here.
        return float(cast("float | str", _expect(isinstance(value, int | float | str) and not isinstance(value, bool), value, kind)))
    if kind is Path or (isinstance(kind, type) and issubclass(kind, Enum)):
        text = cast("str", _expect(isinstance(value, str), value, kind))
        return cast("type[Path]", kind)(text)
    if kind in (bool, int, str, types.NoneType):
        return _expect(type(value) is kind, value, kind)
    fact = f"Nothing says how to read a {kind}."
    raise WorkerError(fact, "Report this as a bug.")


def _decode_union(kinds: Sequence[object], value: object) -> object:
    if value is None:
        return _expect(types.NoneType in kinds, value, kinds)
    others = [kind for kind in kinds if kind is not types.NoneType]
    if len(others) == 1:
        return _decode(others[0], value)
    name = cast("dict[str, object]", value).get(_TYPE) if isinstance(value, dict) else None
    named = [kind for kind in others if isinstance(kind, type) and kind.__name__ == name]
    _expect(len(named) == 1, value, kinds)
    return _decode(named[0], value)


def _decode_tuple(kinds: tuple[object, ...], value: object) -> object:
    _expect(isinstance(value, list), value, kinds)
    entries = cast("list[object]", value)
    if kinds[-1] is Ellipsis:
        return tuple(_decode(kinds[0], entry) for entry in entries)
    _expect(len(kinds) == len(entries), value, kinds)
    return tuple(_decode(kind, entry) for kind, entry in zip(kinds, entries, strict=True))


def _decode_fields(kind: type, value: object) -> object:
    _expect(isinstance(value, dict), value, kind)
    fields = cast("dict[str, object]", value)
    hints = _read_hints(kind)
    _expect(fields.get(_TYPE) == kind.__name__ and fields.keys() == {_TYPE, *hints}, value, kind)
    return kind(**{name: _decode(hint, fields[name]) for name, hint in hints.items()})


@functools.cache
def _read_hints(kind: type) -> Mapping[str, object]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _expect(is_right: bool, value: object, kind: object) -> object:
    if not is_right:
        shown = repr(value)
        fact = f"Expected {getattr(kind, '__name__', kind)}, got {shown if len(shown) <= 80 else f'{shown[:77]}…'}."  # noqa: PLR2004  (one line)
        raise WorkerError(fact, "Report this as a bug.")
    return value
