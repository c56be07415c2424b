"""Docks with a slim grip instead of a title: they float, close and come back."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QStackedWidget, QWidget

from app.theme import current_tokens

_GRIP_PIXELS = 9
_DOTS = 3


class Dock(QDockWidget):
    """Hold one panel."""

    escaped = Signal()
    """The user pressed Escape where nothing in the panel takes it, or another panel came in front of this one: back to the canvas."""

    def __init__(self, name: str, title: str, panel: QWidget, window: QMainWindow) -> None:
        """Put a panel into a dock of the window; `name` is what the saved layout calls it."""
        super().__init__(title, window)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.panel = panel
        self._pages = self._make_pages()
        self.setWidget(self._pages)
        self._grip = _Grip(self)
        self.setTitleBarWidget(self._grip)
        self.topLevelChanged.connect(self._follow_floating)
        self.visibilityChanged.connect(self._follow_place)

    @property
    def is_in_front(self) -> bool:
        """Tell whether the panel can be seen: not closed, and not behind another one."""
        return self.isVisible() and not self._is_behind()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  (Qt's name)
        """Offer to float and to close."""
        menu = QMenu(self)
        menu.setAccessibleName(self.windowTitle())
        menu.addAction(self.tr("Put back") if self.isFloating() else self.tr("Float"), self._toggle_floating)
        menu.addAction(self.tr("Close"), self.close)
        menu.exec(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Lead the keyboard back to the canvas."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def _make_pages(self) -> QStackedWidget:
        """Return the panel beside an empty page, which leaves it its size in the layout while it is hidden."""
        pages = QStackedWidget()
        pages.addWidget(self.panel)
        pages.addWidget(QWidget())
        return pages

    def _is_behind(self) -> bool:
        """Tell whether another panel is in front: Qt moves a dock behind its tab out of the window and leaves it visible."""
        return not self.isFloating() and (self.geometry().right() < 0 or self.geometry().bottom() < 0)

    def _follow_place(self, _is_visible: bool) -> None:
        """Hide the panel while another one is in front: it would be on Tab's way and take keys, unseen."""
        is_behind = self._is_behind()
        if is_behind and self._pages.currentWidget() is self.panel and self.isAncestorOf(QApplication.focusWidget() or self.window()):
            self.escaped.emit()
        self._pages.setCurrentIndex(1 if is_behind else 0)

    def _toggle_floating(self) -> None:
        self.setFloating(not self.isFloating())

    def _follow_floating(self, is_floating: bool) -> None:
        """Give a floating dock the system's title with its buttons."""
        self.setTitleBarWidget(None if is_floating else self._grip)  # pyright: ignore[reportArgumentType]  (None asks for Qt's own)
        self._grip.setVisible(not is_floating)


class _Grip(QWidget):
    """Take the place of a title: can be dragged, and double-clicked to float; it leaves the mouse to the dock."""

    def __init__(self, dock: Dock) -> None:
        """Make the grip of a dock."""
        super().__init__(dock)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setToolTip(self.tr("Drag to move “{0}”, double-click to float it").format(dock.windowTitle()))
        self.setAccessibleName(self.tr("Grip of {0}").format(dock.windowTitle()))

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a height that the eye passes over."""
        return QSize(20, _GRIP_PIXELS)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the same."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint three dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current_tokens().line)
        middle = self.rect().center()
        for dot in range(_DOTS):
            painter.drawEllipse(middle.x() + (dot - 1) * 7 - 1, middle.y() - 1, 3, 3)
