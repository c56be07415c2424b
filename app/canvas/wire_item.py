"""The wires of the canvas, painted in a few batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.node_painter import kind_colour
from app.canvas.wire_path import WirePath
from app.theme import Tokens, mix
from engine.document.model import Wire
from engine.operation import PortKind

_MARGIN = 4.0
_SELECTED, _GLOWING = "selected", "glowing"


@dataclass(frozen=True, slots=True)
class DrawnWire:
    """Hold one wire as it lies in the scene."""

    wire: Wire
    path: WirePath
    kind: PortKind | None
    is_quiet: bool
    """Wires that say what something counts from (into `base`) stand back behind the others."""
    bounds: tuple[float, float, float, float]
    """Left, top, right, bottom."""


class WireBatch:
    """Paint many wires, each as a row of short lines: four times as fast as stroking its curve, and as smooth."""

    def __init__(self, colours: Tokens, *, is_moving: bool = False) -> None:
        """Begin without wires; those that move are painted with fewer lines."""
        self._is_moving = is_moving
        self.wires: Sequence[DrawnWire] = ()
        self._rows: list[tuple[tuple[float, float, float, float], object, list[QLineF]]] = []
        self._pens: dict[object, QPen] = {}
        self._selected: frozenset[Wire] = frozenset()
        self._glowing: Wire | None = None
        self.dress(colours)

    def show_wires(self, wires: Sequence[DrawnWire]) -> bool:
        """Paint these wires; return whether they are others than before."""
        if wires == self.wires:
            return False
        self.wires = wires
        self._make_rows()
        return True

    def mark(self, selected: frozenset[Wire], glowing: Wire | None) -> bool:
        """Draw some as selected, and the one that a node is about to be put on as glowing; return whether anything changed."""
        if (selected, glowing) == (self._selected, self._glowing):
            return False
        self._selected, self._glowing = selected, glowing
        self._make_rows()
        return True

    def dress(self, colours: Tokens) -> None:
        """Take the colours of a theme."""
        for kind in (*PortKind, None):
            for is_quiet in (False, True):
                self._pens[kind, is_quiet] = make_pen(kind_colour(kind, colours), colours, is_quiet=is_quiet)
        self._pens[_SELECTED] = QPen(colours.accent, 3.5)
        self._pens[_GLOWING] = QPen(colours.accent, 5)

    def bounds(self) -> QRectF:
        """Return what all wires cover."""
        return _unite(each.bounds for each in self.wires)

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        """Paint the wires that the exposed part touches."""
        left, top, right, bottom = exposed.left(), exposed.top(), exposed.right(), exposed.bottom()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        last: object = self
        for bounds, key, lines in self._rows:
            if bounds[0] > right or bounds[2] < left or bounds[1] > bottom or bounds[3] < top:
                continue
            if key != last:
                painter.setPen(self._pens[key])
                last = key
            painter.drawLines(lines)

    def _make_rows(self) -> None:
        self._rows = [(each.bounds, self._choose_pen(each), make_lines(each.path, is_coarse=self._is_moving)) for each in self.wires]
        self._rows.sort(key=lambda row: str(row[1]))

    def _choose_pen(self, drawn: DrawnWire) -> object:
        if drawn.wire == self._glowing:
            return _GLOWING
        if self._selected and drawn.wire in self._selected:
            return _SELECTED
        return drawn.kind, drawn.is_quiet


class WireLayer(QGraphicsRectItem):
    """Show the wires that a drag takes along, as one item; those at rest lie in the scene's background, which views keep painted."""

    def __init__(self, colours: Tokens) -> None:
        """Begin without wires."""
        super().__init__()
        self.batch = WireBatch(colours, is_moving=True)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def show_wires(self, wires: Sequence[DrawnWire]) -> None:
        """Show these wires."""
        if self.batch.show_wires(wires):
            self.setRect(self.batch.bounds())
            self.update()

    def mark(self, selected: frozenset[Wire]) -> None:
        """Draw some as selected."""
        if self.batch.mark(selected, None):
            self.update()

    def dress(self, colours: Tokens) -> None:
        """Take the colours of a theme."""
        self.batch.dress(colours)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the wires that the exposed part touches."""
        exposed: QRectF = option.exposedRect  # pyright: ignore[reportAttributeAccessIssue]  (the stubs lack the field)
        self.batch.paint(painter, exposed)


def make_pen(colour: QColor, colours: Tokens, *, is_quiet: bool) -> QPen:
    """Return the pen of a wire; its caps are square, so that a row of lines has no gaps."""
    shade = mix(colour, colours.background, 0.55) if is_quiet else colour
    pen = QPen(shade, 1.8 if is_quiet else 2.4)
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    return pen


def make_lines(path: WirePath, *, is_coarse: bool = False) -> list[QLineF]:
    """Return the row of lines that a wire is painted as."""
    points = [QPointF(*point) for point in path.sample(is_coarse=is_coarse)]
    return [QLineF(one, other) for one, other in pairwise(points)]


def _unite(bounds: Iterable[tuple[float, float, float, float]]) -> QRectF:
    listed = list(bounds)
    if not listed:
        return QRectF()
    left, top = min(each[0] for each in listed), min(each[1] for each in listed)
    right, bottom = max(each[2] for each in listed), max(each[3] for each in listed)
    return QRectF(left - _MARGIN, top - _MARGIN, right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN)
