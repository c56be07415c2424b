"""Models that meet on the weight map: each stays a point and a line of its own, and can be moved on by mouse and keys."""

import csv
import io
from dataclasses import replace
from shutil import copytree

import pytest
from PySide6.QtCore import QBuffer, QPoint, Qt
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest

from app.panels.weight_map import WeightMapPanel
from app.widgets.map_scene import MapKind
from engine.document.edits import set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from tests.app.live_graph import MODELS, PATIENCE, follow_session

APPLY, SCALED = NodeId("apply"), NodeId("scaled")


def draw_graph(source="diag", factor=1.0):
    """Draw one vector of a checkpoint and its copy, scaled by a number and applied by another."""
    files = {"base": "base", "a": source, "b": source}
    nodes = {name: Node("checkpoint", {"source": str(MODELS / path)}, name.title()) for name, path in files.items()}
    nodes |= {
        "tau": Node("task_vector", label="τ A"),
        "tau-b": Node("task_vector", label="τ B"),
        "scaled": Node("scale", {"factor": factor}, "Scaled"),
        "apply": Node("apply", {"strength": 0.9}, "Edited"),
        "again": Node("task_vector", label="τ Edited"),
    }
    wires = (
        *("a.checkpoint tau.tuned", "base.checkpoint tau.base", "b.checkpoint tau-b.tuned", "base.checkpoint tau-b.base"),
        *("tau.vector scaled.vector", "base.checkpoint apply.base", "scaled.vector apply.vector"),
        *("apply.checkpoint again.tuned", "base.checkpoint again.base"),
    )
    joined = tuple(Wire(*map(PortRef.parse, wire.split())) for wire in wires)
    return Document("Meeting", {NodeId(name): node for name, node in nodes.items()}, joined)


@pytest.fixture(scope="module")
def live(lasting_engine):
    with follow_session(lasting_engine) as made:
        yield made


@pytest.fixture
def open_map(qtbot, live):
    def open_map(document):
        live.session.new(document)
        with qtbot.waitSignal(live.checker.changed, timeout=PATIENCE, check_params_cb=lambda: live.checker.summary is not None):
            live.checker.check_now()
        panel = WeightMapPanel(live.session, live)
        qtbot.addWidget(panel)
        panel.resize(1000, 400)
        with qtbot.waitExposed(panel):
            panel.show()
        qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring, timeout=PATIENCE)
        return panel

    return open_map


def read_strength(live):
    return live.session.document.nodes[APPLY].parameters["strength"]


def find_point(panel, node=APPLY):
    number = panel.map.scene.find(node)
    return None if number is None else panel.map.scene.points[number]


def set_strength(live, number):
    live.session.apply("Set", lambda document: set_parameter(document, APPLY, "strength", number), "slide")


def press(panel, key, count):
    for _ in range(count):
        QTest.keyClick(panel.map, key, Qt.KeyboardModifier.ShiftModifier)


def read_table(panel):
    """Return the cells of the table under the name of each line."""
    table = panel.table
    names = [table.headerData(row, Qt.Orientation.Vertical) for row in range(table.rowCount())]
    return {name: [table.data(table.index(row, column + 2)) for column in range(len(names))] for row, name in enumerate(names)}


@pytest.mark.parametrize("there", [1.0, 0.0])
def test_keys_lead_a_model_onto_another_and_on(open_map, live, there):
    panel = open_map(draw_graph())
    set_strength(live, there - 0.02)
    panel.map.current = panel.map.scene.find(APPLY)
    handle = find_point(panel).handle
    more, less = (Qt.Key.Key_Right, Qt.Key.Key_Left) if handle.one[0] > handle.zero[0] else (Qt.Key.Key_Left, Qt.Key.Key_Right)
    press(panel, more, 2)
    assert read_strength(live) == there
    assert panel.map.scene.points[panel.map.current].node == APPLY
    assert find_point(panel).handle.value == there
    press(panel, more, 1)
    assert read_strength(live) == pytest.approx(there + 0.01)
    press(panel, less, 2)
    assert read_strength(live) == pytest.approx(there - 0.01)


@pytest.mark.parametrize("there", [1.0, 0.0])
def test_the_mouse_pulls_a_model_off_another_and_holds_it_on_the_way(open_map, live, there):
    panel = open_map(draw_graph())
    set_strength(live, there)
    frame, points = panel.map.frame, len(panel.map.scene.points)
    handle = find_point(panel).handle
    start, half = (QPoint(*map(round, frame.show(place))) for place in (find_point(panel).place, find_half(handle)))
    QTest.mousePress(panel.map, Qt.MouseButton.LeftButton, pos=start)
    for pixel in (half, start, half):
        QTest.mouseMove(panel.map, pixel)
        assert len(panel.map.scene.points) == points
        assert panel.map.frame == frame
    QTest.mouseRelease(panel.map, Qt.MouseButton.LeftButton, pos=half)
    assert read_strength(live) == pytest.approx(0.5, abs=0.01)


def find_half(handle):
    return tuple((zero + one) / 2 for zero, one in zip(handle.zero, handle.one, strict=True))


