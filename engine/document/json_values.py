"""JSON values that can't change: objects as frozen mappings, arrays as tuples, all the way down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from engine.errors import DocumentError

JsonValue = str | int | float | bool | None | tuple["JsonValue", ...] | Mapping[str, "JsonValue"]
"""What a document holds; an object is a `FrozenMapping` once a document holds it."""

DEEPEST_NESTING = 100
"""How deep arrays and objects may nest: far beyond any parameter, far below the interpreter's own limit of 1000 calls."""

LARGEST_INTEGER = 2**1024 - 2**970 - 1
"""The largest integer that does not round beyond the largest double (IEEE 754, binary64)."""

_LONGEST_PLACE = 120
"""Characters of a place that an error shows; the middle of a longer one says little."""

_K = TypeVar("_K", bound=str)
_V_co = TypeVar("_V_co", covariant=True)


@dataclass(frozen=True)
class RepeatedKey:
    """Stand for an object of a file in which one key stands twice: nobody can say which value holds."""

    key: str


class FrozenMapping(Mapping[_K, _V_co]):
    """Hold keys and values for good; keys iterate sorted, so equal mappings look equal everywhere."""

    __slots__ = ("_entries",)
    _entries: Mapping[_K, _V_co]

    def __init__(self, entries: Mapping[_K, _V_co] | Iterable[tuple[_K, _V_co]] = ()) -> None:
        """Copy the entries, sorted by key."""
        pairs = dict(entries)
        object.__setattr__(self, "_entries", {key: pairs[key] for key in sorted(pairs)})

    def __getitem__(self, key: _K) -> _V_co:
        """Return the value of a key."""
        return self._entries[key]

    def __iter__(self) -> Iterator[_K]:
        """Iterate over the keys in order."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._entries)

    def __hash__(self) -> int:
        """Hash the entries; all values of a document are hashable."""
        return hash(tuple(self._entries.items()))

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: the mapping is frozen."""
        message = f"FrozenMapping can't change ({name!r} was to be set)"
        raise AttributeError(message)

    def __reduce__(self) -> tuple[type[FrozenMapping[_K, _V_co]], tuple[dict[_K, _V_co]]]:
        """Pickle and copy through the constructor, past the refusal to set attributes."""
        return FrozenMapping[_K, _V_co], (dict(self._entries),)

    def __repr__(self) -> str:
        """Return the entries as a dict display."""
        return f"FrozenMapping({dict(self._entries)!r})"


def freeze_json(value: object, place: str = "", depth: int = 0) -> JsonValue:
    """Return an immutable copy of a JSON value.

    Args:
        value: text, numbers, booleans, None, lists, tuples or mappings with text keys.
        place: where it stands in the document (`nodes.tau.parameters`), for the error.
        depth: how many arrays and objects already surround it.

    Raises:
        DocumentError: the value is no JSON, nests too deep or holds what a file can't keep.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(value, place)
    if isinstance(value, int | float):
        return check_number(value, place)
    if depth >= DEEPEST_NESTING:
        raise mistake(place, f"nests deeper than {DEEPEST_NESTING} levels.", "Flatten the value.")
    return _freeze_nested(value, place, depth)


def freeze_object(value: Mapping[str, JsonValue], place: str = "") -> FrozenMapping[str, JsonValue]:
    """Return an immutable copy of a JSON object; a `FrozenMapping` holds what was frozen before and is returned as it is."""
    if isinstance(value, FrozenMapping):
        return value
    return _freeze_object(cast("Mapping[object, object]", value), place, 0)


def thaw_json(value: JsonValue) -> object:
    """Return the value as the plain lists and dicts that `json.dumps` writes."""
    if isinstance(value, tuple):
        return [thaw_json(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: thaw_json(entry) for key, entry in value.items()}
    return value


def check_text(text: str, place: str = "") -> str:
    """Return the text if UTF-8 can hold it.

    Raises:
        DocumentError: it holds half of a surrogate pair.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = f"\\u{ord(text[error.start]):04x}"
        raise mistake(place, f"{code} is half a character (a lone surrogate).", "Remove it from the text.") from error
    return text


def check_number(number: float, place: str = "") -> float:
    """Return the number, an int or a float as it was, if JSON can hold it.

    Raises:
        DocumentError: it is NaN, infinite or beyond the range of a double.
    """
    within = math.isfinite(number) if isinstance(number, float) else abs(number) <= LARGEST_INTEGER
    if not within:
        raise mistake(place, "the number is NaN, infinite or beyond 1.8e308.", "Use a finite number.")
    return number


def mistake(place: str, fact: str, remedy: str) -> DocumentError:
    """Return the error that says what is wrong at one place of a document (`nodes.tau.label`)."""
    if len(place) > _LONGEST_PLACE:
        place = f"{place[: _LONGEST_PLACE // 2]}…{place[-_LONGEST_PLACE // 2 :]}"
    return DocumentError(f"{place}: {fact}" if place else fact[:1].upper() + fact[1:], remedy)


def join_place(place: str, key: str) -> str:
    """Return the place of a key inside an object."""
    return f"{place}.{key}" if place else key


def _freeze_nested(value: object, place: str, depth: int) -> JsonValue:
    if isinstance(value, list | tuple):
        entries = cast("Iterable[object]", value)
        return tuple(freeze_json(entry, f"{place}[{index}]", depth + 1) for index, entry in enumerate(entries))
    if isinstance(value, Mapping):
        return _freeze_object(cast("Mapping[object, object]", value), place, depth)
    if isinstance(value, RepeatedKey):
        raise mistake(place, f"the key {value.key!r} stands twice in one object.", "Keep one of the two.")
    raise mistake(place, f"{type(value).__name__} is no JSON value.", "Use text, numbers, true, false, null, lists or objects.")


def _freeze_object(value: Mapping[object, object], place: str, depth: int) -> FrozenMapping[str, JsonValue]:
    entries: dict[str, JsonValue] = {}
    for key, entry in value.items():
        if not isinstance(key, str):
            raise mistake(place, f"the key {key!r} is no text.", "Use text as keys.")
        entries[check_text(key, place)] = freeze_json(entry, join_place(place, key), depth + 1)
    return FrozenMapping(entries)
