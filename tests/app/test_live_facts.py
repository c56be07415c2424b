"""Facts of nodes in weight space, against the tensors themselves."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from app.checking import Checker
from app.engine_thread import EngineThread
from app.live_facts import list_live_facts, shorten_live_facts
from app.live_view import LiveView
from app.panels.live_facts import LiveFacts
from app.session import Session
from engine.document.edits import set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.resources import resource_path

PATIENCE = 120_000
MODELS = resource_path("sample/models")


def make_wire(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


def draw():
    nodes = {
        **{name: Node("checkpoint", {"source": str(MODELS / name)}, name) for name in ("base", "diag", "dots")},
        "tau": Node("task_vector", label="τ diag"),
        "tau2": Node("task_vector", label="τ dots"),
        "sum": Node("add", label="Sum"),
        "apply": Node("apply", {"strength": 0.5}, "Edit"),
    }
    pairs = ["diag.checkpoint tau.tuned", "base.checkpoint tau.base", "dots.checkpoint tau2.tuned", "base.checkpoint tau2.base"]
    pairs += ["tau.vector sum.vectors", "tau2.vector sum.vectors", "base.checkpoint apply.base", "sum.vector apply.vector"]
    return Document("Facts", {NodeId(name): node for name, node in nodes.items()}, tuple(make_wire(*pair.split()) for pair in pairs))


@pytest.fixture(scope="module")
def measured(qapp):
    """A live view of the graph with all its figures."""
    engine, session = EngineThread(), Session()
    engine.start_worker()
    checker = Checker(session, engine)
    live = LiveView(session, checker, engine)
    live.session = session
    session.new(draw())
    checker.check_now()
    yield live
    engine.shutdown()
    for one in (live, checker, session, engine):
        one.deleteLater()


@pytest.fixture
def live(measured, qtbot):
    qtbot.waitUntil(lambda: bool(measured.families) and not measured.is_measuring, timeout=PATIENCE)
    yield measured
    while measured.session.undo_stack.canUndo():
        measured.session.undo_stack.undo()


def flat(name):
    tensors = load_file(MODELS / name / "model.safetensors")
    return np.concatenate([tensors[key].astype(np.float64).ravel() for key in sorted(tensors)])


def test_a_sum_is_told_with_what_it_is_made_of(live):
    base = flat("base")
    diag, dots = flat("diag") - base, flat("dots") - base
    facts = dict(list_live_facts(live.families, NodeId("sum")))
    whole = np.linalg.norm(diag + dots)
    cosine = diag @ dots / np.linalg.norm(diag) / np.linalg.norm(dots)
    assert float(facts["‖τ‖"]) == pytest.approx(whole, rel=1e-3)
    assert float(facts["‖τ‖ / ‖θ₀‖"]) == pytest.approx(whole / np.linalg.norm(base), rel=1e-2)
    assert facts["cos(τ diag, τ dots)"] == f"{cosine:.2f}"
    assert float(facts["‖τ‖ / ‖τ diag‖"]) == pytest.approx(whole / np.linalg.norm(diag), rel=1e-2)
    both = (diag != 0) & (dots != 0)
    assert facts["sign conflicts"] == f"{(np.sign(diag) != np.sign(dots))[both].mean():.0%}"
    assert facts["tensors · params"].endswith(f"{base.size:,}")


def test_a_vector_and_a_base_are_told(live):
    facts = dict(list_live_facts(live.families, NodeId("tau")))
    assert facts["exactly 0"] == f"{(flat('diag') == flat('base')).mean():.1%}"
    assert list_live_facts(live.families, NodeId("base"))[0][0] == "‖θ₀‖"
    assert list_live_facts(live.families, NodeId("nobody")) == ()


def test_cards_say_how_far_a_model_is_from_the_base(live):
    short = shorten_live_facts(live.families)
    assert short[NodeId("sum")].startswith("‖τ‖ ")
    assert short[NodeId("apply")].startswith("‖Δθ‖ ")
    assert not {NodeId("base"), NodeId("diag")} & set(short)


def test_the_inspector_s_figures_move_with_the_slider(live, qtbot):
    shown = LiveFacts(live, NodeId("apply"))
    qtbot.addWidget(shown)
    before = dict(shown.facts)
    labels = list(shown._figures)
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("apply"), "strength", 1.0))
    after = dict(shown.facts)
    assert float(after["‖θ − θ₀‖"]) == pytest.approx(2 * float(before["‖θ − θ₀‖"]), rel=1e-3)
    assert shown._figures == labels
