"""What shows one figure of several at a time: a choice, the figure, and buttons to copy and save it."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.saving import ask_and_save
from app.widgets.clipboard import copy_figure
from app.widgets.narrow_choice import NarrowChoice
from app.widgets.picture_saving import Drawable, make_image, save_figure


class FigureView(QWidget):
    """Show one figure at a time."""

    file_name = "figure.svg"
    """What a saved figure is called unless the user says otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self._views: tuple[tuple[int, str], ...] = ()
        """(what it belongs to, what of it) of each line of the choice."""
        self.views = NarrowChoice(self.tr("Which figure"), least=12)
        self.views.activated.connect(self._draw)
        self.copy_button = QPushButton(self.tr("Copy"))
        self.copy_button.setAccessibleName(self.tr("Copy the figure, and its numbers as text"))
        self.copy_button.clicked.connect(self._copy)
        self.save_button = QPushButton(self.tr("Save…"))
        self.save_button.setAccessibleName(self.tr("Save the figure or its numbers"))
        self.save_button.clicked.connect(self._ask_save)
        for button in (self.copy_button, self.save_button):
            button.setProperty("compact", True)
        self.shown = QStackedWidget()
        """The widgets that take turns."""
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.views, 1)
        # Takes the room where there is nothing to choose; else the buttons would.
        head.addStretch(0)
        head.addWidget(self.copy_button)
        head.addWidget(self.save_button)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.addLayout(head)
        self.column.addWidget(self.shown, 1)

    @abstractmethod
    def text(self, separator: str = "\t") -> str:
        """Return the figures that are shown, for a spreadsheet."""

    def save(self, path: str) -> bool:
        """Write what is shown as PNG or SVG, or its numbers as CSV, as the path's ending says."""
        return save_figure(self.drawn(), lambda: self.text(","), path)

    @abstractmethod
    def drawn(self) -> Drawable:
        """Return the figure that is shown."""

    @abstractmethod
    def _draw(self, _row: int = 0) -> None:
        """Show what is chosen."""

    def _chosen_view(self) -> tuple[int, str] | None:
        row = self.views.currentIndex()
        return self._views[row] if 0 <= row < len(self._views) else None

    def _copy(self) -> None:
        copy_figure(self.text(), make_image(self.drawn()))

    def _ask_save(self) -> None:
        kinds = self.tr("Pictures and tables (*.svg *.png *.csv)")
        ask_and_save(self, self.tr("Save the figure"), self.file_name, kinds, self.save)
