"""A heat map of a square of figures, painted by Qt: hovered, walked by keys, a cell chosen by click or Enter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPaintEngine,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QToolTip, QWidget

from app.decimal_text import write_figure
from app.theme import current_theme, current_tokens, font
from app.widgets.heat_colours import cell_colours, paint_cells
from app.widgets.heat_layout import GAP, NUMBERED_WIDTH, PAD, HeatLayout, lay_out

_RADIUS = 4.0
_WIDE, _TEXT_WIDTH = 44.0, 30.0
"""From these widths of a cell on: figures in full size, figures at all."""
_NAMED_HEIGHT, _FULL_HEIGHT, _TEXT_HEIGHT = 9.0, 12.0, 13.0
_WIDE_ESTIMATE = 50.0
"""With the sign of an estimate before them."""
_HATCH = 0.28
_SCALE_STEPS = 20
_SCALE_HEIGHT = 12.0
_MANY = 160
"""From so many cells on they are painted at once, with sharp corners."""


@dataclass(frozen=True)
class HeatSquare:
    """Hold everything that a heat map shows."""

    title: str
    names: tuple[str, ...] = ()
    values: NDArray[np.float64] | None = None
    """(N, N); NaN where nothing is known."""
    is_signed: bool = True
    """Whether the scale runs from −1 to 1; else from 0 to 1, in per cent."""
    band: float = math.nan
    """Values within could be chance: they are written dim, and their cells dotted."""
    legend: str = ""
    has_own_diagonal: bool = False
    """Whether the diagonal holds figures of another kind, which the scale's colours do not stand for."""
    errors: NDArray[np.float64] | None = None
    """(N, N): standard errors; cells with one are hatched and written with ≈. None when all is exact."""
    tell: Callable[[int, int], str] = lambda _row, _column: ""
    """What hovering a cell says."""


