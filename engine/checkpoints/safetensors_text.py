"""What the text of a safetensors header says, held against the size of its file before anything in it is trusted.

Nothing here knows which file it is: models of one make have the same header to the byte, which is then read once for all of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from operator import itemgetter
from types import MappingProxyType
from typing import TypeAlias, cast

from engine.checkpoints.header import SIZE_BYTES, DType
from engine.checkpoints.stored_tensors import shorten_name
from engine.errors import CheckpointError, DamagedFileError, Location

TOO_LARGE = 2**63
MOST_DIMENSIONS = 64
TEXTS_REMEMBERED = 256
WRITE_AGAIN = "The file is damaged or was written by faulty software: download it again, or save the model anew with safetensors."
CUT_FILE = "The file is cut or still being written: copy or download it again."

DTYPES: Mapping[str, tuple[DType, int]] = {str(dtype): (dtype, size_bytes) for dtype, size_bytes in SIZE_BYTES.items()}
"""With the bytes of an element."""
PACKED_DTYPES = frozenset({"F4", "F6_E2M3", "F6_E3M2"})
"""Formats of less than a byte, which only quantised checkpoints use."""

StatedTensor: TypeAlias = tuple[int, int, str, tuple[int, ...], DType]
"""First byte and end, counted from the file's beginning; name, shape and dtype."""
_Object: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class HeaderText:
    """Hold what a header says of whichever file it begins."""

    tensors: tuple[StatedTensor, ...]
    """In file order."""
    metadata: Mapping[str, str]
    aliases: Mapping[str, str]
    """Names that the metadata maps to a stored one: so `safetensors.torch.save_model` leaves tied weights out."""


@lru_cache(TEXTS_REMEMBERED)
def read_header_text(text: bytes, start: int, file_bytes: int) -> HeaderText:
    """Return what a header says; the same text is read once in a process.

    Args:
        text: its JSON.
        start: where in the file the tensors begin.
        file_bytes: the file's size.

    Raises:
        DamagedFileError: It contradicts itself or the file's size; without the path, which the caller knows.
        CheckpointError: It holds a dtype of less than a byte.
    """
    entries = _parse_json(text)
    metadata = _check_metadata(entries.pop("__metadata__", None))
    tensors = _place_tensors(entries, start, file_bytes)
    tensors.sort(key=itemgetter(0, 1))
    _check_seamless(tensors, start, file_bytes)
    aliases = {alias: name for alias, name in metadata.items() if name in entries and alias not in entries}
    return HeaderText(tuple(tensors), MappingProxyType(metadata), MappingProxyType(aliases))


def _parse_json(text: bytes) -> _Object:
    try:
        content: object = json.loads(
            text.decode("utf-8"), object_pairs_hook=_refuse_duplicates, parse_float=_parse_finite, parse_constant=_parse_finite
        )
        if b"\\u" in text:
            _refuse_half_characters(content)
    except (ValueError, RecursionError) as error:
        fact = f"The header is not what safetensors writes: {shorten_name(str(error))}."
        raise _damaged(fact, WRITE_AGAIN) from error
    if not isinstance(content, dict):
        fact = f"The header is a JSON {type(content).__name__}, not an object."
        raise _damaged(fact, WRITE_AGAIN)
    return cast("_Object", content)


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> _Object:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        fact = f"the key “{shorten_name(twice)}” is there twice"
        raise ValueError(fact)
    return content


def _parse_finite(text: str) -> float:
    """Refuse what Python reads and JSON does not have: NaN and infinity, also as a decimal beyond the largest double."""
    number = float(text)
    if not math.isfinite(number):
        fact = f"{shorten_name(text)} is no number"
        raise ValueError(fact)
    return number


def _refuse_half_characters(content: object) -> None:
    """Refuse what only an escape can spell, in names and elsewhere: nothing that shows or saves it later could."""
    try:
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        fact = "a text holds half a character (a lone surrogate)"
        raise ValueError(fact) from error


def _check_metadata(metadata: object) -> dict[str, str]:
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in cast("_Object", metadata).values()):
        fact = "“__metadata__” must hold texts only."
        raise _damaged(fact, WRITE_AGAIN)
    return cast("dict[str, str]", metadata)


def _place_tensors(entries: _Object, start: int, file_bytes: int) -> list[StatedTensor]:
    """Return every tensor, in the order of the text.

    All numbers are checked at once first, which takes two thirds of the time that checking them one by one would.
    """
    if not _are_numbers_sound(entries):
        raise _explain_first(entries)
    tensors: list[StatedTensor] = []
    for name, entry in entries.items():
        try:
            dtype, element_bytes = DTYPES[entry["dtype"]]  # pyright: ignore[reportIndexIssue]
            shape = entry["shape"]  # pyright: ignore[reportIndexIssue]
            begin, end = entry["data_offsets"]  # pyright: ignore[reportIndexIssue]
        except (KeyError, TypeError, ValueError) as error:
            raise _explain_entry(name, entry) from error
        if type(shape) is not list or len(shape) > MOST_DIMENSIONS:
            raise _explain_entry(name, entry)
        count = prod(shape)
        if count * element_bytes != end - begin or start + end > file_bytes or (not count and _overflows(shape)):
            raise _explain_numbers(name, (dtype, shape, begin, end), start, file_bytes)
        tensors.append((start + begin, start + end, name, tuple(shape), dtype))
    return tensors


