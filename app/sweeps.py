"""What a strength search has measured so far: its curves, its tries and its choice, from its events or from report.json."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from PySide6.QtCore import QCoreApplication

from app.canvas.connection import name_node
from engine.differences import BoundedFigure
from engine.document.model import Document, NodeId
from engine.events import MetricMeasured, StrengthChosen, StrengthTried
from engine.subset_scores import Trial

SUBSET_MODES = ("pairs", "subsets", "helpers")


@dataclass(frozen=True)
class Curve:
    """Hold how one metric changes with the strength."""

    name: str
    points: tuple[tuple[float, float], ...]
    """(strength, figure), in ascending strength; where every vector has its own strength, (number of the try, figure); the base is 0."""
    is_control: bool = False


@dataclass(frozen=True)
class Sweep:
    """Hold the curves of one strength search."""

    node: NodeId
    """The search."""
    curves: tuple[Curve, ...]
    chosen: float = math.nan
    """Where on the curves the choice lies, or the best so far; NaN while there is none."""
    limit: float = math.nan
    """What the rule asks of the first control; NaN where it asks nothing."""
    choice: tuple[float, ...] = ()
    """The chosen strength, or one for each vector; () while there is none."""
    best: tuple[float, ...] = ()
    """What the rule would choose if the search ended now; () where nothing, or where it has chosen."""
    is_final: bool = True
    """False where the choice is the best so far of a search that was stopped."""
    mode: str = "one"
    """one, each, pairs, subsets or helpers."""
    vector_names: tuple[str, ...] = ()
    """() where one strength holds for all."""
    trials: tuple[Trial, ...] = ()
    """Where every vector has its own strength: what was tried, the base first."""
    is_normalized: bool = False
    higher_is_better: bool = True
    """Of the score by which tries are chosen."""
    metric: str = ""
    """What the targets are measured by, in words; empty in reports that do not tell."""
    is_inverted: bool = False
    """Whether a score is the reference's figure as a share of the model's, because less is better of the metric."""
    document: Document | None = None
    """What was run: what the strengths were tried on is read from it, however the graph is wired by now."""
    is_own: bool = True
    """False where another document is open by now: its nodes may be called the same, and are others."""


@dataclass(frozen=True)
class _Wiring:
    """Hold what is wired into a search, by the names that its events use."""

    targets: tuple[str, ...]
    controls: tuple[str, ...]
    base: str
    references: tuple[str, ...]
    vectors: tuple[str, ...]
    mode: str

    @property
    def test_sets(self) -> tuple[str, ...]:
        """Return the sets that strengths are tried on."""
        return (*self.targets, *self.controls)


@dataclass(frozen=True)
class _Try:
    """Hold the figures at some strengths, by test set."""

    strengths: tuple[float, ...]
    place: float
    figures: Mapping[str, MetricMeasured]


def list_tried_sets(document: Document, node: str) -> frozenset[str] | None:
    """Return the names of the test sets that a search tries strengths on; None where the document does not have it."""
    wiring = _read_wiring(document, node)
    return frozenset(wiring.test_sets) if wiring is not None else None


def list_validation_sets(document: Document) -> frozenset[str]:
    """Return the names of the test sets that strengths may be chosen on."""
    return frozenset(
        _name_in_events(document, node_id)
        for node_id, node in document.nodes.items()
        if node.operation == "test_set" and node.parameters.get("split") == "validation"
    )


def gather_sweep(
    document: Document, node: str, measured: Sequence[MetricMeasured], tried: Iterable[StrengthTried], choice: StrengthChosen | None
) -> Sweep:
    """Return what a search has told so far.

    Args:
        document: what is being run.
        node: the Strength search.
        measured: all figures of the run, of whichever node.
        tried: what the search has made of the strengths that are measured on all sets.
        choice: what it has chosen; None while it goes on.
    """
    wiring = _read_wiring(document, node) or _guess_wiring(node, measured)
    tries = _gather_tries(wiring, node, measured)
    events = [event for event in tried if event.node == node]
    chosen = parse_choice(choice.strength) if choice is not None else ()
    best = next((event.strengths for event in reversed(events) if event.is_best), ()) if choice is None else ()
    first = next((found.measurement for attempt in tries for found in attempt.figures.values()), None)
    references = _find_references(wiring, measured, tries)
    forbidden = {event.strengths for event in events if not event.qualifies}
    return Sweep(
        node=NodeId(node),
        curves=_make_curves(wiring, tries),
        chosen=_place_choice(wiring, tries, chosen or best),
        choice=chosen,
        best=best,
        is_final=choice is None or choice.is_final,
        mode=wiring.mode,
        vector_names=wiring.vectors if wiring.mode != "one" else (),
        trials=tuple(_rate(wiring, attempt, references, forbidden) for attempt in tries) if wiring.mode != "one" else (),
        is_normalized=bool(references),
        higher_is_better=bool(references) or first is None or first.higher_is_better,
        metric=first.metric.replace("_", " ") if first is not None else "",
        is_inverted=bool(references) and first is not None and not first.higher_is_better,
        document=document,
    )


def tell_score(sweep: Sweep) -> str:
    """Return what the figure is by which a search rates what it tries, and whether more of it is better."""
    metric = sweep.metric or _tr("figure")
    if sweep.is_normalized:
        share = _tr("the reference’s {0} ÷ the model’s") if sweep.is_inverted else _tr("{0} ÷ the reference’s")
        return _tr("{0}; higher is better").format(share.format(metric))
    return (_tr("{0}; higher is better") if sweep.higher_is_better else _tr("{0}; lower is better")).format(metric)


def parse_choice(text: str) -> tuple[float, ...]:
    """Return the strengths of a decimal, or of several parted by commas; () of what is neither."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        return ()


