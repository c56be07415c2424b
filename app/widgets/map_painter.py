"""Painting a weight map: points, arrows, parallelograms and ways, on the screen, an image or an SVG file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from app.theme import current_tokens, font
from app.widgets.map_frame import MapFrame, round_length
from app.widgets.map_scene import MapArrow, MapKind, MapParallelogram, MapPath, MapPoint, MapScene, Place
from app.widgets.plot_marks import draw_mark
from engine.map_labels import NO_ROOM, Anchor, Box, Label, Line, MapGround, place_labels

CAPTION_PIXELS = 22.0
"""What the caption over a map covers."""
_RADIUS = 5.5
_STEP_RADIUS = 3.0
_HEAD = 9.0
_LONGEST_NAME = 190
_SHORTEST_NAME = 84.0
_BAR_PIXELS = 110.0
_RANKS = {MapKind.EDITED: 0, MapKind.BASE: 1, MapKind.VECTOR: 2, MapKind.TUNED: 3}
"""Whose label is placed first: what the hand moves, then what was made; the checkpoints have names on the canvas, too."""


@dataclass
class MapBrush:
    """Paint scenes; remembers where labels went, so that none jumps while a slider moves."""

    sides: dict[str, int] = field(default_factory=dict[str, int])

    def paint(self, painter: QPainter, scene: MapScene, frame: MapFrame, current: int | None = None, *, is_small: bool = False) -> None:
        """Paint a scene.

        Args:
            painter: of a device of the frame's size.
            scene: what to paint.
            frame: where.
            current: the number of the point that the mouse or the keyboard is at.
            is_small: whether there is no room for a scale bar and whole names.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw = _Drawing(painter, frame)
        trainings = [path for path in scene.paths if path.is_training]
        for path in scene.paths:
            if path.is_joined:
                draw.path(path, way_colour(trainings.index(path)) if path.is_training else current_tokens().dim)
        for point in scene.points:
            draw.way(point)
        for shape in scene.parallelograms:
            draw.parallelogram(shape)
        for arrow in scene.arrows:
            draw.arrow(arrow)
        # Of points at one place what the hand moves lies on top.
        for number, point in sorted(enumerate(scene.points), key=lambda each: each[1].kind is MapKind.EDITED):
            draw.point(point, is_current=number == current, has_arrow=not scene.letters)
        self._write(draw, scene, current)
        if not is_small and not scene.is_one_place:
            draw.scale_bar(scene)

    def _write(self, draw: _Drawing, scene: MapScene, current: int | None) -> None:
        """Write names beside their points, and figures beside parallelograms."""
        texts = _gather_texts(scene, current)
        anchors = [draw.anchor(key, words) for key, words in texts.items()]
        width, height = draw.frame.size
        # The caption has the top, the scale bar the lower left corner.
        obstacles = [*draw.obstacles(scene), (0.0, 0.0, width, CAPTION_PIXELS), (0.0, height - 26.0, 200.0, height)]
        area = (4.0, 4.0, width - 4.0, height - 4.0)
        points = [draw.frame.show(point.place) for point in scene.points]
        labels = place_labels(anchors, MapGround(area, points, obstacles, draw.lines(scene)), self.sides)
        self.sides = dict.fromkeys(texts, NO_ROOM) | {label.key: label.choice for label in labels}
        for label in labels:
            draw.leader(label)
        for label in labels:
            draw.label(label, texts[label.key])


@dataclass(frozen=True)
class _Words:
    """Hold what is written beside a place."""

    text: str
    place: Place
    is_strong: bool = False
    is_gap: bool = False
    """Whether it is about the gap between what was made and what is true."""


def _gather_texts(scene: MapScene, current: int | None) -> Mapping[str, _Words]:
    """Return the labels by key, the most important first."""
    if scene.letters:
        return {letter: _Words(letter, place, is_strong=True) for letter, place in scene.letters}
    points = scene.points
    order = sorted(range(len(points)), key=lambda number: (number != current, *_rank(points[number])))
    texts = {str(points[number].node): _Words(_name(points[number]), points[number].place, number == current) for number in order}
    for shape in scene.parallelograms:
        if shape.true is not None:
            (left, low), (right, high) = shape.corners[3], shape.true
            sign = "≈ " if shape.residual_error or shape.cosine_error else ""
            words = QCoreApplication.translate("map painter", "residual {residual} · cos {cosine}")
            figures = sign + words.format(residual=f"{shape.residual:.2f}", cosine=f"{shape.cosine:.2f}")
            texts[f"{shape.node} residual"] = _Words(figures, ((left + right) / 2, (low + high) / 2), is_gap=True)
    return texts


def _rank(point: MapPoint) -> tuple[bool, int]:
    """Return what is the less the sooner a point gets its label: those on the way of a training come last."""
    return point.is_step and not point.is_end, _RANKS[point.kind]


