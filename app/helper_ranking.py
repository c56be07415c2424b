"""Who helps the first vector of a search most, as lines of a table."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.sweeps import Sweep
from engine.subset_scores import Helper, find_best, rank_helpers

Line = tuple[str, ...]


def rank_in_lines(sweep: Sweep) -> tuple[Line, tuple[Line, ...]]:
    """Return a head and a line for each helper, the best first; the first vector alone stands among them, without a number."""
    best = find_best(sweep.trials, higher_is_better=sweep.higher_is_better)
    ranked = rank_helpers(best, higher_is_better=sweep.higher_is_better)
    numbers = iter(range(1, len(ranked) + 1))
    score = _tr("normalized") if sweep.is_normalized else _tr("score")
    lines = tuple(_write_line(sweep, helper, "" if helper.index is None else f"{next(numbers)}  ") for helper in ranked)
    return (_tr("helper"), _tr("λ"), score, _tr("gain")), lines


def _write_line(sweep: Sweep, helper: Helper, number: str) -> Line:
    name = _tr("no helper") if helper.index is None else sweep.vector_names[helper.index]
    chosen = _tr(" · chosen") if helper.trial.strengths == sweep.choice else ""
    gain = "–" if helper.index is None else _write(helper.gain, sweep, sign="+")
    return f"{number}{name}{chosen}", f"{helper.trial.strengths[0]:g}", _write(helper.trial.score, sweep), gain


def _write(figure: float, sweep: Sweep, sign: str = "") -> str:
    written = format(figure, f"{sign}.1%") if sweep.is_normalized else format(figure, f"{sign}.3g")
    return written.replace("-", "−")


def _tr(text: str) -> str:
    return QCoreApplication.translate("helper_ranking", text)
