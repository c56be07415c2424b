"""The metrics panel shows models × test sets and the curve of a search."""

import csv
import io
import math
from dataclasses import replace

import pytest

from app.figure_cells import Figure
from app.panels.metrics import MetricsPanel
from app.report_angles import read_angles
from app.report_figures import Figures
from app.sweeps import Curve, Sweep
from engine.document.model import Document, Node, NodeId

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
    assert rows[2] == ["Edited", "Stripes", "accuracy", "0.8", "0.75", "0.85", "100", "0.9", "", "test"]
    assert len(rows) == 4


def test_validation_data_are_told_as_such(panel):
    validation = Figure("Search", "Stripes", "accuracy", 0.8, 0.75, 0.85, 100, is_validation=True)
    panel.show_figures(Figures("A run", (*CELLS, validation)))
    heads = [panel.table.verticalHeaderItem(row).toolTip() for row in range(3)]
    assert heads == ["Stripes · accuracy · n 100", "Plain · accuracy · n 200", "Stripes · accuracy · validation · n 100"]
    assert panel.table.item(2, 2).toolTip().startswith("validation data")
    assert "flatter" not in panel.note.text()
    panel.show_figures(Figures("A run", (validation,)))
    assert panel.note.isVisibleTo(panel)
    assert "flatter" in panel.note.text()
    assert panel.title.text() == "A run"
    assert panel.table_text().splitlines()[1].endswith("\tvalidation")
    panel.show_figures(Figures("A run", (), (SWEEP,)))
    assert (panel.title.text(), panel.note.isVisibleTo(panel)) == ("A run: nothing measured on test sets", False)


def test_a_share_of_the_reference_says_what_it_is_and_which_way_is_better(panel):
    """A perplexity of 126 % stood beside a curve of reference ÷ perplexity, and neither said which it was."""
    assert panel.note.text() == "%: accuracy ÷ the reference’s; higher is better."
    worse = Figure("Edited", "Text", "perplexity", 29.9, 28, 31, 100, 1.26, higher_is_better=False)
    panel.show_figures(Figures("A run", (worse,)))
    assert panel.note.text() == "%: perplexity ÷ the reference’s; lower is better."
    assert "normalized: 126.0% of the tuned reference's; lower is better" in panel.table.item(0, 0).toolTip()
    panel.show_figures(Figures("A run", (replace(worse, normalized=math.nan),)))
    assert panel.note.text() == "Perplexity: lower is better."
    panel.show_figures(Figures("A run", (replace(CELLS[0], normalized=math.nan),)))
    assert not panel.note.isVisibleTo(panel)


def test_nothing_measured_says_so(panel):
    panel.show_figures(Figures())
    assert not panel.table.isVisibleTo(panel)
    assert "Nothing measured" in panel.title.text()


RECORD = {
    "node": "angles",
    "names": ["stripes", "dots"],
    "cosine": [[1.0, 0.25], [0.25, 1.0]],
    "sign_conflicts": [[0.0, 0.4], [0.4, 0.0]],
    "zero_shares": [0.1, None],
    "norms": [2.0, 3.0],
    "entries": 100,
    "layers": [{"name": "layer 0", "norms": [1.0, 2.0]}, {"name": "layer 1", "norms": [1.5, "Infinity"]}],
}


