"""The Similarity panel with a made table: what it shows, how it follows, what it saves."""

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage

from app.live_view import FamilyView
from app.panels.similarity import SimilarityPanel
from app.panels.similarity_square import make_square
from app.similarity_figures import HeatMap
from app.widgets.heat_colours import cell_colours, contrast
from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import ONE, Coefficient, Symbol
from engine.planning.families import Family
from engine.planning.live_model import LiveFamily, LiveNode, LiveTerm
from engine.planning.live_space import LiveSpace
from engine.similarity.geometry_counts import count_figures
from engine.similarity.geometry_errors import ErrorGeometry
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable

STRENGTH = Symbol(NodeId("sum"), "weights.1")
TENSORS = ("embeddings.weight", "layers.0.mlp.w", "layers.1.mlp.w")
VECTORS = np.random.default_rng(1).standard_normal((4, len(TENSORS), 50))
"""θ₀ and three differences; the third is near the first."""
VECTORS[3] = VECTORS[1] + 0.2 * VECTORS[3]


class Live(QObject):
    """The signals of a live view, and families that the test gives."""

    model_changed = Signal()
    moved = Signal()
    progressed = Signal(object, object)

    def __init__(self):
        super().__init__()
        self.families, self.message, self.is_on, self.is_measuring, self.missing = (), "", True, False, ()
        self.is_awaited, self.absences = False, ()


def make_table(errors=None):
    products = np.einsum("atk,btk->tab", VECTORS, VECTORS)
    signs = np.einsum("atk,btk->tab", np.sign(VECTORS[1:]), np.sign(VECTORS[1:])).astype(np.int64)
    counts = np.full((len(TENSORS), 3, 3), 50, np.int64)
    magnitudes = np.zeros((len(TENSORS), 3, MAGNITUDE_BINS), np.int64)
    return GramTable("base", ("a", "b", "c"), TENSORS, (), np.full(len(TENSORS), 50), products, counts, signs, magnitudes, errors)


def make_family():
    a, b, c = (LiveNode(NodeId(name), PortKind.CHECKPOINT, NodeId(name), column=index) for index, name in enumerate("abc"))
    base = LiveNode(NodeId("base"), PortKind.CHECKPOINT, NodeId("base"))
    tau = LiveNode(NodeId("tau"), PortKind.VECTOR, terms=(LiveTerm(1, (ONE,)), LiveTerm(0, (Coefficient.of(-1),))))
    mix = (LiveTerm(4, (ONE,)), LiveTerm(2, (Coefficient.unknown(STRENGTH),)))
    made = LiveNode(NodeId("sum"), PortKind.VECTOR, terms=mix)
    family = Family(NodeId("base"), (NodeId("a"), NodeId("b"), NodeId("c")), TENSORS, ())
    return LiveFamily(family, (), (base, a, b, c, tau, made), (0,) * len(TENSORS))


def make_view(strength, errors=None):
    table = make_table(errors)
    space = LiveSpace(make_family(), table)
    names = {NodeId(name): word for name, word in {"a": "A", "b": "B", "c": "C", "tau": "τ A", "sum": "Sum"}.items()}
    values = {STRENGTH: strength}
    return FamilyView(
        space, space.look(values), values, names, errors is not None, count_figures(table), ErrorGeometry(space.geometry)
    )  # fmt: skip


@pytest.fixture
def live():
    return Live()


@pytest.fixture
def panel(qtbot, live):
    made = SimilarityPanel(live)
    qtbot.addWidget(made)
    made.resize(900, 260)
    made.show()
    return made


def show(live, view):
    live.families = (view,)
    live.model_changed.emit()


def cosine(one, two):
    return float((one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum()))


def test_every_difference_stands_once_by_its_vector_s_name(panel, live):
    show(live, make_view(0.5))
    assert panel.heat.square.names == ("B", "C", "τ A", "Sum")
    values = panel.heat.square.values
    assert values[0, 1] == pytest.approx(cosine(VECTORS[2], VECTORS[3]))
    assert values[3, 0] == pytest.approx(cosine(VECTORS[1] + 0.5 * VECTORS[2], VECTORS[2]))


