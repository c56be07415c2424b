"""How a loop is compiled: once, kept on disk, and run without the interpreter's lock."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile a function of arrays and numbers that other threads may run beside.

    No sum is regrouped and no product fused with a sum, so the result is what the source says, on every processor.
    """
    return _keep(cast("Callable[_Given, _Result]", _compile(function)))


def inlined(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile a function that only compiled ones of the same file call: a change of another file would not reach those kept on disk."""
    return cast("Callable[_Given, _Result]", numba.njit(nogil=True, error_model="numpy")(function))


def regrouped(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Do as `inlined` and let sums be regrouped as the processor adds them fastest: the last bits are those of this processor."""
    return cast("Callable[_Given, _Result]", numba.njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})(function))


def _compile(function: Callable[..., object]) -> object:
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:
        # Nowhere to keep it: neither beside the source nor in the user's cache folder can be written.
        return numba.njit(nogil=True, error_model="numpy")(function)


def _keep(loop: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    @functools.wraps(loop)
    def run(*arguments: _Given.args, **named: _Given.kwargs) -> _Result:
        try:
            return loop(*arguments, **named)
        except OSError:
            # It is compiled and could not be kept (a full disk); loops themselves touch no file, so it has not run yet.
            return loop(*arguments, **named)

    return run


def load_compiler() -> None:
    """Load what the first loop of a process would load (0.3 s): with the other imports, and not in the middle of a run."""
    _add(1, 1)


@compiled
def _add(one: int, other: int) -> int:
    return one + other
