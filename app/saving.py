"""Files that panels write on request: where that fails, the user is told why, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_and_save(parent: QWidget, title: str, proposal: str, kinds: str, save: Callable[[str], object]) -> None:
    """Ask where to, and write a file there.

    Args:
        parent: the window over which the user is asked.
        title: what the question is called.
        proposal: the name of the file, unless the user wants another.
        kinds: the kinds of files to choose from, as Qt's dialogs take them.
        save: as `save_or_tell` takes it.
    """
    chosen = QFileDialog.getSaveFileName(parent, title, proposal, kinds)[0]
    if chosen:
        save_or_tell(parent, chosen, save)


def save_or_tell(parent: QWidget, path: str, save: Callable[[str], object]) -> bool:
    """Write a file; return whether that was possible.

    Args:
        parent: the window over which a failure is told.
        path: where to.
        save: writes it; it raises an OSError, or returns False, where it can't.
    """
    try:
        is_saved, reason = save(path) is not False, ""
    except OSError as error:
        is_saved, reason = False, f": {error.strerror or error}"
    if not is_saved:
        text = _translate("{0} can’t be written{1}. Choose another place or name.").format(path, reason)
        QMessageBox.warning(parent, _translate("Not saved"), text)
    return is_saved


def _translate(text: str) -> str:
    return QCoreApplication.translate("saving", text)
