"""Outlines of letters stand where letters would."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.theme import font
from app.widgets.outline_painter import OutlinePainter

CENTRE, RIGHT = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def find_ink(painter, *words):
    """Return the box of what is painted."""
    image = QImage(240, 120, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter.begin(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font("title"))
    painter.drawText(*words)
    painter.end()
    dark = [(x, y) for x in range(240) for y in range(120) if image.pixelColor(x, y).lightness() < 160]
    assert dark
    across, down = zip(*dark, strict=True)
    return min(across), min(down), max(across), max(down)


@pytest.mark.parametrize(
    "words",
    [
        (QPointF(20, 40), "Inked"),
        (QPoint(20, 40), "Inked"),
        (QRectF(10, 10, 200, 90), CENTRE, "Inked"),
        (QRect(10, 10, 200, 90), RIGHT, "Inked"),
        (QRectF(10, 10, 200, 90), Qt.AlignmentFlag.AlignLeft, "Inked"),
        (QRectF(10, 10, 200, 90), Qt.AlignmentFlag.AlignBottom, "Inked"),
        (QRectF(10, 10, 200, 90), RIGHT, "of two\nlines"),
        (QRectF(10, 10, 90, 90), CENTRE | Qt.TextFlag.TextWordWrap, "a sentence that is broken"),
    ],
)
def test_text_stands_where_qt_puts_it(words, qapp):
    painter = OutlinePainter()
    assert find_ink(painter, *words) == pytest.approx(find_ink(QPainter(), *words), abs=1.5)
    assert painter.words == [words[-1]]


def test_nothing_is_no_word(qapp):
    painter = OutlinePainter()
    image = QImage(10, 10, QImage.Format.Format_RGB32)
    painter.begin(image)
    painter.drawText(QPointF(1, 1), "")
    painter.end()
    assert painter.words == []
