"""The guide in a window of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from app.guide_pages import INDEX, read_page

_PARAGRAPH_PIXELS = 9


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
        self._space_out()
        self.show()
        self.raise_()
        self.activateWindow()

    def _space_out(self) -> None:
        """Give paragraphs the room that Markdown leaves to whoever shows it."""
        cursor = QTextCursor(self.text.document())
        block = self.text.document().begin()
        while block.isValid():
            room = QTextBlockFormat()
            room.setBottomMargin(3 if block.textList() is not None else _PARAGRAPH_PIXELS)
            if block.blockFormat().headingLevel():
                room.setTopMargin(_PARAGRAPH_PIXELS)
            cursor.setPosition(block.position())
            cursor.mergeBlockFormat(room)
            block = block.next()

    def _follow(self, link: QUrl) -> None:
        self.open_page(link.toString())
