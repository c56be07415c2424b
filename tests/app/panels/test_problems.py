"""The problems panel lists all, leads to their nodes and mends."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from app.panels.problem_card import ProblemCard
from app.panels.problems import ProblemsPanel
from engine.problems import error, warning


def test_all_problems_are_there_and_lead_to_their_nodes(qtbot, session):
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    problems = [error("No such file.", "Choose one.", node="a", field="source"), warning("Odd.", node="apply")]
    panel.show_problems(problems)
    cards = panel.findChildren(ProblemCard)
    assert [card.accessibleName() for card in cards] == ["Error: No such file.", "Warning: Odd."]
    revealed = []
    panel.reveal_wanted.connect(revealed.append)
    qtbot.mouseClick(cards[1], Qt.MouseButton.LeftButton)
    assert revealed == ["apply"]
    assert [button.text() for button in cards[0].findChildren(QPushButton)] == ["Choose the file or folder…"]


def test_no_problem_says_so(qtbot, session):
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    panel.show_problems([])
    assert any("Nothing is wrong" in label.text() for label in panel.findChildren(QLabel))
