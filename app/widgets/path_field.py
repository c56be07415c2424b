"""A field for a path, with a button to look for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

PathKind = Literal["file", "folder", "either", "new_folder"]


class PathField(QWidget):
    """Take a path as text or from the system's dialog."""

    path_entered = Signal(str)
    """The user chose another path, relative where it lies in the folder that paths count from."""

    def __init__(self, kind: PathKind, name: str, folder: Callable[[], Path], parent: QWidget | None = None) -> None:
        """Make an empty field.

        Args:
            kind: what the path may name.
            name: what the path is for.
            folder: gives the folder that relative paths count from.
            parent: the owner.
        """
        super().__init__(parent)
        self._kind: PathKind = kind
        self._name = name
        self._folder = folder
        self._shown = ""
        self.field = QLineEdit()
        self.field.setAccessibleName(name)
        self.field.editingFinished.connect(self._commit)
        self.button = QPushButton(self.tr("Browse…"))
        self.button.setAccessibleName(self.tr("Browse for {0}").format(name))
        self.button.clicked.connect(self.browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.button)
        self.setFocusProxy(self.field)

    def show_path(self, text: str) -> None:
        """Show a path without announcing it."""
        self._shown = text
        if self.field.text() != text:
            self.field.setText(text)
        self.field.setToolTip(text)

    def browse(self) -> None:
        """Let the user look for it."""
        if self._kind != "either":
            self._ask(self._kind)
            return
        menu = QMenu(self)
        menu.setAccessibleName(self.tr("What to look for"))
        menu.addAction(self.tr("A folder…"), self._ask_folder)
        menu.addAction(self.tr("A file…"), self._ask_file)
        menu.exec(self.button.mapToGlobal(QPoint(0, self.button.height())))

    def _ask_folder(self) -> None:
        self._ask("folder")

    def _ask_file(self) -> None:
        self._ask("file")

    def _ask(self, kind: PathKind) -> None:
        start = str(self._folder() / self._shown) if self._shown else str(self._folder())
        if kind == "file":
            chosen = QFileDialog.getOpenFileName(self, self._name, start)[0]
        else:
            chosen = QFileDialog.getExistingDirectory(self, self._name, start)
        if chosen:
            self._enter(shorten_path(Path(chosen), self._folder()))

    def _commit(self) -> None:
        if self.field.text() != self._shown:
            self._enter(self.field.text())

    def _enter(self, text: str) -> None:
        self.show_path(text)
        self.path_entered.emit(text)


def shorten_path(path: Path, folder: Path) -> str:
    """Return a path as a document spells it: relative, with forward slashes, where it lies in the folder."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