class HeatMapPlot(QWidget):
    """Paint a heat map."""

    cell_chosen = Signal(int, int)
    """(row, column): the user clicked a cell, or pressed Enter on it."""
    _STEPS: ClassVar[dict[int, tuple[int, int]]] = {
        Qt.Key.Key_Left: (0, -1),
        Qt.Key.Key_Right: (0, 1),
        Qt.Key.Key_Up: (-1, 0),
        Qt.Key.Key_Down: (1, 0),
    }

    def __init__(self, square: HeatSquare, parent: QWidget | None = None) -> None:
        """Show a square, which may be empty still."""
        super().__init__(parent)
        self.square = square
        self.message = ""
        self.current: tuple[int, int] | None = None
        self.chosen: tuple[int, int] | None = None
        self._laid_out = (((), 0, 0), lay_out((), 0, 0, len))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 130)
        self._describe()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a size at which figures find room."""
        return QSize(460, 260)

    def show_square(self, square: HeatSquare) -> None:
        """Show other figures; the current cell and the chosen one go where their lines go."""
        names, places = self.square.names, {name: place for place, name in enumerate(square.names)}
        if square.names != names:
            self.current, self.chosen = (_move_cell(cell, names, places) for cell in (self.current, self.chosen))
        self.square, self.message = square, ""
        self._describe()
        self.update()

    def show_message(self, message: str) -> None:
        """Say a sentence in the place of figures."""
        self.square, self.message = HeatSquare(self.square.title), message
        self.current = self.chosen = None
        self._describe()
        self.update()

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Mark a cell as the one that is shown elsewhere."""
        self.chosen = cell
        self.update()

    def cell_at(self, place: QPointF) -> tuple[int, int] | None:
        """Return the cell under a point of the widget."""
        layout = self._layout()
        column, row = (place.x() - layout.left) // layout.width, (place.y() - layout.top) // layout.height
        count = len(self.square.names)
        return (int(row), int(column)) if 0 <= row < count and 0 <= column < count else None

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Return where a cell is painted."""
        return self._layout().cell(row, column)

    def draw(self, painter: QPainter) -> None:
        """Paint the map with its caption on any device of this widget's size, the caption as far as there is room."""
        self.draw_figures(painter)
        if not self._is_empty():
            self._draw_caption(painter, self._layout())

    def draw_figures(self, painter: QPainter) -> None:
        """Paint the map and its scale, or why there is none."""
        colours = current_tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.panel)
        if self._is_empty():
            painter.setFont(font("text"))
            painter.setPen(colours.dim)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(24, 12, -24, -12), flags, self.message)
            return
        layout = self._layout()
        self._draw_names(painter, layout)
        self._draw_cells(painter, layout)
        self._draw_scale(painter, layout)

    def find_end(self) -> float:
        """Return how far down the scale reaches."""
        return self.height() if self._is_empty() else self._find_scale(self._layout()) + _SCALE_HEIGHT

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  (Qt's name, as all that follow)
        """Paint the map, with the cell that is chosen and the one that the keyboard is on: no picture has these."""
        painter = QPainter(self)
        self.draw(painter)
        if self.chosen is not None and not self._is_empty():
            self._outline(painter, self.chosen, Qt.PenStyle.DashLine)
        if self.current is not None and self.hasFocus():
            self._outline(painter, self.current, Qt.PenStyle.SolidLine)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell the figures of the cell under the cursor."""
        cell = self.cell_at(event.position())
        text = self.square.tell(*cell) if cell is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the cell under the cursor."""
        cell = self.cell_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and cell is not None:
            self._go(cell)
            self.cell_chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Walk from cell to cell, and choose one."""
        count = len(self.square.names)
        step = self._STEPS.get(event.key())
        if step is not None and count:
            row, column = self.current or (0, 0)
            self._go((min(max(row + step[0], 0), count - 1), min(max(column + step[1], 0), count - 1)) if self.current else (0, 0))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.current is not None:
            self.cell_chosen.emit(*self.current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show where the keyboard is."""
        super().focusInEvent(event)
        if self.current is None and self.square.names:
            self._go((0, 0))
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show it no more."""
        super().focusOutEvent(event)
        self.update()

    def _go(self, cell: tuple[int, int]) -> None:
        self.current = cell
        self._describe()
        self.update()

    def _describe(self) -> None:
        """Tell a screen reader what is shown, and the cell that the keyboard is on."""
        self.setAccessibleName(self.square.title)
        cell = self.square.tell(*self.current) if self.current is not None else self.message
        keys = self.tr("Arrows go from cell to cell, Enter shows it layer by layer.") if self.square.names else ""
        self.setAccessibleDescription(" ".join(part for part in (cell.replace("\n", ", "), keys) if part))

    def _layout(self) -> HeatLayout:
        wanted = (self.square.names, self.width(), self.height())
        # While a slider moves, only figures change.
        if wanted != self._laid_out[0]:
            self._laid_out = (wanted, lay_out(*wanted, QFontMetricsF(font("text")).horizontalAdvance))
        return self._laid_out[1]

    def _draw_names(self, painter: QPainter, layout: HeatLayout) -> None:
        painter.setPen(current_tokens().text)
        painter.setFont(font("text" if layout.height >= _FULL_HEIGHT else "caption"))
        metrics = QFontMetricsF(painter.font())
        # Where lines are lower than words every second or third one is named, with its number.
        step = 1 if layout.height >= _NAMED_HEIGHT else math.ceil(_FULL_HEIGHT / layout.height)
        for number, name in enumerate(layout.beside):
            across = QRectF(layout.left + number * layout.width - 4, 0, layout.width + 6, layout.top)
            if not layout.is_numbered:
                painter.drawText(across, Qt.AlignmentFlag.AlignCenter, layout.above[number])
            elif number % math.ceil(NUMBERED_WIDTH / layout.width) == 0:
                painter.drawText(across, Qt.AlignmentFlag.AlignCenter, str(number + 1))
            if number % step:
                continue
            beside = QRectF(PAD, layout.top + number * layout.height, layout.left - PAD - 10, layout.height - GAP)
            outside = max(_TEXT_HEIGHT - beside.height(), 0.0) / 2
            beside.adjust(0, -outside, 0, outside)
            counted = f"  {number + 1}" if layout.is_numbered else ""
            cut = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, beside.width() - metrics.horizontalAdvance(counted))
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, cut + counted)

    def _draw_cells(self, painter: QPainter, layout: HeatLayout) -> None:
        values = self.square.values
        if values is None:
            return
        chance = np.abs(values) <= self.square.band
        np.fill_diagonal(chance, val=False)
        cells = [(row, column) for row in range(len(values)) for column in range(len(values))]
        if len(cells) > _MANY and painter.paintEngine().type() != QPaintEngine.Type.SVG:
            self._fill_at_once(painter, layout, values)
            self._dot_at_once(painter, layout, chance)
        else:
            self._fill_singly(painter, layout, values.tolist())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(current_tokens().dim, 1, Qt.PenStyle.DotLine))
            for row, column in np.argwhere(chance).tolist():
                painter.drawRoundedRect(layout.cell(row, column).adjusted(1.5, 1.5, -1.5, -1.5), _RADIUS - 1, _RADIUS - 1)
        if self.square.has_own_diagonal:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current_tokens().panel)
            painter.drawRects([layout.cell(place, place) for place in range(len(values))])
        self._hatch(painter, layout)
        if layout.width >= _TEXT_WIDTH and layout.height >= _TEXT_HEIGHT:
            self._write(painter, layout, values.tolist())

    def _fill_singly(self, painter: QPainter, layout: HeatLayout, values: list[list[float]]) -> None:
        theme = current_theme()
        painter.setPen(Qt.PenStyle.NoPen)
        for row, line in enumerate(values):
            for column, value in enumerate(line):
                rect = layout.cell(row, column)
                radius = min(_RADIUS, rect.height() / 4)
                painter.setBrush(cell_colours(theme, value, is_signed=self.square.is_signed).back)
                painter.drawRoundedRect(rect, radius, radius)

    def _fill_at_once(self, painter: QPainter, layout: HeatLayout, values: NDArray[np.float64]) -> None:
        """Paint hundreds of cells in the time of one: a slider may be moving."""
        image = paint_cells(current_theme(), values, is_signed=self.square.is_signed)
        whole = QRectF(layout.left, layout.top, len(values) * layout.width, len(values) * layout.height)
        painter.drawImage(whole, image)
        if min(layout.width, layout.height) <= 2 * GAP:
            return
        painter.setPen(QPen(current_tokens().panel, GAP / 2))
        across = [QLineF(whole.left(), y, whole.right(), y) for y in (layout.top + row * layout.height for row in range(len(values)))]
        down = [QLineF(x, whole.top(), x, whole.bottom()) for x in (layout.left + column * layout.width for column in range(len(values)))]
        painter.drawLines([*across, *down])

    def _dot_at_once(self, painter: QPainter, layout: HeatLayout, chance: NDArray[np.bool_]) -> None:
        """Mark what could be chance by a dot in the corner of each cell, not by colour alone."""
        painter.setPen(QPen(current_tokens().dim, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        points = [QPointF(layout.left + (column + 1) * layout.width - 3, layout.top + row * layout.height + 3) for row, column in
                  np.argwhere(chance).tolist()]  # fmt: skip
        painter.drawPoints(QPolygonF(points))

    def _estimated(self) -> NDArray[np.bool_] | None:
        """Return which cells are estimates; None where none is."""
        errors = self.square.errors
        found = np.nan_to_num(errors) > 0 if errors is not None else None
        return found if found is not None and found.any() else None

    def _hatch(self, painter: QPainter, layout: HeatLayout) -> None:
        """Draw estimates as such: a figure that may be off must not look like one that is known."""
        estimated = self._estimated()
        if estimated is None:
            return
        colour = QColor(current_tokens().panel)
        colour.setAlphaF(_HATCH)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(colour, Qt.BrushStyle.BDiagPattern))
        for row, column in np.argwhere(estimated).tolist():
            painter.drawRect(layout.cell(row, column))

    def _write(self, painter: QPainter, layout: HeatLayout, values: list[list[float]]) -> None:
        theme = current_theme()
        estimated = self._estimated()
        painter.setFont(font("mono" if layout.width >= (_WIDE if estimated is None else _WIDE_ESTIMATE) else "mono_caption"))
        room = QFontMetricsF(painter.font()).horizontalAdvance("≈−0.00") <= layout.width - GAP
        for row, line in enumerate(values):
            for column, value in enumerate(line):
                mark = "≈" if room and estimated is not None and estimated[row, column] else ""
                is_apart = self.square.has_own_diagonal and row == column
                written = current_tokens().dim if is_apart else cell_colours(theme, value, is_signed=self.square.is_signed).text
                painter.setPen(written)
                painter.drawText(layout.cell(row, column), Qt.AlignmentFlag.AlignCenter, mark + self._spell(value))

    def _outline(self, painter: QPainter, cell: tuple[int, int], style: Qt.PenStyle) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(current_tokens().accent, 2, style))
        painter.drawRoundedRect(self.cell_rect(*cell).adjusted(-1, -1, 1, 1), _RADIUS + 1, _RADIUS + 1)

    def _is_empty(self) -> bool:
        return self.square.values is None or not self.square.names

    def _find_scale(self, layout: HeatLayout) -> float:
        return min(layout.top + len(self.square.names) * layout.height + 6, self.height() - 18.0)

    def _draw_scale(self, painter: QPainter, layout: HeatLayout) -> None:
        """Paint the scale under the cells."""
        colours, top = current_tokens(), self._find_scale(layout)
        painter.setFont(font("caption"))
        low, high = ("−1", "1") if self.square.is_signed else ("0 %", "100 %")
        painter.setPen(colours.dim)
        painter.drawText(QRectF(PAD, top, 24, 12), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, low)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_SCALE_STEPS):
            share = step / (_SCALE_STEPS - 1)
            value = 2 * share - 1 if self.square.is_signed else share
            painter.setBrush(cell_colours(current_theme(), value, is_signed=self.square.is_signed).back)
            painter.drawRect(QRectF(PAD + 28 + step * 4, top + 2, 4, 8))
        painter.setPen(colours.dim)
        painter.drawText(QRectF(PAD + 112, top, 34, 12), Qt.AlignmentFlag.AlignVCenter, high)

    def _draw_caption(self, painter: QPainter, layout: HeatLayout) -> None:
        """Write beside the scale what else there is to say."""
        painter.setFont(font("caption"))
        painter.setPen(current_tokens().dim)
        rest = QRectF(PAD + 148, self._find_scale(layout) - 2, self.width() - PAD - 152, 16)
        text = QFontMetricsF(painter.font()).elidedText(self.square.legend, Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, text)

    def _spell(self, value: float) -> str:
        if math.isnan(value):
            return "–"
        if not self.square.is_signed:
            return f"{value:.0%}"
        return write_figure(round(value, 2) + 0.0, ".2f")


def _move_cell(cell: tuple[int, int] | None, names: Sequence[str], places: Mapping[str, int]) -> tuple[int, int] | None:
    """Return where the cell of two lines is in another order; None where one of them is gone."""
    if cell is None or not all(names[place] in places for place in cell):
        return None
    return places[names[cell[0]]], places[names[cell[1]]]
