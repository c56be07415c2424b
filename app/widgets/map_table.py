"""The weight map as a table: every model with its exact distances."""

from __future__ import annotations

import csv
import io
import math

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.estimate_text import write_estimate
from app.widgets.map_scene import MapLine, MapScene

_FIXED = 2
"""Columns before the distances: ‖θ − θ₀‖, and what share of ‖θ₀‖ that is."""
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class MapTable(QAbstractTableModel):
    """Hold a scene's distances: a row for each of its lines, a column for each that it is compared with."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Hold nothing yet."""
        super().__init__(parent)
        self._scene = MapScene()
        self._lines: tuple[MapLine, ...] = ()

    def show_scene(self, scene: MapScene) -> None:
        """Take other figures; the table is laid out anew only where its lines are others, or have other names."""
        if scene.points and scene.lines == self._lines:
            self._scene = scene
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.DisplayRole])
            return
        self.beginResetModel()
        self._scene, self._lines = scene, scene.lines
        self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:  # noqa: N802  (Qt's name, as all that follow)
        """Return the number of lines; a cell holds no table of its own."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:  # noqa: N802
        """Return the number of figures of a line."""
        return len(self._lines) + _FIXED if self._lines and not parent.isValid() else 0

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return one figure."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        line = self._lines[index.row()]
        point = self._scene.points[line.point]
        if index.column() == 0:
            return write_estimate(point.norm, point.norm_error, ".4g")
        if index.column() == 1:
            sign = "≈ " if point.norm_error else ""
            return f"{sign}{point.norm / self._scene.base_norm:.2%}" if self._scene.base_norm > 0 else ""
        return self._tell_distance(line, self._lines[index.column() - _FIXED])

    def _tell_distance(self, line: MapLine, other: MapLine) -> str:
        far = self._scene.distances[line.point][other.point]
        sign = "≈ " if self._scene.is_estimated(line.point, other.point) else ""
        if line != other and other.name in (self._scene.points[line.point].name, *self._scene.points[line.point].also):
            return sign + self.tr("same")
        return "" if math.isnan(far) else f"{sign}{far:.4g}"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        """Return the name of a line, or of a figure; on hover also what else lies there."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if orientation is Qt.Orientation.Horizontal and section < _FIXED:
            return (self.tr("‖θ − θ₀‖"), self.tr("of ‖θ₀‖"))[section]
        line = self._lines[section if orientation is Qt.Orientation.Vertical else section - _FIXED]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._scene.points[line.point].place_first(line.name)
        return line.name if orientation is Qt.Orientation.Vertical else self.tr("to {0}").format(line.name)


def write_table(scene: MapScene, separator: str = "\t") -> str:
    """Return every figure of a map for a spreadsheet, whole: places, lengths and distances."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    lines = scene.lines
    writer.writerow(["point", "kind", "x", "y", "length", "error", "of ‖θ₀‖", *(f"to {line.name}" for line in lines)])
    for line in lines:
        point, distances = scene.points[line.point], scene.distances[line.point]
        names = point.place_first(line.name)
        share = point.norm / scene.base_norm if scene.base_norm > 0 else ""
        figures = (point.norm, point.norm_error, share, *(distances[other.point] for other in lines))
        writer.writerow([names, point.kind.value, *point.place, *figures])
    return text.getvalue()
