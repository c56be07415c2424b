"""The weight map over the shipped models: exact figures from the real engine, changed by the hand on the map and by the slider."""

import csv
import io
import math
from dataclasses import replace
from shutil import copytree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from safetensors.torch import load_file, save_file

from app.map_drawing import draw_analogy
from app.panels.analogy_map import AnalogyMap
from app.panels.weight_map import WeightMapPanel
from app.widgets.map_scene import MapKind, MapScene
from engine.document.edits import set_label, set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.resources import resource_path
from tests.app.drawn_words import read_words
from tests.app.live_graph import follow_session

PATIENCE = 60_000
MODELS = resource_path("sample/models")
APPLY, GUESS = NodeId("apply"), NodeId("guess")
CORNERS = {"a": "plain-0-4", "b": "diag-0-4", "c": "plain-5-9", "d": "diag-5-9"}


def make_wire(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


def draw_graph():
    nodes = {
        "base": Node("checkpoint", {"source": str(MODELS / "base")}, "Base"),
        "guess": Node("analogy", label="Guess"),
        "apply": Node("apply", {"strength": 0.5}, "Edited"),
        "run": Node("series", {"source": str(MODELS / "diag-series")}, "Training"),
        "tau-run": Node("task_vector", label="τ Training"),
    }
    wires = [
        make_wire("base.checkpoint", "apply.base"),
        make_wire("guess.vector", "apply.vector"),
        make_wire("run.checkpoint", "tau-run.tuned"),
        make_wire("base.checkpoint", "tau-run.base"),
    ]
    for letter, source in CORNERS.items():
        nodes[letter] = Node("checkpoint", {"source": str(MODELS / source)}, letter.upper())
        nodes[f"tau-{letter}"] = Node("task_vector", label=f"τ {letter.upper()}")
        wires += [
            make_wire(f"{letter}.checkpoint", f"tau-{letter}.tuned"),
            make_wire("base.checkpoint", f"tau-{letter}.base"),
            make_wire(f"tau-{letter}.vector", f"guess.{letter}"),
        ]
    return Document("Map", {NodeId(name): node for name, node in nodes.items()}, tuple(wires))


@pytest.fixture(scope="module")
def live(lasting_engine):
    """The live figures of the graph; each test begins with its document anew."""
    with follow_session(lasting_engine) as made:
        yield made


@pytest.fixture
def panel(qtbot, live):
    live.session.new(draw_graph())
    with qtbot.waitSignal(live.checker.changed, timeout=PATIENCE, check_params_cb=lambda: live.checker.summary is not None):
        live.checker.check_now()
    live.switch(is_on=True)
    made = WeightMapPanel(live.session, live)
    qtbot.addWidget(made)
    made.resize(1000, 400)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring, timeout=PATIENCE)
    return made


def point(panel, name):
    return next(one for one in panel.map.scene.points if one.name == name)


def strength(live):
    return live.session.document.nodes[APPLY].parameters["strength"]


def edits():
    return {letter: read_edit(MODELS / source) for letter, source in CORNERS.items()}


def read_edit(folder):
    base, tuned = (load_file(each / "model.safetensors") for each in (MODELS / "base", folder))
    return np.concatenate([(tuned[name].double() - base[name].double()).flatten().numpy() for name in base])


def test_points_lie_at_exact_distances_from_one_another(panel):
    scene, found = panel.map.scene, edits()
    names = [one.name for one in scene.points]
    assert {"Base", "A", "B", "C", "D", "Edited", "Guess"} <= set(names)
    assert point(panel, "A").also == ("τ A",)
    assert [point(panel, name).kind for name in ("Base", "A", "Edited", "Guess")] == [
        MapKind.BASE,
        MapKind.TUNED,
        MapKind.EDITED,
        MapKind.VECTOR,
    ]
    distance = scene.distances[names.index("A")][names.index("Edited")]
    edited = 0.5 * (found["c"] + found["b"] - found["a"])
    assert distance == pytest.approx(np.linalg.norm(edited - found["a"]), rel=1e-6)
    assert 0 < scene.shown_share < 1
    for one, row in zip(scene.points, scene.distances, strict=True):
        for other, far in zip(scene.points, row, strict=True):
            assert math.dist(one.place, other.place) <= far * (1 + 1e-6) + 1e-9


