"""Searches are shown by curve, by pair and by number of vectors, and their choice goes into the graph by one button."""

import csv
import io
import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.panels.sweep_view import SweepView
from app.sweeps import Curve, Sweep
from engine.differences import BoundedFigure
from engine.document.edits import add_node, connect
from engine.document.model import Node, NodeId, PortRef, Wire
from engine.subset_scores import Trial

SWEEP = Sweep("search", (Curve("Stripes", ((0, 0.3), (0.5, 0.8), (1, 0.7))),), 0.5, choice=(0.5,))
TRIALS = (
    Trial((0, 0, 0), 0.3),
    Trial((0.5, 0, 0), 0.6, (0.9, 0.3, 0.1)),
    Trial((0, 0.5, 0), 0.5, (0.2, 0.8, 0.1)),
    Trial((0.5, 0.5, 0), 0.85, (0.9, 0.8, 0.1)),
)
CURVE = Curve("accuracy, Stripes", tuple((float(place), trial.score) for place, trial in enumerate(TRIALS)))
SUBSETS = Sweep(
    "search",
    (CURVE,),
    3,
    choice=(0.5, 0.5, 0),
    mode="subsets",
    vector_names=("stripes", "dots", "photo"),
    trials=TRIALS,
    is_normalized=True,
)
HELPERS = Sweep(
    "search", (CURVE,), 2, choice=(0.5, 0, 0.5), mode="helpers", vector_names=("task", "foe", "friend"), is_normalized=True,
    trials=tuple(
        Trial(strengths, value / 0.6, targets=(BoundedFigure(value, value - 0.05, value + 0.05, 300),))
        for strengths, value in (((0, 0, 0), 0.18), ((0.5, 0, 0), 0.6), ((0.5, 0, 0.5), 0.75), ((1, 1, 0), 0.54))
    ),
)  # fmt: skip


@pytest.fixture
def view(qtbot, searched):
    made = SweepView(searched)
    qtbot.addWidget(made)
    made.resize(460, 240)
    return made


def test_the_plot_tells_its_points_and_the_choice(view, tmp_path):
    view.show_sweeps((SWEEP,))
    assert "0.5: 0.8" in view.plot.accessibleDescription()
    assert view.plot.shown.mark_name == "chosen λ = 0.5"
    view.plot.resize(400, 200)
    view.plot.grab()
    assert view.plot._point_at(view.plot._place(0.5, 0.8)) == "Stripes\nλ = 0.5: 0.8"
    for name in ("plot.svg", "plot.png", "plot.csv"):
        assert view.save(str(tmp_path / name))
    assert "<svg" in (tmp_path / "plot.svg").read_text()
    assert list(csv.reader(io.StringIO((tmp_path / "plot.csv").read_text())))[2] == ["0.5", "Stripes", "0.8"]


def test_the_button_puts_the_choice_into_the_graph_as_one_step(view, searched):
    view.show_sweeps((SWEEP,))
    assert view.use_button.text() == "Use λ = 0.5 in ‘Apply’"
    before, steps = searched.document, searched.undo_stack.count()
    view.use_button.click()
    assert searched.document.nodes["apply"].parameters["strength"] == 0.5
    assert searched.undo_stack.count() == steps + 1
    assert (view.use_button.text(), view.use_button.isEnabled()) == ("λ = 0.5 is in use in ‘Apply’", False)
    searched.undo_stack.undo()
    assert searched.document == before
    assert view.use_button.isEnabled()


def test_the_best_so_far_of_a_stopped_search_says_so(view):
    view.show_sweeps((Sweep("search", SWEEP.curves, 0.5, choice=(0.5,), is_final=False),))
    assert view.use_button.text() == "Use λ = 0.5, the best so far, in ‘Apply’"
    assert view.plot.shown.mark_name == "best so far λ = 0.5"


def test_without_a_choice_or_without_its_node_there_is_no_button(view):
    for sweep in (Sweep("search", SWEEP.curves), Sweep("gone", SWEEP.curves, 0.5, choice=(0.5,))):
        view.show_sweeps((sweep,))
        assert not view.use_button.isVisibleTo(view)


def test_a_choice_for_other_vectors_than_are_wired_in_now_has_no_button(view, searched):
    view.show_sweeps((replace(SWEEP, document=searched.document),))
    assert view.use_button.isVisibleTo(view)
    searched.apply("more", lambda document: connect(document, Wire(PortRef.parse("tau-a.vector"), PortRef.parse("search.vectors"))))
    assert not view.use_button.isVisibleTo(view)
    searched.undo_stack.undo()
    assert view.use_button.isVisibleTo(view)


def test_where_no_node_makes_the_edit_the_button_offers_one(view, searched):
    searched.apply("more", lambda document: connect(document, Wire(PortRef.parse("tau-a.vector"), PortRef.parse("search.vectors"))))
    view.show_sweeps((Sweep("search", SWEEP.curves, choice=(0.5, 0.2), mode="each", vector_names=("a", "b")),))
    assert view.use_button.text() == "Add an Apply with λ = 0.5, 0.2"
    stopped = Sweep("search", SWEEP.curves, choice=(0.5, 0.2), mode="each", vector_names=("a", "b"), is_final=False)
    view.show_sweeps((stopped,))
    assert view.use_button.text() == "Add an Apply with the best so far, λ = 0.5, 0.2"
    view.use_button.click()
    assert searched.document.nodes["add"].parameters["weights"] == (0.5, 0.2)
    assert view.use_button.text() == "λ = 0.5, 0.2, the best so far, is in use in ‘Add’"


