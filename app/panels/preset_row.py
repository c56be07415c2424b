"""Buttons beside a strength: what the inner products suggest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.live_view import LiveView
from app.session import Session
from app.strength_presets import Preset, list_presets
from app.widgets.presence import show_where_owned
from engine.document.edits import set_parameter
from engine.document.model import NodeId


@dataclass(frozen=True)
class PresetTarget:
    """Name the parameter that is set."""

    node: NodeId
    operation: str
    parameter: str


class PresetRow(QWidget):
    """Offer presets of one parameter; each is one undo step. Nothing shows while nothing is known."""

    def __init__(self, session: Session, live: LiveView, target: PresetTarget, parent: QWidget | None = None) -> None:
        """Follow the live figures."""
        super().__init__(parent)
        self._session = session
        self._live = live
        self._target = target
        self._presets: tuple[Preset, ...] = ()
        self.setAccessibleName(self.tr("Suggested strengths"))
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.buttons: list[QPushButton] = []
        live.model_changed.connect(self._show)
        live.moved.connect(self._show)
        self._show()

    def _show(self) -> None:
        presets = list_presets(self._live.families, self._target.node, self._target.operation, self._target.parameter)
        if [preset.title for preset in presets] != [preset.title for preset in self._presets]:
            self._make_buttons(len(presets))
        if presets != self._presets:
            self._presets = presets
            for button, preset in zip(self.buttons, presets, strict=True):
                button.setText(preset.text)
                button.setToolTip(preset.help)
                button.setAccessibleDescription(preset.help)
        show_where_owned(self, bool(presets))

    def _make_buttons(self, count: int) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = [QPushButton() for _ in range(count)]
        for number, button in enumerate(self.buttons):
            button.setProperty("quiet", True)
            button.clicked.connect(partial(self._set, number))
            self._layout.addWidget(button)
        self._layout.addStretch(1)

    def _set(self, number: int, _checked: bool = False) -> None:
        preset, target = self._presets[number], self._target
        text = self.tr("Set {0} to {1}").format(target.parameter, preset.title)
        self._session.apply(text, lambda document: set_parameter(document, target.node, target.parameter, preset.value))
