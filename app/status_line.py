"""The line at the bottom: what the graph is, and how fast a run reads."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.check_lane import CheckSummary
from app.run_progress import RunProgress, format_bytes, format_seconds
from engine.document.model import Document
from engine.problems import Severity

_MESSAGE_MILLISECONDS = 8000


class StatusLine(QStatusBar):
    """Show figures of the graph at the left and of the run at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setAccessibleName(self.tr("Status"))
        # Without names of their own: a screen reader then reads what they say.
        self.graph = QLabel()
        self.run = QLabel()
        self.messageChanged.connect(self.setAccessibleDescription)
        self.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self.graph, 1)
        self.addPermanentWidget(self.run)

    def show_graph(self, document: Document, summary: CheckSummary | None) -> None:
        """Show how large the graph is, and whether it can run; None says that it is being checked."""
        nodes = _count(len(document.nodes), self.tr("1 node"), self.tr("{0} nodes"))
        links = _count(len(document.wires), self.tr("1 link"), self.tr("{0} links"))
        size = f"{nodes} · {links}"
        self.graph.setText(f"{size} · {self._judge(document, summary)}")

    def show_run(self, progress: RunProgress | None, memory_bytes: int) -> None:
        """Show the run's speed, bytes, time left and the memory of the engine."""
        memory = self.tr("memory {0}").format(format_bytes(memory_bytes)) if memory_bytes else ""
        if progress is None or progress.ending:
            self.run.setText(memory)
            return
        left = progress.seconds_left
        parts = [
            self.tr("read {0}/s").format(format_bytes(progress.read_speed)),
            self.tr("from the cache")
            if progress.is_cached
            else self.tr("{0} of {1}").format(format_bytes(progress.bytes_done), format_bytes(progress.bytes_planned)),
            self.tr("{0} left").format(format_seconds(left)) if left is not None else "",
            memory,
        ]
        self.run.setText(" · ".join(part for part in parts if part))

    def say(self, text: str) -> None:
        """Show a message for a while."""
        self.showMessage(text, _MESSAGE_MILLISECONDS)

    def _judge(self, document: Document, summary: CheckSummary | None) -> str:
        if not document.nodes:
            return self.tr("an empty graph")
        if summary is None:
            return self.tr("checking …")
        errors = sum(problem.severity is Severity.ERROR for problem in summary.problems)
        warnings = len(summary.problems) - errors
        if errors:
            return _count(errors, self.tr("1 problem stops a run"), self.tr("{0} problems stop a run"))
        warned = _count(warnings, self.tr("1 warning"), self.tr("{0} warnings"))
        return self.tr("graph is valid, {0}").format(warned) if warnings else self.tr("graph is valid")


def _count(number: int, one: str, many: str) -> str:
    return one if number == 1 else many.format(number)
