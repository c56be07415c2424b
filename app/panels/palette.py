"""The palette: every operation by group, to be searched, dragged onto the canvas or double-clicked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QPainter, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.canvas.connection import main_kind
from app.dragged_operation import pack_operation
from app.icons import kind_icon
from app.operation_order import caption, ordered_operations
from app.text_match import rank_matches
from app.theme import current_tokens, font
from engine.catalogue import catalogue
from engine.operation import Operation

_OPERATION = Qt.ItemDataRole.UserRole
_ROW_PIXELS = 36
_HEADING_PIXELS = 32


class PalettePanel(QWidget):
    """Offer the operations."""

    wanted = Signal(str)
    """The user asked for a node of this operation (by double-click or Enter)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Fill the list."""
        super().__init__(parent)
        self.setAccessibleName(self.tr("Palette"))
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(self.tr("Search nodes   (Tab)"))
        self.search.setAccessibleName(self.tr("Search operations"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.narrow)
        self.search.returnPressed.connect(self._want_first)
        self.list = PaletteList()
        self.list.setAccessibleName(self.tr("Operations"))
        self.list.itemActivated.connect(self._want)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 8, 4)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        self.narrow("")

    def narrow(self, typed: str) -> None:
        """Show the operations that hold the words typed: by group, or the best first while one types."""
        self.list.clear()
        found = rank_matches(typed, ordered_operations(), lambda one: (one.title, caption(one), one.sentence, one.group.value))
        heading = ""
        for operation in found:
            if not typed.strip() and operation.group.value != heading:
                heading = operation.group.value
                self.list.addItem(_make_heading(self.tr(heading)))
            self.list.addItem(_make_row(operation))
        if not found:
            self.list.addItem(_make_heading(self.tr("Nothing of that name")))

    def _want(self, row: QListWidgetItem) -> None:
        name = row.data(_OPERATION)
        if name:
            self.wanted.emit(name)

    def _want_first(self) -> None:
        rows = [self.list.item(index) for index in range(self.list.count())]
        first = next((row for row in rows if row.data(_OPERATION)), None)
        if first is not None:
            self._want(first)


class PaletteList(QListWidget):
    """List operations that can be dragged out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty list."""
        super().__init__(parent)
        self.setObjectName("plain")
        self.setDragEnabled(True)
        self.setItemDelegate(_PaletteDelegate(self))
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def startDrag(self, _actions: Qt.DropAction) -> None:  # noqa: N802  (Qt's name)
        """Drag the current operation."""
        row = self.currentItem()
        name = row.data(_OPERATION) if row is not None else None
        if not name:
            return
        drag = QDrag(self)
        drag.setMimeData(pack_operation(name))
        drag.setPixmap(_draw_drag(catalogue()[name]))
        drag.exec(Qt.DropAction.CopyAction)
        # The mouse left without the list hearing of it: the row it was over last would stay lit.
        QApplication.sendEvent(self.viewport(), QEvent(QEvent.Type.Leave))


class _PaletteDelegate(QStyledItemDelegate):
    """Paint a heading, or an operation with its kind's shape and its caption."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size of a row."""
        return QSize(120, _ROW_PIXELS if index.data(_OPERATION) else _HEADING_PIXELS)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint a row."""
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]  (Qt's stubs leave the fields out)
        name = index.data(_OPERATION)
        if not name:
            _paint_heading(painter, rect, str(index.data()))
            return
        widget: QWidget = option.widget  # pyright: ignore[reportAttributeAccessIssue]
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        _paint_operation(painter, rect, catalogue()[name])


def _paint_heading(painter: QPainter, rect: QRect, text: str) -> None:
    painter.setFont(font("caption"))
    painter.setPen(current_tokens().dim)
    painter.drawText(rect.adjusted(4, 0, 0, -5), Qt.AlignmentFlag.AlignBottom, text.upper())


def _paint_operation(painter: QPainter, rect: QRect, operation: Operation) -> None:
    colours = current_tokens()
    painter.drawPixmap(rect.left() + 5, rect.center().y() - 6, kind_icon(main_kind(operation), colours))
    left, width = rect.left() + 28, rect.width() - 32
    painter.setFont(font("title"))
    painter.setPen(colours.text)
    painter.drawText(left, rect.top() + 2, width, 18, Qt.AlignmentFlag.AlignVCenter, operation.title)
    painter.setFont(font("caption"))
    painter.setPen(colours.dim)
    line = painter.fontMetrics().elidedText(caption(operation), Qt.TextElideMode.ElideRight, width)
    painter.drawText(left, rect.top() + 18, width, 14, Qt.AlignmentFlag.AlignVCenter, line)


def _make_heading(text: str) -> QListWidgetItem:
    row = QListWidgetItem(text)
    row.setFlags(Qt.ItemFlag.NoItemFlags)
    return row


def _make_row(operation: Operation) -> QListWidgetItem:
    row = QListWidgetItem(operation.title)
    row.setData(_OPERATION, operation.id)
    row.setData(Qt.ItemDataRole.AccessibleDescriptionRole, operation.sentence)
    row.setToolTip(operation.sentence)
    return row


def _draw_drag(operation: Operation) -> QPixmap:
    colours = current_tokens()
    pixmap = QPixmap(168, _ROW_PIXELS + 4)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(colours.accent)
    painter.setBrush(colours.raised)
    painter.drawRoundedRect(pixmap.rect().adjusted(1, 1, -1, -1), colours.node_radius, colours.node_radius)
    _paint_operation(painter, pixmap.rect().adjusted(6, 2, -4, -2), operation)
    painter.end()
    return pixmap
