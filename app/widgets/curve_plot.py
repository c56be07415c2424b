"""A plot of curves over one axis, painted by Qt."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from app.estimate_text import write_estimate
from app.widgets.curve_legend import MARK_PIXELS, LegendEntry, count_lines, lay_out_legend
from app.widgets.plot import Plot, PlotColours, PlotCurve
from app.widgets.plot_axis import find_limits, find_share, find_ticks, write_tick
from app.widgets.plot_marks import draw_mark
from engine.step_axis import list_power_ticks

_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 26, 14, 34
_HIT_PIXELS = 12
_LEGEND_LINE = 14
_ASIDE = 3.0
_MARK, _AROUND = 2.6, 4.2
"""How far marks reach, and hollow ones, in which a mark of the same thing has room."""
_MOST_DOTS = 20
"""A curve of more points shows few of its dots: enough to tell by their shape which it is."""
_FEW_DOTS = 8


class CurvePlot(QWidget):
    """Paint a plot; hovering a point tells its figures."""

    def __init__(self, colours: PlotColours, parent: QWidget | None = None) -> None:
        """Make an empty plot."""
        super().__init__(parent)
        self._colours = colours
        self._plot = Plot("")
        self._limits = find_limits(self._plot)
        self._legend: tuple[LegendEntry, ...] = ()
        self._area = QRectF()
        """Where the curves are, as they were painted last."""
        self.setMouseTracking(True)
        self.setMinimumSize(220, 130)

    @property
    def shown(self) -> Plot:
        """Return what is shown."""
        return self._plot

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a size at which curves can be told apart."""
        return QSize(360, 200)

    def show_plot(self, plot: Plot) -> None:
        """Show other curves."""
        self._plot, self._limits = plot, find_limits(plot)
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription("; ".join(curve.tell() for curve in plot.curves))
        self.update()

    def restyle(self, colours: PlotColours) -> None:
        """Take other colours."""
        self._colours = colours
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the plot."""
        painter = QPainter(self)
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Paint the plot on any device of this widget's size: the screen, an image, an SVG file."""
        self._legend = self._lay_out_legend()
        self._area = self._find_area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._colours.line)
        painter.setBrush(self._colours.back)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setFont(self.font())
        self._draw_title(painter)
        if not any(math.isfinite(y) for curve in self._plot.curves for _, y in curve.points):
            painter.setPen(self._colours.dim)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._plot.empty or self.tr("nothing measured yet"))
            return
        self._draw_axes(painter)
        self._draw_band(painter)
        self._draw_marks(painter)
        for index in range(len(self._plot.curves)):
            self._draw_curve(painter, index)
        self._draw_legend(painter)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell the figures of the point under the cursor."""
        found = self._point_at(event.position())
        QToolTip.showText(event.globalPosition().toPoint(), found, self)

    def _colour(self, index: int) -> QColor:
        return self._colours.curves[self._plot.find_key(index) % len(self._colours.curves)]

    def _find_area(self) -> QRectF:
        below = _BOTTOM + 6 + _LEGEND_LINE * (count_lines(self._legend) - 1)
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -below)

    def _place(self, x: float, y: float) -> QPointF:
        left, right, low, high = self._limits
        area, share = self._area, find_share(x, (left, right), has_powers=self._plot.has_powers)
        return QPointF(area.left() + share * area.width(), area.bottom() - (y - low) / (high - low) * area.height())

    def _draw_title(self, painter: QPainter) -> None:
        """Write the title at the left and what is marked at the right, both cut before they meet."""
        metrics, whole = painter.fontMetrics(), self.width() - 24
        mark = self._plot.mark_name if math.isfinite(self._plot.mark) else ""
        own = min(metrics.horizontalAdvance(mark) + 2, whole // 2) if mark else 0
        room = whole - own - (12 if own else 0)
        painter.setPen(self._colours.text)
        has_room = metrics.horizontalAdvance(self._plot.title) <= room
        title = self._plot.title if has_room else self._plot.short_title or self._plot.title
        title = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(12, 5, room, 20), Qt.AlignmentFlag.AlignVCenter, title)
        painter.setPen(self._colours.dim)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(12 + whole - own, 5, own, 20), flags, metrics.elidedText(mark, Qt.TextElideMode.ElideMiddle, own))

    def _draw_axes(self, painter: QPainter) -> None:
        left, _, low, high = self._limits
        area = self._area
        painter.setFont(_smaller(self.font()))
        for height in find_ticks(low, high):
            y = self._place(left, height).y()
            painter.setPen(self._colours.line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._colours.dim)
            label = QRectF(0, y - 8, _LEFT - 6, 16)
            painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, write_tick(height))
        self._name_places(painter)

    def _name_places(self, painter: QPainter) -> None:
        """Write what the places are called, or their numbers, as many as have room."""
        left, right, *_ = self._limits
        named = enumerate(self._plot.places) if self._plot.places else ((x, write_tick(x)) for x in self._find_numbers(left, right))
        end = -math.inf
        for place, name in named:
            width = painter.fontMetrics().horizontalAdvance(name)
            x = self._place(place, self._limits[2]).x()
            # A number stands under its place, a name begins no further left than the axis.
            first = self._area.left() - _ASIDE if self._plot.places else 2.0
            start = min(max(x - width / 2, first), self.width() - width - 3.0)
            if start > end + 8:
                painter.drawText(QRectF(start, self._area.bottom() + 2, width + 2, 14), Qt.AlignmentFlag.AlignLeft, name)
                end = start + width

    def _find_numbers(self, left: float, right: float) -> tuple[float, ...]:
        """Return round numbers along the axis; of what is counted only whole ones."""
        if self._plot.has_powers:
            return list_power_ticks(left, right)
        found = find_ticks(left, right)
        is_counted = all(float(x).is_integer() for curve in self._plot.curves for x, _ in curve.points)
        return tuple(tick for tick in found if float(tick).is_integer()) if is_counted else found

    def _draw_band(self, painter: QPainter) -> None:
        if not self._plot.band:
            return
        above = [self._place(x, height) for x, height in self._plot.band]
        below = [self._place(x, -height) for x, height in reversed(self._plot.band)]
        shade = QColor(self._colours.dim)
        shade.setAlphaF(0.25)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([*above, *below]))

    def _draw_marks(self, painter: QPainter) -> None:
        area = self._area
        pen = QPen(self._colours.dim, 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        if math.isfinite(self._plot.level):
            y = self._place(self._limits[0], self._plot.level).y()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        if math.isfinite(self._plot.mark):
            x = self._place(self._plot.mark, self._limits[2]).x()
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _draw_curve(self, painter: QPainter, index: int) -> None:
        curve, colour = self._plot.curves[index], self._colour(index)
        style = Qt.PenStyle.DashLine if curve.is_dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 2, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shift = self._shift(index)
        runs = [[self._place(x, y) + shift for x, y in run] for run in _find_runs(curve.points, self._plot.apart)]
        for run in runs:
            painter.drawPolyline(QPolygonF(run))
        places = [place for run in runs for place in run if len(run) == 1] + self._choose_dots(index, runs)
        self._draw_errors(painter, curve, colour, shift)
        if curve.errors or curve.like is not None:
            # A figure that may be off has an empty dot, and so has the second figure of one thing.
            painter.setPen(QPen(colour, 1.4))
            painter.setBrush(self._colours.back if curve.like is None else Qt.BrushStyle.NoBrush)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
        for place in places:
            draw_mark(painter, place, self._plot.find_key(index), _MARK if curve.like is None else _AROUND)

    def _choose_dots(self, index: int, runs: Sequence[Sequence[QPointF]]) -> list[QPointF]:
        """Return the points of lines that get a dot; those of many-pointed curves lie apart from those of the curves beside it."""
        joined = [place for run in runs if len(run) > 1 for place in run]
        has_many = joined and len(self._plot.curves[index].points) > _MOST_DOTS
        step = math.ceil(len(joined) / _FEW_DOTS) if has_many else 1
        return joined[index * step // max(len(self._plot.curves), 1) :: step]

    def _shift(self, index: int) -> QPointF:
        """Return how far a curve's points stand aside, so that equal figures do not hide one another over one place."""
        count, places = len(self._plot.named), len(self._plot.places)
        room = self._area.width() / max(places, 1) if 0 < places <= _MOST_DOTS else 0.0
        return QPointF((self._plot.find_key(index) - (count - 1) / 2) * min(_ASIDE, room / (2 * count)), 0.0)

    def _draw_errors(self, painter: QPainter, curve: PlotCurve, colour: QColor, shift: QPointF) -> None:
        painter.setPen(QPen(colour, 1))
        for (x, y), error in zip(curve.points, curve.errors, strict=False):
            if math.isfinite(y) and error > 0:
                painter.drawLine(self._place(x, y - error) + shift, self._place(x, y + error) + shift)

    def _draw_legend(self, painter: QPainter) -> None:
        painter.setFont(_smaller(self.font()))
        metrics = painter.fontMetrics()
        for index, entry in zip(self._plot.named, self._legend, strict=True):
            curve = self._plot.curves[index]
            x, y = entry.x, self.height() - 12.0 - _LEGEND_LINE * (count_lines(self._legend) - 1 - entry.line)
            style = Qt.PenStyle.DashLine if curve.is_dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(self._colour(index), 2, style))
            if len(curve.points) > 1:
                painter.drawLine(QPointF(x, y), QPointF(x + MARK_PIXELS, y))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour(index))
            draw_mark(painter, QPointF(x + MARK_PIXELS / 2, y), self._plot.find_key(index), _MARK)
            painter.setPen(self._colours.dim)
            shown = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, math.ceil(entry.room))
            painter.drawText(QPointF(x + MARK_PIXELS + 5, y + 4), shown)

    def _lay_out_legend(self) -> tuple[LegendEntry, ...]:
        metrics = QFontMetrics(_smaller(self.font()))
        return lay_out_legend([self._plot.curves[index].name for index in self._plot.named], self.width(), _LEFT, metrics.horizontalAdvance)

    def _tell_point(self, curve: PlotCurve, x: float, y: float) -> str:
        error = dict(zip((place for place, _ in curve.points), curve.errors, strict=False)).get(x, 0.0)
        figure = write_estimate(y, error, ".4g")
        if 0 <= round(x) < len(self._plot.places):
            return f"{self._plot.places[round(x)]}: {figure}"
        return f"{self._plot.quantity} = {x:g}: {figure}"

    def _point_at(self, at: QPointF) -> str:
        for curve in self._plot.curves:
            for x, y in curve.points:
                if math.isfinite(y) and (self._place(x, y) - at).manhattanLength() < _HIT_PIXELS:
                    hint = f"\n{self._plot.hints[x]}" if x in self._plot.hints else ""
                    return f"{curve.name}\n{self._tell_point(curve, x, y)}{hint}"
        return ""


def _find_runs(points: Sequence[tuple[float, float]], apart: Collection[int]) -> list[list[tuple[float, float]]]:
    """Return the points that lines join: what is not known is not bridged, and what is apart stays so."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if not math.isfinite(y):
            runs.append([])
            continue
        if x in apart:
            runs.append([])
        runs[-1].append((x, y))
    return [run for run in runs if run]


def _smaller(font: QFont) -> QFont:
    made = QFont(font)
    made.setPixelSize(10)
    return made
