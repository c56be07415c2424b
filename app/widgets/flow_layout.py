"""A layout that sets widgets side by side and goes on in the next line where there is no more room."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Give each widget its size hint; one that is wider than the line is made as narrow as that."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 4) -> None:
        """Hold nothing yet; lines are as far apart as widgets are."""
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802  (Qt's names, as all that follow)
        """Put something last."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """Return an item; None beyond the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """Take an item out; None beyond the last."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        """Return none: what is left over stays empty."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Tell that a narrow layout is higher."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height of all lines."""
        return max((place.bottom() + 1 for place in self._find_places(width)), default=0)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size of one line with everything in it."""
        hints = [item.sizeHint() for item in self._items]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(len(hints) - 1, 0)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802
        """Return a size that any panel has room for: lines are as narrow as need be."""
        return QSize(0, max((item.sizeHint().height() for item in self._items), default=0))

    def setGeometry(self, rectangle: QRect) -> None:  # noqa: N802
        """Set everything in its place."""
        super().setGeometry(rectangle)
        for item, place in zip(self._items, self._find_places(rectangle.width()), strict=True):
            item.setGeometry(place.translated(rectangle.topLeft()))

    def _find_places(self, width: int) -> list[QRect]:
        """Return where each item lies, counted from the corner."""
        places: list[QRect] = []
        x = y = line = 0
        for item in self._items:
            size = item.sizeHint().boundedTo(QSize(max(width, 0), item.sizeHint().height()))
            if x + size.width() > width:
                x, y, line = 0, y + line + self.spacing(), 0
            places.append(QRect(QPoint(x, y), size))
            x, line = x + size.width() + self.spacing(), max(line, size.height())
        return places