def test_the_plane_is_that_of_base_and_checkpoints_and_shows_a_share_of_all_models(panel):
    found, scene = edits(), panel.map.scene
    steps = [read_edit(folder) for folder in sorted((MODELS / "diag-series").glob("checkpoint-*"))]
    corners = np.stack([np.zeros_like(found["a"]), *(found[letter] for letter in "abcd")])
    fixed = np.unique(np.concatenate([corners, steps]), axis=0)
    axes = np.linalg.svd(fixed - fixed.mean(axis=0), full_matrices=False)[2][:2]
    guess = found["c"] + found["b"] - found["a"]
    points = np.concatenate([fixed, [guess, 0.5 * guess]])
    share = (points @ axes.T).var(axis=0).sum() / points.var(axis=0).sum()
    wanted = np.concatenate([corners, [guess, 0.5 * guess]]) @ axes.T
    drawn = np.array([point(panel, name).place for name in ("Base", "A", "B", "C", "D", "Guess", "Edited")])
    gaps, far = (np.linalg.norm(places[:, None] - places[None], axis=-1) for places in (drawn, wanted))
    assert gaps == pytest.approx(far, abs=1e-6 * far.max())
    assert (scene.shown_share, scene.models) == (pytest.approx(share, rel=1e-6), len(points))
    assert panel._caption(scene).endswith(f"the plane shows {share:.1%} of the variance of these {len(points)} models")


def test_an_analogy_is_a_parallelogram_with_its_gap(panel):
    (shape,) = panel.map.scene.parallelograms
    a, b, c, made = (np.array(corner) for corner in shape.corners)
    assert made == pytest.approx(c + b - a)
    found = edits()
    guess = found["c"] + found["b"] - found["a"]
    assert shape.residual == pytest.approx(np.linalg.norm(guess - found["d"]) / np.linalg.norm(found["d"]), rel=1e-6)
    cosine = guess @ found["d"] / np.linalg.norm(guess) / np.linalg.norm(found["d"])
    assert shape.cosine == pytest.approx(cosine, abs=1e-6)
    assert f"residual = {shape.residual:.3f}" in panel.analogies.text()


def test_a_point_dragged_along_its_arrow_sets_the_strength_as_one_step(panel, live):
    handle = point(panel, "Edited").handle
    frame, steps = panel.map.frame, live.session.undo_stack.count()
    start, goal = (QPoint(*map(round, frame.show(place))) for place in (point(panel, "Edited").place, handle.one))
    QTest.mousePress(panel.map, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.3, 0.6, 1.0):
        QTest.mouseMove(panel.map, start + (goal - start) * part)
    QTest.mouseRelease(panel.map, Qt.MouseButton.LeftButton, pos=goal)
    assert strength(live) == pytest.approx(1, abs=0.03)
    assert panel.map.frame == frame
    assert point(panel, "Edited").handle.value == strength(live)
    assert live.session.undo_stack.count() == steps + 1
    live.session.undo_stack.undo()
    assert strength(live) == 0.5


@pytest.mark.parametrize("size", [(620, 230), (1000, 400)])
def test_every_pixel_of_a_drag_counts(panel, live, size):
    panel.resize(*size)
    handle = point(panel, "Edited").handle
    start, end = (panel.map.frame.show(place) for place in (handle.zero, handle.one))
    length = math.dist(start, end)
    for pixels in (3, 6):
        x, y = (one + pixels * (other - one) / length for one, other in zip(start, end, strict=True))
        panel.map.dragged.emit(APPLY, panel.map.frame.find((x, y)), 1)
        assert strength(live) == pytest.approx(pixels / length, abs=0.51 / length)


