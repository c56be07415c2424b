"""Suggested strengths, their buttons, and the curve of a search beside the slider."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from safetensors.numpy import load_file

from app.node_parameter import NodeParameter
from app.panels.inspector import InspectorPanel
from app.panels.preset_row import PresetButton, PresetRow
from app.panels.strength_curve import StrengthCurve
from app.report_figures import Curve, Sweep
from app.strength_presets import Preset, list_presets
from engine.document.edits import add_node, connect, disconnect, set_parameter
from engine.document.model import Node, NodeId, PortRef, Wire
from engine.subset_scores import Trial
from engine.tensor_names import part_of
from tests.app.live_graph import MODELS, PATIENCE, draw_sum, draw_tests, follow_session

STRENGTH = NodeParameter(NodeId("apply"), "apply", "strength")
WEIGHTS = NodeParameter(NodeId("sum"), "add", "weights")

FAR = Wire(PortRef.parse("sum.vector"), PortRef.parse("far.vector"))

SWEEP = Sweep("search", (Curve("accuracy, test", ((0.0, 0.4), (0.5, 0.6), (1.0, 0.5))),), 0.5)

TRIALS = (Trial((0, 1), 0.3), Trial((0.5, 1), 0.5), Trial((1, 1), 0.7), Trial((1, 0), 0.6), Trial((1, 0.2), 0.65))
WEIGHED = Sweep(
    "each",
    (Curve("accuracy, test", tuple((float(place), trial.score) for place, trial in enumerate(TRIALS))),),
    mode="each",
    vector_names=("τ diag", "τ dots"),
    trials=TRIALS,
)


@pytest.fixture(scope="module")
def measured(lasting_engine):
    more = {
        "apply": Node("apply", {"strength": 0.9}, "Edit"),
        "single": Node("apply", {"strength": 0.9}, "Single"),
        "search": Node("strength_search", label="Search"),
    }
    more |= {"each": Node("strength_search", {"strengths": "each"}, "Search each"), "whole": Node("apply", label="Whole")}
    more |= {"between": Node("interpolate", {"amount": 0.7}, "Between"), "far": Node("apply", {"strength": 1}, "Far")}
    more |= {"no": Node("negate"), "analogy": Node("analogy"), **{name: Node("apply") for name in ("forget", "like", "elsewhere")}}
    more |= {"photo": Node("checkpoint", {"source": str(MODELS / "photo")}, "photo"), "tau3": Node("task_vector")}
    wires = (
        *("tau.vector each.vectors", "tau2.vector each.vectors", "base.checkpoint each.base"),
        *("sum.vector far.vector", "base.checkpoint far.base", "base.checkpoint between.first", "far.checkpoint between.second"),
        *("sum.vector whole.vector", "base.checkpoint whole.base"),
        *("base.checkpoint single.base", "tau.vector single.vector", "sum.vector search.vectors", "base.checkpoint search.base"),
        *("sum.vector no.vector", "no.vector forget.vector", "base.checkpoint forget.base"),
        *(
            "photo.checkpoint tau3.tuned",
            "base.checkpoint tau3.base",
            "tau3.vector analogy.a",
            "tau.vector analogy.b",
            "tau2.vector analogy.c",
        ),
        *("analogy.vector like.vector", "base.checkpoint like.base", "sum.vector elsewhere.vector", "photo.checkpoint elsewhere.base"),
    )
    with follow_session(lasting_engine) as live:
        live.session.new(draw_tests(draw_sum(more, *wires)))
        live.checker.check_now()
        yield live


@pytest.fixture
def inspector(live, qtbot):
    made = InspectorPanel(live.session, live)
    qtbot.addWidget(made)
    return made


def ran(live, sweep):
    """Return a sweep as a run of the document has just told it."""
    return replace(sweep, document=live.session.document)


def norms():
    def flat(name):
        tensors = load_file(MODELS / name / "model.safetensors")
        return np.concatenate([tensors[key].astype(np.float64).ravel() for key in sorted(tensors)])

    base = flat("base")
    one, two = flat("diag") - base, flat("dots") - base
    return np.linalg.norm(one), np.linalg.norm(two), np.linalg.norm(one + two)


def test_presets_follow_from_the_lengths(live):
    one, two, both = norms()
    found = {preset.title: preset.value for preset in list_presets(live.families, STRENGTH)}
    likeness = (both**2 - one**2 - two**2) / 2 / one / two
    assert found == {
        "mean": 0.5,
        "norm match": pytest.approx((one + two) / 2 / both, abs=1e-4),
        "Model Stock": pytest.approx(likeness / (1 + likeness), abs=1e-4),
    }
    found = {preset.title: preset.value for preset in list_presets(live.families, WEIGHTS)}
    assert found["MetaGPT"] == pytest.approx((one**2 / (one**2 + two**2), two**2 / (one**2 + two**2)), abs=1e-4)
    assert found["norm match"] == pytest.approx([(one + two) / 2 / both] * 2, abs=1e-4)
    assert list_presets(live.families, NodeParameter(NodeId("single"), "apply", "strength")) == ()
    assert list_presets((), STRENGTH) == ()


def test_an_average_of_models_can_weigh_them_by_their_lengths(live, qtbot):
    one, two, _ = norms()

    def add_average(document):
        document = add_node(document, NodeId("soup"), Node("average"))
        for name in ("diag", "dots"):
            document = connect(document, Wire(PortRef(NodeId(name), "checkpoint"), PortRef(NodeId("soup"), "checkpoints")))
        return document

    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply("Add", add_average)
    (preset,) = list_presets(live.families, NodeParameter(NodeId("soup"), "average", "weights"))
    assert preset.title == "MetaGPT"
    assert preset.value == pytest.approx((one**2 / (one**2 + two**2), two**2 / (one**2 + two**2)), abs=1e-4)


def test_vectors_that_are_weighed_unequally_are_no_model_stock(live):
    assert live.set_number(NodeId("sum"), "weights.1", 3.0)
    found = [preset.title for preset in list_presets(live.families, STRENGTH)]
    assert found == ["norm match"]


@pytest.mark.parametrize("node", ["forget", "like"])
def test_what_takes_a_vector_away_is_no_mean_of_models(live, node):
    """Of θ₀ − λ(τ₁ + τ₂) and θ₀ + λ(B − A + C) no λ is the mean of fine-tunes, and Model Stock would turn the edit round."""
    assert [preset.title for preset in list_presets(live.families, NodeParameter(NodeId(node), "apply", "strength"))] == ["norm match"]


def extend(live, qtbot, nodes, *wires):
    """Add nodes and wires, and wait for their figures."""

    def draw(document):
        for name, node in nodes.items():
            document = add_node(document, NodeId(name), node)
        for wire in wires:
            document = connect(document, Wire(*map(PortRef.parse, wire.split())))
        return document

    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply("Add", draw)


def test_a_sum_with_half_a_vector_is_matched_to_whole_fine_tunings(live, qtbot):
    one, two, both = norms()
    more = {"half": Node("scale", {"factor": 0.5}), "mix": Node("add"), "mixed": Node("apply")}
    wires = ("tau.vector half.vector", "half.vector mix.vectors", "tau2.vector mix.vectors", "mix.vector mixed.vector")
    extend(live, qtbot, more, *wires, "base.checkpoint mixed.base")
    (preset,) = list_presets(live.families, NodeParameter(NodeId("mixed"), "apply", "strength"))
    whole = np.sqrt(one**2 / 4 + two**2 + (both**2 - one**2 - two**2) / 2)
    assert preset.value * whole == pytest.approx((one + two) / 2, rel=1e-3)
    assert preset.help == "As long an edit as one fine-tuning: the mean of their lengths."
    assert [each.title for each in list_presets(live.families, NodeParameter(NodeId("mix"), "add", "weights"))] == ["mean", "norm match"]


def test_of_some_layers_the_match_is_to_the_fine_tunings_there(live, qtbot):
    more = {"kept": Node("layer_filter", {"include": ("@attention",)}), "part": Node("apply")}
    extend(live, qtbot, more, "sum.vector kept.vector", "kept.vector part.vector", "base.checkpoint part.base")
    (preset,) = list_presets(live.families, NodeParameter(NodeId("part"), "apply", "strength"))
    geometry = live.families[0].space.geometry
    rows = [row for row, name in enumerate(geometry.table.tensors) if part_of(name) == "attention"]
    columns = [1 + geometry.table.vectors.index(name) for name in ("diag", "dots")]
    inner = geometry.table.products[rows].sum(axis=0)[np.ix_(columns, columns)]
    assert preset.value * np.sqrt(inner.sum()) == pytest.approx(np.sqrt(inner.diagonal()).mean(), rel=1e-3)
    assert "in the layers that are taken of it" in preset.help


def test_what_takes_a_vector_away_is_weighed_by_no_meta_gpt(live, qtbot):
    more = {"away": Node("negate"), "less": Node("add")}
    extend(live, qtbot, more, "tau2.vector away.vector", "tau.vector less.vectors", "away.vector less.vectors")
    assert [each.title for each in list_presets(live.families, NodeParameter(NodeId("less"), "add", "weights"))] == ["mean", "norm match"]


def test_on_another_base_the_mean_of_the_vectors_is_no_mean_of_models(live):
    found = {preset.title: preset.help for preset in list_presets(live.families, NodeParameter(NodeId("elsewhere"), "apply", "strength"))}
    assert list(found) == ["mean", "norm match"]
    assert "fine-tunes" not in found["mean"]
    assert "fine-tunes" in {preset.title: preset.help for preset in list_presets(live.families, STRENGTH)}["mean"]


def test_a_sum_that_is_scaled_has_its_mean_elsewhere(live):
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("sum"), "weights", (2.0, 2.0)))
    found = {preset.title: preset.value for preset in list_presets(live.families, STRENGTH)}
    assert list(found) == ["mean", "norm match", "Model Stock"]
    assert found["mean"] == 0.25


def test_a_button_sets_the_strength_as_one_step(live, inspector):
    inspector.show_nodes([NodeId("apply")])
    (row,) = inspector.findChildren(PresetRow)
    assert [button.text().rsplit(" ", 1)[0] for button in row.buttons] == ["mean", "norm match", "Model Stock"]
    row.buttons[0].click()
    assert live.session.document.nodes[NodeId("apply")].parameters["strength"] == 0.5
    live.session.undo_stack.undo()
    assert live.session.document.nodes[NodeId("apply")].parameters["strength"] == 0.9


def test_the_buttons_follow_a_number_that_is_moved(live, inspector):
    """“Norm match” for the sum hangs on the sum's length, which the weights change."""
    inspector.show_nodes([NodeId("apply")])
    (row,) = inspector.findChildren(PresetRow)
    before = row.buttons[-1].text()
    assert live.set_number(NodeId("sum"), "weights.1", 3.0)
    presets = list_presets(live.families, STRENGTH)
    assert [button.text() for button in row.buttons] == [preset.text for preset in presets]
    assert row.buttons[-1].text() != before


