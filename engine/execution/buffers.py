"""Arrays that are used again for every piece, so that streaming allocates nothing after the first ones."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import cast

import torch

_WIDEST_BYTES = 8
"""Of one entry of any dtype: host arrays are as large as any piece needs, and the pages that are not used take no memory."""


def view_bytes(array: torch.Tensor) -> memoryview:
    """Return the bytes of a host array (uint8, contiguous) as Python's reads and writes take them; nothing is copied."""
    return memoryview(cast("bytearray", array.numpy()))


class Buffers:
    """Lend arrays of a piece's size to one worker; all come back at once when the piece is done."""

    def __init__(self, entries: int, device: torch.device) -> None:
        """Hold no array yet: the first piece decides how many there are."""
        self.entries = entries
        self.device = device
        self._free: dict[tuple[torch.dtype, bool], list[torch.Tensor]] = {}
        self._lent: list[tuple[tuple[torch.dtype, bool], torch.Tensor]] = []

    def take(self, dtype: torch.dtype, count: int) -> torch.Tensor:
        """Return an array of `count` entries on the device, contents undefined."""
        return self._take(dtype, count, on_host=False)

    def take_host(self, size_bytes: int) -> torch.Tensor:
        """Return `size_bytes` bytes (uint8) in the host's memory, pinned where the device is a GPU."""
        return self._take(torch.uint8, size_bytes, on_host=True)

    def release(self) -> None:
        """Take all arrays back; views of them must not be used any more."""
        for key, array in self._lent:
            self._free.setdefault(key, []).append(array)
        self._lent.clear()

    def _take(self, dtype: torch.dtype, count: int, *, on_host: bool) -> torch.Tensor:
        key = (dtype, on_host)
        free = self._free.get(key)
        array = free.pop() if free and free[-1].numel() >= count else self._allocate(dtype, count, on_host=on_host)
        self._lent.append((key, array))
        return array if array.numel() == count else array[:count]

    def _allocate(self, dtype: torch.dtype, count: int, *, on_host: bool) -> torch.Tensor:
        if on_host:
            size = max(count, self.entries * _WIDEST_BYTES)
            return torch.empty(size, dtype=dtype, pin_memory=self.device.type == "cuda")
        return torch.empty(max(count, self.entries), dtype=dtype, device=self.device)


class LastingArrays:
    """Lend arrays of a piece's size to all workers, for as long as a tensor is worked on: fresh memory costs more than filling it."""

    def __init__(self, entries: int, device: torch.device) -> None:
        """Hold no array yet."""
        self._entries = entries
        self._device = device
        self._free: dict[torch.dtype, list[torch.Tensor]] = {}
        self._lent: dict[int, torch.Tensor] = {}
        self._lock = threading.Lock()

    def take(self, dtype: torch.dtype, count: int) -> torch.Tensor:
        """Return an array of `count` entries on the device, contents undefined."""
        with self._lock:
            free = self._free.get(dtype)
            fits = free and free[-1].numel() >= count
            whole = free.pop() if free and fits else torch.empty(max(count, self._entries), dtype=dtype, device=self._device)
            self._lent[whole.data_ptr()] = whole
        return whole[:count]

    def give_back(self, arrays: Iterable[torch.Tensor]) -> None:
        """Take back what was lent; the arrays must not be used any more."""
        with self._lock:
            for array in arrays:
                whole = self._lent.pop(array.data_ptr())
                self._free.setdefault(whole.dtype, []).append(whole)