def test_a_move_changes_the_figures_at_once_and_a_hidden_panel_waits(panel, live):
    show(live, make_view(0.5))
    panel.hide()
    live.families = (make_view(2.0),)
    live.moved.emit()
    assert panel.heat.square.values[3, 0] == pytest.approx(cosine(VECTORS[1] + 0.5 * VECTORS[2], VECTORS[2]))
    panel.show()
    assert panel.heat.square.values[3, 0] == pytest.approx(cosine(VECTORS[1] + 2 * VECTORS[2], VECTORS[2]))
    live.families = (make_view(0.0),)
    live.moved.emit()
    assert panel.heat.square.values[3, 2] == pytest.approx(1.0)


def test_behind_another_panel_nothing_is_computed(panel, live):
    show(live, make_view(0.5))
    panel.wake(False)
    before = panel.heat.square
    live.families = (make_view(2.0),)
    live.moved.emit()
    live.model_changed.emit()
    assert panel.heat.square is before
    panel.wake(True)
    assert panel.heat.square.values[3, 0] == pytest.approx(cosine(VECTORS[1] + 2 * VECTORS[2], VECTORS[2]))


def test_a_layer_alone(panel, live):
    show(live, make_view(0.5))
    panel.part.setCurrentIndex(panel.part.findText("layer 1") if panel.part.findText("layer 1") > 0 else 3)
    panel.part.activated.emit(panel.part.currentIndex())
    assert panel.heat.square.values[0, 1] == pytest.approx(cosine(VECTORS[2, 2], VECTORS[3, 2]))
    assert panel.heat.square.band == pytest.approx(3 / np.sqrt(50))


def choose(panel, choice, words):
    row = next(row for row in range(choice.count()) if choice.itemText(row).strip() == words)
    choice.setCurrentIndex(row)
    choice.activated.emit(row)


def read_table(panel):
    lines = list(csv.reader(io.StringIO(panel.table_text(","))))
    return lines[0], {line[0]: dict(zip(lines[0][1:], line[1:], strict=True)) for line in lines[1:]}


def test_the_table_is_of_the_layer_that_is_shown(panel, live):
    show(live, make_view(0.5))
    choose(panel, panel.part, "layers 1")
    head, lines = read_table(panel)
    assert head[0] == "layers 1"
    norm = np.linalg.norm(VECTORS[2, 2])
    assert float(lines["B"]["‖τ‖"]) == pytest.approx(norm, rel=1e-5)
    assert float(lines["B"]["‖τ‖ / ‖θ₀‖"]) == pytest.approx(norm / np.linalg.norm(VECTORS[0, 2]), rel=1e-5)
    assert float(lines["B"]["cos with C"]) == pytest.approx(cosine(VECTORS[2, 2], VECTORS[3, 2]), rel=1e-5)


def test_the_table_of_signs_holds_signs(panel, live):
    show(live, make_view(0.5))
    choose(panel, panel.figure, "Signs")
    choose(panel, panel.part, "layers 0")
    _, lines = read_table(panel)
    assert list(lines) == ["B", "C", "τ A"]
    assert float(lines["B"]["signs against C"]) == pytest.approx((np.sign(VECTORS[2, 1]) != np.sign(VECTORS[3, 1])).mean())
    assert "cos with C" not in lines["B"]


def test_a_part_s_estimate_says_how_far_it_may_be_off(panel, live):
    errors = np.full((len(TENSORS), 4, 4), 0.5)
    show(live, make_view(0.5, errors))
    choose(panel, panel.part, "layers 1")
    assert "±" in panel.heat.square.tell(0, 1)
    _, lines = read_table(panel)
    own = [np.linalg.norm(VECTORS[row, 2]) for row in (2, 3)]
    likeness = abs(cosine(VECTORS[2, 2], VECTORS[3, 2]))
    wanted = 0.5 / (own[0] * own[1]) + likeness / 2 * (0.5 / own[0] ** 2 + 0.5 / own[1] ** 2)
    assert float(lines["B"]["± C"]) == pytest.approx(wanted, rel=1e-4)


