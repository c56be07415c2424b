"""The weight map of the report: places, names, parallelograms, and nothing where there is nothing to draw."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from engine.execution.result import AnalogyRecord, EditedPlace
from engine.report.figures import draw_similarity
from engine.report.map_figure import describe_map, draw_map, has_map, write_map_caption
from engine.report.map_layout import HEIGHT, lay_out, place_names, scale_of
from engine.report.plot import WIDTH
from engine.report.report import make_report
from engine.similarity.geometry_tips import place_tips

VECTORS = {"τ of A": (2.0, 0.0), "τ of B": (2.0, 1.5), "τ of C": (0.0, -1.0), "guess": (0.0, 0.5)}


def place(record, vectors, **changes):
    rows = np.array(list(vectors.values()))
    found = place_tips(rows @ rows.T)
    places = tuple(tuple(map(float, row)) for row in found.places)
    norms = tuple(map(float, np.linalg.norm(rows, axis=1)))
    shown = {"shown_share": found.shown_share, "shown_models": found.models}
    return replace(record, names=tuple(vectors), norms=norms, places=places, **shown, **changes)


@pytest.fixture
def record(analogy):
    return place(analogy.similarities[0], VECTORS, parallelograms=((0, 1, 2, 3),))


def read_texts(svg):
    """Return (x, y, text) of what is written."""
    pattern = r'<text [^>]*?x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]+)</text>'
    return [(float(x), float(y), text) for x, y, text in re.findall(pattern, str(svg))]


def test_all_names_are_inside_the_figure_and_apart(record):
    texts = read_texts(draw_map(record, "k"))
    assert {text for *_, text in texts} >= set(VECTORS)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in texts)


def test_it_says_what_it_shows(record):
    assert "τ of B 2.50 away" in describe_map(record)
    assert "plane that shows 100 % of the variance of 5 models: the square and the tips." in write_map_caption(record)
    assert describe_map(record).endswith("The plane shows 100 % of the variance of 5 models: the square and the tips.")
    assert "5 points: the" in write_map_caption(replace(record, relative_norms=()))
    made = replace(record, edited=(EditedPlace("edit", "my model", (0.0, 4.0)),), shown_models=6)
    assert "6 models: the square, the tips and the diamonds." in write_map_caption(made)
    same = replace(made, shown_models=5)
    assert "5 models: the square, the tips and the diamonds, those at one place once." in write_map_caption(same)
    assert "A to B" in write_map_caption(record)
    assert "A to B" not in write_map_caption(replace(record, parallelograms=()))


def test_a_name_is_whole_where_there_is_room_beside_its_mark(record):
    vectors = {"A name that is much longer": (-0.05, 1.9), "Dots": (1.5, 0.3)}
    made = EditedPlace("edit", "Best strength for both skills", (0.6, 1.5))
    figure = replace(place(record, vectors, parallelograms=(), edited=(made,)), places=((0.0, 0.0), *vectors.values()))
    assert {text for *_, text in read_texts(draw_map(figure, "k"))} >= {*vectors, made.name}


def test_a_name_is_cut_where_it_would_make_the_map_smaller(record):
    long = "A name that is very much longer than any other of these are"
    short, cut = (place(record, {name: (3.0, 0.1), "b": (-3.0, 0.2)}, parallelograms=()) for name in ("A name of six words’ length", long))
    (shown,) = (text for *_, text in read_texts(draw_map(cut, "k")) if "…" in text)
    assert shown[0] == long[0]
    assert scale_of(cut) == pytest.approx(scale_of(short), rel=0.1)


def test_a_name_is_cut_where_the_whole_would_have_to_go_farther_from_its_mark(record):
    vectors = {"left": (-3.0, 0.2), "right": (3.0, 0.2), "A name for the middle that is long": (-0.4, 0.5)}
    near = "Another such name, as long as that"
    figure = place(record, {**vectors, near: (-1.1, 0.1)}, parallelograms=())
    figure = replace(figure, places=((0.0, 0.0), *vectors.values(), (-1.1, 0.1)))
    assert all(label.leader is None and label.cost == 0 for label in place_names(figure))
    assert near not in {text for *_, text in read_texts(draw_map(figure, "k"))}


def test_a_name_in_the_middle_takes_no_room_at_the_side(record):
    middle = place(record, {"left": (-3.0, 0.1), "right": (3.0, 0.1), "A name for the middle": (1.0, 0.5)}, parallelograms=())
    alone = replace(middle, names=("left", "right", "m"))
    assert scale_of(middle) == scale_of(alone)


def test_many_tips_carry_numbers(record):
    many = {f"vector {number}": (np.cos(number), np.sin(number)) for number in range(12)}
    figure = place(record, many, parallelograms=())
    assert {text for *_, text in read_texts(draw_map(figure, "k"))} >= {"1", "12"}
    assert "numbers" in write_map_caption(figure)


def test_tips_too_crowded_for_a_number_are_counted(record):
    crowd = {f"vector {number}": (1 + np.cos(number) / 50, np.sin(number) / 50) for number in range(120)}
    figure = place(record, crowd, parallelograms=())
    shown = sum(text.isdigit() for *_, text in read_texts(draw_map(figure, "k")))
    assert 0 < shown < 120
    assert f"rows; {120 - shown} tips are too crowded for a number." in write_map_caption(figure)
    assert "crowded" not in write_map_caption(place(record, dict(list(crowd.items())[:12]), parallelograms=()))
    assert "crowded" not in write_map_caption(replace(figure, places=()))


def test_made_models_too_crowded_for_a_letter_are_no_tips(record):
    at_one_place = tuple(EditedPlace(f"edit {number}", f"model {number}", (1.0, 0.5)) for number in range(200))
    figure = replace(record, edited=at_one_place)
    texts = [text for *_, text in read_texts(draw_map(figure, "k"))]
    assert set(texts) >= {str(number) for number in range(1, len(figure.names) + 1)}
    missing = 200 - sum(bool(re.fullmatch(r"[a-z]\d*", text)) for text in texts)
    assert 0 < missing < 200
    assert f"rows; {missing} diamonds are too crowded for a letter." in write_map_caption(figure)


def test_models_that_were_made_are_on_the_map_with_their_names(record):
    made = replace(record, edited=(EditedPlace("edit", "my model", (0.0, 4.0)),))
    drawn = read_texts(draw_map(made, "k"))
    assert {text for *_, text in drawn} >= {"my model", *VECTORS}
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in drawn)
    assert draw_map(made, "k").count("<use") == draw_map(record, "k").count("<use") + 1
    assert "Diamonds: the models that were made." in write_map_caption(made)
    assert "my model" in describe_map(made)


def test_models_on_a_numbered_map_carry_letters(record):
    made = replace(record, edited=tuple(EditedPlace(str(number), f"model {number}", (number / 30, 1.0)) for number in range(27)))
    assert {text for *_, text in read_texts(draw_map(made, "k"))} >= {"1", "4", "a", "z", "a2"}
    assert "a “model 0”, b “model 1”" in write_map_caption(made)


def test_a_vector_that_the_plane_hides_behind_the_base_is_named_apart_from_it(record):
    hidden = place(record, {**VECTORS, "hidden": (1e-3, 1e-3)}, parallelograms=())
    drawn = read_texts(draw_map(hidden, "k"))
    base = lay_out(hidden)[0]
    (x, y) = next((x, y) for x, y, text in drawn if text == "hidden")
    assert math.dist(base, (x, y)) > 20
    assert "base" in {text for *_, text in drawn}


def test_what_an_analogy_misses_is_drawn_red_and_told(record):
    compared = replace(record, analogies=(AnalogyRecord("n", 3, 1, 1.6, 0.14),))
    assert draw_map(compared, "k").count("var(--limit") == draw_map(record, "k").count("var(--limit") + 1
    told = "“guess” (D̂) misses of “τ of B” (D): residual ‖D̂ − D‖ / ‖D‖ = 1.60, cos(D̂, D) = 0.14."
    assert f"Red: what {told}" in write_map_caption(compared)
    assert f"What {told}" in describe_map(compared)
    two = replace(compared, analogies=(*compared.analogies, AnalogyRecord("m", 2, 0, 1.0, 0.0)))
    assert "Red: what each analogy (D̂) misses of its true vector (D)." in write_map_caption(two)
    assert "Red" not in write_map_caption(record)


@pytest.mark.parametrize("vectors", [{"a": (1.0, 0.0)}, {"a": (0.0, 0.0), "b": (0.0, 0.0)}, {"a": (np.nan, 0.0), "b": (1.0, 0.0)}])
def test_nothing_is_drawn_of_nothing(record, vectors):
    assert not draw_map(place(record, vectors, parallelograms=()), "k")
    assert not has_map(replace(record, places=()))


def test_vectors_on_a_line_are_drawn(record):
    assert draw_map(place(record, {"a": (1.0, 0.0), "b": (-2.0, 0.0)}, parallelograms=()), "k")


def test_the_page_has_the_map(analogy, record):
    output = replace(analogy.outputs[0], similarities=(record.node,))
    report = make_report(replace(analogy, similarities=(record,)), output)
    assert "<svg" in report.similarities[0].figures.map
    assert "variance" in report.similarities[0].map_caption


def test_layers_are_a_matrix_of_pairs(crowded):
    record = next(found for found in crowded.similarities if found.layers)
    figures = draw_similarity(record, "k")
    texts = {text for *_, text in read_texts(figures.cosines_per_layer)}
    assert any(re.fullmatch(r"\d+·\d+", text) for text in texts)
    pairs = len(record.names) * (len(record.names) - 1) // 2
    assert figures.pairs_left_out == max(pairs - 15, 0)
