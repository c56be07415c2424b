"""The live view: figures follow the document at once, tables come from the real engine, and what is stale is dropped."""

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from app.engine_thread import EngineThread
from engine.document.edits import add_node, connect, set_label, set_parameter
from engine.document.model import Node, NodeId, PortRef, Wire
from engine.planning.coefficient import Symbol
from tests.app.live_graph import MODELS, PATIENCE, draw_sum, follow_session

STRENGTH = Symbol(NodeId("apply"), "strength")


def draw(**more):
    """Draw the graph with more nodes, which take both task vectors."""
    return draw_sum(more, *(f"{vector}.vector {name}.vectors" for name in more for vector in ("tau", "tau2")))


@pytest.fixture
def live(qtbot, lasting_engine):
    with follow_session(lasting_engine) as made:
        yield made
        made.switch(is_on=False)
        made.session.new()
        with qtbot.waitSignal(made.checker.changed, timeout=PATIENCE, check_params_cb=lambda: made.checker.summary is not None):
            made.checker.check_now()


def show(live, qtbot, document):
    live.session.new(document)
    live.checker.check_now()
    qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring, timeout=PATIENCE)
    return live.families[0]


def norm_of(live, node):
    (view,) = live.families
    return view.figures.norms[view.space.rows[NodeId(node)]]


def test_figures_follow_the_slider_without_a_check(live, qtbot):
    view = show(live, qtbot, draw())
    assert not view.is_estimate
    assert view.names[NodeId("tau")] == "τ diag"
    before = norm_of(live, "apply")
    moved, changed = [], []
    live.moved.connect(lambda: moved.append(live.families[0].values[STRENGTH]))
    live.model_changed.connect(lambda: changed.append(None))
    assert live.set_number(NodeId("apply"), "strength", 0.25, "drag")
    assert live.set_number(NodeId("apply"), "strength", 1.0, "drag")
    assert (moved, changed) == ([0.25, 1.0], [])
    assert norm_of(live, "apply") == pytest.approx(2 * before)
    models = [load_file(MODELS / name / "model.safetensors") for name in ("base", "diag", "dots")]
    edit = [models[1][name].double() + models[2][name].double() - 2 * models[0][name].double() for name in models[0]]
    assert norm_of(live, "apply") == pytest.approx(np.sqrt(sum(float((tensor**2).sum()) for tensor in edit)), rel=1e-6)
    live.session.undo_stack.undo()
    assert norm_of(live, "apply") == pytest.approx(before)
    with qtbot.waitSignal(live.checker.changed, timeout=PATIENCE, check_params_cb=lambda: live.checker.summary is not None):
        pass
    assert changed == []


def test_a_number_stays_within_its_bounds_and_a_list_keeps_its_others(live, qtbot):
    show(live, qtbot, draw())
    live.set_number(NodeId("apply"), "strength", 1e9)
    assert live.session.document.nodes[NodeId("apply")].parameters["strength"] < 1e9
    assert live.set_number(NodeId("sum"), "weights.1", 3.0)
    assert live.session.document.nodes[NodeId("sum")].parameters["weights"] == (1.0, 3.0)
    assert not live.set_number(NodeId("base"), "strength", 1.0)


def test_what_is_drawn_over_known_checkpoints_needs_no_reading(live, qtbot, monkeypatch):
    show(live, qtbot, draw())
    asked = []
    monkeypatch.setattr(EngineThread, "measure_similarities", lambda *_words, **_more: asked.append(None) or 1)

    def extend(document):
        document = add_node(document, NodeId("scale"), Node("scale", {"factor": 2}))
        return connect(document, Wire(PortRef("sum", "vector"), PortRef("scale", "vector")))

    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply("Add", extend)
    assert norm_of(live, "scale") == pytest.approx(4 * norm_of(live, "apply"))
    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply("Rename", lambda document: set_label(document, NodeId("scale"), "Twice"))
    assert live.families[0].names[NodeId("scale")] == "Twice"
    assert asked == []


