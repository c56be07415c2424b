"""The sample pack is copied to the user's own folder before it opens, in a thread: it is some 30 MB."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from engine.errors import EngineError
from engine.sample import copy_sample

FOLDER_NAME = "Weightloom sample"


class SampleCopy(QThread):
    """Copy the pack once; what is there already is used as it is."""

    ready = Signal(object)
    """(Path): the graph to open lies whole in the user's folder."""
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None, folder: Path | None = None) -> None:
        """Copy to a folder of the user's home, or to `folder`."""
        super().__init__(parent)
        self._folder = folder or Path.home() / FOLDER_NAME
        self._graph = ""

    def bring(self, graph: str) -> None:
        """Have a graph of the pack ready, such as `analogy.loom`; `ready` or `failed` follows."""
        if self.isRunning():
            return
        self._graph = graph
        if (self._folder / graph).is_file():
            self.ready.emit(self._folder / graph)
        else:
            self.start()

    def run(self) -> None:
        """Copy; in the thread."""
        try:
            copy_sample(self._folder)
        except EngineError as failure:
            self.failed.emit(str(failure))
            return
        self.ready.emit(self._folder / self._graph)
