"""The wires of the canvas, painted in a few batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.node_painter import kind_colour
from app.canvas.wire_path import WirePath
from app.theme import Tokens
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


class WireLayer(QGraphicsRectItem):
    """Paint many wires as one item."""

    def __init__(self, colours: Tokens) -> None:
        """Begin without wires."""
        super().__init__()
        self._wires: Sequence[DrawnWire] = ()
        self._curves: list[tuple[tuple[float, float, float, float], object, QPainterPath]] = []
        self._pens: dict[object, QPen] = {}
        self._selected: frozenset[Wire] = frozenset()
        self._glowing: Wire | None = None
        self.dress(colours)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    @property
    def wires(self) -> Sequence[DrawnWire]:
        """Return what is painted."""
        return self._wires

    def show_wires(self, wires: Sequence[DrawnWire]) -> None:
        """Paint these wires."""
        self._wires = wires
        self._curves = [(each.bounds, self._choose_pen(each), curve(each.path)) for each in wires]
        self._curves.sort(key=lambda entry: str(entry[1]))
        self.setRect(_unite(each.bounds for each in wires))
        self.update()

    def mark(self, selected: frozenset[Wire], glowing: Wire | None) -> None:
        """Draw some as selected, and the one that a node is about to be put on as glowing."""
        if (selected, glowing) != (self._selected, self._glowing):
            self._selected, self._glowing = selected, glowing
            self.show_wires(self._wires)

    def dress(self, colours: Tokens) -> None:
        """Take the colours of a theme."""
        for kind in (*PortKind, None):
            for is_quiet in (False, True):
                self._pens[kind, is_quiet] = make_pen(kind_colour(kind, colours), is_quiet=is_quiet)
        self._pens[_SELECTED] = QPen(colours.accent, 3.5)
        self._pens[_GLOWING] = QPen(colours.accent, 5)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the wires that the exposed part touches."""
        exposed: QRectF = option.exposedRect  # pyright: ignore[reportAttributeAccessIssue]  (the stubs lack the field)
        left, top, right, bottom = exposed.left(), exposed.top(), exposed.right(), exposed.bottom()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        last: object = self
        for bounds, key, path in self._curves:
            if bounds[0] > right or bounds[2] < left or bounds[1] > bottom or bounds[3] < top:
                continue
            if key != last:
                painter.setPen(self._pens[key])
                last = key
            painter.drawPath(path)

    def _choose_pen(self, drawn: DrawnWire) -> object:
        if drawn.wire == self._glowing:
            return _GLOWING
        if drawn.wire in self._selected:
            return _SELECTED
        return drawn.kind, drawn.is_quiet


def make_pen(colour: QColor, *, is_quiet: bool) -> QPen:
    """Return the pen of a wire."""
    shade = QColor(colour)
    shade.setAlphaF(0.55 if is_quiet else 1.0)
    return QPen(shade, 1.8 if is_quiet else 2.4)


def curve(path: WirePath) -> QPainterPath:
    """Return a wire's curve for Qt."""
    made = QPainterPath(QPointF(*path.start))
    made.cubicTo(QPointF(*path.first), QPointF(*path.second), QPointF(*path.end))
    return made


def _unite(bounds: Iterable[tuple[float, float, float, float]]) -> QRectF:
    listed = list(bounds)
    if not listed:
        return QRectF()
    left, top = min(each[0] for each in listed), min(each[1] for each in listed)
    right, bottom = max(each[2] for each in listed), max(each[3] for each in listed)
    return QRectF(left - _MARGIN, top - _MARGIN, right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN)
