"""A search that pops up, narrows a list while one types and gives back what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHideEvent, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.text_match import rank_matches

_WIDTH = 340
_ROWS_SHOWN = 8
_ROW_PIXELS = 42
_LIST_EDGE = 4
ModelIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Entry:
    """Hold one line that can be chosen."""

    key: str
    title: str
    subtitle: str = ""
    more: str = ""
    """Further words that find it."""
    drawing: QPixmap = field(default_factory=QPixmap)
    aside: str = ""
    """What stands at the right, such as a shortcut."""


class SearchPopup(QFrame):
    """Offer entries; Enter or a click chooses, Escape or a click elsewhere closes."""

    chosen = Signal(str)
    """The key of the entry that was chosen; the popup is closed."""
    cancelled = Signal()
    """The popup was closed without a choice."""

    def __init__(self, placeholder: str, entries: Sequence[Entry], dim: QColor, parent: QWidget | None = None) -> None:
        """Make the popup, to be shown with `open_at`."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("popup", "true")
        self.setAccessibleName(placeholder)
        self._entries = tuple(entries)
        self._has_chosen = False
        self.field = QLineEdit()
        self.field.setObjectName("search")
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder)
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("plain")
        self.list.setAccessibleName(self.tr("Found"))
        self.list.setItemDelegate(_EntryDelegate(dim, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        self.nothing = QLabel(self.tr("Nothing is called so."))
        self.nothing.setProperty("role", "dim")
        self.nothing.setFixedHeight(_ROW_PIXELS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        layout.addWidget(self.nothing)
        self.setFixedWidth(_WIDTH)
        self._narrow("")

    def open_at(self, place: QPoint) -> None:
        """Show the popup with its corner at a place of the screen, moved inside where it would not fit."""
        screen = self.screen().availableGeometry()
        x = max(screen.left(), min(place.x(), screen.right() - self.width()))
        y = max(screen.top(), min(place.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Lead the arrow keys to the list while the field keeps the focus."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._press(event)
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Tell of a popup closed without a choice."""
        super().hideEvent(event)
        if not self._has_chosen:
            self.cancelled.emit()

    def _press(self, event: QKeyEvent) -> bool:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: _ROWS_SHOWN,
            Qt.Key.Key_PageUp: -_ROWS_SHOWN,
            Qt.Key.Key_Tab: 1,
        }
        key = Qt.Key(event.key())
        if key in steps:
            row = self.list.currentRow() + steps[key]
            self.list.setCurrentRow(max(0, min(row, self.list.count() - 1)))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentItem())
            return True
        return False

    def _narrow(self, typed: str) -> None:
        self.list.clear()
        for entry in rank_matches(typed, self._entries, lambda entry: (entry.title, entry.subtitle, entry.more)):
            row = QListWidgetItem(entry.title)
            row.setData(Qt.ItemDataRole.UserRole, entry)
            row.setData(Qt.ItemDataRole.AccessibleDescriptionRole, entry.subtitle)
            row.setToolTip(entry.subtitle)
            self.list.addItem(row)
        self.list.setCurrentRow(0)
        self._fit(self.list.count())

    def _fit(self, rows: int) -> None:
        """Be as high as what was found, eight lines at most."""
        self.list.setVisible(rows > 0)
        self.list.setFixedHeight(min(rows, _ROWS_SHOWN) * _ROW_PIXELS + _LIST_EDGE)
        self.nothing.setVisible(rows == 0)
        self.setFixedHeight(self.sizeHint().height())

    def _choose(self, row: QListWidgetItem | None) -> None:
        if row is None:
            return
        entry: Entry = row.data(Qt.ItemDataRole.UserRole)
        self._has_chosen = True
        self.close()
        self.chosen.emit(entry.key)


class _EntryDelegate(QStyledItemDelegate):
    """Paint an entry: its drawing, its title over its subtitle, and what stands at the right."""

    def __init__(self, dim: QColor, parent: QWidget) -> None:
        """Make the delegate with the colour of subtitles."""
        super().__init__(parent)
        self._dim = dim

    def sizeHint(self, _option: QStyleOptionViewItem, _index: ModelIndex) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size of every row."""
        return QSize(_WIDTH - 40, _ROW_PIXELS)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        """Paint one entry."""
        self._paint_back(painter, option)
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]  (Qt's stubs leave the fields out)
        middle = rect.top() + rect.height() // 2
        painter.drawPixmap(rect.left() + 8, middle - 7, entry.drawing)
        left = rect.left() + (32 if not entry.drawing.isNull() else 10)
        width = rect.right() - left - 8
        painter.setPen(option.palette.text().color())  # pyright: ignore[reportAttributeAccessIssue]
        top = rect.top() + 4 if entry.subtitle else middle - 9
        title = QFont(painter.font())
        title.setWeight(QFont.Weight.DemiBold)
        painter.setFont(title)
        painter.drawText(left, top, width, 18, Qt.AlignmentFlag.AlignVCenter, entry.title)
        title.setWeight(QFont.Weight.Normal)
        painter.setFont(title)
        painter.setPen(self._dim)
        painter.drawText(left, top, width, 18, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, entry.aside)
        line = painter.fontMetrics().elidedText(entry.subtitle, Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, top + 17, width, 17, Qt.AlignmentFlag.AlignVCenter, line)

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        blank = QStyleOptionViewItem(option)
        widget: QWidget = option.widget  # pyright: ignore[reportAttributeAccessIssue]
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, blank, painter, widget)
