"""Text painted as outlines, so that a drawing looks the same where its fonts are not."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QTextLayout, QTextOption

_BOUNDLESS = 1e6


class OutlinePainter(QPainter):
    """Paint as any painter does, but for the letters."""

    def __init__(self) -> None:
        """Paint nothing yet: it begins on a device as any painter."""
        super().__init__()
        self.words: list[str] = []
        """What was written, for those who can't see it."""

    def drawText(self, where: QRectF | QRect | QPointF | QPoint, *rest: int | str) -> None:  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the outlines of a text: (point, text) on its base line, or (rectangle, flags, text)."""
        text = str(rest[-1])
        if not text:
            return
        self.words.append(text)
        if isinstance(where, (QRect, QRectF)):
            found = _outline_lines(QRectF(where), int(rest[0]), text, self.font())
        else:
            found = QPainterPath()
            found.addText(QPointF(where), self.font(), text)
        self.fillPath(found, self.pen().brush())


def _outline_lines(place: QRectF, flags: int, text: str, font: QFont) -> QPainterPath:
    metrics, path = QFontMetricsF(font), QPainterPath()
    lines = _break_lines(text, font, place.width() if flags & Qt.TextFlag.TextWordWrap else _BOUNDLESS)
    step = metrics.height() + max(metrics.leading(), 0.0)
    free = place.height() - metrics.height() - step * (len(lines) - 1)
    top = place.top() + free * _find_share(flags, Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignBottom)
    aside = _find_share(flags, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    for number, line in enumerate(lines):
        left = place.left() + (place.width() - metrics.horizontalAdvance(line)) * aside
        path.addText(QPointF(left, top + metrics.ascent() + number * step), font, line)
    return path


def _find_share(flags: int, middle: Qt.AlignmentFlag, end: Qt.AlignmentFlag) -> float:
    """Return how much of the free room lies before a text."""
    return 0.5 if flags & middle else 1.0 if flags & end else 0.0


def _break_lines(text: str, font: QFont, width: float) -> list[str]:
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(math.ceil(width))
        lines.append(layout.text()[line.textStart() : line.textStart() + line.textLength()].strip("\u2028 "))
    layout.endLayout()
    return lines