def test_other_files_are_read_anew(live, qtbot, tmp_path):
    document = draw()
    tensors = load_file(MODELS / "dots" / "model.safetensors")
    (tmp_path / "dots").mkdir()
    save_file({name: 2 * tensor for name, tensor in tensors.items()}, tmp_path / "dots" / "model.safetensors")
    show(live, qtbot, document)
    before = norm_of(live, "tau2")
    with qtbot.waitSignal(live.checker.changed, timeout=PATIENCE, check_params_cb=lambda: live.checker.summary is not None):
        live.session.apply("Set", lambda old: set_parameter(old, NodeId("dots"), "source", str(tmp_path / "dots")))
    assert live.is_measuring
    assert live.families == ()
    qtbot.waitUntil(lambda: bool(live.families), timeout=PATIENCE)
    assert norm_of(live, "tau2") > 2 * before


def test_trying_again_looks_at_the_files_as_they_are_now(live, qtbot, tmp_path):
    """The graph is the same, and what the last check saw of the files is not."""
    tensors = load_file(MODELS / "dots" / "model.safetensors")
    (tmp_path / "dots").mkdir()
    save_file(tensors, tmp_path / "dots" / "model.safetensors")
    show(live, qtbot, draw())
    with qtbot.waitSignal(live.checker.changed, timeout=PATIENCE, check_params_cb=lambda: live.checker.summary is not None):
        live.session.apply("Set", lambda old: set_parameter(old, NodeId("dots"), "source", str(tmp_path / "dots")))
    qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring, timeout=PATIENCE)
    before = norm_of(live, "tau2")
    save_file({name: 2 * tensor for name, tensor in tensors.items()}, tmp_path / "dots" / "model.safetensors")
    live.try_again()
    qtbot.waitUntil(lambda: bool(live.families) and norm_of(live, "tau2") > 2 * before, timeout=PATIENCE)


def test_kernels_are_estimated_and_forgotten_when_they_are_made_otherwise(live, qtbot):
    view = show(live, qtbot, draw(mixed=Node("ties", {}), other=Node("ties", {"density": 0.5})))
    row = view.space.rows[NodeId("mixed")]
    assert view.figures.is_known[row]
    assert not view.is_estimate
    live.session.apply("Set", lambda old: set_parameter(old, NodeId("mixed"), "density", 0.9))
    assert known_of(live, "mixed", "other", "tau") == [False, True, True]
    live.session.undo_stack.undo()
    assert known_of(live, "mixed", "other", "tau") == [True, True, True]
    live.session.undo_stack.redo()
    seen = []
    watching = live.model_changed.connect(lambda: seen.append(known_of(live, "other", "tau")))
    qtbot.waitUntil(lambda: known_of(live, "mixed") == [True] and not live.is_measuring, timeout=PATIENCE)
    live.model_changed.disconnect(watching)
    assert seen
    assert all(known == [True, True] for known in seen), "what has not changed keeps its figures"


def known_of(live, *nodes):
    (view,) = live.families
    return [bool(view.figures.is_known[view.space.rows[NodeId(node)]]) for node in nodes]


def test_nothing_is_measured_while_it_is_switched_off(live, qtbot):
    live.switch(is_on=False)
    live.session.new(draw())
    with qtbot.waitSignal(live.checker.changed, timeout=PATIENCE, check_params_cb=lambda: live.checker.summary is not None):
        live.checker.check_now()
    assert (live.families, live.is_measuring) == ((), False)
    live.switch(is_on=True)
    qtbot.waitUntil(lambda: bool(live.families), timeout=PATIENCE)
    live.switch(is_on=False)
    assert live.families == ()
    live.switch(is_on=True)
    qtbot.waitUntil(lambda: bool(live.families), timeout=PATIENCE)
    assert norm_of(live, "apply") > 0
