"""The bar at the top: the menu, files, undo, the document's name, the device, Check and Run."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QWidget

from app.icons import icon
from app.theme import current_tokens

_HEIGHT = 48
_ICON = QSize(17, 17)


class TopBar(QWidget):
    """Show the most used actions."""

    def __init__(self, actions: Mapping[str, QAction], menu: QMenu, parent: QWidget | None = None) -> None:
        """Make the bar from the window's actions."""
        super().__init__(parent)
        self._actions = actions
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Top bar"))
        self.setFixedHeight(_HEIGHT)
        self.title = QLabel()
        self.title.setObjectName("documentTitle")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setMinimumWidth(60)
        self.device = QPushButton()
        self.device.setObjectName("devicePill")
        self.device.setAccessibleName(self.tr("Device"))
        self.check = self._make_push("check")
        self.run = self._make_push("run")
        self.run.setProperty("primary", True)
        self._is_running = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 12, 0)
        layout.setSpacing(2)
        layout.addWidget(self._make_brand(menu))
        for name in ("new", "open", "save", "templates"):
            layout.addWidget(self._make_tool(name))
        layout.addSpacing(16)
        self._drawn = {name: self._make_tool(name) for name in ("undo", "redo")}
        for name in self._drawn:
            layout.addWidget(self._drawn[name])
        layout.addWidget(self.title, 1)
        layout.addWidget(self.device)
        layout.addSpacing(8)
        layout.addWidget(self.check)
        layout.addSpacing(6)
        layout.addWidget(self.run)
        self.restyle()

    def show_title(self, name: str, *, is_modified: bool) -> None:
        """Show the document's name, and whether it has unsaved changes."""
        self.title.setText(self.tr("{0}  •  edited").format(name) if is_modified else name)
        self.title.setToolTip(self.title.text())

    def show_device(self, text: str, *, is_ready: bool) -> None:
        """Show what a run computes on."""
        self.device.setText(text)
        colours = current_tokens()
        self.device.setIcon(_dot(colours.ok if is_ready else colours.dim))
        self.device.setToolTip(self.tr("A run computes on this. Click to choose."))

    def show_running(self, is_running: bool) -> None:
        """Turn Run into Stop while a run goes on."""
        self._is_running = is_running
        self._dress_run()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        colours = current_tokens()
        for name, button in self._drawn.items():
            self._actions[name].setIcon(icon(name, colours))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setIconSize(_ICON)
        self._dress_run()

    def _dress_run(self) -> None:
        name = "stop" if self._is_running else "run"
        action = self._actions[name]
        self.run.setText(self.tr("Stop") if self._is_running else self.tr("Run"))
        self.run.setIcon(icon(name, current_tokens(), on_accent=True))
        self.run.setToolTip(action.toolTip())
        self.run.setAccessibleName(self.run.text())

    def _make_brand(self, menu: QMenu) -> QToolButton:
        brand = QToolButton()
        brand.setObjectName("brand")
        brand.setText("Weightloom")
        brand.setMenu(menu)
        # The button holds the menu without it; with it the canvas's own keys would count on the button, too, Tab among them.
        brand.removeAction(menu.menuAction())
        brand.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        brand.setToolTip(self.tr("All menus (F10)"))
        brand.setAccessibleName(self.tr("Menus"))
        brand.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.brand = brand
        return brand

    def _make_tool(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self._actions[name])
        button.setText(self._actions[name].text().rstrip("…"))
        button.setAccessibleName(button.text())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _make_push(self, name: str) -> QPushButton:
        button = QPushButton(self._actions[name].text())
        button.setToolTip(self._actions[name].toolTip())
        button.setMinimumSize(96, 30)
        button.setAccessibleName(button.text())
        button.clicked.connect(self._press_run if name == "run" else self._actions[name].trigger)
        return button

    def _press_run(self) -> None:
        self._actions["stop" if self._is_running else "run"].trigger()


def _dot(colour: QColor) -> QIcon:
    pixmap = QPixmap(20, 20)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(5, 5, 10, 10)
    painter.end()
    return QIcon(pixmap)