def test_angles_of_the_report_are_shown_where_it_has_some(panel, tmp_path):
    assert not panel.which.isVisibleTo(panel)
    panel.show_figures(Figures("A run", CELLS, (SWEEP,), (read_angles(RECORD, Document()),)))
    assert panel.which.isVisibleTo(panel)
    assert panel.shown.currentWidget() is panel.searches
    panel.which.click()
    view = panel.angles
    assert panel.shown.currentWidget() is view
    told = "stripes · dots\ncosine 0.2500\ncould be chance: unrelated vectors scatter by 1/√d = 0.1, hardly beyond 3/√d = 0.3"
    assert view.heat.square.tell(0, 1) == told
    assert view.heat.square.band == pytest.approx(0.3)
    assert view.heat.square.legend == "dotted: within 3/√d = 0.3, could be chance"
    view.views.setCurrentIndex(1)
    view._draw()
    assert view.heat.square.values[0, 0] == 0.1
    assert math.isnan(view.heat.square.values[1, 1])
    view.views.setCurrentIndex(2)
    view._draw()
    assert view.curves._plot.places == ("layer 0", "layer 1")
    assert view.save(str(tmp_path / "angles.csv"))
    assert (tmp_path / "angles.csv").read_text().splitlines()[1:] == ["layer 0,1.0,2.0", "layer 1,1.5,inf"]
    panel.show_figures(Figures("Another", CELLS, (), (read_angles(RECORD, Document()),)))
    assert panel.shown.currentWidget() is view


def test_choosing_a_search_shows_its_curve(panel):
    other = Sweep("other", SWEEP.curves, 0.5)
    panel.show_figures(Figures("A run", CELLS, (SWEEP, other), (read_angles(RECORD, Document()),)))
    panel.which.click()
    panel.choose_search("angles")
    assert panel.shown.currentWidget() is panel.angles
    panel.choose_search("other")
    assert panel.shown.currentWidget() is panel.searches
    assert panel.searches._current()[0] is other


def test_similarity_nodes_are_called_as_in_the_graph_that_ran(panel, session):
    """The node of another graph that is open by now may have the same id."""
    node = NodeId("angles")
    ran = Document(nodes={node: Node("similarity", label="Then")})
    session.new(Document(nodes={node: Node("similarity", label="Now")}))
    panel.show_figures(Figures("A run", CELLS, (), (read_angles(RECORD, ran), read_angles({**RECORD, "node": "gone"}, ran))))
    views = panel.angles.views
    assert [views.itemText(number) for number in (0, 3)] == ["Then: Cosines", "gone: Cosines"]


def test_columns_use_the_room_there_is(panel, qtbot):
    panel.resize(1000, 250)
    panel.show()
    qtbot.waitUntil(lambda: panel.table.columnWidth(0) == 120)
    panel.resize(420, 250)
    written = max(line for line in panel.table.item(0, 0).text().split("\n"))
    needed = panel.table.fontMetrics().horizontalAdvance(written)
    qtbot.waitUntil(lambda: needed < panel.table.columnWidth(0) < 120)


def test_compared_models_can_be_told_apart_in_a_narrow_window(panel, dark, qtbot):
    """Of “TIES against the plain sum” both compared columns were headed “Best strength…”."""
    names = ("Base model", "Best strength, TIES", "Best strength, sum", "Tuned on diagonal stripes", "PYTHON (the answer)")
    panel.show_figures(Figures("Run", tuple(Figure(name, "Stripes", "accuracy", 0.5, 0.4, 0.6, 10, 0.5) for name in names)))
    panel.resize(880, 280)
    with qtbot.waitExposed(panel):
        panel.show()

    def read_heads():
        return [panel.table.horizontalHeaderItem(column).text() for column in range(len(names))]

    # Where a name is parted hangs on how the platform draws letters.
    qtbot.waitUntil(lambda: [" ".join(head.split()) for head in read_heads()] == list(names))
    measure = panel.table.horizontalHeader().fontMetrics().horizontalAdvance
    for column, head in enumerate(read_heads()):
        assert max(map(measure, head.split("\n"))) < panel.table.columnWidth(column) - 16


def test_no_scroll_bar_stays_of_wider_columns(panel, dark, qtbot):
    cells = tuple(Figure(name, "Stripes", "accuracy", 0.5, 0.4, 0.6, 10) for name in ("Base", "Edited", "Tuned"))
    panel.show_figures(Figures("Three", cells))
    panel.resize(1060, 280)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: panel.table.columnWidth(0) == 120)
    panel.resize(732, 280)
    qtbot.waitUntil(lambda: panel.table.columnWidth(0) < 120)
    assert panel.table.horizontalScrollBar().maximum() == 0, "all columns have room"