def test_escape_in_a_drag_leaves_nothing_behind(panel, live):
    live.session.apply("Rename", lambda document: set_label(document, NodeId("base"), "Base model"))
    start = QPoint(*map(round, panel.map.frame.show(point(panel, "Edited").place)))
    QTest.mousePress(panel.map, Qt.MouseButton.LeftButton, pos=start)
    QTest.keyClick(panel.map, Qt.Key.Key_Escape)
    QTest.mouseRelease(panel.map, Qt.MouseButton.LeftButton, pos=start)
    steps = live.session.undo_stack.index()
    assert (strength(live), steps) == (0.5, 1)
    QTest.mousePress(panel.map, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(panel.map, start + QPoint(40, 30))
    QTest.keyClick(panel.map, Qt.Key.Key_Escape)
    QTest.mouseRelease(panel.map, Qt.MouseButton.LeftButton, pos=start)
    assert (strength(live), live.session.undo_stack.index()) == (0.5, steps)


def test_shift_and_an_arrow_key_move_a_point_by_a_hundredth(panel, live):
    panel.map.current = panel.map.scene.find(APPLY)
    handle = point(panel, "Edited").handle
    is_right = handle.one[0] > handle.zero[0]
    QTest.keyClick(panel.map, Qt.Key.Key_Right if is_right else Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert strength(live) == 0.51


def test_the_map_stands_still_while_the_slider_moves(panel, live):
    before, frame = panel.map.scene, panel.map.frame
    for number in (0.1, -0.2, 0.9):
        live.session.apply("Set", lambda document, number=number: set_parameter(document, APPLY, "strength", number), "slide")
    assert panel.map.frame == frame
    for one, other in zip(before.points, panel.map.scene.points, strict=True):
        assert one.node == other.node
        if one.node != APPLY:
            assert one.place == other.place
    assert point(panel, "Edited").place != next(one for one in before.points if one.node == APPLY).place


def test_a_training_is_a_path_with_its_curves(panel):
    (path,) = panel.map.scene.paths
    assert (path.name, path.quantity, path.numbers) == ("Training", "step", (10.0, 25.0, 50.0, 75.0, 100.0))
    assert len(path.places) == 6
    assert path.cosines[-1] == pytest.approx(1)
    assert [one.step for one in panel.map.scene.points if one.step] == [f"step {number:g}" for number in path.numbers]
    panel.sides.setCurrentIndex(1)
    panel.sides.activated.emit(1)
    assert panel.pages.currentWidget() is panel.curves
    assert "cosine to the final vector" in panel.curves.accessibleDescription()


def beside(panel, words):
    row = panel.sides.findText(words)
    panel.sides.setCurrentIndex(row)
    panel.sides.activated.emit(row)
    return list(csv.reader(io.StringIO(panel.side_text(",")))), panel.pages.currentWidget()


def test_what_is_beside_the_map_is_what_is_saved(panel, tmp_path):
    (path,) = panel.map.scene.paths
    rows, shown = beside(panel, "Training: by step")
    assert shown is panel.curves
    assert [float(row[0]) for row in rows[1:]] == list(path.numbers)
    assert [float(row[2]) for row in rows[1:]] == pytest.approx(path.norms, rel=1e-5)
    for name in ("series.svg", "series.png", "series.csv"):
        assert panel.save_beside(str(tmp_path / name))
    assert b"<svg" in (tmp_path / "series.svg").read_bytes()
    assert (tmp_path / "series.csv").read_text() == panel.side_text(",")
    panel.copy_side.click()
    assert QGuiApplication.clipboard().mimeData().hasImage()
    rows, shown = beside(panel, "Analogies")
    (shape,) = panel.map.scene.parallelograms
    assert shown is panel.residuals
    assert (rows[1][0], rows[1][3]) == ("Guess", shape.true_name)
    assert [float(figure) for figure in rows[1][1:3]] == pytest.approx([shape.residual, shape.cosine], rel=1e-3)
    rows, shown = beside(panel, "Distances")
    assert shown is panel.distances
    assert len(rows) == len(panel.map.scene.points) + 1
    panel.copy_side.click()
    assert not QGuiApplication.clipboard().mimeData().hasImage()


def test_the_table_leaves_by_clipboard_with_the_picture(panel):
    panel.copy.click()
    held = QGuiApplication.clipboard().mimeData()
    assert held.hasImage()
    rows = list(csv.reader(io.StringIO(held.text()), delimiter="\t"))
    assert len(rows) == len(panel.map.scene.points) + 1
    assert float(rows[1][4]) == 0.0
    assert panel.table.rowCount() == len(panel.map.scene.points)


def test_a_double_click_shows_the_node(panel, qtbot):
    x, y = panel.map.frame.show(point(panel, "B").place)
    with qtbot.waitSignal(panel.reveal_wanted) as seen:
        panel.map.mouseDoubleClickEvent(_double_click(QPointF(x, y)))
    assert seen.args == ["b"]


def _double_click(place):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    buttons = Qt.MouseButton.LeftButton
    return QMouseEvent(QEvent.Type.MouseButtonDblClick, place, place, buttons, buttons, Qt.KeyboardModifier.NoModifier)


def test_the_small_map_lies_in_the_plane_of_the_analogy(panel, live, qtbot):
    small = AnalogyMap(live.session, live, GUESS)
    qtbot.addWidget(small)
    scene = draw_analogy(live.families[0], live.session.document, GUESS)
    assert small.plot.scene == scene
    a, b, c, made, _ = (np.array(place) for _, place in scene.letters)
    for one, other, number in ((a, b, (0, 1)), (a, c, (0, 2)), (b, made, (1, 3))):
        assert math.dist(one, other) == pytest.approx(scene.distances[number[0]][number[1]], rel=1e-6)
    assert b[0] > a[0]
    assert c[1] > a[1]
    assert "residual" in small.figures.text()


def test_what_is_missing_is_said(panel, live):
    live.switch(is_on=False)
    assert "switched off" in panel.map.accessibleDescription()
    assert panel.map.scene == MapScene()
    assert not panel.copy.isEnabled()


def test_nothing_is_drawn_while_another_panel_lies_in_front(panel, live):
    panel.wake(False)
    before = panel.map.scene
    live.set_number(APPLY, "strength", 0.25)
    assert panel.map.scene is before
    panel.wake(True)
    assert point(panel, "Edited").handle.value == 0.25


def add_training(document, name):
    """Bring in the same training once more, under another name."""
    run = NodeId("run-2")
    nodes = {**document.nodes, run: replace(document.nodes[NodeId("run")], label=name), NodeId("tau-2"): Node("task_vector", label="τ two")}
    wires = (*document.wires, make_wire("run-2.checkpoint", "tau-2.tuned"), make_wire("base.checkpoint", "tau-2.base"))
    return set_label(replace(document, nodes=nodes, wires=wires), NodeId("a"), "A, lr 1e-4")


def test_trainings_stand_side_by_side_and_by_learning_rate(panel, live, qtbot):
    live.session.apply("Add", lambda document: add_training(document, "Training, lr 1e-3"))
    qtbot.waitUntil(lambda: len(panel.map.scene.paths) == 3, timeout=PATIENCE)
    sides = [panel.sides.itemText(row) for row in range(panel.sides.count())]
    assert sides[1:5] == ["All trainings: by step", "Training: by step", "Training, lr 1e-3: by step", "By learning rate"]
    rows, shown = beside(panel, "All trainings: by step")
    assert shown is panel.curves
    assert len(panel.curves.shown.curves) == 4
    assert [row[0] for row in rows[1:]] == ["Training"] * 5 + ["Training, lr 1e-3"] * 5
    rows, shown = beside(panel, "By learning rate")
    assert shown is panel.curves
    assert panel.curves.shown.places == ("1e-4", "1e-3")
    assert [row[0] for row in rows[1:]] == ["A, lr 1e-4", "Training, lr 1e-3"]
    assert [float(row[1]) for row in rows[1:]] == [1e-4, 1e-3]
    assert rows[0][2] == "cosine to the vector at 1e-3"
    ends = [one.step for one in panel.map.scene.points if one.is_end]
    assert {one.step for one in panel.map.scene.points if one.step} >= {"step 10", "step 75"}, "only the ends are named"
    assert ends == ["Training and Training, lr 1e-3 · step 100"], "both end at one point"
    assert panel.ends.text() == "Cosine between the last vectors: 1.00 (Training, Training, lr 1e-3)"
    assert panel.ends.isHidden(), "it is no matter of learning rates"
    beside(panel, "All trainings: by step")
    assert not panel.ends.isHidden()


def test_a_training_that_ends_at_another_model_is_named_there(panel, live, qtbot):
    """The model keeps its mark, and its name; the training is not lost behind it."""

    def edit(document):
        last = replace(document.nodes[NodeId("a")], label="Last", parameters={"source": str(MODELS / "diag-series" / "checkpoint-100")})
        other = add_training(document, "Other")
        nodes = {**other.nodes, NodeId("last"): last, NodeId("tau-last"): Node("task_vector", label="τ last")}
        wires = (*other.wires, make_wire("last.checkpoint", "tau-last.tuned"), make_wire("base.checkpoint", "tau-last.base"))
        return replace(other, nodes=nodes, wires=wires)

    live.session.apply("Add", edit)
    qtbot.waitUntil(lambda: any("Last" in one.names for one in panel.map.scene.points), timeout=PATIENCE)
    (end,) = [one for one in panel.map.scene.points if one.is_end]
    assert end.step == "Last, Training and Other"
    assert not end.is_step
    assert {one.way for one in panel.map.scene.points if one.is_step} == {1}, "the second goes the same way, and lies on top"


def test_the_title_says_which_distances_are_exact(panel):
    """What TIES and the like make is an estimate before a run though all files have been read."""
    scene = panel.map.scene
    assert panel._caption(scene).startswith("Exact distances")
    some = replace(scene, points=(*scene.points[:-1], replace(scene.points[-1], norm_error=0.2)))
    assert panel._caption(some).startswith("Distances in the table are exact but for those with ≈")
    assert panel._caption(replace(some, is_estimate=True)).startswith("≈ estimated distances")


def test_a_saved_map_speaks_of_no_table(panel):
    scene = panel.map.scene
    assert "table" in panel._caption(scene)
    assert read_words(panel.map)[-1] == panel._saved_caption(scene)
    assert panel._saved_caption(scene).startswith("The plane shows ")
    assert panel._saved_caption(replace(scene, is_estimate=True)).startswith("≈ estimated from a sample; the plane shows ")


def leave_out(folder, name):
    """Copy a model without one of its tensors."""
    copytree(MODELS / "plain-0-4", folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors[name]
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_what_the_map_leaves_out_is_told_whole(panel, live, qtbot, tmp_path):
    name = max(load_file(MODELS / "base" / "model.safetensors"), key=len)
    source = str(leave_out(tmp_path / "less", name))
    assert panel.gaps.isHidden()
    panel.resize(620, 330)
    live.session.apply("Choose", lambda document: set_parameter(document, NodeId("a"), "source", source))
    told = f"not counted: {name}, which not all models have in one shape"
    qtbot.waitUntil(lambda: panel.gaps.text() == told, timeout=PATIENCE)
    assert panel.gaps.isVisible()
    qtbot.waitUntil(lambda: panel.gaps.height() >= panel.gaps.heightForWidth(panel.gaps.width()))
    assert panel.gaps.heightForWidth(panel.gaps.width()) > 1.5 * panel.gaps.fontMetrics().height()
    assert name not in panel.state.text()