def test_shares_say_how_much_of_one_is_in_another(panel, live):
    show(live, make_view(0.5))
    choose(panel, panel.figure, "Shares")
    edit = VECTORS[1] + 0.5 * VECTORS[2]
    wanted = (edit * VECTORS[2]).sum() / (VECTORS[2] ** 2).sum()
    assert panel.heat.square.values[3, 0] == pytest.approx(wanted)
    assert np.diagonal(panel.heat.square.values) == pytest.approx(1)
    assert "of ‘B’ there is" in panel.heat.square.tell(3, 0)
    _, lines = read_table(panel)
    assert float(lines["Sum"]["share of B"]) == pytest.approx(wanted, rel=1e-5)
    show(live, make_view(0.5, np.full((len(TENSORS), 4, 4), 0.5)))
    assert (panel.heat.square.errors[3, :3] > 0).all()


def test_sizes_of_changes_are_a_histogram(panel, live):
    table = make_table()
    table.magnitudes[:, 0, 30:32] = 20, 5
    table.magnitudes[:, 2, 33] = 50
    view = make_view(0.5)
    view = replace(view, counts=count_figures(table))
    show(live, view)
    choose(panel, panel.plot.views, "Sizes of single changes")
    lines = list(csv.reader(io.StringIO(panel.plot.text(","))))
    assert lines[0] == ["size from", "B", "C", "τ A"]
    assert [[float(figure) for figure in line[1:]] for line in lines[1:]] == [[0, 0, 0.4], [0, 0, 0.1], [0, 0, 0], [0, 1, 0]]
    assert float(lines[1][0]) == pytest.approx(2.0**-25, rel=0.05)


def test_a_vector_of_nothing_is_not_awaited(panel, live):
    show(live, make_view(0.0))
    live.families = (make_view(math.nan),)
    live.moved.emit()
    place = panel.heat.square.names.index("Sum")
    assert "has yet to run" in panel.heat.square.tell(place, 0)
    zero = HeatMap("cosine", ("a", "b"), np.full((2, 2), math.nan), np.zeros((2, 2)), 100, np.array([1.0, 0.0]))
    assert make_square(zero, "head").tell(0, 1).endswith("nothing to compare: ‘b’ changes nothing here")


@pytest.mark.parametrize(("grain", "titles"), [("by tensor", list(TENSORS)), ("by layer", ["embeddings", "layers 0", "layers 1"])])
def test_the_plot_is_a_table_too(panel, live, grain, titles):
    show(live, make_view(0.5))
    choose(panel, panel.plot.views, f"‖τ‖ {grain}")
    panel.as_table.click()
    shown = panel.plot.table.model()
    assert [shown.headerData(row, Qt.Orientation.Vertical) for row in range(shown.rowCount())] == titles
    assert float(shown.index(2, 1).data()) == pytest.approx(np.linalg.norm(VECTORS[2, 2]), rel=1e-5)
    assert not panel.plot.curves.isVisible()


def test_what_is_alike_goes_together_with_the_chosen_cell(panel, live):
    show(live, make_view(0.0))
    panel.heat.cell_chosen.emit(0, 1)
    panel.order.click()
    names = panel.heat.square.names
    assert abs(names.index("C") - names.index("τ A")) == 1
    assert [names[place] for place in panel.heat.chosen] == ["B", "C"]


def test_a_click_shows_the_cell_layer_by_layer(panel, live, qtbot):
    show(live, make_view(0.5))
    qtbot.mouseClick(panel.heat, Qt.MouseButton.LeftButton, pos=panel.heat.cell_rect(0, 1).center().toPoint())
    text = panel.plot.text(",").splitlines()
    assert text[0] == "layer,entries,1/√d,B · C"
    assert [float(line.split(",")[2]) for line in text[1:]] == pytest.approx([50**-0.5] * 3, rel=1e-5)
    assert [height for _, height in panel.plot.curves._plot.band] == pytest.approx([50**-0.5] * 3)
    wanted = [cosine(VECTORS[2, tensor], VECTORS[3, tensor]) for tensor in range(3)]
    assert [float(line.split(",")[3]) for line in text[1:]] == pytest.approx(wanted, rel=1e-5)


