"""Where the pickle and the storages lie in a file of `torch.save`, in its zip format and the one before."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import FileIO
from typing import NamedTuple, cast

from engine.checkpoints.header import FileStamp
from engine.checkpoints.pickle_opcodes import CutPickleError, find_end
from engine.checkpoints.positioned_io import InputFile
from engine.checkpoints.stored_tensors import damaged, open_for_header, read_span, shorten_name, unsupported
from engine.checkpoints.tensor_pickle import Storage, load_tensor_pickle
from engine.errors import DamagedFileError

LARGEST_PICKLE_BYTES = 100_000_000
SAVE_PLAINLY = "Load it with PyTorch and save its state_dict with torch.save(…) or as safetensors."
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
LOCAL_HEADER_BYTES = 30
FIRST_GUESS_BYTES = 1 << 18
ENCRYPTED = 0x1


class Span(NamedTuple):
    """Hold where bytes lie in a file."""

    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TorchFile:
    """Hold a checkpoint's object, its tensors unread, and where its storages lie."""

    content: object
    spans: Mapping[str, Span]
    """By storage key; each lies inside the file."""


def read_zip_format(stamp: FileStamp) -> TorchFile:
    """Return what a file of `torch.save` since PyTorch 1.6 holds.

    Raises:
        UnsafeFileError: Its pickle asks for more than tensors.
        CheckpointError: It is damaged, compressed, encrypted, big-endian, or of TorchScript.
    """
    entries = _list_entries(stamp)
    prefix = _find_prefix(entries, stamp)
    with open_for_header(stamp) as file:
        _check_byte_order(entries, prefix, file)
        pickled = _read_entry(entries[f"{prefix}data.pkl"], file)
        content, storages = load_tensor_pickle(pickled[: find_end(pickled, 0)])
        spans = {key: _locate_storage(entries.get(f"{prefix}data/{key}"), storage, file) for key, storage in storages.items()}
    return TorchFile(content, spans)


def read_old_format(stamp: FileStamp) -> TorchFile:
    """Return what a file of `torch.save` before PyTorch 1.6 holds: five pickles, then the storages, each behind its length.

    Raises:
        UnsafeFileError: A pickle asks for more than tensors.
        CheckpointError: It is damaged or was written by a big-endian machine.
    """
    with open_for_header(stamp) as file:
        position = 0
        parts: list[object] = []
        storages: dict[str, Storage] = {}
        for _ in range(5):
            pickled = _read_pickle(file, position)
            position += len(pickled)
            content, named = load_tensor_pickle(pickled)
            parts.append(content)
            storages |= named
        _check_preamble(parts, stamp)
        return TorchFile(parts[3], _locate_in_order(parts[4], storages, position, file))


class _BoundedFile(FileIO):
    """Read for `zipfile`, which trusts the lengths that a file claims."""

    def read(self, size: int | None = -1, /) -> bytes:
        return cast("bytes", super().read(LARGEST_PICKLE_BYTES if size is None or size < 0 else min(size, LARGEST_PICKLE_BYTES)))


def _list_entries(stamp: FileStamp) -> dict[str, zipfile.ZipInfo]:
    try:
        with _BoundedFile(stamp.path) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError, LookupError, ArithmeticError, NotImplementedError, OSError, MemoryError) as error:
        fact = f"Its zip directory can't be read: {shorten_name(str(error)) or type(error).__name__}."
        raise damaged(stamp, fact, "The file is cut or damaged: copy or download it again.") from error
    named = {entry.filename: entry for entry in entries}
    if len(named) != len(entries):
        fact = f"Its zip directory lists {len(entries):,} entries under {len(named):,} names."
        raise damaged(stamp, fact)
    return named


def _find_prefix(entries: Mapping[str, zipfile.ZipInfo], stamp: FileStamp) -> str:
    prefixes = [name.removesuffix("data.pkl") for name in entries if f"/{name}".endswith("/data.pkl")]
    if len(prefixes) != 1:
        fact = f"This zip file holds {len(prefixes)} entries named data.pkl, a PyTorch checkpoint exactly one."
        raise unsupported(stamp, fact, SAVE_PLAINLY)
    if f"{prefixes[0]}constants.pkl" in entries:
        fact = "This is a TorchScript program (torch.jit.save), which holds code."
        raise unsupported(stamp, fact, "Load it with torch.jit.load where you trust it and save its state_dict().")
    return prefixes[0]


def _check_byte_order(entries: Mapping[str, zipfile.ZipInfo], prefix: str, file: InputFile) -> None:
    record = entries.get(f"{prefix}byteorder")
    if record is not None and _read_entry(record, file) != b"little":
        fact = "It was written by a big-endian machine."
        raise unsupported(file.stamp, fact, SAVE_PLAINLY)


