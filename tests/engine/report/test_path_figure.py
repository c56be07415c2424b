"""The curves of trainings in the report: each by step, all together, and by learning rate."""

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.execution.result import PathRecord
from engine.report.figures import draw_similarity
from engine.report.map_figure import write_map_caption
from engine.report.path_figure import draw_path
from engine.similarity.geometry_tips import place_tips

STEPS = {"step 10": (1.0, 0.5), "step 100": (2.0, 0.2), "step 300": (4.0, 0.0)}
OTHER = {"step 20": (0.0, 1.0), "step 50": (1.0, 3.0)}
FIRST, SECOND = PathRecord("slow", (0, 1, 2), (10.0, 100.0, 300.0)), PathRecord("fast", (3, 4), (20.0, 50.0))
RATES = PathRecord("", (4, 2), (1e-5, 3e-4), "learning rate")


@pytest.fixture
def compare(analogy):
    """Return a record of vectors in the plane."""

    def make(vectors, *paths):
        rows = np.array(list(vectors.values()))
        found, norms = place_tips(rows @ rows.T), np.linalg.norm(rows, axis=1)
        with np.errstate(invalid="ignore"):
            cosines = rows @ rows.T / np.outer(norms, norms)
        return replace(
            analogy.similarities[0],
            names=tuple(vectors),
            cosine=tuple(tuple(map(float, row)) for row in cosines),
            norms=tuple(map(float, norms)),
            places=tuple(tuple(map(float, row)) for row in found.places),
            shown_share=found.shown_share,
            shown_models=found.models,
            parallelograms=(),
            paths=paths,
        )

    return make


def read_texts(svg):
    """Return (x, y, text) of what is written."""
    pattern = r'<text [^>]*?x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]+)</text>'
    return [(float(x), float(y), text) for x, y, text in re.findall(pattern, str(svg))]


def test_a_training_is_a_path_with_its_curves(compare):
    figure = compare(STEPS | {"other": (0.0, 1.0)}, FIRST)
    drawn = draw_similarity(figure, "k")
    (path,) = drawn.paths
    # The legend's line ends 8 pixels before its words and has a mark of its own; each of the two curves has one at every step.
    assert (84, 12, "cosine with the last") in read_texts(path.curves)
    assert 'd="M 52 8\nL 76 8' in path.curves
    assert path.curves.count("<use") == 2 * (3 + 1)
    assert "step 10: 0.89 and 0.280" in path.words
    assert "Dotted" in write_map_caption(figure)
    assert drawn.map


def test_a_training_that_ends_where_it_began_has_no_curves(compare):
    figure = compare({"a": (1.0, 0.0), "b": (0.0, 0.0)}, PathRecord("τ", (0, 1), (1.0, 2.0)))
    assert not draw_path(figure, figure.paths[0], "k")
    assert draw_similarity(figure, "k").paths == ()


def test_two_trainings_are_also_drawn_side_by_side(compare):
    together, *alone = draw_similarity(compare(STEPS | OTHER, FIRST, SECOND), "k").paths
    assert len(alone) == 2
    assert {"slow", "fast"} <= {text for *_, text in read_texts(together.curves)}
    # Two curves of three steps, two of two, and the legend's two marks.
    assert together.curves.count("<use") == 2 * 3 + 2 * 2 + 2
    assert "4.00 at the end of “slow”" in together.words
    assert f"“slow” and “fast” {1 / np.sqrt(10):.2f}" in together.words


def test_learning_rates_have_a_place_each_and_come_before_single_trainings(compare):
    drawn = draw_similarity(compare(STEPS | OTHER, FIRST, SECOND, RATES), "k")
    assert [path.title for path in drawn.paths] == ["The trainings side by side", "Learning rates", *["The way of the training"] * 2]
    rates = drawn.paths[1]
    places = {text: x for x, _, text in read_texts(rates.curves)}
    assert places["1e-5"] < places["3e-4"]
    assert "cosine with that at 3e-4" in places
    assert "cosine with “step 300”" in rates.words
    assert f"“step 50” at 1e-5: {1 / np.sqrt(10):.2f} and {np.sqrt(10) / 4:.3f}" in rates.words