def test_subsets_are_a_matrix_of_pairs_and_a_curve_over_their_number(view, tmp_path):
    view.show_sweeps((SUBSETS,))
    assert [view.views.itemText(row) for row in range(3)] == [
        "Pairs, normalized",
        "By number of vectors, normalized",
        "Figures try by try",
    ]
    assert view.shown.currentWidget() is view.pairs
    assert [[view.pairs.item(row, column).text() for column in range(2)] for row in range(2)] == [["90%", "85%"], ["85%", "80%"]]
    assert view.pairs.item(0, 1).toolTip() == "stripes + dots: 85%"
    assert view.save(str(tmp_path / "pairs.svg"))
    view.copy_button.click()
    assert QGuiApplication.clipboard().text().splitlines()[1] == "stripes\t0.9\t0.85\t"
    view.views.setCurrentIndex(1)
    view._draw()
    mean, best, worst = view.plot.shown.curves
    assert view.plot.shown.places == ("1", "2")
    assert mean.points == ((0, pytest.approx(0.55)), (1, 0.85))
    assert (best.points[0], worst.points[0]) == ((0, 0.6), (0, 0.5))
    assert view.text().splitlines()[:3] == ["number of vectors\tcurve\tfigure", "1\tmean\t0.55", "2\tmean\t0.85"]
    view.views.setCurrentIndex(2)
    view._draw()
    view.plot.grab()
    assert view.plot._point_at(view.plot._place(3, 0.85)) == "accuracy, Stripes\ntry = 3: 0.85\nλ = 0.5, 0.5, 0"


def test_pairs_that_are_not_measured_yet_are_dashes(view):
    going = Sweep("search", SUBSETS.curves, mode="pairs", vector_names=("a", "b", "c"), trials=TRIALS[:2])
    view.show_sweeps((going,))
    assert view.pairs.item(1, 1).text() == "–"
    assert "not measured yet" in view.pairs.item(0, 1).toolTip()
    assert "nan" not in view.text()
    assert math.isnan(view.pairs._values[1][1])


def test_helpers_that_the_rule_forbids_are_not_ranked(view):
    *others, friend, foe = HELPERS.trials
    view.show_sweeps((replace(HELPERS, trials=(*others, replace(friend, qualifies=False), foe), choice=(0.5, 0, 0)),))
    assert [line[1] for line in csv.reader(io.StringIO(view.text(",")))] == ["helper", "no helper", "foe"]


def test_helpers_are_ranked_with_their_gain(view, tmp_path):
    view.show_sweeps((HELPERS,))
    assert [view.views.itemText(row) for row in range(view.views.count())] == [
        "Who helps ‘task’ most",
        "Figures try by try",
    ]
    assert view.shown.currentWidget() is view.ranking
    assert list(csv.reader(io.StringIO(view.text(",")))) == [
        [
            *("rank", "helper", "chosen", "gain", "could be chance", "normalized validation", "λ"),
            *("accuracy, Stripes", "accuracy, Stripes low", "accuracy, Stripes high", "accuracy, Stripes n"),
        ],
        ["1", "friend", "yes", "0.25", "", "1.25", "0.5", "0.75", "0.7", "0.8", "300"],
        ["", "no helper", "", "", "", "1", "0.5", "0.6", "0.55", "0.65", "300"],
        ["2", "foe", "", "-0.1", "yes", "0.9", "1", "0.54", "0.49", "0.59", "300"],
    ]
    model = view.ranking.model()
    assert [model.headerData(column, Qt.Orientation.Horizontal) for column in range(4)] == [
        *("gain\npoints", "normalized\nvalidation", "λ", "accuracy\nStripes"),
    ]
    assert [model.index(row, 0).data() for row in range(3)] == ["+25.0\nchosen", "–", "−10.0\nchance?"]
    assert model.index(2, 3).data() == "0.540\n0.49–0.59 n 300"
    assert view.save(str(tmp_path / "helpers.svg"))
    assert view.save(str(tmp_path / "helpers.csv"))


def test_a_narrow_panel_shows_whole_columns_and_its_picture_all_of_them(dark, view, tmp_path):
    view.resize(257, 240)
    names = ("Stripes 0–4", "Plain 5–9", "Stripes 5–9")
    view.show_sweeps((replace(HELPERS, vector_names=names),))
    view.show()
    table = view.ranking
    assert all(table.columnViewportPosition(column) + table.columnWidth(column) <= table.viewport().width() for column in range(2))
    assert table.columnWidth(0) >= table.fontMetrics().horizontalAdvance("chance?")
    assert table.rowHeight(0) >= 2 * table.fontMetrics().height()
    assert view.save(str(tmp_path / "helpers.svg"))
    told = (tmp_path / "helpers.svg").read_text().partition("</desc>")[0]
    wanted = ("Who helps ‘Stripes 0–4’ most", "1  Stripes 5–9", "−10.0", "90.0%", "0.49–0.59 n 300")
    assert [words for words in wanted if words not in told] == []


