"""The run panel: what is going on, and the runs before with their reports."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.run_progress import RunProgress, format_bytes, format_seconds
from app.runs import Runs
from app.window_words import Retry

_BAR = 1000


class RunPanel(QWidget):
    """Show the run that goes on, and past runs."""

    stop_wanted = Signal()
    report_wanted = Signal(object)
    """(RunProgress): open this run's report in the browser."""
    retry_wanted = Signal(object)
    """(Retry): run again, going on with what an earlier run left or throwing it away."""
    figures_wanted = Signal(object)
    """(RunProgress): show this run's figures in the Metrics panel."""

    def __init__(self, runs: Runs, parent: QWidget | None = None) -> None:
        """Follow the runs."""
        super().__init__(parent)
        self._runs = runs
        self._offered: tuple[Retry, ...] = ()
        self.setAccessibleName(self.tr("Run"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(18)
        layout.addLayout(self._make_present(), 3)
        layout.addLayout(self._make_past(), 2)
        runs.progressed.connect(self._show)
        runs.ended.connect(self._add_past)
        self._show()

    def _make_present(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        head = QHBoxLayout()
        self.stage = QLabel()
        self.stage.setProperty("role", "title")
        self.stage.setTextFormat(Qt.TextFormat.PlainText)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setAccessibleName(self.tr("Stop the run"))
        self.stop.clicked.connect(self.stop_wanted)
        head.addWidget(self.stage, 1)
        head.addWidget(self.stop)
        column.addLayout(head)
        self.bar = QProgressBar()
        self.bar.setRange(0, _BAR)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Share of the planned bytes that is done"))
        column.addWidget(self.bar)
        self._figures = QGridLayout()
        self._figures.setHorizontalSpacing(22)
        self._figures.setVerticalSpacing(3)
        self._values: dict[str, QLabel] = {}
        titles = (self.tr("Bytes"), self.tr("Speed"), self.tr("Time"), self.tr("Left"), self.tr("Memory"), self.tr("Device"))
        self._titles: dict[str, str] = dict(zip(("done", "speed", "time", "left", "memory", "device"), titles, strict=True))
        for place, (name, title) in enumerate(self._titles.items()):
            self._add_figure(name, title, place)
        column.addLayout(self._figures)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.message)
        self.retries = QHBoxLayout()
        column.addLayout(self.retries)
        column.addStretch(1)
        return column

    def _add_figure(self, name: str, title: str, place: int) -> None:
        label = QLabel(title)
        label.setProperty("role", "dim")
        value = QLabel()
        value.setProperty("role", "mono")
        self._values[name] = value
        row, column = place // 3 * 2, place % 3
        self._figures.addWidget(label, row, column)
        self._figures.addWidget(value, row + 1, column)

    def _make_past(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(6)
        title = QLabel(self.tr("Past runs of this session"))
        title.setProperty("role", "caption")
        self.past = QListWidget()
        self.past.setAccessibleName(self.tr("Past runs"))
        self.past.itemActivated.connect(self._activate)
        self.past.currentItemChanged.connect(self._choose)
        buttons = QHBoxLayout()
        self.report = QPushButton(self.tr("Open the report"))
        self.report.clicked.connect(self._open_report)
        self.figures = QPushButton(self.tr("Show its figures"))
        self.figures.clicked.connect(self._show_figures)
        buttons.addWidget(self.report)
        buttons.addWidget(self.figures)
        buttons.addStretch(1)
        column.addWidget(title)
        column.addWidget(self.past, 1)
        column.addLayout(buttons)
        self._choose(None)
        return column

    def _show(self) -> None:
        run = self._runs.current
        self.stop.setEnabled(self._runs.is_running)
        # Before the first byte there is no share to show, only that something goes on.
        is_waiting = self._runs.is_running and run is not None and run.bytes_done == 0
        self.bar.setRange(0, 0 if is_waiting else _BAR)
        self.bar.setValue(round(_BAR * run.share) if run is not None else 0)
        self.stage.setText(self._say_stage(run))
        self.message.setText(run.message if run is not None else "")
        self.message.setProperty("role", "error" if run is not None and run.ending in ("failed", "broken", "refused") else "dim")
        self.message.style().polish(self.message)
        for name, text in self._list_figures(run).items():
            self._values[name].setText(text or "–")
            self._values[name].setAccessibleName(f"{self._titles[name]}: {text or self.tr('none')}")

        self._show_retries()

    def _show_retries(self) -> None:
        """Offer what mends a run that failed; nothing while one goes on."""
        if self._offered == self._runs.retries:
            return
        self._offered = self._runs.retries
        while (item := self.retries.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for retry in self._offered:
            button = QPushButton(retry.title)
            button.setAccessibleName(retry.title)
            button.clicked.connect(partial(self._want_retry, retry))
            self.retries.addWidget(button)
        self.retries.addStretch(1)

    def _want_retry(self, retry: Retry, _checked: bool = False) -> None:
        self.retry_wanted.emit(retry)

    def _say_stage(self, run: RunProgress | None) -> str:
        if run is None:
            return self.tr("Nothing is running. Press Run to run the whole graph.")
        endings = {
            "done": self.tr("Done"),
            "stopped": self.tr("Stopped"),
            "refused": self.tr("Not begun: the graph has problems"),
            "failed": self.tr("Failed"),
            "broken": self.tr("Failed: a fault in Weightloom"),
        }
        if run.ending or not run.figures_planned:
            return endings.get(run.ending, run.stage)
        return self.tr("{0} · {1} of at most {2} figures measured").format(run.stage, run.figures, run.figures_planned)

    def _list_figures(self, run: RunProgress | None) -> dict[str, str]:
        memory = format_bytes(self._runs.memory_bytes) if self._runs.memory_bytes else ""
        if run is None:
            return {"done": "", "speed": "", "time": "", "left": "", "memory": memory, "device": ""}
        left = run.seconds_left
        return {
            "done": self._say_done(run),
            "speed": f"{format_bytes(run.read_speed)}/s" if run.read_speed else "",
            "time": format_seconds(run.seconds) if run.seconds else "",
            "left": format_seconds(left) if left is not None else "",
            "memory": self._say_memory(run, memory),
            "device": run.device,
        }

    def _say_memory(self, run: RunProgress, memory: str) -> str:
        if not memory or not run.peak_bytes or run.ending:
            return memory
        return self.tr("{0} of {1} planned").format(memory, format_bytes(run.peak_bytes))

    def _say_done(self, run: RunProgress) -> str:
        if run.is_cached:
            return self.tr("from the cache")
        if run.ending or not run.bytes_planned:
            return format_bytes(run.bytes_done) if run.bytes_done else ""
        return self.tr("{0} of {1}").format(format_bytes(run.bytes_done), format_bytes(run.bytes_planned))

    def _add_past(self, run: RunProgress) -> None:
        when = time.strftime("%H:%M:%S", time.localtime(run.begun_at))
        title = run.name or self.tr("Untitled")
        row = QListWidgetItem(f"{when}   {title} · {self._say_stage(run)} · {format_seconds(run.seconds)}")
        row.setData(Qt.ItemDataRole.UserRole, run)
        row.setToolTip("\n".join(filter(None, (str(run.folder), "\n".join(run.folders) or run.message))))
        self.past.insertItem(0, row)
        self.past.setCurrentRow(0)

    def _chosen(self) -> RunProgress | None:
        row = self.past.currentItem()
        return row.data(Qt.ItemDataRole.UserRole) if row is not None else None

    def _choose(self, _row: QListWidgetItem | None, _before: QListWidgetItem | None = None) -> None:
        run = self._chosen()
        self.report.setEnabled(run is not None and bool(run.folders))
        self.figures.setEnabled(run is not None and bool(run.folders or run.measured))

    def _activate(self, _row: QListWidgetItem) -> None:
        if self.report.isEnabled():
            self._open_report()

    def _open_report(self) -> None:
        self.report_wanted.emit(self._chosen())

    def _show_figures(self) -> None:
        self.figures_wanted.emit(self._chosen())
