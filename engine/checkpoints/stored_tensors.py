"""What one file, whatever its format, says of its tensors before a byte of them is read."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from engine.checkpoints.header import FileStamp, TensorSpec
from engine.checkpoints.positioned_io import InputFile
from engine.errors import CheckpointError, DamagedFileError, Location, ReadError

LONGEST_NAME_SHOWN = 120
MOST_NAMES_SHOWN = 5
FETCH_AGAIN = "Copy or download the file again."


@dataclass(frozen=True, slots=True)
class StoredTensors:
    """Hold the tensors of one file; each lies row-major where its spec says."""

    stamps: tuple[FileStamp, ...]
    """The file; with it the spool that holds its strided tensors as rows, if it has any."""
    tensors: Mapping[str, TensorSpec]
    """By name, by offset."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names that share another name's bytes: alias → stored name."""
    resident_bytes: int = 0


@contextmanager
def open_for_header(stamp: FileStamp) -> Generator[InputFile]:
    """Open a file to read what describes its tensors.

    Raises:
        CheckpointError: It can't be opened, read, or changed since it was stamped.
    """
    try:
        file = InputFile(stamp)
        try:
            yield file
        finally:
            file.close()
    except ReadError as error:
        raise CheckpointError(error.fact, error.remedy, error.location) from error


def read_span(file: InputFile, offset: int, size_bytes: int) -> bytes:
    """Return bytes of a file as one value; the caller has held them against the file's size.

    Raises:
        ReadError: They are not there or can't be read.
    """
    buffer = bytearray(size_bytes)
    file.read_into(memoryview(buffer), offset)
    return bytes(buffer)


def damaged(stamp: FileStamp, fact: str, remedy: str = FETCH_AGAIN, tensor: str = "") -> DamagedFileError:
    """Return the error for a file that contradicts itself, with its path and the tensor's name."""
    return DamagedFileError(fact, remedy, Location(tensor=shorten_name(tensor), path=str(stamp.path)))


def unsupported(stamp: FileStamp, fact: str, remedy: str, tensor: str = "") -> CheckpointError:
    """Return the error for a file that is whole but can't be used as it is."""
    return CheckpointError(fact, remedy, Location(tensor=shorten_name(tensor), path=str(stamp.path)))


def shorten_name(name: str) -> str:
    """Return a name from a file as it may be shown: printable and of bounded length."""
    shown = name if len(name) <= LONGEST_NAME_SHOWN else f"{name[:LONGEST_NAME_SHOWN]}…"
    return "".join(sign if sign.isprintable() else "�" for sign in shown)


def list_names(names: Collection[object]) -> str:
    """Return the first few names in quotes, and how many more there are."""
    shown = ", ".join(f"“{shorten_name(str(name))}”" for name in list(names)[:MOST_NAMES_SHOWN])
    return f"{shown} and {len(names) - MOST_NAMES_SHOWN:,} more" if len(names) > MOST_NAMES_SHOWN else shown or "nothing"