def test_two_numbers_of_vectors_make_no_curve(view):
    for mode, names in (("pairs", ("a", "b", "c")), ("subsets", ("a", "b"))):
        view.show_sweeps((Sweep("search", SUBSETS.curves, mode=mode, vector_names=names, trials=TRIALS[:2]),))
        assert [view.views.itemText(row) for row in range(view.views.count())] == [
            "Pairs, single vectors on the diagonal",
            "Figures try by try",
        ]


def test_what_is_looked_at_stays_chosen_while_points_come(view):
    view.show_sweeps((SUBSETS,))
    view.views.setCurrentIndex(2)
    view.show_sweeps((SUBSETS,))
    assert view.views.currentIndex() == 2


def test_of_several_searches_each_view_says_whose_it_is(view, searched):
    searched.apply("more", lambda document: add_node(document, NodeId("two"), Node("strength_search", label="Second")))
    view.show_sweeps((SWEEP, Sweep("two", SWEEP.curves, 0.5)))
    assert [view.views.itemText(row) for row in range(2)] == ["Best strength · Figures by strength (λ)", "Second · Figures by strength (λ)"]


def test_the_panel_comes_to_the_search_that_begins_to_try_unless_another_is_chosen(view, searched):
    two, three = Sweep("two", SWEEP.curves), Sweep("three", SWEEP.curves)
    view.follow_run()
    view.show_sweeps((SUBSETS,), "search")
    view.views.setCurrentIndex(1)
    view.show_sweeps((SUBSETS, two), "two")
    assert view._current() == (two, "tries")
    view.show_sweeps((SUBSETS, two), "two")
    assert view.choose("search")
    view.show_sweeps((SUBSETS, two, three), "three")
    assert view._current()[0] is SUBSETS, "the user chose it"
    assert view.choose("three")
    assert not view.choose("nothing of the kind")
    assert view._current() == (three, "tries")
    view.follow_run()
    view.show_sweeps((two,), "two")
    view.views.setCurrentIndex(0)
    view.views.activated.emit(0)
    view.show_sweeps((two, three), "three")
    assert view._current()[0] is three, "what tried was chosen, no other"


@pytest.mark.parametrize(("chosen", "is_followed"), [("search", False), ("two", True)])
def test_whether_the_panel_follows_on_hangs_on_what_tries_when_the_user_chooses(view, searched, chosen, is_followed):
    two, three, four = (Sweep(name, SWEEP.curves) for name in ("two", "three", "four"))
    view.follow_run()
    view.show_sweeps((four, SUBSETS), "search")
    assert view.choose("four")
    view.show_sweeps((four, SUBSETS, two), "two")
    assert view._current()[0] is four
    assert view.choose(chosen)
    view.show_sweeps((four, SUBSETS, two), "two")
    assert view._current()[0].node == chosen, "no other search has begun"
    view.show_sweeps((four, SUBSETS, two, three), "three")
    assert (view._current()[0] is three) is is_followed


def test_what_is_looked_at_is_the_same_search_wherever_it_stands(view):
    two = Sweep("two", SWEEP.curves, 0.5)
    view.show_sweeps((SWEEP, SUBSETS, two))
    view.views.setCurrentIndex(view.views.count() - 1)
    view.show_sweeps((two, SWEEP, SUBSETS))
    assert view._current() == (two, "tries")


def test_figures_of_pairs_say_what_a_share_is(view):
    view.show_sweeps((replace(SUBSETS, metric="perplexity", is_inverted=True),))
    assert view.views.itemText(0) == "Pairs, reference’s perplexity ÷ model’s"


def test_a_ranking_where_less_is_better_has_the_least_first(view):
    loss = Sweep("search", (CURVE,), mode="helpers", vector_names=("task", "foe", "friend"), higher_is_better=False, trials=(
        Trial((1, 0, 0), 3.0), Trial((1, 1, 0), 3.5), Trial((1, 0, 1), 2.25),
    ))  # fmt: skip
    view.show_sweeps((loss,))
    assert list(csv.reader(io.StringIO(view.text(",")))) == [
        ["rank", "helper", "chosen", "gain", "could be chance", "score validation", "λ"],
        ["1", "friend", "", "0.75", "", "2.25", "1"],
        ["", "no helper", "", "", "", "3", "1"],
        ["2", "foe", "", "-0.5", "", "3.5", "1"],
    ]


def test_the_best_of_figures_that_should_be_small_is_the_smallest(view):
    view.show_sweeps((Sweep("search", (CURVE,), mode="subsets", vector_names=SUBSETS.vector_names, trials=TRIALS, higher_is_better=False),))
    view.views.setCurrentIndex(1)
    view._draw()
    _, best, worst = view.plot.shown.curves
    assert (best.points[0], worst.points[0]) == ((0, 0.5), (0, 0.6))
