"""What a weight map shows, as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QCoreApplication

from app.decimal_text import write_figure
from app.estimate_text import write_estimate
from engine.document.model import NodeId

Place = tuple[float, float]
"""On the map, in units of ‖θ‖; the second number grows upwards."""


_MOST_PAIRS = 3
"""More are no sentence."""
_NOT_WHOLE = 0.999
"""The largest share that is written of a plane that does not show all."""


class MapKind(Enum):
    """Tell what a point is; each kind has a shape of its own."""

    BASE = "base"
    TUNED = "tuned"
    EDITED = "edited"
    VECTOR = "vector"
    """The tip of a vector that no model stands at."""


@dataclass(frozen=True)
class MapHandle:
    """Hold the live number that a point moves with."""

    parameter: str
    letter: str
    """What the number is called beside the point, as λ."""
    value: float
    bounds: tuple[float, float]
    zero: Place
    """Where the point is when the number is 0."""
    one: Place
    """Where it is at 1."""

    @property
    def has_way(self) -> bool:
        """Tell whether the number moves the point at all: what it multiplies may be 0, or lead out of the map."""
        return self.zero != self.one


@dataclass(frozen=True)
class MapPoint:
    """Hold one place of the map with its names."""

    node: NodeId
    name: str
    kind: MapKind
    place: Place
    norm: float
    """‖edit‖: the exact distance from θ₀."""
    norm_error: float = 0.0
    """Its standard error; 0 when it is exact."""
    also: tuple[str, ...] = ()
    """Names of other nodes whose value lies exactly there, those that are points of their own among them."""
    models: tuple[str, ...] = ()
    """The names of all models that it stands for: each has a line of its own in the table."""
    handle: MapHandle | None = None
    step: str = ""
    """What is written beside it in place of its name: of checkpoints of a training “step 500”, and where a training ends whose it is."""
    way: int | None = None
    """Of one of many checkpoints of a training, which is drawn small: the number of the training among those of the map."""
    is_end: bool = False
    """Whether a training ends there."""

    @property
    def is_step(self) -> bool:
        """Tell whether it is one of many checkpoints of a training."""
        return self.way is not None

    @property
    def names(self) -> str:
        """Return all its names."""
        return ", ".join((self.name, *self.also))

    def place_first(self, name: str) -> str:
        """Return all its names, one of them before the others."""
        return ", ".join((name, *(other for other in (self.name, *self.also) if other != name)))


@dataclass(frozen=True)
class MapLine:
    """Hold what one line of the table is about."""

    name: str
    point: int
    """The number of the point that stands for it."""


@dataclass(frozen=True)
class MapArrow:
    """Hold one vector, drawn from where it is measured."""

    node: NodeId
    name: str
    start: Place
    tip: Place
    is_made: bool = False
    """Whether it is made of other vectors: drawn thinner."""


@dataclass(frozen=True)
class MapParallelogram:
    """Hold the picture of an analogy: A is to B as C is to D̂, and how far D̂ is from D where D is known."""

    node: NodeId
    name: str
    corners: tuple[Place, Place, Place, Place]
    """A, B, C, D̂."""
    true: Place | None = None
    true_name: str = ""
    residual: float = math.nan
    """‖D̂ − D‖ / ‖D‖."""
    residual_error: float = 0.0
    """Its standard error; 0 when it is exact, as of the cosine."""
    cosine: float = math.nan
    cosine_error: float = 0.0


@dataclass(frozen=True)
class MapPath:
    """Hold checkpoints that a number orders: the way of a training, or trainings at several learning rates."""

    name: str
    quantity: str
    """What the numbers are: step or learning rate."""
    numbers: tuple[float, ...]
    places: tuple[Place, ...]
    cosines: tuple[float, ...]
    """With the last one's edit."""
    norms: tuple[float, ...]
    names: tuple[str, ...] = ()
    """Of trainings at several learning rates: what each is called."""

    @property
    def is_training(self) -> bool:
        """Tell whether one checkpoint became the next; else they are only compared in an order."""
        return self.quantity == "step"

    @property
    def is_joined(self) -> bool:
        """Tell whether its places are in a row: of several trainings at one learning rate none comes before the other."""
        return self.is_training or len(set(self.numbers)) == len(self.numbers)


@dataclass(frozen=True)
class MapEnds:
    """Hold how alike the ends of two trainings are."""

    one: str
    other: str
    """The trainings' names."""
    cosine: float
    is_estimate: bool = False


