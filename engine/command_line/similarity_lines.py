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

_MANY_TIMES = 10
_INDENT = "    "
_WIDEST = 100
"""Characters of a line of figures."""


def describe_similarity(record: SimilarityRecord) -> list[str]:
    """Return the lines: cosines, norms, conflicts of sign, exact zeros, what could be chance, series by step, layers where asked for."""
    lines = ["Cosine", *_write_matrix(record.names, record.cosine, cosines=True)]
    lines += textwrap.wrap(write_chance(record.entries), _WIDEST - 1, initial_indent=_INDENT, subsequent_indent=_INDENT)
    lines += ["Norm, relative to the base, share of exact zeros", *_write_norms(record)]
    if len(record.names) > 1:
        lines += ["Sign conflicts", *_write_matrix(record.names, record.sign_conflicts, cosines=False)]
    lines += write_series(record)
    for layer in record.layers:
        for part in (layer, *layer.sections):
            norms = ", ".join(write_figure(norm) for norm in part.norms)
            lines += [f"{part.name}: {part.entries:,} entries, norms {norms}", *_write_matrix(record.names, part.cosine, cosines=True)]
            lines += [_INDENT + write_chance_in_part(part.entries)] if part.entries else []
    return lines


def _write_matrix(names: Sequence[str], matrix: Matrix, *, cosines: bool) -> list[str]:
    write = write_fine_cosine if cosines else write_share
    rows = [["", *names], *([name, *map(write, row)] for name, row in zip(names, matrix, strict=True))]
    lines = align_rows(rows, indent=_INDENT)
    if len(lines[0]) <= _WIDEST:
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