def test_a_button_sets_all_weights(live, inspector):
    inspector.show_nodes([NodeId("sum")])
    (row,) = inspector.findChildren(PresetRow)
    next(button for button in row.buttons if button.text() == "MetaGPT").click()
    assert sum(live.session.document.nodes[NodeId("sum")].parameters["weights"]) == pytest.approx(1, abs=1e-3)


def test_the_curve_stands_beside_the_slider_and_marks_where_it_is(live, inspector):
    inspector.show_sweeps([ran(live, SWEEP)])
    inspector.show_nodes([NodeId("apply")])
    (curve,) = inspector.findChildren(StrengthCurve)
    assert not curve.isHidden()
    assert curve.plot.shown.mark == 0.9
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("apply"), "strength", 0.2))
    assert curve.plot.shown.mark == 0.2
    inspector.show_sweeps([])
    assert curve.isHidden()


def test_a_curve_is_hidden_where_what_was_tried_has_changed_since(live, inspector):
    inspector.show_sweeps([ran(live, SWEEP)])
    inspector.show_nodes([NodeId("apply")])
    (curve,) = inspector.findChildren(StrengthCurve)
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("search"), "stop", 0.5))
    assert not curve.isHidden()
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("sum"), "weights", (1.0, 0.5)))
    assert curve.isHidden()
    inspector.show_nodes([NodeId("search")])
    (curve,) = inspector.widget().findChildren(StrengthCurve)
    assert not curve.isHidden()


