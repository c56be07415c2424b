"""What is left out of weight space is told with the reason: in the panels, in the inspector, and only where it is so."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.live_absences import Absence, tell_absences
from app.panels.live_facts import LiveFacts
from app.panels.similarity import SimilarityPanel
from app.panels.weight_map import WeightMapPanel
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from tests.app.live_graph import MODELS, PATIENCE, draw_sum, follow_session

INTEGERS = "No tensor holds floating-point numbers: there is nothing to compare."


@pytest.fixture(scope="module")
def followed(lasting_engine):
    with follow_session(lasting_engine) as live:
        yield live


@pytest.fixture
def show(followed, qtbot):
    """A function that opens a graph and returns its live view and both panels once all is known."""

    def show(document):
        followed.session.new(document)
        followed.checker.check_now()
        qtbot.waitUntil(lambda: followed.model is not None and not followed.is_measuring, timeout=PATIENCE)
        panels = SimilarityPanel(followed), WeightMapPanel(followed.session, followed)
        for panel in panels:
            qtbot.addWidget(panel)
            panel.show()
        return followed, *panels

    return show


def write_model(folder, dtype, entries=4):
    folder.mkdir()
    save_file({"w": np.arange(entries).astype(dtype)}, folder / "model.safetensors")
    return Node("checkpoint", {"source": str(folder)}, folder.name)


def test_nothing_is_left_out_of_a_whole_graph(show):
    live, similarity, weight_map = show(draw_sum())
    assert live.absences == ()
    assert (similarity.state.text(), weight_map.gaps.text()) == ("", "")


def test_what_hangs_on_a_file_that_is_missing_is_left_out_and_says_so(show, qtbot):
    live, similarity, weight_map = show(draw_sum({"dots": Node("checkpoint", {"source": "/nowhere/x"}, "Dots")}))
    (absence,) = live.absences
    assert absence.names == ("Dots", "τ dots", "Sum", "Edit")
    assert absence.reason.startswith("‘Dots’: /nowhere/x is not there")
    assert live.families, "the rest is shown"
    for told in (similarity.state.text(), weight_map.gaps.text()):
        assert told.startswith("left out: Dots, τ dots, Sum, Edit. ‘Dots’: /nowhere/x is not there")
    facts = LiveFacts(live, NodeId("apply"))
    qtbot.addWidget(facts)
    assert facts.note.text() == f"In no figure of weight space. {absence.reason}"
    assert not facts.note.isHidden()
    whole = LiveFacts(live, NodeId("tau"))
    qtbot.addWidget(whole)
    assert whole.note.isHidden()


def test_without_its_base_a_graph_has_no_figure_and_says_why(show):
    live, similarity, weight_map = show(draw_sum({"base": Node("checkpoint", {"source": "/nowhere/x"}, "Base")}))
    assert live.families == ()
    for told in (similarity.heat.message, weight_map.map._message):
        assert told.startswith("‘Base’: /nowhere/x is not there")


def test_models_of_integers_are_told_to_be_that(show, tmp_path):
    integers = {name: write_model(tmp_path / name, np.int32) for name in ("base", "diag", "dots")}
    live, similarity, weight_map = show(draw_sum(integers))
    assert (similarity.heat.message, weight_map.map._message) == (INTEGERS, INTEGERS)
    assert {node for absence in live.absences for node in absence.nodes} == set(live.session.document.nodes)


def test_models_that_share_no_tensor_are_told_to_be_that(show, tmp_path):
    unlike = {name: write_model(tmp_path / name, np.float32, entries) for entries, name in enumerate(("base", "diag", "dots"), 2)}
    vectors = {name: Node("task_vector", {"misfit": "keep_base"}) for name in ("tau", "tau2")}
    _, similarity, _ = show(draw_sum(unlike | vectors))
    assert similarity.heat.message == "The models that are wired together have no tensor in one shape: there is nothing to compare."


def test_a_checkpoint_alone_lacks_nothing(show):
    live, similarity, weight_map = show(Document(nodes={NodeId("base"): Node("checkpoint", {"source": str(MODELS / "base")})}))
    assert live.absences == ()
    assert similarity.heat.message.startswith("Wire checkpoints")
    assert weight_map.map._message.startswith("Wire a base")


def test_what_works_on_a_series_is_not_left_out(show):
    more = {"run": Node("series", {"source": str(MODELS / "diag-series")}, "Training"), "way": Node("task_vector", label="On the way")}
    live, _, _ = show(draw_sum(more, "run.checkpoint way.tuned", "base.checkpoint way.base"))
    assert live.absences == ()


def test_a_problem_that_comes_or_goes_is_told_at_once(show, qtbot):
    """The families are the same with a node whose vector is missing; why it is left out is news."""
    alone = Node("scale", {"factor": 2}, "Twice")
    missing = Node("checkpoint", {"source": "/nowhere/y"}, "Other")
    live, similarity, _ = show(draw_sum({"alone": alone, "other": missing, "tau3": Node("task_vector", label="τ other")}))
    names = {name for absence in live.absences for name in absence.names}
    assert "Other" in names
    wires = ("other.checkpoint tau3.tuned", "base.checkpoint tau3.base", "tau3.vector alone.vector")
    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply(
            "Wire",
            lambda document: Document(
                document.title, document.nodes, (*document.wires, *(Wire(*map(PortRef.parse, wire.split())) for wire in wires))
            ),
        )
    assert "left out: Other, τ other, Twice. " in similarity.state.text()


def test_many_names_are_counted():
    names = tuple("abcdef")
    assert tell_absences([Absence((), names, "Why.")]) == "left out: a, b, c and 3 more. Why."
    assert tell_absences([Absence((), names[:4], "Why.")]) == "left out: a, b, c, d. Why."