@dataclass(frozen=True)
class MapScene:
    """Hold everything that a map shows at one setting of the live numbers."""

    points: tuple[MapPoint, ...] = ()
    distances: tuple[tuple[float, ...], ...] = ()
    """Between the points, over all dimensions: what the plane only shows a part of."""
    arrows: tuple[MapArrow, ...] = ()
    parallelograms: tuple[MapParallelogram, ...] = ()
    paths: tuple[MapPath, ...] = ()
    ends: tuple[MapEnds, ...] = ()
    """For each two trainings."""
    base_norm: float = math.nan
    """‖θ₀‖."""
    shown_share: float = 1.0
    """The share of the models' variance that the plane shows."""
    models: int = 0
    """How many distinct models that is the variance of; those at one place are one."""
    is_estimate: bool = False
    unknown: tuple[str, ...] = ()
    """Names of nodes whose place is known only after a run."""
    letters: tuple[tuple[str, Place], ...] = ()
    """Labels that stand in the place of the points' names: the roles of an analogy."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Return every place that the map should have room for, a point's whole way from 0 to 1 among them."""
        ways = [place for point in self.points if point.handle for place in (point.handle.zero, point.handle.one)]
        corners = [corner for shape in self.parallelograms for corner in shape.corners]
        return (*(point.place for point in self.points), *(arrow.tip for arrow in self.arrows), *ways, *corners)

    @property
    def shown_text(self) -> str:
        """Return the share that the plane shows as a percentage; 100 only where it shows all."""
        return f"{self.shown_share if self.shown_share >= 1 else min(self.shown_share, _NOT_WHOLE):.1%}"

    @property
    def is_one_place(self) -> bool:
        """Tell whether nothing lies apart from θ₀: then there is no length to show, nor a plane."""
        return not any(point.norm for point in self.points)

    @property
    def lines(self) -> tuple[MapLine, ...]:
        """Return the lines of the table: one for each model, and one for each vector at whose tip none stands."""
        return tuple(MapLine(name, number) for number, point in enumerate(self.points) for name in point.models or (point.name,))

    def find(self, node: NodeId | None) -> int | None:
        """Return the number of the point of a node."""
        return next((number for number, point in enumerate(self.points) if point.node == node), None)

    @property
    def has_estimates(self) -> bool:
        """Tell whether some distance is an estimate: of what is not read yet, or of what TIES and the like make before a run."""
        return self.is_estimate or any(point.norm_error for point in self.points)

    def is_estimated(self, one: int, other: int) -> bool:
        """Tell whether the distance between two points is an estimate."""
        return one != other and (self.is_estimate or bool(self.points[one].norm_error or self.points[other].norm_error))

    def same_places(self, other: MapScene) -> bool:
        """Tell whether another scene shows the same points, wherever they are by now."""
        return [(point.node, point.kind) for point in self.points] == [(point.node, point.kind) for point in other.points]


def tell_point(scene: MapScene, number: int, nearest: int = 6) -> str:
    """Return what hovering a point tells: its names, its length, and how far it is from the points nearest to it."""
    point = scene.points[number]
    lines = [point.names]
    if point.handle is not None:
        lines.append(f"{point.handle.letter} = {point.handle.value:g}")
    if point.kind is not MapKind.BASE:
        share = f" ({point.norm / scene.base_norm:.2%} of ‖θ₀‖)" if scene.base_norm > 0 else ""
        equals = "" if point.norm_error else "≈ " if scene.is_estimate else "= "
        lines.append(f"‖θ − θ₀‖ {equals}{write_estimate(point.norm, point.norm_error, '.4g')}{share}")
    others = sorted((far, other) for other, far in enumerate(scene.distances[number]) if other != number and not math.isnan(far))
    apart = [(far, other) for far, other in others if scene.points[other].name not in point.also]
    for far, other in apart[:nearest]:
        lines.append(f"{'≈ ' if scene.is_estimated(number, other) else ''}{far:.4g} from {scene.points[other].name}")
    return "\n".join(lines)


def tell_parallelogram(shape: MapParallelogram) -> str:
    """Return the figures of an analogy as a sentence; empty where D is not known."""
    if not shape.true_name:
        return ""
    residual, cosine = _equate(shape.residual, shape.residual_error), _equate(shape.cosine, shape.cosine_error)
    return f"{shape.name} against {shape.true_name}: residual {residual}, cos(D̂, D) {cosine}"


def _equate(figure: float, error: float) -> str:
    return ("" if error else "= ") + write_estimate(figure, error, ".3f")


def tell_ends(ends: Sequence[MapEnds]) -> str:
    """Return how alike trainings end as a sentence: each pair, or of many the least and the most alike."""
    if len(ends) > _MOST_PAIRS:
        told = [min(ends, key=lambda pair: pair.cosine), max(ends, key=lambda pair: pair.cosine)]
        return _tr("Cosines between the last vectors, from {0} to {1}").format(*map(_tell_pair, told))
    return _tr("Cosine between the last vectors: {0}").format("; ".join(map(_tell_pair, ends))) if ends else ""


def _tell_pair(pair: MapEnds) -> str:
    return f"{'≈ ' if pair.is_estimate else ''}{write_figure(pair.cosine, '.2f')} ({pair.one}, {pair.other})"


def _tr(text: str) -> str:
    return QCoreApplication.translate("map_scene", text)
