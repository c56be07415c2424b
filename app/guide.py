"""The guide in a window of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from app.guide_pages import INDEX, read_page


class GuideWindow(QDialog):
    """Show pages of the guide; links lead from one to another."""

    def __init__(self, parent: QWidget) -> None:
        """Make the window, to be shown with `open_page`."""
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Guide – Weightloom"))
        self.setAccessibleName(self.tr("Guide"))
        self.resize(560, 640)
        self.text = QTextBrowser()
        self.text.setObjectName("plain")
        self.text.setAccessibleName(self.tr("The guide’s page"))
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 10, 14)
        layout.addWidget(self.text)

    def open_page(self, name: str) -> None:
        """Show a page: an operation's by its id, or the first one."""
        self.text.setMarkdown(read_page(name or INDEX))
        self.show()
        self.raise_()
        self.activateWindow()

    def _follow(self, link: QUrl) -> None:
        self.open_page(link.toString())
