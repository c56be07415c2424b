"""New, open, save: with the questions that keep unsaved work from being lost."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.preferences import Preferences
from app.session import Session
from engine.document.model import Document
from engine.errors import DocumentError

_ENDING = ".loom"


class Files(QObject):
    """Open and save the session's document, asking the user where that is needed."""

    opened = Signal()
    """A document was opened, made or recovered: the canvas is wanted."""

    def __init__(self, session: Session, preferences: Preferences, window: QWidget) -> None:
        """Ask over this window."""
        super().__init__(window)
        self._session = session
        self._preferences = preferences
        self._window = window

    def new(self, document: Document | None = None) -> bool:
        """Begin an empty document, or one that was made; return whether the user let go of the old one."""
        if not self.confirm_leaving():
            return False
        self._session.new(document)
        self.opened.emit()
        return True

    def ask_open(self) -> None:
        """Let the user choose a file and open it."""
        start = str(self._session.folder)
        chosen = QFileDialog.getOpenFileName(self._window, self.tr("Open a graph"), start, self.tr("Graphs (*.loom);;All files (*)"))[0]
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path) -> bool:
        """Open a file; return whether it is open."""
        if not self.confirm_leaving():
            return False
        try:
            self._session.open(path)
        except DocumentError as failure:
            self._tell(self.tr("The graph can’t be opened"), failure)
            return False
        self._preferences.add_recent(path.absolute())
        self.opened.emit()
        return True

    def save(self) -> bool:
        """Write the document to its file, asking for one where it has none; return whether it is saved."""
        return self._write(self._session.path) if self._session.path is not None else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and write the document to it."""
        name = (self._session.name or self.tr("graph")).removesuffix(_ENDING).replace("/", "-").replace(":", "")
        start = str(self._session.folder / f"{name}{_ENDING}")
        chosen = QFileDialog.getSaveFileName(self._window, self.tr("Save the graph"), start, self.tr("Graphs (*.loom)"))[0]
        if not chosen:
            return False
        path = Path(chosen)
        return self._write(path if path.suffix else path.with_suffix(_ENDING))

    def confirm_leaving(self) -> bool:
        """Ask what to do with unsaved changes; return whether the document may be left."""
        if not self._session.is_modified:
            return True
        name = self.tr("‘{0}’").format(self._session.name) if self._session.name else self.tr("The new graph")
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.warning(
            self._window,
            self.tr("Unsaved changes"),
            self.tr("{0} has changes that are not saved. Save them first?").format(name),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        return self.save() if answer == buttons.Save else answer == buttons.Discard

    def _write(self, path: Path) -> bool:
        try:
            self._session.save(path)
        except DocumentError as failure:
            self._tell(self.tr("The graph can’t be saved"), failure)
            return False
        self._preferences.add_recent(path.absolute())
        return True

    def _tell(self, title: str, failure: DocumentError) -> None:
        QMessageBox.critical(self._window, title, str(failure))
