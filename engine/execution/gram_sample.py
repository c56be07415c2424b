"""The estimate before the exact pass: the same sums over some blocks of each tensor, in a fraction of the time."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.checkpoints.positioned_io import FileSet
from engine.execution.gram_pass import PassSettings
from engine.execution.piece_measuring import PieceMeasurer, Span
from engine.similarity.estimate import (
    BUDGET_BYTES,
    ROWS_BYTES,
    DrawnBlocks,
    draw_blocks,
    estimate_sum,
    scale_counts,
    tell_unseen,
)
from engine.similarity.estimate_errors import SeenBlocks, allow_for_unseen, pool_errors
from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import Floats, GramTable
from engine.similarity.known_sums import KnownSums, MissingTensor
from engine.similarity.row_sums import RowSums, empty_rows
from engine.similarity.store import GramStore
from engine.similarity.table_making import empty_table, fill_pair, fill_tensor, leave_out_non_finite


@dataclass(frozen=True)
class ReadingBudget:
    """Hold how much an estimate reads."""

    sampled_bytes: int = BUDGET_BYTES
    """Of blocks that are drawn."""
    rows_bytes: int = ROWS_BYTES
    """Of embeddings and heads, read whole up to this."""


_USUAL_BUDGET = ReadingBudget()
_GLANCE_BYTES = 256_000_000
"""What is read in the time of a glance, also from a slow disk's cache: less needs no estimate."""
_SMALL_PART = 8
"""Where the usual budget is nearly all, so small a part of it is sampled, and as much read of embeddings and heads."""


def estimate_gram(
    files: FamilyFiles, store: GramStore, settings: PassSettings | None = None, budget: ReadingBudget = _USUAL_BUDGET
) -> GramTable:
    """Return the table of a family with the standard errors of its products; what the store knows is exact, its errors 0.

    Its notes tell what it can't know.

    Raises:
        InputChangedError: a file changed since its header was read, or while it was measured.
        ReadError: a file can't be read.
        Cancelled: `stops` said so.
    """
    settings = settings or PassSettings()
    known = KnownSums(files, store)
    drawn = _draw_missing(known, budget)
    table = replace(empty_table(files), errors=np.zeros((len(files.tensors), len(files.headers), len(files.headers))))
    _fill_known(table, known)
    with FileSet(files.stamps) as opened, ThreadPoolExecutor(settings.workers, "estimate") as threads:
        # The largest readings first, and then to whom has the least: a whole embedding takes as long as many drawn tensors.
        shares = _share_out(drawn, settings.workers)
        runs = [threads.submit(_estimate_tensors, known, opened, settings, share) for share in shares]
        estimated = dict(item for run in runs for item in run.result())
    for tensor, found in estimated.items():
        _fill_estimate(table, tensor, found)
    known.verify_unchanged()
    table = leave_out_non_finite(table)
    _widen_errors(table, drawn, estimated)
    columns = {tensor.name: _count_columns(files, tensor) for tensor in drawn}
    unchanged = [tensor.name for tensor, found in estimated.items() if found.seen is not None and found.seen.saw_nothing]
    unseen = tell_unseen({tensor.name: blocks for tensor, blocks in drawn.items()}, columns, unchanged)
    return replace(table, notes=(*known.notes, *unseen))


def choose_budget(files: FamilyFiles, store: GramStore, most: ReadingBudget = _USUAL_BUDGET) -> ReadingBudget | None:
    """Return what an estimate is to read: less than half of what the exact figures do; None where these are there as soon.

    Raises:
        InputChangedError: a file changed since its header was read.
    """
    known = KnownSums(files, store)
    sizes = {tensor.name: _measure_size(files, tensor) for tensor in _list_missing(known)}
    in_all = sum(entries * width for entries, width in sizes.values())
    part = in_all // _SMALL_PART
    less = [ReadingBudget(min(most.sampled_bytes, part), min(most.rows_bytes, part))] if in_all >= _GLANCE_BYTES else []
    return next((budget for budget in (most, *less) if 2 * _count_read(sizes, known, budget) < in_all), None)


def _count_read(sizes: Mapping[str, tuple[int, int]], known: KnownSums, budget: ReadingBudget) -> int:
    drawn = draw_blocks(sizes, known.seed, budget.sampled_bytes, budget.rows_bytes)
    return sum(blocks.read_entries * sizes[name][1] for name, blocks in drawn.items())


def _list_missing(known: KnownSums) -> list[MissingTensor]:
    return [tensor for part in range(len(known.parts)) for tensor in known.find_missing(part)]


def _draw_missing(known: KnownSums, budget: ReadingBudget) -> dict[MissingTensor, DrawnBlocks]:
    missing = _list_missing(known)
    sizes = {tensor.name: _measure_size(known.files, tensor) for tensor in missing}
    drawn = draw_blocks(sizes, known.seed, budget.sampled_bytes, budget.rows_bytes)
    return {tensor: drawn[tensor.name] for tensor in missing}


def _share_out(drawn: dict[MissingTensor, DrawnBlocks], workers: int) -> list[dict[MissingTensor, DrawnBlocks]]:
    shares: list[dict[MissingTensor, DrawnBlocks]] = [{} for _ in range(workers)]
    loads = [0] * workers
    for tensor, blocks in sorted(drawn.items(), key=lambda item: -item[1].read_entries):
        least = loads.index(min(loads))
        shares[least][tensor] = blocks
        loads[least] += blocks.read_entries
    return shares


