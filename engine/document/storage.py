"""A document's file: read whole and checked, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from engine.document.decoding import decode_document, expect_object
from engine.document.encoding import encode_document
from engine.document.json_text import format_json, parse_json
from engine.document.json_values import mistake
from engine.document.model import Document
from engine.document.upgrades import upgrade_content
from engine.errors import DocumentError

LARGEST_FILE_BYTES = 64 * 2**20
"""Beyond any graph (10,000 nodes take about 3 MB), so that a checkpoint opened by mistake is refused before it is read."""


def load_document(path: Path) -> Document:
    """Return the document in a `.loom` file.

    Raises:
        DocumentError: the file can't be read or holds no document; the message says where and what to do.
        UnknownFormatError: a newer Weightloom wrote it.
    """
    try:
        return parse_document(_decode_bytes(_read_bytes(path)))
    except DocumentError as error:
        error.located(path=str(path))
        raise
    except (OSError, ValueError) as error:
        fact = f"The file can't be read: {_give_reason(error)}."
        raise DocumentError(fact, "Check the path and that you may read it.").located(path=str(path)) from error


def parse_document(text: str) -> Document:
    """Return the document that the text of a `.loom` file holds.

    Raises:
        DocumentError: it holds none; the message says where and what to do.
        UnknownFormatError: a newer Weightloom wrote it.
    """
    content = expect_object(parse_json(text), "the file")
    return decode_document(upgrade_content(content))


def format_document(document: Document) -> str:
    """Return the text of the document's `.loom` file."""
    return format_json(encode_document(document), indent=2) + "\n"


def save_document(document: Document, path: Path) -> None:
    """Write the document to a file: after a failure, at any point, the old file is there untouched.

    Raises:
        DocumentError: the file can't be written (disk full, no permission, no such folder).
    """
    content = format_document(document).encode()
    try:
        target = path.resolve()
        _refuse_if_not_writable(target)
        _replace_file(target, content)
    except (OSError, ValueError, RuntimeError) as error:
        fact = f"The document can't be saved: {_give_reason(error)}. What was there before is unchanged."
        raise DocumentError(fact, _advise(error)).located(path=str(path)) from error


def _read_bytes(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        place = ""
        raise mistake(place, "this is no file.", "Choose a .loom file.")
    if status.st_size > LARGEST_FILE_BYTES:
        fact = f"The file has {status.st_size:,} bytes; a document has at most {LARGEST_FILE_BYTES:,}."
        raise DocumentError(fact, "Choose a .loom file.")
    return path.read_bytes()


def _decode_bytes(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fact = f"line {line}: byte {error.start} (0x{content[error.start]:02x}) is no UTF-8."
        raise DocumentError(fact, "Save the file as UTF-8, or choose another one.") from error


def _refuse_if_not_writable(target: Path) -> None:
    # A rename needs no permission on the file it replaces, but a file set read-only was meant to stay.
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))


def _replace_file(target: Path, content: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    staged = target.with_name(f".loom-{secrets.token_hex(8)}.partial")
    try:
        with staged.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            staged.chmod(mode)
        staged.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise
    _flush_folder(target.parent)


def _flush_folder(folder: Path) -> None:
    """Make the rename durable; Windows and some network disks can't, and there the rename itself has to do."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _give_reason(error: Exception) -> str:
    # A path with a NUL is a ValueError and a loop of links a RuntimeError (Python before 3.13); neither has a strerror.
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _advise(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "Free some space on that disk, or save elsewhere."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Save elsewhere, or ask for permission to write there."
    if number in (errno.ENOENT, errno.ENOTDIR):
        return "Make the folder first, or save elsewhere."
    return "Save elsewhere."
