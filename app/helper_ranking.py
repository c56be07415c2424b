"""Who helps the first vector of a search most, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from PySide6.QtCore import QCoreApplication

from app.decimal_text import write_figure
from app.sweeps import Sweep
from app.word_table import Table
from engine.differences import Bounded
from engine.subset_scores import Helper, find_best, rank_helpers


def rank_in_table(sweep: Sweep) -> Table:
    """Return a line for each helper, the best first, to be looked at: what belongs together stands in one cell."""
    names = [name.replace(", ", "\n", 1) for name in _name_targets(sweep)]
    head = (_tr("helper"), *("\n".join(filter(None, words)) for words in (_name_gain(sweep), _name_score(sweep))), _tr("λ"), *names)
    lines = [
        (
            f"{rank}  {_name_helper(helper, sweep)}" if rank else _name_helper(helper, sweep),
            "\n".join((_write_gain(helper, sweep), *_mark_helper(helper, sweep))),
            _write(helper.trial.score, sweep),
            f"{helper.trial.strengths[0]:g}",
            *(f"{target.value:.3f}\n{target.low:.2f}–{target.high:.2f} n {target.n}" for target in helper.trial.targets),
        )
        for rank, helper in _number_helpers(sweep)
    ]
    return Table(head, _fill(lines, len(head)))


def rank_for_spreadsheet(sweep: Sweep) -> Table:
    """Return the same with a plain number in each cell; shares are fractions, as in other tables."""
    parts = ("", _tr("low"), _tr("high"), "n")
    names = [" ".join(filter(None, (name, part))) for name in _name_targets(sweep) for part in parts]
    score = " ".join(filter(None, _name_score(sweep)))
    head = (_tr("rank"), _tr("helper"), _tr("chosen"), _tr("gain"), _tr("could be chance"), score, _tr("λ"), *names)
    lines = [
        (
            str(rank or ""),
            _name_helper(helper, sweep),
            _tr("yes") if _is_chosen(helper, sweep) else "",
            _spell(helper.gain) if rank else "",
            _tr("yes") if helper.is_chance else "",
            _spell(helper.trial.score),
            _spell(helper.trial.strengths[0]),
            *(figure for target in helper.trial.targets for figure in _spell_out(target)),
        )
        for rank, helper in _number_helpers(sweep)
    ]
    return Table(head, _fill(lines, len(head)))


def _number_helpers(sweep: Sweep) -> Iterator[tuple[int, Helper]]:
    """Give the rank of each line; the first vector alone stands among the helpers, with 0 for none."""
    best = find_best(sweep.trials, higher_is_better=sweep.higher_is_better)
    rank = 0
    for helper in rank_helpers(best, higher_is_better=sweep.higher_is_better):
        rank += helper.index is not None
        yield (0 if helper.index is None else rank), helper


def _name_helper(helper: Helper, sweep: Sweep) -> str:
    return _tr("no helper") if helper.index is None else sweep.vector_names[helper.index]


def _is_chosen(helper: Helper, sweep: Sweep) -> bool:
    return helper.trial.strengths == sweep.choice


def _name_gain(sweep: Sweep) -> tuple[str, str]:
    """Return what is gained, and in what: the difference of two percentages is told in points."""
    return _tr("gain"), _tr("points") if sweep.is_normalized else ""


def _name_score(sweep: Sweep) -> tuple[str, str]:
    """Return what is compared, and where it was measured: test data are not looked at to rank by."""
    return _tr("normalized") if sweep.is_normalized else _tr("score"), _tr("validation")


def _name_targets(sweep: Sweep) -> list[str]:
    """Return the names of the sets whose figures the tries know."""
    known = max((len(trial.targets) for trial in sweep.trials), default=0)
    return [curve.name for curve in sweep.curves if not curve.is_control][:known]


def _mark_helper(helper: Helper, sweep: Sweep) -> Iterator[str]:
    """Give what else there is to say of a gain, below it: beside it a narrow panel would cut it."""
    if helper.is_chance:
        yield _tr("chance?")
    if _is_chosen(helper, sweep):
        yield _tr("chosen")


def _write_gain(helper: Helper, sweep: Sweep) -> str:
    if helper.index is None:
        return "–"
    return write_figure(100 * helper.gain, "+.1f") if sweep.is_normalized else write_figure(helper.gain, "+.3g")


def _write(figure: float, sweep: Sweep) -> str:
    return write_figure(figure, ".1%" if sweep.is_normalized else ".3g")


def _spell_out(target: Bounded) -> tuple[str, ...]:
    return (*map(_spell, (target.value, target.low, target.high)), str(target.n))


def _spell(figure: float) -> str:
    return f"{figure:.6g}"


def _fill(lines: Sequence[tuple[str, ...]], width: int) -> tuple[tuple[str, ...], ...]:
    """Return lines with as many cells as the head has: of a try that goes on not every figure is known."""
    return tuple(tuple(cell for cell, _ in zip_longest(line, range(width), fillvalue="")) for line in lines)


def _tr(text: str) -> str:
    return QCoreApplication.translate("helper_ranking", text)