def test_the_curve_of_another_node_s_model_says_whose_it_is(live, inspector):
    inspector.show_sweeps([ran(live, replace(WEIGHED, metric="perplexity", is_normalized=True, is_inverted=True))])
    inspector.show_nodes([NodeId("sum")])
    (curve,) = inspector.findChildren(StrengthCurve)
    assert curve.plot.shown.title == "‘Search each’, last run"
    words = "Mean figure of ‘Whole’ by each weight, the others as they are: the reference’s perplexity ÷ the model’s; higher is better."
    assert curve.note.text() == words
    assert [(each.name, each.points) for each in curve.plot.shown.curves] == [
        ("τ diag", ((0.0, 0.3), (0.5, 0.5), (1.0, 0.7))),
        ("τ dots", ((0.0, 0.6), (0.2, 0.65), (1.0, 0.7))),
    ]


def test_a_curve_that_is_not_over_a_strength_marks_its_own_number(live, inspector):
    inspector.show_sweeps([ran(live, SWEEP)])
    inspector.show_nodes([NodeId("between")])
    (curve,) = inspector.findChildren(StrengthCurve)
    assert (curve.plot.shown.mark_name, curve.plot.shown.quantity) == ("amount = 0.7", "amount")
    assert curve.note.isHidden()


def test_a_search_with_a_strength_for_each_vector_has_no_curve_over_one(live, inspector):
    inspector.show_sweeps([ran(live, WEIGHED)])
    inspector.show_nodes([NodeId("each")])
    (curve,) = inspector.findChildren(StrengthCurve)
    assert curve.isHidden()


