"""Who helps the first vector of a search most, as a table."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.decimal_text import write_figure
from app.sweeps import Sweep
from app.word_table import Table
from engine.subset_scores import Helper, find_best, rank_helpers


def rank_in_table(sweep: Sweep) -> Table:
    """Return a line for each helper, the best first; the first vector alone stands among them, without a number."""
    best = find_best(sweep.trials, higher_is_better=sweep.higher_is_better)
    ranked = rank_helpers(best, higher_is_better=sweep.higher_is_better)
    numbers = iter(range(1, len(ranked) + 1))
    score = _tr("normalized") if sweep.is_normalized else _tr("score")
    lines = tuple(_write_line(sweep, helper, "" if helper.index is None else f"{next(numbers)}  ") for helper in ranked)
    return Table((_tr("helper"), _tr("gain"), score, _tr("λ")), lines)


def _write_line(sweep: Sweep, helper: Helper, number: str) -> tuple[str, ...]:
    name = _tr("no helper") if helper.index is None else sweep.vector_names[helper.index]
    chosen = _tr(" · chosen") if helper.trial.strengths == sweep.choice else ""
    gain = "–" if helper.index is None else _write(helper.gain, sweep, sign="+")
    return f"{number}{name}{chosen}", gain, _write(helper.trial.score, sweep), f"{helper.trial.strengths[0]:g}"


def _write(figure: float, sweep: Sweep, sign: str = "") -> str:
    return write_figure(figure, f"{sign}.1%" if sweep.is_normalized else f"{sign}.3g")


def _tr(text: str) -> str:
    return QCoreApplication.translate("helper_ranking", text)
