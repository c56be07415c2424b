"""A page that is higher than its place, and its scroll bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QScrollBar, QWidget

BAR_WIDTH = 10
"""Less than a page's margin to the right, in which the bar lies: nothing moves aside when it comes."""


class PageScroll(QScrollArea):
    """Show a page as wide as the place for it, and let the user scroll it up and down.

    The scroll bar is a widget beside Qt's own, which stays hidden: a screen reader meets Qt's own bar among the area's children, and
    where it asks for a bar that has just gone Qt reads beyond the end of a list (QAccessibleAbstractScrollArea::child up to Qt 6.11).
    """

    def __init__(self, name: str, page: QWidget | None = None, parent: QWidget | None = None) -> None:
        """Make a place with a name for screen readers."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll_bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._scroll_bar.hide()
        hidden = self.verticalScrollBar()
        hidden.rangeChanged.connect(self._show_range)
        hidden.valueChanged.connect(self._scroll_bar.setValue)
        self._scroll_bar.valueChanged.connect(hidden.setValue)
        if page is not None:
            self.setWidget(page)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the bar at the right edge."""
        super().resizeEvent(event)
        place = self.contentsRect()
        self._scroll_bar.setGeometry(place.right() + 1 - BAR_WIDTH, place.top(), BAR_WIDTH, place.height())

    def _show_range(self, low: int, high: int) -> None:
        hidden = self.verticalScrollBar()
        self._scroll_bar.setRange(low, high)
        self._scroll_bar.setPageStep(hidden.pageStep())
        self._scroll_bar.setSingleStep(hidden.singleStep())
        self._scroll_bar.setValue(hidden.value())
        self._scroll_bar.setVisible(high > low)
        self._scroll_bar.raise_()
