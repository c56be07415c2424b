"""What the pictures on the welcome page's cards draw: not the graphs, which are too large to be read there, but their idea."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.operation import PortKind

_CHECKPOINT, _VECTOR, _METRICS = PortKind.CHECKPOINT, PortKind.VECTOR, PortKind.METRICS
Place = tuple[float, float]


@dataclass(frozen=True)
class SketchDot:
    """Draw one model in weight space, with its letter."""

    place: Place
    letter: str
    kind: PortKind = _CHECKPOINT


@dataclass(frozen=True)
class SketchCurve:
    """Draw one figure over the strength."""

    kind: PortKind
    start: Place
    first_pull: Place
    second_pull: Place
    end: Place


@dataclass(frozen=True)
class Sketch:
    """Hold a picture of 289 × 120; what is not drawn stays empty."""

    boxes: tuple[tuple[Place, PortKind], ...] = ()
    """Nodes: the upper left corner, and the kind of the stripe."""
    wires: tuple[tuple[int, int, PortKind], ...] = ()
    """(from, to, kind): the boxes by number."""
    dots: tuple[SketchDot, ...] = ()
    arrows: tuple[tuple[int, int, bool], ...] = ()
    """(from, to, is dashed): the dots by number."""
    curves: tuple[SketchCurve, ...] = ()
    mark: float | None = None
    """Where an upright dashed line stands."""
    cells: tuple[tuple[float, ...], ...] = ()
    """A heat map: cosines, −1 to 1."""


_PARALLELOGRAM = ((0, 1, False), (0, 2, False), (2, 3, True))
_FORGET = Sketch(
    boxes=(((17, 29), _CHECKPOINT), ((17, 74), _CHECKPOINT), ((90, 50), _VECTOR), ((163, 50), _VECTOR), ((233, 50), _CHECKPOINT)),
    wires=((0, 2, _CHECKPOINT), (1, 2, _CHECKPOINT), (2, 3, _VECTOR), (3, 4, _VECTOR)),
)
_COMBINE = Sketch(
    boxes=(
        *(((17, top), _CHECKPOINT) for top in (25, 51, 77)),
        *(((90, top), _VECTOR) for top in (25, 51, 77)),
        ((171, 51), _VECTOR),
        ((233, 51), _CHECKPOINT),
    ),
    wires=(*((row, row + 3, _CHECKPOINT) for row in range(3)), *((row, 6, _VECTOR) for row in range(3, 6)), (6, 7, _VECTOR)),
)
_ANALOGY = Sketch(
    dots=(SketchDot((69, 91), "A"), SketchDot((148, 79), "B"), SketchDot((104, 39), "C"), SketchDot((183, 27), "D", _VECTOR)),
    arrows=_PARALLELOGRAM,
)
_COMPARE = Sketch(
    cells=((1.0, 0.12, 0.34, -0.29), (0.12, 1.0, 0.06, 0.55), (0.34, 0.06, 1.0, 0.81), (-0.29, 0.55, 0.81, 1.0)),
)
_CONTROL = Sketch(
    boxes=(((31, 51), _VECTOR), ((118, 34), _VECTOR), ((118, 70), _METRICS), ((200, 51), _CHECKPOINT)),
    wires=((0, 1, _VECTOR), (0, 2, _VECTOR), (1, 3, _VECTOR)),
)
_TIES = Sketch(
    boxes=(((22, 51), _VECTOR), ((110, 30), _VECTOR), ((110, 72), _VECTOR), ((197, 30), _METRICS), ((197, 72), _METRICS)),
    wires=((0, 1, _VECTOR), (0, 2, _VECTOR), (1, 3, _CHECKPOINT), (2, 4, _CHECKPOINT)),
)
_STRENGTH = Sketch(
    curves=(
        SketchCurve(_VECTOR, (36, 86), (92, 84), (130, 0), (253, 50)),
        SketchCurve(_CHECKPOINT, (36, 34), (110, 34), (170, 40), (253, 69)),
    ),
    mark=156.0,
)
_ANALOGY_TEXT = Sketch(
    dots=(SketchDot((56, 39), "A"), SketchDot((128, 27), "B"), SketchDot((102, 91), "C"), SketchDot((174, 79), "D", _VECTOR)),
    arrows=_PARALLELOGRAM,
)
_PAIRS = Sketch(
    cells=((0.55, 0.9, 0.7, 0.35), (0.9, 0.6, 0.45, 0.8), (0.7, 0.45, 0.5, 0.25), (0.35, 0.8, 0.25, 0.65)),
)
_TWO_STRENGTHS = Sketch(
    boxes=(((31, 29), _VECTOR), ((31, 74), _VECTOR), ((118, 51), _METRICS), ((200, 51), _CHECKPOINT)),
    wires=((0, 2, _VECTOR), (1, 2, _VECTOR), (2, 3, _CHECKPOINT)),
)
_LEAVE_ONE_OUT = Sketch(
    boxes=(*(((31, top), _VECTOR) for top in (25, 51, 77)), ((118, 34), _VECTOR), ((118, 70), _VECTOR), ((200, 51), _METRICS)),
    wires=((0, 3, _VECTOR), (1, 3, _VECTOR), (1, 4, _VECTOR), (2, 4, _VECTOR), (3, 5, _CHECKPOINT), (4, 5, _CHECKPOINT)),
)
_HELPER = Sketch(
    boxes=(*(((31, top), _VECTOR) for top in (25, 51, 77)), ((118, 51), _METRICS), ((200, 51), _VECTOR)),
    wires=((0, 3, _VECTOR), (1, 3, _VECTOR), (2, 3, _VECTOR), (3, 4, _VECTOR)),
)
SKETCHES: Mapping[str, Sketch] = MappingProxyType(
    {
        "forget": _FORGET,
        "combine": _COMBINE,
        "analogy": _ANALOGY,
        "compare": _COMPARE,
        "random-control": _CONTROL,
        "ties-against-sum": _TIES,
        "forget-text": _STRENGTH,
        "analogy-text": _ANALOGY_TEXT,
        "pairs": _PAIRS,
        "two-strengths": _TWO_STRENGTHS,
        "leave-one-out": _LEAVE_ONE_OUT,
        "best-helper": _HELPER,
    }
)
"""By template."""
