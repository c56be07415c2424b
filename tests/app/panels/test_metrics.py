"""The metrics panel shows models × test sets and the curve of a search."""

import csv
import io
import math

import pytest

from app.panels.metrics import MetricsPanel
from app.report_figures import Figure, Figures
from app.sweeps import Curve, Sweep

CELLS = (
    Figure("Base", "Stripes", "accuracy", 0.3, 0.25, 0.35, 100),
    Figure("Edited", "Stripes", "accuracy", 0.8, 0.75, 0.85, 100, 0.9),
    Figure("Edited", "Plain", "accuracy", 0.9, 0.85, 0.95, 200, math.nan, 0.97),
)
SWEEP = Sweep("search", (Curve("Stripes", ((0, 0.3), (0.5, 0.8), (1, 0.7))),), 0.5)


@pytest.fixture
def panel(qtbot, session):
    made = MetricsPanel(session)
    qtbot.addWidget(made)
    made.show_figures(Figures("A run", CELLS, (SWEEP,)))
    return made


def test_cells_stand_where_model_and_test_set_meet(panel):
    assert [panel.table.horizontalHeaderItem(column).text() for column in range(2)] == ["Base", "Edited"]
    assert panel.table.item(0, 1).text() == "0.800 90%\n0.75–0.85"
    assert panel.table.item(1, 0) is None
    assert "control ratio: 97.0%" in panel.table.item(1, 1).toolTip()


def test_references_stand_last(panel):
    reference = Figure("Own", "Stripes", "accuracy", 0.9, 0.85, 0.95, 100, 1.0)
    panel.show_figures(Figures("A run", (CELLS[0], reference, *CELLS[1:])))
    assert [panel.table.horizontalHeaderItem(column).toolTip() for column in range(3)] == ["Base", "Edited", "Own"]


def test_the_table_leaves_as_csv_with_every_figure(panel):
    rows = list(csv.reader(io.StringIO(panel.table_text(","))))
    assert rows[2] == ["Edited", "Stripes", "accuracy", "0.8", "0.75", "0.85", "100", "0.9", ""]
    assert len(rows) == 4


def test_nothing_measured_says_so(panel):
    panel.show_figures(Figures())
    assert not panel.table.isVisibleTo(panel)
    assert "Nothing measured" in panel.title.text()
