"""Cells whose colour is their figure: what is hovered, chosen or under the keyboard is outlined, and keeps its colour."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import current_tokens

_HOVERED, _CHOSEN = 1.0, 2.0
"""Pixels of the outline; where the keyboard stands on a cell that is not chosen, as after Ctrl with an arrow, it is dashed."""
_GAP = 1.0
"""Of the ground between outline and colour: the outline has its contrast with the ground alone."""


class OutlinedCells(QStyledItemDelegate):
    """Paint a cell's colour and words, and an outline in the place of the style sheet's other colours."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint one cell."""
        back, front = index.data(Qt.ItemDataRole.BackgroundRole), index.data(Qt.ItemDataRole.ForegroundRole)
        alignment, place = index.data(Qt.ItemDataRole.TextAlignmentRole), QRectF(option.rect)
        pen = _choose_pen(option.state)
        around = pen.widthF() + _GAP if pen is not None else 0.0
        painter.save()
        if isinstance(back, QBrush):
            painter.fillRect(place.adjusted(around, around, -around, -around), back)
        painter.setFont(option.font)
        painter.setPen(front.color() if isinstance(front, QBrush) else current_tokens().text)
        flags = Qt.AlignmentFlag(alignment) if alignment is not None else Qt.AlignmentFlag.AlignCenter
        painter.drawText(place, flags, str(index.data() or ""))
        if pen is not None:
            half = pen.widthF() / 2
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(half, half, -half, -half))
        painter.restore()


def _choose_pen(state: QStyle.StateFlag) -> QPen | None:
    """Return what outlines a cell; None for one that is nothing but there."""
    flag = QStyle.StateFlag
    colour = current_tokens().accent
    if state & flag.State_Selected:
        return QPen(colour, _CHOSEN, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
    if state & flag.State_HasFocus:
        return QPen(colour, _CHOSEN, Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
    if state & flag.State_MouseOver:
        return QPen(colour, _HOVERED)
    return None
