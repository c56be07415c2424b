"""Facts of nodes in weight space, against the tensors themselves."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from app.live_facts import list_live_facts, shorten_live_facts
from app.node_parameter import NodeParameter
from app.panels.live_facts import LiveFacts
from app.similarity_figures import list_rows, make_heat_map
from app.strength_presets import list_presets
from engine.document.edits import add_node, connect, set_parameter
from engine.document.model import Node, NodeId, PortRef, Wire
from engine.planning.live_space import LiveSpace
from engine.similarity.geometry_errors import ErrorGeometry
from tests.app.live_graph import MODELS, PATIENCE, by_name, draw_sum, draw_tests, follow_session


@pytest.fixture(scope="module")
def measured(lasting_engine):
    with follow_session(lasting_engine) as live:
        more = {"run": Node("series", {"source": str(MODELS / "diag-series")}, "Training"), "way": Node("task_vector", label="On the way")}
        live.session.new(draw_sum(more, "run.checkpoint way.tuned", "base.checkpoint way.base"))
        live.checker.check_now()
        yield live


def flat(name):
    tensors = load_file(MODELS / name / "model.safetensors")
    return np.concatenate([tensors[key].astype(np.float64).ravel() for key in sorted(tensors)])


def test_a_sum_is_told_with_what_it_is_made_of(live):
    base = flat("base")
    diag, dots = flat("diag") - base, flat("dots") - base
    facts = by_name(list_live_facts(live.families, NodeId("sum")))
    whole = np.linalg.norm(diag + dots)
    cosine = diag @ dots / np.linalg.norm(diag) / np.linalg.norm(dots)
    assert float(facts["‖τ‖"]) == pytest.approx(whole, rel=1e-3)
    assert float(facts["‖τ‖ / ‖θ₀‖"]) == pytest.approx(whole / np.linalg.norm(base), rel=1e-2)
    assert facts["cos(τ diag, τ dots)"] == f"{cosine:.2f}"
    assert float(facts["times as long as τ diag"]) == pytest.approx(whole / np.linalg.norm(diag), rel=1e-2)
    both = (diag != 0) & (dots != 0)
    assert facts["sign conflicts"] == f"{(np.sign(diag) != np.sign(dots))[both].mean():.0%}"
    assert facts["share of τ diag in it"] == f"{(diag + dots) @ diag / (diag @ diag):.2f}"
    assert facts["Model Stock’s t of these"] == f"{2 * cosine / (1 + cosine):.2f}"
    assert facts["tensors · params"].endswith(f"{base.size:,}")


def test_an_edit_of_a_sum_is_told_with_the_tasks_in_it(live):
    base = flat("base")
    diag, dots = flat("diag") - base, flat("dots") - base
    facts = by_name(list_live_facts(live.families, NodeId("apply")))
    for name, task in (("τ diag", diag), ("τ dots", dots)):
        cosine = (diag + dots) @ task / np.linalg.norm(diag + dots) / np.linalg.norm(task)
        assert facts[f"cos with {name}"] == f"{cosine:.2f}"
    overlap = 1 - (diag @ diag + dots @ dots) / ((diag + dots) @ (diag + dots))
    assert float(facts["share of overlap in ‖τ‖²"].rstrip("%").replace("\u2212", "-")) == pytest.approx(100 * overlap, abs=0.5)


def test_what_takes_a_vector_away_is_no_model_stock(live):
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("sum"), "weights", (1.0, -1.0)))
    facts = by_name(list_live_facts(live.families, NodeId("sum")))
    assert "share of τ diag in it" in facts
    assert "Model Stock’s t of these" not in facts


def test_a_vector_and_a_base_are_told(live):
    facts = by_name(list_live_facts(live.families, NodeId("tau")))
    assert facts["exactly 0"] == f"{(flat('diag') == flat('base')).mean():.1%}"
    assert list_live_facts(live.families, NodeId("base"))[0].name == "‖θ₀‖"
    assert list_live_facts(live.families, NodeId("nobody")) == ()


def test_cards_say_how_far_a_model_is_from_the_base(live):
    short = shorten_live_facts(live.families)
    assert short[NodeId("sum")].startswith("‖τ‖ ")
    assert short[NodeId("apply")].startswith("‖Δθ‖ ")
    assert not {NodeId("base"), NodeId("diag")} & set(short)


def test_what_works_on_a_series_is_told_by_its_steps(live):
    base = flat("base")
    steps = (10, 25, 50, 75, 100)
    vectors = [flat(f"diag-series/checkpoint-{step}") - base for step in steps]
    norms = [np.linalg.norm(vector) for vector in vectors]
    facts = by_name(list_live_facts(live.families, NodeId("way")))
    assert float(facts["‖τ‖ at step 10"]) == pytest.approx(norms[0], rel=1e-3)
    assert float(facts["‖τ‖ at step 100"]) == pytest.approx(norms[-1], rel=1e-3)
    assert facts["‖τ‖ of all 5 steps"] == f"{min(norms):.3g} to {max(norms):.3g}"
    assert facts["cos of step 10 with step 100"] == f"{vectors[0] @ vectors[-1] / norms[0] / norms[-1]:.2f}"
    assert facts["measured from"] == "base"
    assert shorten_live_facts(live.families)[NodeId("way")] == f"‖τ‖ → {norms[-1]:.3g}"
    run = by_name(list_live_facts(live.families, NodeId("run")))
    assert float(run["‖θ − θ₀‖ at step 100"]) == pytest.approx(norms[-1], rel=1e-3)


def test_the_inspector_s_figures_move_with_the_slider(live, qtbot):
    shown = LiveFacts(live, NodeId("apply"))
    qtbot.addWidget(shown)
    before = by_name(shown.facts)
    labels = list(shown._figures)
    live.session.apply("Set", lambda document: set_parameter(document, NodeId("apply"), "strength", 1.0))
    after = by_name(shown.facts)
    assert float(after["‖θ − θ₀‖"]) == pytest.approx(2 * float(before["‖θ − θ₀‖"]), rel=1e-3)
    assert shown._figures == labels


def test_a_fact_in_words_is_whole_in_the_inspector(live, qtbot, dark):
    """“known after its search or estimate” was cut at the panel's edge."""
    more = {"search": Node("strength_search", label="Search")}
    live.session.apply("More", lambda _: draw_tests(draw_sum(more, "base.checkpoint search.base", "sum.vector search.vectors")))
    qtbot.waitUntil(lambda: bool(list_live_facts(live.families, NodeId("search"))), timeout=PATIENCE)
    shown = LiveFacts(live, NodeId("search"))
    qtbot.addWidget(shown)
    assert shown.facts == list_live_facts(live.families, NodeId("search"))
    assert shown.minimumSizeHint().width() < 225, "the inspector may be as narrow"


