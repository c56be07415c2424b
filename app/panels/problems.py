"""The problems of the whole graph, each leading to its node."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.canvas.connection import name_node
from app.mends import find_mends
from app.panels.problem_card import ProblemCard
from app.session import Session
from app.widgets.page_scroll import PageScroll
from engine.document.model import NodeId
from engine.problems import Problem


class ProblemsPanel(PageScroll):
    """List every problem the check found."""

    mend_wanted = Signal(object, object)
    """(problem, mend): the user pressed a mend's button."""
    reveal_wanted = Signal(str)
    """The user wants to see this node."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        """Make an empty list."""
        super().__init__(self.tr("Problems"), parent=parent)
        self._session = session
        self._problems: tuple[Problem, ...] = ()
        self._list = QWidget()
        self._layout = QVBoxLayout(self._list)
        self._layout.setContentsMargins(14, 10, 14, 10)
        self._layout.setSpacing(8)
        self.setWidget(self._list)
        self._fill()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show these problems in place of the others."""
        if tuple(problems) != self._problems:
            self._problems = tuple(problems)
            self._fill()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self._fill()

    def _fill(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        document = self._session.document
        for problem in self._problems:
            node = NodeId(problem.node)
            place = name_node(document, node) if node in document.nodes else self.tr("the whole graph")
            card = ProblemCard(problem, find_mends(document, problem), place)
            card.mend_wanted.connect(self.mend_wanted)
            card.clicked.connect(self._reveal)
            self._layout.addWidget(card)
        if not self._problems:
            calm = QLabel(self.tr("✓ Nothing is wrong."))
            calm.setProperty("role", "ok")
            self._layout.addWidget(calm)
        self._layout.addStretch(1)

    def _reveal(self, problem: Problem) -> None:
        if problem.node:
            self.reveal_wanted.emit(problem.node)
