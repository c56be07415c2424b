"""A list to choose from that may be narrower than its words: they are cut where alike, told whole on hover and in the list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from engine.short_names import shorten_names

_NARROWEST = 64
_LIST_EXTRA = 34
"""What the list's frame and scroll bar take beside its words."""
_MOST_LINES = 24


class NarrowChoice(QComboBox):
    """Show the chosen line as far as there is room."""

    def __init__(self, name: str, least: int = 8, parent: QWidget | None = None) -> None:
        """Offer nothing yet.

        Args:
            name: what is chosen, for those who hear the window.
            least: how many characters it has room for at least.
            parent: the owner.
        """
        super().__init__(parent)
        self.setObjectName("narrowChoice")
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(least)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(_MOST_LINES)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name, as all that follow)
        """Return a size that any panel has room for."""
        return QSize(_NARROWEST, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the chosen line, as much of it as there is room for."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        option.currentText = self.cut_line(room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def cut_line(self, room: int) -> str:
        """Return the chosen line in so many pixels: without its middle, or without what else leaves no other line that reads like it."""
        lines, chosen = [self.itemText(row).strip() for row in range(self.count())], self.currentIndex()
        if chosen < 0:
            return ""
        modes = (Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight, Qt.TextElideMode.ElideLeft)
        for mode in modes:
            cut = [self.fontMetrics().elidedText(line, mode, room) for line in lines]
            if cut.count(cut[chosen]) == lines.count(lines[chosen]):
                return cut[chosen]
        return self.fontMetrics().elidedText(shorten_names(lines)[-1][chosen], Qt.TextElideMode.ElideRight, room)

    def showPopup(self) -> None:  # noqa: N802
        """Open the list, as wide as its words."""
        self.view().setMinimumWidth(max(self.width(), self.view().sizeHintForColumn(0) + _LIST_EXTRA))
        super().showPopup()

    def event(self, event: QEvent) -> bool:
        """Tell the whole line on hover."""
        if event.type() == QEvent.Type.ToolTip:
            self.setToolTip(self.currentText().strip() or self.accessibleName())
        return super().event(event)
