"""How a loop is compiled: once, kept on disk, and run without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import ParamSpec, TypeVar, cast

import numba

from engine.loops.kept_forms import KeptForms

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile a function of arrays and numbers that other threads may run beside.

    No sum is regrouped and no product fused with a sum, so the result is what the source says, on every processor.
    """
    loop = numba.njit(nogil=True, error_model="numpy")(function)
    # What Numba's own `cache=True` does, with a cache that neither fails nor errs.
    loop._cache = KeptForms(cast("FunctionType", function))  # pyright: ignore[reportAttributeAccessIssue]
    return cast("Callable[_Given, _Result]", loop)


def inlined(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile a function that only compiled ones call."""
    return cast("Callable[_Given, _Result]", numba.njit(nogil=True, error_model="numpy")(function))


def regrouped(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Do as `inlined` and let sums be regrouped as the processor adds them fastest: the last bits are those of this processor."""
    return cast("Callable[_Given, _Result]", numba.njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})(function))


def load_compiler() -> None:
    """Load what the first loop of a process would load (0.3 s): with the other imports, and not in the middle of a run."""
    _add(1, 1)


@compiled
def _add(one: int, other: int) -> int:
    return one + other
