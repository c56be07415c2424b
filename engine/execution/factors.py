"""The two small matrices of an adapted tensor, read once for all workers that are at it and let go when the last one leaves."""

from __future__ import annotations

import threading
from math import prod
from weakref import WeakValueDictionary

import torch

from engine.checkpoints.header import Product, TensorSpec
from engine.checkpoints.positioned_io import FileSet
from engine.execution.buffers import view_bytes
from engine.execution.dtypes import TORCH_DTYPES
from engine.execution.low_rank_rows import Factors


class FactorReader:
    """Read factors; whoever uses them keeps them, and they are shared for that long."""

    def __init__(self, files: FileSet) -> None:
        """Hold none yet."""
        self._files = files
        self._known: WeakValueDictionary[Product, Factors] = WeakValueDictionary()
        self._reading = threading.Lock()

    def read(self, product: Product) -> Factors:
        """Return the factors of a product.

        Raises:
            ReadError: they can't be read.
        """
        with self._reading:
            found = self._known.get(product)
            if found is None:
                found = self._known[product] = self._read(product)
            return found

    def _read(self, product: Product) -> Factors:
        left, right = self._read_matrix(product.left), self._read_matrix(product.right)
        if product.is_turned:
            left, right = left.T, right.T
        wide = right.reshape(product.rank, product.columns).to(torch.float64, copy=True, memory_format=torch.contiguous_format)
        return Factors(left.reshape(product.rows, product.rank), wide.mul_(float(product.factor)))

    def _read_matrix(self, spec: TensorSpec) -> torch.Tensor:
        raw = torch.empty(spec.size_bytes, dtype=torch.uint8)
        self._files.read_into(spec.path, view_bytes(raw), spec.offset)
        return raw.view(TORCH_DTYPES[spec.dtype]).view(spec.shape[0], prod(spec.shape[1:]))