def test_an_analogy_is_told_beside_what_it_guesses(live, qtbot):
    """Here τ diag itself is the guess, and τ dots what it should have been."""
    base = flat("base")
    diag, dots = flat("diag") - base, flat("dots") - base

    def add_analogy(document):
        document = add_node(document, NodeId("like"), Node("analogy"))
        for role, vector in {"a": "tau", "b": "tau", "c": "tau", "d": "tau2"}.items():
            document = connect(document, Wire(PortRef(NodeId(vector), "vector"), PortRef(NodeId("like"), role)))
        return document

    with qtbot.waitSignal(live.model_changed, timeout=PATIENCE):
        live.session.apply("Add", add_analogy)
    facts = by_name(list_live_facts(live.families, NodeId("like")))
    assert facts["cos with τ dots"] == f"{diag @ dots / np.linalg.norm(diag) / np.linalg.norm(dots):.2f}"
    distance = np.linalg.norm(diag - dots) / np.linalg.norm(dots)
    assert float(facts["distance to τ dots, of its length"]) == pytest.approx(distance, rel=5e-3)


def view_with_ties(live, qtbot):
    """Return the view of a graph with TIES in a sum, its figures estimated as before a run and the checkpoints' own exact."""
    more = {
        "ties": Node("ties", label="TIES"),
        "mix": Node("add", {"weights": (1.0, 0.5)}, "Mix"),
        "mixed": Node("apply", {"strength": 0.7}, "Mixed"),
        "like": Node("analogy", label="Like"),
    }
    wires = ("tau.vector ties.vectors", "tau2.vector ties.vectors", "ties.vector mix.vectors", "tau.vector mix.vectors")
    roles = ("mix.vector mixed.vector", "base.checkpoint mixed.base", "tau.vector like.a", "ties.vector like.b", "tau.vector like.c")
    live.session.new(draw_sum(more, *wires, *roles, "tau2.vector like.d"))
    live.checker.check_now()
    qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring and is_known(live, "mix"), timeout=PATIENCE)
    (view,) = live.families
    table, errors = view.space.geometry.table, np.zeros_like(view.space.geometry.table.products)
    place = 1 + table.vectors.index("ties")
    sizes = np.sqrt(np.einsum("taa->ta", table.products))
    errors[:, place, :] = errors[:, :, place] = 0.01 * sizes[:, [place]] * sizes
    space = LiveSpace(view.space.family, replace(table, errors=errors))
    return replace(view, space=space, figures=space.look(view.values), error_geometry=ErrorGeometry(space.geometry))


def is_known(live, node):
    (view,) = live.families
    return NodeId(node) in view.space.rows and bool(view.figures.is_known[view.space.rows[NodeId(node)]])


@pytest.fixture
def estimated(qtbot, lasting_engine):
    with follow_session(lasting_engine) as live:
        yield view_with_ties(live, qtbot)


def is_marked(figure):
    return figure.startswith("≈ ") and " ± " in figure


def test_every_figure_that_hangs_on_an_estimate_says_so(estimated):
    facts = by_name(list_live_facts([estimated], NodeId("mix")))
    told = ["‖τ‖", "‖τ‖ / ‖θ₀‖", "cos with TIES", "times as long as TIES", "times as long as τ diag", "share of overlap in ‖τ‖²"]
    told += ["share of TIES in it", "share of τ diag in it", "Model Stock’s t of these"]
    assert [name for name in told if not is_marked(facts[name])] == []
    compared = by_name(list_live_facts([estimated], NodeId("like")))
    assert is_marked(compared["distance to τ dots, of its length"])