def test_a_curve_is_gone_when_other_wires_make_another_edit(live, inspector, qtbot):
    inspector.show_sweeps([ran(live, SWEEP)])
    inspector.show_nodes([NodeId("far")])
    (curve,) = inspector.findChildren(StrengthCurve)
    assert not curve.isHidden()
    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply("Rewire", lambda document: connect(disconnect(document, FAR), Wire(PortRef.parse("tau.vector"), FAR.target)))
    assert curve.isHidden()


def test_without_live_figures_the_curve_is_there_all_the_same(live, inspector, qtbot):
    live.switch(is_on=False)
    try:
        inspector.show_sweeps([ran(live, SWEEP)])
        inspector.show_nodes([NodeId("between")])
        (curve,) = inspector.findChildren(StrengthCurve)
        with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
            live.session.apply("Cut", lambda document: disconnect(document, FAR))
        assert curve.isHidden()
    finally:
        live.switch(is_on=True)


@pytest.mark.parametrize("width", [225, 300])
def test_buttons_that_have_no_room_go_into_the_next_line(live, inspector, qtbot, width):
    inspector.resize(width, 700)
    with qtbot.waitExposed(inspector):
        inspector.show()
    inspector.show_nodes([NodeId("apply")])
    (row,) = inspector.findChildren(PresetRow)
    QApplication.sendPostedEvents()
    qtbot.waitUntil(lambda: row.buttons[-1].y() > 0)
    assert all(button.width() >= button.sizeHint().width() for button in row.buttons)
    assert all(row.rect().contains(button.geometry()) for button in row.buttons)


def test_other_figures_leave_a_button_as_wide_as_it_is(dark, qtbot):
    button = PresetButton()
    qtbot.addWidget(button)
    widths = []
    for figure in (0.5, 0.55, 1, 0.5):
        button.show_preset(Preset("norm match", figure, ""))
        widths.append(button.sizeHint().width())
    assert len(set(widths)) == 1
    button.show_preset(Preset("norm match", 10.55, ""))
    wider = button.sizeHint().width()
    button.show_preset(Preset("norm match", 0.5, ""))
    assert button.sizeHint().width() == wider > widths[0]
    button.show_preset(Preset("mean", 0.5, ""))
    assert button.sizeHint().width() < widths[0]
