"""A small stand-in for the executor: it cuts tensors at multiples of a block, reduces and maps them, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch

from engine.operation import BLOCK_ENTRIES, Extent, Kernel, Reduction, Spot

Model = dict[str, list[torch.Tensor]]
"""Per tensor one 1-D operand for each wire of the port."""


@dataclass
class KernelDriver:
    """Run kernels with one port over models, in pieces of the given numbers of blocks, one after the other."""

    cuts: list[int] = field(default_factory=lambda: [1])

    def run(self, kernel: Kernel, port: str, model: Model, node: str = "node") -> dict[str, torch.Tensor]:
        shared: dict[int, object] = {}
        reduced: dict[str, tuple[object, ...]] = dict.fromkeys(model, ())
        for number, reduction in enumerate(kernel.reductions):
            results = self._reduce(reduction, port, model, node, reduced)
            shared[number] = results
            reduced = {name: (*reduced[name], results[name]) for name in model}
        return {name: self._map(kernel, port, name, operands, node, reduced[name]) for name, operands in model.items()}

    def _reduce(
        self, reduction: Reduction, port: str, model: Model, node: str, reduced: dict[str, tuple[object, ...]]
    ) -> dict[str, object]:
        if reduction.needed and not any(reduction.needed(earlier) for earlier in reduced.values()):
            return dict.fromkeys(model, None)
        if reduction.scope == "model":
            result = self._gather(reduction, port, model, node, reduced)
            return dict.fromkeys(model, result)
        alone = {}
        for name, operands in model.items():
            skipped = reduction.needed is not None and not reduction.needed(reduced[name])
            alone[name] = None if skipped else self._gather(reduction, port, {name: operands}, node, reduced)
        return alone

    def _gather(self, reduction: Reduction, port: str, model: Model, node: str, reduced: dict[str, tuple[object, ...]]) -> object:
        state, entries, earlier = reduction.start(), 0, ()
        for name, operands in model.items():
            earlier = reduced[name]
            entries += operands[0].numel()
            for spot, pieces in self._pieces(name, operands, node):
                state = reduction.merge(state, reduction.update({port: pieces}, earlier, spot))
        return reduction.finish(state, Extent(entries), earlier)

    def _map(
        self, kernel: Kernel, port: str, name: str, operands: list[torch.Tensor], node: str, reduced: tuple[object, ...]
    ) -> torch.Tensor:
        untouched = [operand.clone() for operand in operands]
        parts = []
        for spot, pieces in self._pieces(name, operands, node):
            part = kernel.map({port: pieces}, reduced, spot)
            assert part.shape == pieces[0].shape
            assert part.dtype == pieces[0].dtype
            assert all(part.data_ptr() != piece.data_ptr() for piece in pieces)
            parts.append(part)
        assert all(torch.equal(before, after) for before, after in zip(untouched, operands, strict=True))
        return torch.cat(parts) if parts else torch.empty(0)

    def _pieces(self, name: str, operands: list[torch.Tensor], node: str):
        offset, turn, total = 0, 0, operands[0].numel()
        while offset < total:
            stop = offset + self.cuts[turn % len(self.cuts)] * BLOCK_ENTRIES
            yield Spot(node, name, offset, total), [operand[offset:stop] for operand in operands]
            offset, turn = min(stop, total), turn + 1


@pytest.fixture
def kernel_driver() -> type[KernelDriver]:
    return KernelDriver
