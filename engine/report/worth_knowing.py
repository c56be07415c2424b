"""What a reader must know before believing the figures: what was skipped, and how sure a gain is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.differences import bound_difference
from engine.evaluation.measurement import Measurement
from engine.execution.result import MetricRecord, OutputRecord, RunResult
from engine.report.cards import find_figures
from engine.report.wording import join_words

_CHANGES = ("skipped", "cropped", "cast")


@dataclass(frozen=True)
class Note:
    """Hold one thing worth knowing."""

    text: str
    hint: str = ""
    tensors: tuple[str, ...] = ()


def collect_notes(result: RunResult, output: OutputRecord) -> tuple[Note, ...]:
    """Return remarks, what was not read, what did not happen, the gain with its interval, then the warnings."""
    remarks = [Note(remark.text, tensors=remark.tensors) for remark in result.remarks]
    warnings = [Note(problem.message, problem.hint) for problem in result.warnings]
    return (*remarks, *_name_unread_inputs(result), *_say_what_did_not_happen(result), *_judge_gain(result, output), *warnings)


def _name_unread_inputs(result: RunResult) -> list[Note]:
    """Name the inputs that no byte was read of, unless a remark has done so."""
    if any(remark.kind == "not read" for remark in result.remarks):
        return []
    names = [f"“{record.label}”" for record in result.inputs if not record.is_read]
    verb = "was" if len(names) == 1 else "were"
    return [Note(f"{join_words(names)} {verb} not read: the coefficient is 0 in every tensor.")] if names else []


def _say_what_did_not_happen(result: RunResult) -> list[Note]:
    """Say that nothing was skipped, cropped or cast, as far as that is so."""
    happened = {remark.kind for remark in result.remarks}
    absent = [word for word in _CHANGES if word not in happened]
    if not absent:
        return []
    return [Note(f"Nothing was {' or '.join((', '.join(absent[:-1]), absent[-1])) if len(absent) > 1 else absent[0]}.")]


def _judge_gain(result: RunResult, output: OutputRecord) -> list[Note]:
    """Compare the edited model with the best rival on each target set, with the interval of the difference."""
    notes = [_compare(record, output) for record in find_figures(output, result.test_sets, "target")]
    known = [note for note in notes if note is not None]
    return [Note(text) for text in known]


def _compare(record: MetricRecord, output: OutputRecord) -> str | None:
    """Return the sentence on one gain; none where the figure is no share or nothing was measured beside it."""
    rival = _find_rival(record, output)
    if rival is None or not (_is_share(record.measurement) and _is_share(rival.measurement)):
        return None
    low, high = bound_difference(record.measurement, rival.measurement)
    gain = record.measurement.value - rival.measurement.value
    points = f"{_in_points(abs(gain))} points {'above' if gain >= 0 else 'below'} “{rival.checkpoint}”"
    certainty = "; that could be chance" if low <= 0 <= high else ""
    interval = f"interval {_in_points(low)} to {_in_points(high)}"
    return f"On {record.test_set} the edited model lies {points} ({interval}){certainty}; a single data split was used."


def _find_rival(record: MetricRecord, output: OutputRecord) -> MetricRecord | None:
    """Return the best other model on the same test set and metric, the base where there is none."""
    same = [
        other
        for other in output.metrics
        if (other.test_set_key, other.measurement.metric) == (record.test_set_key, record.measurement.metric)
        and not math.isnan(other.measurement.value)
    ]
    others = [other for other in same if other.role == "other"]
    rivals = others or [other for other in same if other.role == "base"]
    sign = 1 if record.measurement.higher_is_better else -1
    return max(rivals, key=lambda other: sign * other.measurement.value, default=None)


def _is_share(measurement: Measurement) -> bool:
    """Tell whether a figure is a share, so that a difference can be told in points."""
    return measurement.metric not in {"perplexity", "mean_score"} and 0 <= measurement.low <= measurement.high <= 1


def _in_points(share: float) -> str:
    """Write a share in percentage points."""
    return f"{share * 100:.0f}".replace("-0", "0").replace("-", "−")
