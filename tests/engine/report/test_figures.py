from __future__ import annotations

import html
import math
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from engine.report.figures import draw_search, draw_similarity
from engine.report.matrix_figure import FONT, lay_out_matrix
from engine.report.strength_figure import collect_curves
from engine.report.svg import as_one_line, fit_text, measure_text


def texts(svg):
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter("text")]


def test_the_heat_map_holds_labels_and_figures(analogy):
    shown = texts(draw_similarity(analogy.similarities[0], "k").cosine)
    assert shown.count("D̂") == 2
    assert shown.count("1.00") == 5
    assert len(shown) == 5 + 5 + 25


def test_no_vector_conflicts_with_itself(analogy):
    shown = texts(draw_similarity(analogy.similarities[0], "k").sign_conflicts)
    assert shown.count("–") == 5
    assert "0 %" not in shown


def test_nan_cells_are_dashes(crowded):
    shown = texts(draw_similarity(crowded.similarities[0], "k").cosine)
    assert shown.count("–") == 2 * 20 - 1


def count_dotted(svg):
    """Return how many lines are dotted."""
    return sum("stroke-dasharray" in (element.get("style") or "") for element in ET.fromstring(svg).iter())


def test_pairs_that_could_be_chance_are_dotted_and_no_vector_is_with_itself(analogy):
    similarity = analogy.similarities[0]  # of 270,986 entries: the limit is 0.00576
    for cosine, dotted in ((0.0057, 2), (-0.0057, 2), (0.0059, 0), (math.nan, 0)):
        values = [[1.0 if row == column else 0.5 for column in range(5)] for row in range(5)]
        values[1][3] = values[3][1] = cosine
        figures = draw_similarity(replace(similarity, cosine=tuple(map(tuple, values))), "k")
        assert count_dotted(figures.cosine) == dotted
        assert count_dotted(figures.sign_conflicts) == 0
    single = replace(similarity, names=similarity.names[:1], cosine=((1.0,),), norms=(1.0,), entries=4, layers=())
    assert count_dotted(draw_similarity(replace(single, sign_conflicts=((0.0,),), zero_shares=(0.0,)), "k").cosine) == 0


def test_each_layer_s_cells_are_dotted_by_its_own_entries(analogy):
    similarity = analogy.similarities[0]
    near = tuple(tuple(1.0 if row == column else 0.04 for column in range(5)) for row in range(5))
    layers = tuple(replace(layer, cosine=near, entries=entries) for layer, entries in zip(similarity.layers, (4096, 8192, 0), strict=False))
    assert count_dotted(draw_similarity(replace(similarity, layers=layers), "k").cosines_per_layer) == 10


def test_hostile_labels_stay_text(crowded, hostile):
    for figure in (draw_similarity(crowded.similarities[0], "k").cosine, draw_search(crowded.searches[0], "s")):
        assert "<script" not in figure
        ET.fromstring(figure)  # whole and well-formed
    drawn = " ".join(texts(draw_search(replace(crowded.searches[0], target_names=(hostile[:20], "b", "c")), "s")))
    assert as_one_line(hostile[:20]) in drawn


def test_a_label_that_names_a_colour_or_an_id_is_not_rewritten(analogy):
    names = ('#0a0001 id="x"', *analogy.similarities[0].names[1:])
    svg = draw_similarity(replace(analogy.similarities[0], names=names), "k").cosine
    assert any('#0a0001 id="x"' in text for text in texts(svg))


@pytest.mark.parametrize("long", [False, True])
def test_no_label_is_cut_or_meets_its_neighbour(long):
    names = tuple(f"a vector with the long name {number}" * (2 if long else 1) for number in range(20))
    layout = lay_out_matrix(names, names)
    assert all(measure_text(name, FONT) <= layout.cell_width for name in layout.column_names)
    assert all(measure_text(name, FONT) <= layout.left - 8 for name in layout.row_names)
    assert layout.cell_height > FONT
    assert layout.width < 1400


def test_columns_whose_names_are_long_stand_under_numbers(crowded, analogy):
    assert draw_similarity(crowded.similarities[0], "k").is_numbered
    assert not draw_similarity(analogy.similarities[0], "k").is_numbered


def test_the_curve_names_the_choice_the_limit_and_the_sets(analogy):
    shown = texts(draw_search(analogy.searches[0], "k"))
    assert "chosen λ = 0.50" in shown
    assert "limit of the control: 0.906" in shown
    assert "target: accuracy on inverted 5–9 (validation)" in shown
    assert "control: accuracy on plain digits (validation)" in shown


def test_metrics_of_other_units_have_a_plot_of_their_own(crowded):
    shown = texts(draw_search(crowded.searches[0], "k"))
    assert shown.count("strength λ") == 2
    assert shown.count("limit of the control: 16.88") == 1


def test_of_several_controls_the_limit_names_the_one_it_is_of(analogy, measure):
    search = analogy.searches[0]
    points = tuple(replace(point, controls=(*point.controls, measure(0.4, 100, "macro_f1"))) for point in search.points)
    shown = texts(draw_search(replace(search, points=points, control_names=("first", "second")), "k"))
    assert [text for text in shown if text.startswith("limit")] == ["limit of first: 0.906"]


def test_every_point_is_on_a_curve(crowded):
    curves = collect_curves(crowded.searches[0])
    assert [(curve.role, len(curve.measurements)) for curve in curves] == [("target", 11)] * 3 + [("control", 11)]


def test_a_search_without_controls_has_no_limit_line(analogy):
    search = analogy.searches[0]
    points = tuple(replace(point, controls=()) for point in search.points)
    shown = texts(draw_search(replace(search, points=points, control_names=(), limit=None), "k"))
    assert not any("limit" in text for text in shown)


def test_figures_are_the_same_each_time_and_differ_in_their_ids(analogy):
    first, again = (draw_similarity(analogy.similarities[0], "a").cosine for _ in range(2))
    other = draw_similarity(analogy.similarities[0], "b").cosine
    assert first == again
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, other)]
    assert not ids[0] & ids[1]


def test_colours_follow_the_page_and_nothing_is_fixed(analogy):
    for svg in (draw_similarity(analogy.similarities[0], "a").cosine, draw_search(analogy.searches[0], "b")):
        assert not re.findall(r"(?<!, )#[0-9a-f]{6}", svg)
        assert "<style" not in svg
        assert "http" not in svg


def test_the_description_says_what_is_seen(analogy):
    label = ET.fromstring(draw_search(analogy.searches[0], "a")).get("aria-label")
    assert "21 strengths; chosen λ = 0.50" in html.unescape(label or "")


def test_norms_per_layer_are_drawn_only_where_asked_for(analogy):
    similarity = analogy.similarities[0]
    assert "vit.encoder.layer.3" in texts(draw_similarity(similarity, "a").norms_per_layer)
    assert draw_similarity(replace(similarity, layers=()), "a").norms_per_layer == ""


def test_texts_that_fit_stay_and_others_lose_their_middle():
    assert fit_text("short", 11, 100) == "short"
    shorter = fit_text("a-very-long-name-of-a-vector", 11, 100)
    assert shorter.startswith("a-very")
    assert shorter.endswith("ctor")
    assert measure_text(shorter, 11) <= 100
