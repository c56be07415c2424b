"""JSON text to immutable values and back, stricter than `json`: nothing is lost, doubled or guessed."""

from __future__ import annotations

import json
import math

from engine.document.json_values import DEEPEST_NESTING, JsonValue, RepeatedKey, freeze_json, mistake, thaw_json
from engine.errors import DocumentError

_MOST_DIGITS = 400
"""A double holds integers of at most 309 digits; `int` of many thousands takes seconds, so longer ones are never converted."""

_OWN_LEVELS = -10
"""The depth a file starts at: its own objects and lists (document, nodes, node, parameters) do not count as nesting of a value."""


def parse_json(text: str) -> JsonValue:
    """Return the value that the text spells; integers stay int, decimals are the nearest float.

    Raises:
        DocumentError: the text is empty, no JSON, repeats a key in one object, holds NaN, infinity, a number beyond the range of a
            double or half a character, or nests too deep.
    """
    if not text.strip():
        whole = ""
        raise mistake(whole, "the file is empty.", "Choose another file, or start a new document.")
    try:
        value: object = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_collect_object,
            parse_int=_parse_integer,
            parse_constant=_parse_constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise mistake(place, f"this is no JSON: {error.msg}.", "Mend the text there, or choose another file.") from error
    except RecursionError as error:
        fact = f"The file nests deeper than {DEEPEST_NESTING} levels."
        raise DocumentError(fact, "Choose another file.") from error
    return freeze_json(value, "", _OWN_LEVELS)


def format_json(value: JsonValue, *, indent: int | None = None) -> str:
    """Return the value as JSON with sorted keys: compact, or indented for people, without a newline at the end."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(thaw_json(value), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=indent, separators=separators)


def _collect_object(pairs: list[tuple[str, object]]) -> dict[str, object] | RepeatedKey:
    entries = dict(pairs)
    if len(entries) == len(pairs):
        return entries
    keys = [key for key, _ in pairs]
    return RepeatedKey(next(key for key in keys if keys.count(key) > 1))


def _parse_integer(digits: str) -> int | float:
    # Infinity is refused by freeze_json, which knows the place.
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def _parse_constant(_name: str) -> float:
    # NaN, Infinity and -Infinity are no JSON; freeze_json refuses them and knows the place.
    return math.nan
