"""The figures of a Similarity node as tables for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from engine.command_line.figures import write_fine_cosine
from engine.command_line.similarity_series import write_series
from engine.command_line.table import align_rows
from engine.execution.result import Matrix, SimilarityRecord
from engine.report.wording import write_chance, write_chance_in_part, write_figure, write_share
from engine.similarity.geometry import is_chance_cosine

_MANY_TIMES = 10
_INDENT = "    "
_WIDEST = 100
"""Characters of a line of figures."""
_MARK = "?"
"""Stands after a cosine that could be chance."""
_MARKED = f"“{_MARK}”"


def describe_similarity(record: SimilarityRecord) -> list[str]:
    """Return the lines: cosines, norms, conflicts of sign, exact zeros, what could be chance, series by step, layers where asked for."""
    lines = ["Cosine", *_write_cosines(record.names, record.cosine, record.entries)]
    lines += textwrap.wrap(write_chance(record.entries, _MARKED), _WIDEST - 1, initial_indent=_INDENT, subsequent_indent=_INDENT)
    lines += ["Norm, relative to the base, share of exact zeros", *_write_norms(record)]
    if len(record.names) > 1:
        lines += ["Sign conflicts", *_write_matrix(record.names, [[write_share(share) for share in row] for row in record.sign_conflicts])]
    lines += write_series(record)
    for layer in record.layers:
        for part in (layer, *layer.sections):
            norms = ", ".join(write_figure(norm) for norm in part.norms)
            lines += [f"{part.name}: {part.entries:,} entries, norms {norms}", *_write_cosines(record.names, part.cosine, part.entries)]
            lines += [_INDENT + write_chance_in_part(part.entries, _MARKED)] if part.entries else []
    return lines


def _write_cosines(names: Sequence[str], matrix: Matrix, entries: int) -> list[str]:
    """Return the lines of a matrix of cosines, those of different vectors that could be chance marked."""
    marks = [
        [column != number and is_chance_cosine(cosine, entries) for column, cosine in enumerate(row)] for number, row in enumerate(matrix)
    ]
    # Where one figure of a column is marked the others leave room for it, so that their points stand below one another.
    other = [" " if any(column) else "" for column in zip(*marks, strict=True)]
    cells = [
        [write_fine_cosine(cosine) + (_MARK if marks[number][column] else other[column]) for column, cosine in enumerate(row)]
        for number, row in enumerate(matrix)
    ]
    return _write_matrix(names, cells)


def _write_matrix(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    rows = [["", *names], *([name, *row] for name, row in zip(names, cells, strict=True))]
    lines = align_rows(rows, indent=_INDENT)
    if max(map(len, lines)) <= _WIDEST:
        return lines
    # Names that make a line too wide to be read stand at the lines alone, with the numbers of their columns.
    head = ["", *(str(number) for number in range(1, len(names) + 1))]
    digits = len(str(len(names)))
    numbered = [[f"{number:>{digits}}  {row[0]}", *row[1:]] for number, row in enumerate(rows[1:], 1)]
    return align_rows([head, *numbered], indent=_INDENT)


def _write_norms(record: SimilarityRecord) -> list[str]:
    relative = record.relative_norms or (math.nan,) * len(record.names)
    figures = zip(record.names, record.norms, relative, record.zero_shares, strict=True)
    rows = [[name, write_figure(norm), _write_relative(share), write_share(zeros)] for name, norm, share, zeros in figures]
    return align_rows(rows, indent=_INDENT)


def _write_relative(share: float) -> str:
    """Write a share of the base's norm; of a vector many times as long the times, for nobody reads long percentages."""
    return f"{write_figure(share)} times" if _MANY_TIMES <= share < math.inf else write_share(share)
