"""Buttons beside a strength: what the inner products suggest."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QWidget

from app.live_view import LiveView
from app.node_parameter import NodeParameter
from app.session import Session
from app.strength_presets import Preset, list_presets
from app.widgets.flow_layout import FlowLayout
from app.widgets.presence import show_where_owned
from engine.document.edits import set_parameter

_WIDEST = "0.00"
"""A figure as wide as most that stand on a button."""


class PresetButton(QPushButton):
    """Say what it sets; other figures leave it as wide as it is, so that nothing jumps while a slider moves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Say nothing yet."""
        super().__init__(parent)
        self._title = ""
        self._widest = 0
        """Of all that it has said of one preset."""
        self.setProperty("quiet", True)

    def show_preset(self, preset: Preset) -> None:
        """Say another preset, or another figure of the same."""
        self._widest = self._widest if preset.title == self._title else 0
        self._title = preset.title
        self.setText(preset.text)
        self.setToolTip(preset.help)
        self.setAccessibleDescription(preset.help)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return room for two decimals, where there is a figure at all."""
        # Before, the font is not yet that of the style sheet.
        self.ensurePolished()
        widest = f"{self._title} {_WIDEST}" if self.text() != self._title else self._title
        room = self.fontMetrics().horizontalAdvance(widest) - self.fontMetrics().horizontalAdvance(self.text())
        own = super().sizeHint()
        self._widest = max(self._widest, own.width() + max(room, 0))
        return QSize(self._widest, own.height())


class PresetRow(QWidget):
    """Offer presets of one parameter; each is one undo step. Nothing shows while nothing is known."""

    def __init__(self, session: Session, live: LiveView, parameter: NodeParameter, parent: QWidget | None = None) -> None:
        """Follow the live figures."""
        super().__init__(parent)
        self._session = session
        self._live = live
        self._parameter = parameter
        self._presets: tuple[Preset, ...] = ()
        self.setAccessibleName(self.tr("Suggested strengths"))
        self._layout = FlowLayout(self)
        self.buttons: list[PresetButton] = []
        live.model_changed.connect(self._show)
        live.moved.connect(self._show)
        self._show()

    def _show(self) -> None:
        presets = list_presets(self._live.families, self._parameter)
        if [preset.title for preset in presets] != [preset.title for preset in self._presets]:
            self._make_buttons(len(presets))
        if presets != self._presets:
            self._presets = presets
            for button, preset in zip(self.buttons, presets, strict=True):
                button.show_preset(preset)
        show_where_owned(self, bool(presets))

    def _make_buttons(self, count: int) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = [PresetButton() for _ in range(count)]
        for number, button in enumerate(self.buttons):
            button.clicked.connect(partial(self._set, number))
            self._layout.addWidget(button)

    def _set(self, number: int, _checked: bool = False) -> None:
        preset, parameter = self._presets[number], self._parameter
        text = self.tr("Set {0} to {1}").format(parameter.name, preset.title)
        self._session.apply(text, lambda document: set_parameter(document, parameter.node, parameter.name, preset.value))
