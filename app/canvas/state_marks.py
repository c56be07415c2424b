"""The marks of a node's state: an icon, with words where it runs or was kept from an earlier run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from app.canvas.node_shape import MARGIN, NodeShape
from app.canvas.node_state import NodeState, StateKind
from app.theme import Tokens, font

STATE_WIDTH: Mapping[StateKind, int] = MappingProxyType(
    {StateKind.DONE: 18, StateKind.CACHED: 56, StateKind.RUNNING: 38, StateKind.WARNING: 20, StateKind.ERROR: 20, StateKind.ESTIMATED: 16}
)
"""How much of the title's line each mark takes."""


def paint_state(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    """Paint the mark of a state, ending at `right`."""
    paint = _MARKS.get(state.kind)
    if paint is not None:
        paint(painter, state, right, colours)


def paint_progress(painter: QPainter, shape: NodeShape, state: NodeState, colours: Tokens) -> None:
    """Paint the bar along the bottom of a running node."""
    if state.kind is not StateKind.RUNNING:
        return
    groove = QRectF(MARGIN - 4, shape.height - 8, shape.width - 2 * MARGIN + 8, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.line)
    painter.drawRoundedRect(groove, 1.5, 1.5)
    groove.setWidth(groove.width() * min(max(state.progress, 0.0), 1.0))
    painter.setBrush(colours.accent)
    painter.drawRoundedRect(groove, 1.5, 1.5)


def _paint_tick(painter: QPainter, right: QPointF, colours: Tokens) -> None:
    painter.setPen(QPen(colours.ok, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y = right.x(), right.y()
    painter.drawPolyline(QPolygonF([QPointF(x - 10, y), QPointF(x - 7, y + 3), QPointF(x - 1, y - 4)]))


def _paint_done(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    _paint_tick(painter, right, colours)


def _paint_cached(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    _paint_tick(painter, right, colours)
    painter.setFont(font("caption"))
    painter.setPen(colours.dim)
    painter.drawText(
        QRectF(right.x() - 56, right.y() - 9, 42, 18),
        int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
        NodeState(state.kind).words,
    )


def _paint_running(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    painter.setFont(font("title"))
    painter.setPen(colours.accent)
    box = QRectF(right.x() - 40, right.y() - 9, 40, 18)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{state.progress:.0%}")


def _paint_warning(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    x, y = right.x() - 7, right.y()
    painter.setPen(QPen(colours.warning, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([QPointF(x, y - 6), QPointF(x + 7, y + 6), QPointF(x - 7, y + 6)]))
    painter.drawLine(QPointF(x, y - 2), QPointF(x, y + 1.5))
    painter.drawPoint(QPointF(x, y + 4))


def _paint_error(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    middle = QPointF(right.x() - 7, right.y())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.error)
    painter.drawEllipse(middle, 7, 7)
    cross = QPainterPath(middle + QPointF(-2.5, -2.5))
    cross.lineTo(middle + QPointF(2.5, 2.5))
    cross.moveTo(middle + QPointF(2.5, -2.5))
    cross.lineTo(middle + QPointF(-2.5, 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colours.raised, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(cross)


def _paint_estimated(painter: QPainter, state: NodeState, right: QPointF, colours: Tokens) -> None:
    painter.setFont(font("title"))
    painter.setPen(colours.dim)
    painter.drawText(QRectF(right.x() - 16, right.y() - 9, 16, 18), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), "≈")


_Mark = Callable[[QPainter, NodeState, QPointF, Tokens], None]
_MARKS: Mapping[StateKind, _Mark] = MappingProxyType(
    {
        StateKind.DONE: _paint_done,
        StateKind.CACHED: _paint_cached,
        StateKind.RUNNING: _paint_running,
        StateKind.WARNING: _paint_warning,
        StateKind.ERROR: _paint_error,
        StateKind.ESTIMATED: _paint_estimated,
    }
)