def test_signs_are_compared_for_checkpoints_only(panel, live):
    show(live, make_view(0.5))
    choose(panel, panel.figure, "Signs")
    assert panel.heat.square.names == ("B", "C", "τ A")
    assert panel.heat.square.values[0, 1] == pytest.approx((np.sign(VECTORS[2]) != np.sign(VECTORS[3])).mean())
    assert panel.heat.square.values[0, 0] == 0


def test_an_estimate_says_so(panel, live):
    errors = np.full((len(TENSORS), 4, 4), 0.5)
    live.is_measuring = True
    show(live, make_view(0.5, errors))
    assert panel.state.text().startswith("≈")
    assert "±" in panel.heat.square.tell(0, 1)
    height = panel.heat.height()
    live.progressed.emit(10**9, 4 * 10**9)
    assert "exact when all is read: 1.0 GB of 4.0 GB" in panel.state.text()
    assert (panel.heat.square.errors > 0).any()
    assert panel.plot.curves.accessibleName().startswith("≈ ")
    live.is_measuring = False
    show(live, make_view(0.5))
    assert panel.state.text() == ""
    assert panel.heat.height() == height
    assert not panel.plot.curves.accessibleName().startswith("≈")


def test_the_keyboard_walks_and_chooses(panel, live, qtbot):
    show(live, make_view(0.5))
    panel.heat.setFocus()
    heard = []
    panel.heat.cell_chosen.connect(lambda *cell: heard.append(cell))
    panel.heat._go((0, 0))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(panel.heat, key)
    assert heard == [(2, 1)]
    assert "τ A · C" in panel.heat.accessibleDescription()


def test_nothing_says_why(panel, live):
    assert "Wire checkpoints" in panel.heat.message
    live.message = "The engine is gone."
    live.model_changed.emit()
    assert panel.heat.message == "The engine is gone."
    assert not panel.again.isHidden()
    live.message, live.is_on = "", False
    live.model_changed.emit()
    assert "Switch" in panel.heat.message


def test_everything_can_be_taken_along(panel, live, tmp_path):
    show(live, make_view(0.5))
    for name in ("map.svg", "map.png"):
        assert panel.save(str(tmp_path / name))
        assert panel.plot.save(str(tmp_path / f"plot-{name}"))
    assert b"<svg" in (tmp_path / "map.svg").read_bytes()
    assert QImage(str(tmp_path / "map.png")).width() == 2 * panel.heat.width()
    choose(panel, panel.part, "layers 1")
    panel.save(str(tmp_path / "layer.svg"))
    told = [(tmp_path / name).read_text().partition("</desc>")[0] for name in ("map.svg", "layer.svg")]
    assert [name in words for name in ("Cosines, Whole model", "Cosines, layers 1") for words in told] == [True, False, False, True]
    choose(panel, panel.part, "Whole model")
    panel.save(str(tmp_path / "table.csv"))
    lines = list(csv.reader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [line[0] for line in lines[1:]] == ["B", "C", "τ A", "Sum"]
    assert float(lines[1][1]) == pytest.approx(np.linalg.norm(VECTORS[2]), rel=1e-5)
    panel.copy_button.click()
    assert QGuiApplication.clipboard().text().startswith("\t‖τ‖")
    assert not QGuiApplication.clipboard().image().isNull()
    panel.as_table.click()
    shown = panel.table.model()
    assert shown.rowCount() == 4
    assert shown.index(0, 0).data() == lines[1][1]


def test_no_cell_is_hit_beside_the_cells(panel, live):
    show(live, make_view(0.5))
    assert panel.heat.cell_at(QPointF(1, 1)) is None
    assert panel.heat.cell_at(panel.heat.cell_rect(3, 3).center()) == (3, 3)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("is_signed", [True, False])
def test_every_figure_can_be_read_on_its_colour(theme, is_signed):
    for percent in range(-100 if is_signed else 0, 101):
        colours = cell_colours(theme, percent / 100, is_signed=is_signed)
        assert contrast(colours.text, colours.back) >= 4.5, percent
