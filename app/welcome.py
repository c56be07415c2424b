"""The welcome page: the sample, templates, recent files, new and open."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QMessageBox, QPushButton, QVBoxLayout, QWidget

from app.preferences import Preferences
from app.sample_copy import SampleCopy
from app.sketches import SKETCHES
from app.template_dialog import TemplateDialog
from app.templates import TEMPLATES, Template, load_template
from app.widgets.page_scroll import PageScroll
from app.widgets.sketch_picture import SketchPicture

_SIDE_WIDTH = 300
_COLUMNS = 3
_CARD = QSize(272, 204)
_TWO_LINES = 36
"""Of a card's sentence, so that pictures stand in a row."""
_SAMPLE_GRAPH = "analogy.loom"
_DAYS = 7


class Welcome(QWidget):
    """Offer ways to begin."""

    new_wanted = Signal()
    open_wanted = Signal()
    file_wanted = Signal(object)
    """(Path): this file is to be opened."""
    back_wanted = Signal()
    """The user wants the open graph back."""
    template_made = Signal(object)
    """(Document): the user filled a template in."""

    def __init__(self, preferences: Preferences, sample_folder: Path | None = None, parent: QWidget | None = None) -> None:
        """Make the page."""
        super().__init__(parent)
        self._preferences = preferences
        self._sample = SampleCopy(self, sample_folder)
        self._sample.ready.connect(self._open_sample)
        self._sample.failed.connect(self._tell_failure)
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Welcome"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_side())
        layout.addWidget(self._make_templates(), 1)
        self.refresh()

    def refresh(self) -> None:
        """Show the files that are recent now."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        paths = self._preferences.recent
        for path in paths:
            self._recent.addWidget(self._make_recent(path))
        if not paths:
            self._recent.addWidget(_make_label(self.tr("Graphs that you open appear here."), "dim"))

    def finish(self) -> None:
        """Wait for what goes on in the background."""
        self._sample.wait()

    def open_template(self, template: Template) -> None:
        """Ask for a template's roles and make its graph."""
        document = load_template(template)
        dialog = TemplateDialog(template, document, self)
        if not dialog.exec():
            return
        if dialog.wants_sample:
            self._sample.bring(f"{template.id}.loom")
        else:
            self.template_made.emit(dialog.make_document())

    def _make_side(self) -> QFrame:
        side = QFrame()
        side.setObjectName("welcomeSide")
        side.setFixedWidth(_SIDE_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(28, 36, 28, 24)
        column.setSpacing(9)
        brand = QLabel("Weightloom")
        brand.setObjectName("brand")
        column.addWidget(brand)
        column.addSpacing(6)
        column.addWidget(_make_label(self.tr("Combine, forget and transfer what models have learned. No training, no code."), "lead"))
        column.addSpacing(6)
        self.sample = QPushButton(self.tr("Try the sample: offline, 2 minutes"))
        self.sample.setProperty("primary", True)
        self.sample.clicked.connect(partial(self._sample.bring, _SAMPLE_GRAPH))
        self.new = QPushButton(self.tr("New graph"))
        self.new.clicked.connect(self.new_wanted)
        self.open = QPushButton(self.tr("Open…"))
        self.open.clicked.connect(self.open_wanted)
        self.back = QPushButton(self.tr("Back to the open graph"))
        self.back.setShortcut("Esc")
        self.back.clicked.connect(self.back_wanted)
        self.back.hide()
        for button in (self.sample, self.new, self.open, self.back):
            button.setAccessibleName(button.text())
            column.addWidget(button)
        column.addSpacing(26)
        column.addWidget(_make_label(self.tr("Recent"), "panel"))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        column.addLayout(self._recent)
        column.addStretch(1)
        return side

    def _make_templates(self) -> PageScroll:
        page = QWidget()
        page.setObjectName("plain")
        column = QVBoxLayout(page)
        column.setContentsMargins(40, 38, 40, 30)
        column.setSpacing(16)
        column.addWidget(_make_label(self.tr("Start from a template"), "panel"))
        grid = QGridLayout()
        grid.setSpacing(16)
        self.cards = [self._make_card(template) for template in TEMPLATES]
        for place, card in enumerate(self.cards):
            grid.addWidget(card, place // _COLUMNS, place % _COLUMNS)
        for number in range(_COLUMNS):
            grid.setColumnStretch(number, 1)
        column.addLayout(grid)
        column.addStretch(1)
        area = PageScroll(self.tr("Templates"), page)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    def _make_card(self, template: Template) -> QPushButton:
        card = QPushButton()
        card.setObjectName("templateCard")
        card.setAccessibleName(template.title)
        card.setAccessibleDescription(template.sentence)
        card.setMinimumSize(_CARD)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(1, 1, 1, 12)
        layout.setSpacing(3)
        layout.addWidget(SketchPicture(SKETCHES[template.id]), 1)
        title, sentence = _make_label(template.title, "cardTitle"), _make_label(template.sentence, "cardText")
        title.setContentsMargins(14, 8, 12, 0)
        sentence.setContentsMargins(14, 0, 12, 0)
        sentence.setMinimumHeight(_TWO_LINES)
        for label in (title, sentence):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            layout.addWidget(label)
        card.clicked.connect(partial(self.open_template, template))
        return card

    def _make_recent(self, path: Path) -> QPushButton:
        button = QPushButton()
        button.setProperty("recent", True)
        button.setMinimumHeight(57)
        button.setAccessibleName(self.tr("Open {0}").format(path.name))
        button.setToolTip(str(path))
        layout = QVBoxLayout(button)
        layout.setContentsMargins(0, 9, 0, 9)
        layout.setSpacing(2)
        for text, role in ((path.stem, "recentTitle"), (f"{self._say_when(path)} · {_shorten(path.parent)}", "recentText")):
            label = QLabel(text)
            label.setProperty("role", role)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)
        button.clicked.connect(partial(self.file_wanted.emit, path))
        return button

    def _say_when(self, path: Path) -> str:
        changed = date.fromtimestamp(path.stat().st_mtime)
        days = (date.today() - changed).days
        if days <= 1:
            return self.tr("today") if days <= 0 else self.tr("yesterday")
        return changed.strftime("%A" if days < _DAYS else "%x")

    def _open_sample(self, path: Path) -> None:
        self.file_wanted.emit(path)

    def _tell_failure(self, message: str) -> None:
        QMessageBox.critical(self, self.tr("The sample can’t be copied"), message)


def _shorten(folder: Path) -> str:
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except ValueError:
        return str(folder)


def _make_label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    return label