def test_every_model_has_its_line_and_says_whose_place_it_shares(open_map, live):
    panel = open_map(draw_graph())
    resets = []
    panel.table.modelReset.connect(lambda: resets.append(1))
    set_strength(live, 1.0)
    assert not resets
    found = read_table(panel)
    assert list(found) == ["Base", "A", "B", "Edited", "Scaled"]
    assert found["Edited"][1:] == ["same", "same", "0", "same"]
    assert found["B"][1:] == ["same", "0", "same", "same"]
    assert "same" not in found["Base"]
    assert panel.table.headerData(3, Qt.Orientation.Vertical, Qt.ItemDataRole.ToolTipRole).startswith("Edited, τ Edited, A, ")
    rows = list(csv.reader(io.StringIO(panel.side_text(","))))
    assert [row[0].split(", ")[0] for row in rows[1:]] == list(found)
    set_strength(live, 0.5)
    assert not any("same" in cell for cell in read_table(panel)["Edited"])


def test_a_vector_goes_with_the_model_it_is_the_change_of(open_map):
    panel = open_map(draw_graph())
    assert find_point(panel).also == ("τ Edited",)
    assert find_point(panel, NodeId("a")).also == ("B", "τ A", "τ B", "Scaled")
    assert find_point(panel, SCALED).handle.value == 1


def test_of_points_at_one_place_the_one_that_moves_is_hit_and_the_keys_reach_all(open_map, live):
    panel = open_map(draw_graph())
    set_strength(live, 1.0)
    plot = panel.map
    seen = []
    plot.current = plot.scene.find(NodeId("base"))
    tip, base = find_point(panel).place, find_point(panel, NodeId("base")).place
    to, back = (Qt.Key.Key_Right, Qt.Key.Key_Left) if tip[0] > base[0] else (Qt.Key.Key_Left, Qt.Key.Key_Right)
    for _ in range(3):
        QTest.keyClick(plot, to)
        seen.append(plot.scene.points[plot.current].node)
    assert seen == ["apply", "scaled", "a"]
    QTest.keyClick(plot, back)
    assert plot.scene.points[plot.current].node == "base"
    x, y = plot.frame.show(tip)
    assert plot.scene.points[plot.point_at(QPoint(round(x), round(y)))].node == "apply"


def test_a_model_that_nothing_moves_has_its_number_on_the_map_still(open_map, live):
    panel = open_map(draw_graph(factor=0.0))
    edited = find_point(panel)
    assert edited.kind is MapKind.EDITED
    assert edited.handle.value == 0.9
    assert not edited.handle.has_way
    panel.map.current = panel.map.scene.find(APPLY)
    press(panel, Qt.Key.Key_Right, 1)
    press(panel, Qt.Key.Key_Up, 1)
    assert read_strength(live) == pytest.approx(0.92)
    press(panel, Qt.Key.Key_Left, 1)
    assert read_strength(live) == pytest.approx(0.91)
    pixel = QPoint(*map(round, panel.map.frame.show(edited.place)))
    QTest.mousePress(panel.map, Qt.MouseButton.LeftButton, pos=pixel)
    QTest.mouseMove(panel.map, pixel + QPoint(30, 0))
    assert read_strength(live) == pytest.approx(0.91)


def test_the_keys_stay_at_peace_where_a_move_takes_the_map_away(open_map, live):
    """Somebody who listens may do anything before the key's own work is done."""
    panel = open_map(draw_graph())
    panel.map.current = panel.map.scene.find(APPLY)
    panel.map.nudged.connect(lambda *_: panel.map.show_message("Gone"))
    press(panel, Qt.Key.Key_Right, 1)
    assert panel.map.current is None
    assert panel.map.accessibleDescription() == "Gone"


def test_a_renamed_model_keeps_its_line(open_map, live, qtbot):
    panel = open_map(draw_graph())
    nodes = live.session.document.nodes
    live.session.apply("Name", lambda document: replace(document, nodes={**nodes, APPLY: replace(nodes[APPLY], label="Mine")}))
    qtbot.waitUntil(lambda: "Mine" in read_table(panel), timeout=PATIENCE)


def test_names_are_whole_where_the_same_nodes_come_with_longer_ones(open_map, live, qtbot):
    panel = open_map(draw_graph())
    nodes = live.session.document.nodes
    named = replace(nodes[NodeId("a")], label="Much longer a name")
    live.session.apply("Name", lambda document: replace(document, nodes={**nodes, NodeId("a"): named}))
    qtbot.waitUntil(lambda: "Much longer a name" in read_table(panel), timeout=PATIENCE)
    head, side = panel.distances.horizontalHeader(), panel.distances.verticalHeader()
    assert head.sectionSize(3) >= min(head.fontMetrics().horizontalAdvance("to Much longer a name"), head.maximumSectionSize())
    assert side.width() >= side.fontMetrics().horizontalAdvance("Much longer a name")


def test_models_that_are_all_the_same_have_no_scale_and_no_plane(open_map, live, tmp_path):
    panel = open_map(draw_graph())
    assert panel._caption(panel.map.scene).endswith("the plane shows 100.0% of the variance of these 3 models")
    assert "‖θ₀‖" in write_picture(panel)
    alike = open_map(draw_graph(copytree(MODELS / "base", tmp_path / "copy")))
    assert alike._caption(alike.map.scene) == "Exact distances in the table; all models lie at one place"
    assert "‖θ₀‖" not in write_picture(alike)
    assert list(read_table(alike)) == ["Base", "A", "B", "Edited", "Scaled"]


def write_picture(panel):
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    painter = QPainter(generator)
    panel.map.draw(painter)
    painter.end()
    return buffer.data().data().decode()