def _read_entry(entry: zipfile.ZipInfo, file: InputFile) -> bytes:
    span = _locate_entry(entry, file)
    if span.size_bytes > LARGEST_PICKLE_BYTES:
        fact = f"Its entry {shorten_name(entry.filename)} has {span.size_bytes:,} bytes; at most {LARGEST_PICKLE_BYTES:,} are allowed."
        raise damaged(file.stamp, fact, SAVE_PLAINLY)
    return read_span(file, *span)


def _locate_entry(entry: zipfile.ZipInfo, file: InputFile) -> Span:
    """Return where an entry's bytes lie; they follow its local header, whose length only that header tells."""
    stamp, name = file.stamp, shorten_name(entry.filename)
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size or entry.flag_bits & ENCRYPTED:
        fact = f"Its zip entry {name} is compressed or encrypted, so it can't be read in pieces."
        raise unsupported(stamp, fact, SAVE_PLAINLY)
    start = entry.header_offset
    if not 0 <= start <= stamp.size_bytes - LOCAL_HEADER_BYTES:
        raise _misplaced(name, start, stamp)
    local = read_span(file, start, LOCAL_HEADER_BYTES)
    start += LOCAL_HEADER_BYTES + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    if local[:4] != b"PK\x03\x04" or start + entry.file_size > stamp.size_bytes:
        raise _misplaced(name, start, stamp)
    return Span(start, entry.file_size)


def _misplaced(name: str, start: int, stamp: FileStamp) -> DamagedFileError:
    return damaged(
        stamp, f"Its zip entry {name} does not lie at byte {start:,}, where the directory says, or goes past the end of the file."
    )


def _locate_storage(entry: zipfile.ZipInfo | None, storage: Storage, file: InputFile) -> Span:
    if entry is None:
        fact = f"Its storage “{shorten_name(storage.key)}” is named but not there."
        raise damaged(file.stamp, fact)
    span = _locate_entry(entry, file)
    if span.size_bytes < storage.size_bytes:
        fact = f"Its storage “{shorten_name(storage.key)}” has {span.size_bytes:,} bytes, but {storage.size_bytes:,} are claimed."
        raise damaged(file.stamp, fact)
    return Span(span.offset, storage.size_bytes)


def _read_pickle(file: InputFile, start: int) -> bytes:
    """Return one pickle, reading four times as much each time that its end is not in sight."""
    rest = file.stamp.size_bytes - start
    size_bytes = min(FIRST_GUESS_BYTES, rest)
    while True:
        content = read_span(file, start, size_bytes)
        try:
            return content[: find_end(content, 0)]
        except CutPickleError:
            if size_bytes >= min(rest, LARGEST_PICKLE_BYTES):
                raise
            size_bytes = min(size_bytes * 4, rest, LARGEST_PICKLE_BYTES)


def _check_preamble(parts: list[object], stamp: FileStamp) -> None:
    magic, protocol, system = parts[:3]
    if magic != MAGIC_NUMBER or protocol != PROTOCOL_VERSION or not isinstance(system, dict):
        fact = "It is a pickle, but not one that torch.save wrote."
        raise unsupported(stamp, fact, SAVE_PLAINLY)
    if cast("dict[object, object]", system).get("little_endian") is not True:
        fact = "It was written by a big-endian machine."
        raise unsupported(stamp, fact, SAVE_PLAINLY)


def _locate_in_order(keys: object, storages: Mapping[str, Storage], position: int, file: InputFile) -> dict[str, Span]:
    stamp = file.stamp
    if not _are_names_of(keys, storages):
        fact = "Its list of storages is not the one that its tensors use."
        raise damaged(stamp, fact)
    spans: dict[str, Span] = {}
    for key in cast("list[str]", keys):
        storage = storages[key]
        if position + 8 + storage.size_bytes > stamp.size_bytes:
            fact = f"Its storage “{shorten_name(key)}” of {storage.size_bytes:,} bytes at byte {position:,} goes past the end of the file."
            raise damaged(stamp, fact)
        count = int.from_bytes(read_span(file, position, 8), "little")
        if count != storage.length:
            fact = f"Its storage “{shorten_name(key)}” has {count:,} entries, but {storage.length:,} are claimed."
            raise damaged(stamp, fact)
        spans[key] = Span(position + 8, storage.size_bytes)
        position += 8 + storage.size_bytes
    return spans


def _are_names_of(keys: object, storages: Mapping[str, Storage]) -> bool:
    if not isinstance(keys, list):
        return False
    names = [key for key in cast("list[object]", keys) if isinstance(key, str)]
    return len(names) == len(cast("list[object]", keys)) == len(storages) and set(names) == set(storages)