def test_what_has_no_estimate_in_it_is_exact_beside_one(estimated):
    assert not any("≈" in fact.figure for fact in list_live_facts([estimated], NodeId("sum")))
    assert "≈" not in "".join(fact.figure for fact in list_live_facts([estimated], NodeId("base")))


def test_what_is_a_multiple_of_an_estimate_is_exactly_so(estimated):
    facts = by_name(list_live_facts([estimated], NodeId("mixed")))
    assert facts["times as long as Mix"] == "0.7"
    assert is_marked(facts["‖θ − θ₀‖"])
    assert "share of TIES in it" in facts
    rows = [row for row in list_rows(estimated) if row.name in ("Mix", "Mixed")]
    for quantity in ("cosine", "share"):
        heat = make_heat_map(estimated, rows, quantity, None)
        assert heat.values[1, 0] == pytest.approx(1 if quantity == "cosine" else 0.7)
        assert not heat.errors.any()


def test_suggestions_that_follow_from_an_estimate_say_so(estimated):
    (match,) = list_presets([estimated], NodeParameter(NodeId("mixed"), "apply", "strength"))
    assert match.text.startswith("norm match ≈ ")
    assert "fine-tuning" not in match.help
    exact = list_presets([estimated], NodeParameter(NodeId("apply"), "apply", "strength"))
    assert len(exact) == 3
    assert not any("≈" in preset.text + preset.help for preset in exact)
    weights = {preset.title: preset.text for preset in list_presets([estimated], NodeParameter(NodeId("mix"), "add", "weights"))}
    assert weights["mean"] == "mean 0.5"
    assert "≈" in weights["norm match"]


def with_opposites(view, errors=None):
    """Return a view in which what tunes on dots is exactly the opposite of what tunes on diag."""
    table = view.space.geometry.table
    products, (one, two) = table.products.copy(), (1 + table.vectors.index(name) for name in ("diag", "dots"))
    products[:, two, :] = -products[:, one, :]
    products[:, :, two] = -products[:, :, one]
    space = LiveSpace(view.space.family, replace(table, products=products, errors=errors))
    return replace(view, space=space, figures=space.look(view.values), error_geometry=ErrorGeometry(space.geometry))


def test_of_vectors_that_cancel_model_stock_has_no_ratio_and_says_why(live, qtbot, monkeypatch):
    views = tuple(map(with_opposites, live.families))
    facts = list_live_facts(views, NodeId("apply"))
    (told,) = [fact for fact in facts if fact.name == "Model Stock’s t of these"]
    assert told.figure == "–"
    assert told.why.startswith("The vectors cancel")
    assert "share of τ diag in it" in by_name(facts)
    monkeypatch.setattr(live, "families", views)
    shown = LiveFacts(live, NodeId("apply"))
    qtbot.addWidget(shown)
    assert shown.facts == facts
    assert [figure.toolTip() for figure in shown._figures if figure.text() == "–"] == [told.why]


def test_of_many_tasks_the_rest_is_told_by_their_span(qtbot, lasting_engine):
    names = [f"diag-series/checkpoint-{step}" for step in (10, 25, 50, 75, 100)] + ["dots"]
    more, wires = {"many": Node("add", label="Many")}, []
    for number, name in enumerate(names):
        more |= {f"m{number}": Node("checkpoint", {"source": str(MODELS / name)}), f"t{number}": Node("task_vector", label=f"T{number}")}
        wires += [f"m{number}.checkpoint t{number}.tuned", f"base.checkpoint t{number}.base", f"t{number}.vector many.vectors"]
    with follow_session(lasting_engine) as live:
        live.session.new(draw_sum(more, *wires))
        live.checker.check_now()
        qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring, timeout=PATIENCE)
        facts = by_name(list_live_facts(live.families, NodeId("many")))
        live.session.apply("Set", lambda document: set_parameter(document, NodeId("many"), "weights", (0.0,) * len(names)))
        nothing = by_name(list_live_facts(live.families, NodeId("many")))
    vectors = [flat(name) - flat("base") for name in names]
    whole = np.sum(vectors, axis=0)
    cosines = [whole @ vector / np.linalg.norm(whole) / np.linalg.norm(vector) for vector in vectors[4:]]
    assert facts["cos with 2 more"] == f"{min(cosines):.2f} to {max(cosines):.2f}"
    lengths = [np.linalg.norm(whole) / np.linalg.norm(vector) for vector in vectors[4:]]
    assert facts["times as long as these 2"] == f"{min(lengths):.3g} to {max(lengths):.3g}"
    shares = [whole @ vector / (vector @ vector) for vector in vectors[4:]]
    assert facts["shares of 2 more in it"] == f"{min(shares):.2f} to {max(shares):.2f}"
    assert "Model Stock’s t of all 6" in facts
    assert nothing["cos with 2 more"] == "–"
