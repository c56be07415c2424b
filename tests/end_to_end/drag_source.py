"""A file manager in small: a window with one file to drag out of it."""

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class File(QLabel):
    """Show a file that can be dragged."""

    def __init__(self, path: Path) -> None:
        """Show its name."""
        super().__init__(path.name)
        self._path = path
        self.setAccessibleName(path.name)
        self.setWindowTitle("Files")
        self.setGeometry(20, 840, 220, 120)

    def mouseMoveEvent(self, _event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Begin to drag."""
        drag = QDrag(self)
        told = QMimeData()
        told.setUrls([QUrl.fromLocalFile(str(self._path))])
        drag.setMimeData(told)
        drag.exec(Qt.DropAction.CopyAction)


if __name__ == "__main__":
    application = QApplication(sys.argv)
    window = File(Path(sys.argv[1]))
    window.show()
    sys.exit(application.exec())
