"""The process of the window: application, theme, window, and an end without leftovers."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from app.icons import draw_icon
from app.main_window import MainWindow
from app.preferences import Preferences
from app.recovery import recovery_folder
from app.theme import apply_theme, system_theme, tokens

_LOG = logging.getLogger("weightloom.window")
_ICON_PIXELS = 64
_TITLE_BAR = 40
"""About what a desktop puts above a window."""


def run_window(words: Sequence[str]) -> int:
    """Show the window until it is closed; `words` may name a graph to open. Return the exit status."""
    application = QApplication([sys.argv[0], *words])
    application.setApplicationName("weightloom")
    application.setApplicationDisplayName("Weightloom")
    application.setDesktopFileName("weightloom")
    preferences = Preferences()
    choice = preferences.theme
    name = system_theme() if choice == "system" else choice
    apply_theme(application, name)
    application.setWindowIcon(draw_icon("app", tokens(name).text, _ICON_PIXELS))
    sys.excepthook = _tell_fault
    window = MainWindow(preferences, recovery_folder())
    _show(window)
    # After the first paint: both may ask the user, and reading a file takes time.
    QTimer.singleShot(0, lambda: _begin(window, [Path(word) for word in application.arguments()[1:]]))
    status = application.exec()
    window.deleteLater()
    return status


def _show(window: MainWindow) -> None:
    """Show the window in its own size, or as large as the screen where it would not fit."""
    room = window.screen().availableSize()
    if window.width() > room.width() or window.height() + _TITLE_BAR > room.height():
        window.showMaximized()
    else:
        window.show()


def _begin(window: MainWindow, paths: Sequence[Path]) -> None:
    window.offer_recoveries()
    if paths and window.workbench is None:
        window.files.open(paths[0])


def _tell_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Show a fault of the window's own with where its story is told; never swallow it."""
    text = "".join(traceback.format_exception(kind, fault, trace))
    _LOG.error(text)
    path = recovery_folder().parent / "window-faults.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError:
        path = Path(_translate("the terminal"))
    if QApplication.instance() is not None:
        words = _translate("Your graph is unharmed and its changes are kept. The whole story is in {0}.").format(path)
        message = f"{kind.__name__}: {fault}\n\n{words}"
        QMessageBox.critical(None, _translate("A fault in Weightloom"), message)  # pyright: ignore[reportArgumentType]  (None: no owner)


def _translate(text: str) -> str:
    return QCoreApplication.translate("window_process", text)
