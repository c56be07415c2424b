"""The compiled forms of loops on disk: a file for each loop and types of arguments, under a name made of all that decides what is in it.

Numba's own cache numbers forms in a list: where the disk was full, or two processes wrote at once, it may run that of an older source or of
other types. Here a form is either there, whole and the right one, or compiled again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import llvmlite
import numba
from numba.core.caching import CompileResultCacheImpl, NullCache
from numba.core.compiler import CompileResult
from numba.core.cpu import CPUContext
from numba.core.serialize import dumps

from engine.cache_folder import cache_folder

FOLDER_NAME = "loops"
MOST_FORMS = 256
"""Kept in a folder; one takes about 150 kB."""
_SUFFIX = ".loop"
_DIGEST_BYTES = 32
_HERE = Path(__file__).resolve().parent


class KeptForms(NullCache):
    """Find and keep the forms of one loop; a convenience that no run depends on."""

    def __init__(self, loop: FunctionType) -> None:
        """Remember which loop it is, and what it was made from."""
        self._source = _hash_sources(_HERE, Path(loop.__code__.co_filename))
        self._name = f"{loop.__module__.rpartition('.')[2]}.{loop.__qualname__}"

    # Numba declares that its null finds nothing.
    def load_overload(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, sig: object, target_context: CPUContext
    ) -> CompileResult | None:
        """Return the form for these types of arguments; None where it has to be compiled."""
        target_context.refresh()
        name = self._name_form(sig, target_context.codegen().magic_tuple())
        packed = _read_form(name) if name else None
        return _Packer().rebuild(target_context, pickle.loads(packed)) if packed else None

    def save_overload(self, sig: object, cres: CompileResult) -> None:
        """Keep a form where that is possible; one that holds addresses of this process is not for others."""
        name = self._name_form(sig, cres.library.codegen.magic_tuple())
        if name and not cres.library.has_dynamic_globals:
            _write_form(name, dumps(_Packer().reduce(cres)))

    def _name_form(self, sig: object, processor: tuple[object, ...]) -> str:
        """Return the name of a form's file; nothing where the source of the loops is not at hand."""
        said = repr((self._source, numba.__version__, llvmlite.__version__, sys.version, processor, str(sig)))
        return f"{self._name}-{hashlib.sha256(said.encode()).hexdigest()[:32]}{_SUFFIX}" if self._source else ""


class _Packer(CompileResultCacheImpl):
    """Turn a form into what can be pickled, and back."""

    def __init__(self) -> None:
        """Do without the folder that Numba would look for."""


@functools.cache
def _hash_sources(folder: Path, file: Path) -> str:
    """Return a digest of all loops, as one may call another's helpers, and of the loop's own file; nothing in a bundle without sources."""
    texts = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    own = [file.read_bytes()] if texts and file.is_file() else []
    return hashlib.sha256(b"\0".join((*own, *texts))).hexdigest() if texts else ""


def _find_folders() -> Iterator[Path]:
    """Yield where forms may lie: beside their source, and in the user's cache. A bundle is left as it was installed."""
    if not hasattr(sys, "frozen"):
        yield _HERE / "__pycache__"
    yield cache_folder() / FOLDER_NAME


def _read_form(name: str) -> bytes | None:
    for folder in _find_folders():
        with contextlib.suppress(OSError):
            content = (folder / name).read_bytes()
            digest, packed = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if hashlib.sha256(packed).digest() == digest:
                return packed
    return None


def _write_form(name: str, packed: bytes) -> None:
    for folder in _find_folders():
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / name, hashlib.sha256(packed).digest() + packed)
            _remove_oldest(folder)
            return


def _replace(path: Path, content: bytes) -> None:
    """Write a file that others see whole or not at all."""
    handle, scratch = tempfile.mkstemp(prefix=".", suffix=_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(scratch).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(scratch).unlink()
        raise


def _remove_oldest(folder: Path) -> None:
    """Remove the forms that were written longest ago where there are too many: those of sources that are no more."""
    forms = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    for path in forms[:-MOST_FORMS]:
        path.unlink(missing_ok=True)