def _read_wiring(document: Document, node_id: str) -> _Wiring | None:
    node = document.nodes.get(NodeId(node_id))
    if node is None or node.operation != "strength_search":
        return None

    def names(port: str) -> tuple[str, ...]:
        sources = (wire.source.node for wire in document.wires_into(NodeId(node_id), port))
        return tuple(_name_in_events(document, source) for source in sources if source in document.nodes)

    mode = str(node.parameters.get("strengths", "one"))
    return _Wiring(names("targets"), names("controls"), "".join(names("base")), names("references"), names("vectors"), mode)


def _name_in_events(document: Document, node: NodeId) -> str:
    """Return what the engine calls a node: with its id where others are called the same."""
    name = name_node(document, node)
    is_shared = sum(name_node(document, other) == name for other in document.nodes) > 1
    return f"{name} ({node})" if is_shared else name


def _guess_wiring(node: str, measured: Sequence[MetricMeasured]) -> _Wiring:
    """Return what the events of a search say of it whose node the document does not have, such as one of a series."""
    own = [event for event in measured if event.node == node and event.strength is not None]
    vectors = max((len(event.strengths) for event in own), default=0)
    mode = "each" if vectors else "one"
    sets = tuple(dict.fromkeys(event.test_set for event in own))
    return _Wiring(sets, (), "", (), tuple(f"τ{number}" for number in range(1, vectors + 1)), mode)


def _gather_tries(wiring: _Wiring, node: str, measured: Sequence[MetricMeasured]) -> tuple[_Try, ...]:
    """Return the base, where it has been measured, and the tries in their order."""
    found: dict[tuple[float, ...], dict[str, MetricMeasured]] = {}
    base = (0.0,) * (len(wiring.vectors) if wiring.mode != "one" else 1)
    for event in measured:
        key = (event.strengths or (event.strength,)) if event.strength is not None else base
        is_own = event.node == node if event.strength is not None else event.checkpoint == wiring.base
        if is_own and event.test_set in wiring.test_sets:
            # The first figure of several is the one that is searched by.
            found.setdefault(key, {}).setdefault(event.test_set, event)
    ordered = sorted(found, key=lambda key: key != base)
    if wiring.mode == "one":
        return tuple(_Try(key, key[0], found[key]) for key in sorted(ordered))
    places = {key: number + (base not in found) for number, key in enumerate(ordered)}
    return tuple(_Try(key, float(places[key]), found[key]) for key in ordered)


def _make_curves(wiring: _Wiring, tries: Sequence[_Try]) -> tuple[Curve, ...]:
    curves: list[Curve] = []
    for name in dict.fromkeys(wiring.test_sets):
        along = [(attempt.place, attempt.figures[name].measurement) for attempt in tries if name in attempt.figures]
        if along:
            points = tuple((place, figure.value) for place, figure in along)
            curves.append(Curve(f"{along[0][1].metric.replace('_', ' ')}, {name}", points, name in wiring.controls))
    return tuple(curves)


def _place_choice(wiring: _Wiring, tries: Sequence[_Try], chosen: tuple[float, ...]) -> float:
    if wiring.mode == "one":
        return chosen[0] if len(chosen) == 1 else math.nan
    return next((attempt.place for attempt in tries if attempt.strengths == chosen), math.nan)


def _find_references(wiring: _Wiring, measured: Iterable[MetricMeasured], tries: Sequence[_Try]) -> tuple[float, ...]:
    """Return the best reference's figure on each target; () where one of them is not known."""
    metrics = {name: event.measurement for attempt in tries for name, event in attempt.figures.items()}
    told = [event for event in measured if event.strength is None and event.checkpoint in wiring.references]
    found: dict[str, float] = {}
    for event in told:
        like = metrics.get(event.test_set)
        if like is None or event.measurement.metric != like.metric:
            continue
        known, value = found.get(event.test_set), event.measurement.value
        found[event.test_set] = value if known is None else (max if like.higher_is_better else min)(known, value)
    return tuple(found[name] for name in wiring.targets) if wiring.targets and all(found.get(name) for name in wiring.targets) else ()


def _rate(wiring: _Wiring, attempt: _Try, references: Sequence[float], forbidden: Collection[tuple[float, ...]]) -> Trial:
    """Return a try with its mean target figure; NaN while a target is missing."""
    qualifies = attempt.strengths not in forbidden
    figures = [attempt.figures[name].measurement for name in wiring.targets if name in attempt.figures]
    if len(figures) < len(wiring.targets) or not figures:
        return Trial(attempt.strengths, math.nan, qualifies=qualifies)
    bounded = tuple(BoundedFigure(figure.value, figure.low, figure.high, figure.n) for figure in figures)
    if not references:
        return Trial(attempt.strengths, fmean(figure.value for figure in figures), (), bounded, qualifies)
    shares = tuple(
        normalize(figure.value, reference, higher_is_better=figure.higher_is_better)
        for figure, reference in zip(figures, references, strict=True)
    )
    is_own = len(wiring.targets) == len(wiring.vectors)
    return Trial(attempt.strengths, fmean(shares), shares if is_own else (), bounded, qualifies)


def normalize(value: float, reference: float, *, higher_is_better: bool) -> float:
    """Return a figure as a share of the reference's; where less is better the other way round."""
    above, below = (value, reference) if higher_is_better else (reference, value)
    return above / below if below else math.nan


def _tr(text: str) -> str:
    return QCoreApplication.translate("sweeps", text)