def _are_numbers_sound(entries: _Object) -> bool:
    """Tell whether all shapes and offsets hold nothing but integers from 0 to 2⁶³."""
    numbers: list[object] = [0]
    try:
        for entry in entries.values():
            numbers += entry["shape"]  # pyright: ignore[reportIndexIssue]
            numbers += entry["data_offsets"]  # pyright: ignore[reportIndexIssue]
    except (KeyError, TypeError):
        return False
    whole = cast("list[int]", numbers)
    return {*map(type, numbers)} == {int} and min(whole) >= 0 and max(whole) < TOO_LARGE


def _explain_first(entries: _Object) -> CheckpointError:
    name, entry = next((name, entry) for name, entry in entries.items() if not _are_numbers_sound({name: entry}))
    return _explain_entry(name, entry)


def _overflows(shape: Iterable[int]) -> bool:
    return prod(size for size in shape if size) >= TOO_LARGE


def _explain_entry(name: str, entry: object) -> CheckpointError:
    """Say which part of an entry is not even of the right form."""
    if not isinstance(entry, dict):
        return _damaged(f"Its entry is a JSON {type(entry).__name__}, not an object.", WRITE_AGAIN, name)
    fields = cast("_Object", entry)
    missing = [key for key in ("dtype", "shape", "data_offsets") if key not in fields]
    if missing:
        return _damaged(f"Its entry lacks {', '.join(missing)}.", WRITE_AGAIN, name)
    dtype, shape, offsets = (fields[key] for key in ("dtype", "shape", "data_offsets"))
    if isinstance(dtype, str) and dtype in PACKED_DTYPES:
        fact = f"Its dtype {dtype} packs several numbers into a byte: the checkpoint is quantised."
        return CheckpointError(fact, "Use the checkpoint it was quantised from.", Location(tensor=shorten_name(name)))
    if not isinstance(dtype, str) or dtype not in DTYPES:
        return _damaged(f"Its dtype is {_show(dtype)}; known are {', '.join(DTYPES)}.", WRITE_AGAIN, name)
    fact = f"Its shape {_show(shape)} and offsets {_show(offsets)} must be lists of whole numbers from 0 to 2⁶³ (at most 64 and 2)."
    return _damaged(fact, WRITE_AGAIN, name)


def _explain_numbers(name: str, numbers: tuple[DType, list[int], int, int], start: int, file_bytes: int) -> DamagedFileError:
    """Say which numbers of an entry do not fit one another, or the file."""
    dtype, shape, begin, end = numbers
    needed_bytes = prod(shape) * SIZE_BYTES[dtype]
    if begin > end:
        return _damaged(f"It begins at {begin:,} and ends before that, at {end:,}.", WRITE_AGAIN, name)
    if max(needed_bytes, prod(size for size in shape if size)) >= TOO_LARGE:
        return _damaged(f"Its shape {shape} has more entries than any memory holds.", WRITE_AGAIN, name)
    if needed_bytes != end - begin:
        fact = f"Its shape {shape} of {dtype} takes {needed_bytes:,} bytes, but its offsets {begin:,} to {end:,} span {end - begin:,}."
        return _damaged(fact, WRITE_AGAIN, name)
    fact = f"It ends at byte {start + end:,}, but the file has {file_bytes:,}."
    return _damaged(fact, CUT_FILE, name)


def _check_seamless(tensors: Iterable[StatedTensor], start: int, file_bytes: int) -> None:
    position, previous = start, ""
    for begin, end, name, _, _ in tensors:
        if begin != position:
            what = "overlaps" if begin < position else f"leaves a gap of {begin - position:,} bytes after"
            before = f"“{shorten_name(previous)}”, which ends" if previous else "the header, ending"
            fact = f"It begins at byte {begin:,} and {what} {before} at {position:,}."
            raise _damaged(fact, WRITE_AGAIN, name)
        position, previous = end, name
    if position != file_bytes:
        fact = f"The tensors end at byte {position:,}, but the file has {file_bytes:,}: {file_bytes - position:,} belong to none."
        raise _damaged(fact, WRITE_AGAIN)


def _show(value: object) -> str:
    """Return a value from a header in bounded length (an unbounded integer would not even print)."""
    try:
        return shorten_name(json.dumps(value))
    except (ValueError, RecursionError):
        return "(a number too large to show)"


def _damaged(fact: str, remedy: str, tensor: str = "") -> DamagedFileError:
    return DamagedFileError(fact, remedy, Location(tensor=shorten_name(tensor)))
