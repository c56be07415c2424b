"""Where a pickle ends, found without running it.

The walk also bounds what the standard unpickler would allocate on a pickle's word alone: its memo is a list as long as the largest
index that a pickle names, so a file of 20 bytes could otherwise ask for gigabytes; and it nests without a bound.
"""

from __future__ import annotations

import pickletools

from engine.checkpoints.pickle_nesting import measure_nesting
from engine.errors import DamagedFileError

_COUNTED_BYTES = {
    "string1": 1, "bytes1": 1, "unicodestring1": 1, "long1": 1, "string4": 4, "bytes4": 4, "unicodestring4": 4, "long4": 4,
    "bytes8": 8, "unicodestring8": 8, "bytearray8": 8,
}  # fmt: skip
_LINES = {
    "stringnl": 1, "decimalnl_short": 1, "decimalnl_long": 1, "floatnl": 1, "unicodestringnl": 1, "stringnl_noescape": 1,
    "stringnl_noescape_pair": 2,
}  # fmt: skip
_REFUSED = frozenset({"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"})
"""They look objects up in registries of the running process, or outside the file."""

_STOP = ord(".")
_MEMO_INDEX = {ord("q"): "binary", ord("r"): "binary", ord("p"): "text", 0x94: "next"}
_SPARE_INDICES = 1024
_TUPLES = frozenset({ord("t"), 0x85, 0x86, 0x87, 0x91})
_DEEPEST_TUPLE = 10_000
"""Hashing one takes 0.5 to 0.8 MB of stack; a thread has at least 1 MB (Windows)."""


class BrokenPickleError(DamagedFileError):
    """Report bytes that are no pickle of tensors; the caller adds the file."""

    def __init__(self, fact: str) -> None:
        """Keep the fact; the remedy is always the same."""
        super().__init__(fact, "The file is damaged or no PyTorch checkpoint: download it again, or save it anew as safetensors.")


class CutPickleError(BrokenPickleError):
    """Report a pickle that does not end within the bytes at hand."""


def find_end(content: bytes, start: int) -> int:
    """Return the position after the pickle that begins at `start`.

    Raises:
        CutPickleError: The bytes end before the pickle does.
        BrokenPickleError: They hold what no pickle of tensors holds.
    """
    position, memo_count, tuple_count, size_bytes = start, 0, 0, len(content)
    while position < size_bytes:
        code = content[position]
        argument = position + 1
        position = _find_next(content, code, argument)
        if position > size_bytes:
            break
        if code in _MEMO_INDEX:
            memo_count += 1
            _check_memo(content[argument:position], code, memo_count)
        elif code in _TUPLES:
            tuple_count += 1
        elif code == _STOP:
            if tuple_count > _DEEPEST_TUPLE:
                _check_nesting(content[start:position])
            return position
    fact = f"The pickle does not end within {size_bytes:,} bytes."
    raise CutPickleError(fact)


def _find_next(content: bytes, code: int, argument: int) -> int:
    """Return the position after an opcode's argument, past the end where the argument is cut."""
    fixed = _FIXED.get(code)
    if fixed is not None:
        return argument + fixed
    counted = _COUNTED.get(code)
    if counted is not None:
        return argument + counted + int.from_bytes(content[argument : argument + counted], "little")
    if code not in _LINED:
        fact = f"It holds the instruction {code:#04x} at byte {argument - 1:,}, which no saved tensors need."
        raise BrokenPickleError(fact)
    for _ in range(_LINED[code]):
        newline = content.find(b"\n", argument)
        argument = newline + 1 if newline >= 0 else len(content) + 1
    return argument


def _check_memo(argument: bytes, code: int, memo_count: int) -> None:
    kind = _MEMO_INDEX[code]
    if kind == "next":
        return
    try:
        index = int.from_bytes(argument, "little") if kind == "binary" else int(argument)
    except ValueError as error:
        fact = f"It remembers a value under {argument[:20]!r}, which is no number."
        raise BrokenPickleError(fact) from error
    if index > 2 * memo_count + _SPARE_INDICES:
        fact = f"It remembers its value number {memo_count:,} under the number {index:,}, to make the reader run out of memory."
        raise BrokenPickleError(fact)


def _check_nesting(pickled: bytes) -> None:
    """Measure how tuples are nested; only asked of pickles with enough of them, for it takes a microsecond per instruction."""
    try:
        depth = measure_nesting(pickled)
    except (ValueError, LookupError) as error:
        fact = f"Its instructions do not fit one another: {error}."
        raise BrokenPickleError(fact) from error
    if depth > _DEEPEST_TUPLE:
        fact = f"Its tuples lie {depth:,} deep in one another, to crash the reader."
        raise BrokenPickleError(fact)


def _sort_opcodes() -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """Return, by opcode, the bytes of its argument, those of its argument's count, and its argument's lines."""
    fixed, counted, lined = dict[int, int](), dict[int, int](), dict[int, int]()
    for opcode in pickletools.opcodes:
        code, argument = ord(opcode.code), opcode.arg
        if opcode.name in _REFUSED:
            continue
        if argument is None:
            fixed[code] = 0
        elif argument.n >= 0:
            fixed[code] = argument.n
        elif argument.name in _COUNTED_BYTES:
            counted[code] = _COUNTED_BYTES[argument.name]
        else:
            lined[code] = _LINES[argument.name]
    return fixed, counted, lined


_FIXED, _COUNTED, _LINED = _sort_opcodes()