def test_learning_rates_alone_are_no_way_on_the_map(compare):
    figure = compare(STEPS, PathRecord("", (0, 1, 2), (1e-5, 3e-5, 1e-4), "learning rate"))
    assert "Dotted" not in write_map_caption(figure)
    assert draw_similarity(figure, "k").map.count("<use") == draw_similarity(replace(figure, paths=()), "k").map.count("<use")


def read_marks(svg):
    """Return (x, y) of the marks, those of the legend first or last."""
    return [(float(x), float(y)) for x, y in re.findall(r'<use [^>]*?x="([\d.-]+)" y="([\d.-]+)"', str(svg))]


def test_learning_rates_stand_as_far_apart_as_their_numbers(compare):
    figure = compare(STEPS, PathRecord("", (0, 1, 2), (1e-5, 3e-5, 1e-3), "learning rate"))
    svg = draw_path(figure, figure.paths[0], "k")
    places = [next(x for x, _, text in read_texts(svg) if text == rate) for rate in ("1e-5", "3e-5", "1e-3")]
    assert places[2] - places[1] == pytest.approx(places[1] - places[0], abs=1)
    marks = [x for x, _ in read_marks(svg)]
    assert all(sum(abs(x - place) < 1 for x in marks) >= 2 for place in places)


def test_lengths_of_trainings_are_shares_of_the_longest(compare):
    """At its last step the longest has the length 1 and the cosine 1: two marks at one place."""
    together = draw_similarity(compare(STEPS | OTHER, FIRST, SECOND), "k").paths[0]
    marks = read_marks(together.curves)
    last = max(marks)
    assert sum(abs(x - last[0]) < 0.1 and abs(y - last[1]) < 0.1 for x, y in marks) == 2


def test_trainings_at_one_rate_stand_over_one_number_each_with_its_own_mark(compare):
    """The line from one to the next of a rate would say that they are in an order."""
    vectors = {"diag one": (1.0, 2.0), "diag two": (1.0, 2.0), "steep": (0.0, 4.0)}
    figure = compare(vectors, PathRecord("", (0, 1, 2), (1e-4, 1e-4, 1e-3), "learning rate"))
    svg = draw_path(figure, figure.paths[0], "k")
    places = {text: x for x, _, text in read_texts(svg)}
    assert [text for *_, text in read_texts(svg) if text.startswith("1e-")] == ["1e-4", "1e-3"]
    assert set(vectors) < set(places)
    # Two marks of each, equal figures side by side; the legend's are further left or above.
    over = [(x, y) for x, y in read_marks(svg) if abs(x - places["1e-4"]) < 40 and y > 60]
    assert len({x for x, _ in over}) == 2
    assert len(over) == 4
    (drawn,) = draw_similarity(figure, "k").paths
    assert f"“diag one” at 1e-4: {2 / np.sqrt(5):.2f} and 0.559; “diag two” at 1e-4" in drawn.words
    assert "hollow" in drawn.words


def test_a_short_training_beside_a_long_one_keeps_its_room(compare):
    long = PathRecord("long", (3, 4), (20.0, 10_000.0))
    svg = draw_similarity(compare(STEPS | OTHER, FIRST, long), "k").paths[0].curves
    places = {text: x for x, _, text in read_texts(svg)}
    assert places["100"] - places["10"] == pytest.approx(places["1,000"] - places["100"], abs=1)
    plain = draw_similarity(compare(STEPS | OTHER, FIRST, SECOND), "k").paths[0].curves
    assert {"50", "150", "250"} & {text for *_, text in read_texts(plain)}, "of nearly one length they have plain steps"


def read_colours(svg):
    """Return the colours of dotted lines."""
    return re.findall(r'stroke-dasharray: 1.6[^"]*?stroke: (var[^;]+\))', str(svg))


def test_every_training_has_its_own_colour_on_the_map_as_in_the_plot_of_all(compare):
    drawn = draw_similarity(compare(STEPS | OTHER, FIRST, SECOND), "k")
    ways = read_colours(drawn.map)
    assert len(set(ways)) == 2
    assert all(colour in drawn.paths[0].curves for colour in ways)
    assert "each with the colour" in write_map_caption(compare(STEPS | OTHER, FIRST, SECOND))
