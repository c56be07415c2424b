"""What a picture tells, whatever it is drawn on."""

from PySide6.QtGui import QImage

from app.widgets.outline_painter import OutlinePainter


def read_words(picture):
    """Return the words of a picture in the order in which they are drawn."""
    painter, image = OutlinePainter(), QImage(1, 1, QImage.Format.Format_RGB32)
    painter.begin(image)
    picture.draw(painter)
    painter.end()
    return painter.words