def _name(point: MapPoint) -> str:
    name = point.step or point.name
    return name if point.handle is None else f"{name} · {point.handle.letter} {point.handle.value:g}"


def kind_colour(kind: MapKind) -> QColor:
    """Return the colour of a kind of point in the present theme."""
    colours = current_tokens()
    return {
        MapKind.BASE: colours.checkpoint,
        MapKind.TUNED: colours.checkpoint,
        MapKind.EDITED: colours.accent,
        MapKind.VECTOR: colours.vector,
    }[kind]


def list_way_colours() -> tuple[QColor, ...]:
    """Return the colours of trainings' ways, on the map and in the curves beside it; marks of their own tell ways apart, too."""
    colours = current_tokens()
    return (colours.metrics, colours.checkpoint, colours.accent, colours.vector, colours.error, colours.ok)


def way_colour(number: int) -> QColor:
    """Return the colour of the training that has this number."""
    found = list_way_colours()
    return found[number % len(found)]


@dataclass
class _Drawing:
    """Draw the parts of one picture."""

    painter: QPainter
    frame: MapFrame

    def __post_init__(self) -> None:
        self.colours = current_tokens()
        self.font = font("text")
        self.metrics, self.strong = QFontMetricsF(self.font), QFontMetricsF(font("title"))
        self.painter.setFont(self.font)

    def at(self, place: Place) -> QPointF:
        return QPointF(*self.frame.show(place))

    def path(self, path: MapPath, colour: QColor) -> None:
        self.painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine if path.is_training else Qt.PenStyle.DashLine))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        places = [self.at(place) for place in path.places]
        self.painter.drawPolyline(QPolygonF(places))
        for start, stop in pairwise(places):
            if path.is_training and QLineF(start, stop).length() > 4 * _HEAD:
                self.head(QLineF(start, (start + stop) / 2), colour, _HEAD * 0.8)

    def way(self, point: MapPoint) -> None:
        """Draw the line that a point with a live number moves along, with a mark at 0 and at 1."""
        if point.handle is None:
            return
        line = QLineF(self.at(point.handle.zero), self.at(point.handle.one))
        self.painter.setPen(QPen(kind_colour(point.kind), 1.4, Qt.PenStyle.DotLine))
        self.painter.drawLine(QLineF(line.p1(), self.at(point.place)))
        self.painter.drawLine(line)
        if line.length() > 0:
            across = line.normalVector().unitVector()
            step = QPointF(across.dx(), across.dy()) * 4
            self.painter.setPen(QPen(kind_colour(point.kind), 1.4))
            self.painter.drawLine(QLineF(line.p2() - step, line.p2() + step))

    def parallelogram(self, shape: MapParallelogram) -> None:
        a, b, c, made = (self.at(corner) for corner in shape.corners)
        self.painter.setPen(QPen(self.colours.dim, 1.2, Qt.PenStyle.DotLine))
        self.painter.drawLine(QLineF(b, made))
        for start, stop, is_dashed in ((a, b, False), (a, c, False), (c, made, True)):
            self.line(QLineF(start, stop), self.colours.vector, is_dashed=is_dashed)
        if shape.true is not None:
            self.painter.setPen(QPen(self.colours.error, 1.6, Qt.PenStyle.DashDotLine))
            self.painter.drawLine(QLineF(made, self.at(shape.true)))

    def arrow(self, arrow: MapArrow) -> None:
        colour = QColor(self.colours.vector)
        colour.setAlphaF(0.55 if arrow.is_made else 0.85)
        self.line(QLineF(self.at(arrow.start), self.at(arrow.tip)), colour, width=1.2 if arrow.is_made else 1.7)

    def line(self, line: QLineF, colour: QColor, *, is_dashed: bool = False, width: float = 1.8) -> None:
        """Draw an arrow that stops short of the point it leads to."""
        length = line.length()
        if length <= 2 * _RADIUS:
            return
        line.setLength(length - _RADIUS - 1)
        shaft = QLineF(line)
        shaft.setLength(max(line.length() - _HEAD * 0.7, 0.1))
        self.painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine))
        self.painter.drawLine(shaft)
        self.head(line, colour, _HEAD)

    def head(self, line: QLineF, colour: QColor, size: float) -> None:
        """Draw an arrow's head at the end of a line."""
        angle = math.radians(line.angle())
        back = QPointF(-math.cos(angle), math.sin(angle))
        side = QPointF(back.y(), -back.x())
        tip = line.p2()
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(colour)
        self.painter.drawPolygon(QPolygonF([tip, tip + back * size + side * size * 0.42, tip + back * size - side * size * 0.42]))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def point(self, point: MapPoint, *, is_current: bool, has_arrow: bool) -> None:
        middle, colour = self.at(point.place), kind_colour(point.kind)
        radius = _STEP_RADIUS if point.is_step else _RADIUS
        if is_current:
            halo = QColor(self.colours.accent)
            halo.setAlphaF(0.30)
            self.painter.setPen(Qt.PenStyle.NoPen)
            self.painter.setBrush(halo)
            self.painter.drawEllipse(middle, radius + 7, radius + 7)
        self.painter.setPen(QPen(self.colours.background, 1.5))
        self.painter.setBrush(colour if point.way is None else way_colour(point.way))
        if point.way is not None:
            draw_mark(self.painter, middle, point.way, radius)
        elif point.kind is MapKind.EDITED:
            reach = radius * 1.3
            self.painter.drawPolygon(QPolygonF([middle + QPointF(x, y) * reach for x, y in ((0, -1), (1, 0), (0, 1), (-1, 0))]))
        elif point.kind is MapKind.VECTOR and has_arrow:
            self.painter.drawEllipse(middle, radius * 0.62, radius * 0.62)
        else:
            self.painter.drawEllipse(middle, radius, radius)
        if point.kind is MapKind.BASE:
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            self.painter.setPen(QPen(colour, 1.6))
            self.painter.drawEllipse(middle, radius + 3.5, radius + 3.5)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def anchor(self, key: str, words: _Words) -> Anchor:
        """Return how much room a label wants, and where."""
        middle, metrics = self.at(words.place), self.strong if words.is_strong else self.metrics
        shown = metrics.elidedText(words.text, Qt.TextElideMode.ElideMiddle, _LONGEST_NAME)
        # A name cut short says more than none; a figure cut short says another figure.
        shortest = math.inf if words.is_gap else _SHORTEST_NAME
        return Anchor(key, middle.x(), middle.y(), metrics.horizontalAdvance(shown) + 4, metrics.height(), shortest)

    def obstacles(self, scene: MapScene) -> list[Box]:
        """Return what labels keep away from: points, and the middles of arrows."""
        found: list[Box] = []
        for point in scene.points:
            (x, y), reach = self.frame.show(point.place), _STEP_RADIUS if point.is_step else _RADIUS
            found.append((x - reach, y - reach, x + reach, y + reach))
        for left, top, right, bottom in self.lines(scene):
            for part in (0.12, 0.3, 0.5, 0.7, 0.88):
                x, y = left + (right - left) * part, top + (bottom - top) * part
                found.append((x - 2, y - 2, x + 2, y + 2))
        return found

    def lines(self, scene: MapScene) -> list[Line]:
        """Return the lines between points."""
        ends = [(arrow.start, arrow.tip) for arrow in scene.arrows]
        for shape in scene.parallelograms:
            a, b, c, made = shape.corners
            ends += [(a, b), (a, c), (c, made), (b, made), (made, shape.true or made)]
        ends += [pair for path in scene.paths if path.is_joined for pair in pairwise(path.places)]
        return [(*self.frame.show(start), *self.frame.show(stop)) for start, stop in ends]

    def leader(self, label: Label) -> None:
        """Draw the line that leads from a point to a label that lies farther away."""
        if label.leader is not None:
            self.painter.setPen(QPen(self.colours.dim, 0.8))
            self.painter.drawLine(QLineF(*label.leader))

    def label(self, label: Label, words: _Words) -> None:
        """Write a label on a veil, so that lines under it do not cross the letters."""
        left, top, right, bottom = label.box
        box = QRectF(left, top, right - left, bottom - top)
        veil = QColor(self.colours.background)
        veil.setAlphaF(0.72)
        self.painter.fillRect(box, veil)
        self.painter.setFont(font("title") if words.is_strong else self.font)
        self.painter.setPen(self.colours.error if words.is_gap else self.colours.text)
        metrics = self.strong if words.is_strong else self.metrics
        shown = metrics.elidedText(words.text, Qt.TextElideMode.ElideMiddle, min(_LONGEST_NAME, box.width() - 3))
        self.painter.drawText(box.adjusted(2, 0, 20, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def scale_bar(self, scene: MapScene) -> None:
        """Draw a length in the lower left corner: it holds along both axes."""
        length = round_length(_BAR_PIXELS / self.frame.scale)
        pixels, (x, y) = length * self.frame.scale, (14.0, self.frame.size[1] - 12.0)
        self.painter.setPen(QPen(self.colours.dim, 1.4))
        self.painter.drawPolyline(QPolygonF([QPointF(x, y - 4), QPointF(x, y), QPointF(x + pixels, y), QPointF(x + pixels, y - 4)]))
        share = f" = {length / scene.base_norm:.2g} ‖θ₀‖" if scene.base_norm > 0 else ""
        self.painter.setFont(font("caption"))
        self.painter.drawText(QPointF(x + pixels + 8, y), f"{length:g}{share}")