def _count_columns(files: FamilyFiles, tensor: MissingTensor) -> int:
    shape = files.headers[0].tensors[tensor.name].shape
    return shape[-1] if shape else 1


@dataclass(frozen=True)
class _Estimated:
    """Hold the estimate of one tensor's rows."""

    sums: RowSums
    errors: Floats
    seen: SeenBlocks | None = None
    """Of a tensor that was not read whole."""


def _measure_size(files: FamilyFiles, tensor: MissingTensor) -> tuple[int, int]:
    specs = files.specs(tensor.name, tensor.missing.members)
    return specs[0].count, sum(spec.dtype.size_bytes for spec in specs)


def _estimate_tensors(
    known: KnownSums, files: FileSet, settings: PassSettings, drawn: dict[MissingTensor, DrawnBlocks]
) -> list[tuple[MissingTensor, _Estimated]]:
    torch.set_num_threads(1)
    measurer = PieceMeasurer(known.files, files, settings.stops)
    found: list[tuple[MissingTensor, _Estimated]] = []
    with torch.inference_mode():
        for tensor, blocks in drawn.items():
            measurer.turn_to(tensor.name, tensor.missing)
            found.append(
                (tensor, _measure_whole(measurer, tensor, blocks) if blocks.is_whole else _measure_drawn(measurer, tensor, blocks))
            )
    return found


def _measure_whole(measurer: PieceMeasurer, tensor: MissingTensor, drawn: DrawnBlocks) -> _Estimated:
    """Return the very sums that the exact pass finds."""
    sums = empty_rows(len(tensor.missing.rows), len(tensor.missing.members))
    for start in range(0, max(drawn.entries, 1), measurer.piece_entries):
        sums += measurer.measure([(start, min(measurer.piece_entries, drawn.entries - start))])
    return _Estimated(sums, np.zeros_like(sums.products))


def _measure_drawn(measurer: PieceMeasurer, tensor: MissingTensor, drawn: DrawnBlocks) -> _Estimated:
    """Return the sums over all whole blocks, estimated from those drawn, and over the rest, which is read."""
    sums = empty_rows(len(tensor.missing.rows), len(tensor.missing.members))
    size = drawn.block_entries
    spans: list[Span] = [(int(block) * size, size) for block in drawn.blocks]
    products: list[Floats] = []
    step = max(measurer.piece_entries // size, 1)
    for first in range(0, len(spans), step):
        piece = spans[first : first + step]
        sums += measurer.measure(piece)
        found = measurer.block_products(piece)
        products.append(found.reshape(len(piece), -1, *found.shape[1:]).sum(axis=1))
    each = np.concatenate(products)
    total, errors = estimate_sum(each, drawn)
    both, signs, magnitudes = (scale_counts(counts, drawn) for counts in (sums.both, sums.signs, sums.magnitudes))
    sums = RowSums(total, both, signs, magnitudes)
    end = drawn.total * size
    sums = sums + measurer.measure([(end, drawn.entries - end)]) if end < drawn.entries else sums
    return _Estimated(sums, errors, _see_blocks(measurer.family, tensor, each, size))


def _see_blocks(files: FamilyFiles, tensor: MissingTensor, products: Floats, block_entries: int) -> SeenBlocks:
    """Return what (drawn blocks, rows, members) products show of all members of the family; nothing of those that are no rows."""
    rows = tensor.missing.rows
    places = [tensor.missing.members.index(row) for row in rows]
    squares = np.ones((len(products), len(files.headers)))
    squares[:, rows] = products[:, range(len(rows)), places]
    specs = files.specs(tensor.name, range(len(files.headers)))
    is_zero = np.array([spec.product is not None and not spec.product.rank for spec in specs])
    return SeenBlocks.of(squares, block_entries, is_measured=np.isin(range(len(specs)), rows), is_zero=is_zero)


def _fill_known(table: GramTable, known: KnownSums) -> None:
    rows = {name: index for index, name in enumerate(table.tensors)}
    for one, other, part in known.list_known():
        places = [place for place, name in enumerate(known.parts[part]) if name in rows]
        fill_pair(table, [rows[known.parts[part][place]] for place in places], (one, other), known.find(one, other, part), places)


def _fill_estimate(table: GramTable, tensor: MissingTensor, found: _Estimated) -> None:
    at = table.tensors.index(tensor.name)
    for pair in tensor.missing.pairs:
        row, column = tensor.missing.locate(pair)
        fill_tensor(table, at, pair, found.sums, (row, column))
        if table.errors is not None:
            table.errors[at, pair[0], pair[1]] = table.errors[at, pair[1], pair[0]] = found.errors[row, column]


def _widen_errors(table: GramTable, drawn: dict[MissingTensor, DrawnBlocks], estimated: dict[MissingTensor, _Estimated]) -> None:
    """Let the errors cover what the blocks of a tensor's own draw do not tell."""
    at = {name: row for row, name in enumerate(table.tensors)}
    pairs = np.zeros(table.products.shape, np.bool_)
    for tensor in drawn:
        for one, other in tensor.missing.pairs:
            pairs[at[tensor.name], [one, other], [other, one]] = True
    draws = {at[tensor.name]: blocks for tensor, blocks in drawn.items()}
    pool_errors(table, draws, pairs)
    seen = {at[tensor.name]: found.seen for tensor, found in estimated.items() if found.seen is not None}
    allow_for_unseen(table, draws, seen, pairs)
