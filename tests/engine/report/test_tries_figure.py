"""Sets of strengths in the report: a mark for each, the best so far, and no line between sets that have nothing between them."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from engine.report.figures import draw_search
from engine.report.tries_figure import describe_tries, follow_best, list_tries, name_score

SETS = (((0.0, 0.0), 0.2), ((1.0, 0.0), 0.5), ((0.0, 1.0), 0.4), ((0.5, 0.5), 0.7), ((1.0, 1.0), 0.6))


@pytest.fixture
def search(analogy):
    found = analogy.searches[0]
    points = tuple(
        replace(found.points[1], strengths=strengths, strength=sum(strengths) / 2, score=score, qualifies=any(strengths))
        for strengths, score in SETS
    )
    named = {"vector_names": ("one", "two"), "chosen_strengths": (0.5, 0.5), "chosen_text": "0.5, 0.5", "method": "coordinate", "budget": 9}
    return replace(found, rule="best_target", limit=None, points=points, **named)


def list_texts(svg):
    return re.findall(r"<text [^>]*>([^<]+)</text>", svg)


def test_the_best_so_far_climbs_past_what_was_worse(search):
    assert follow_best(search, list_tries(search)) == ((1, 0.5), (2, 0.5), (3, 0.7), (4, 0.7), (4, 0.7))


def test_where_lower_is_better_the_best_so_far_falls(search):
    turned = tuple(replace(point, targets=tuple(replace(one, higher_is_better=False) for one in point.targets)) for point in search.points)
    assert [score for _, score in follow_best(replace(search, points=turned), list_tries(search))] == [0.5, 0.4, 0.4, 0.4, 0.4]


def test_a_rule_that_takes_the_largest_strength_has_no_best_score(search):
    limited = replace(search, rule="largest_within_share", limit=0.9)
    assert follow_best(limited, list_tries(limited)) == ()
    assert not any("best so far" in text for text in list_texts(draw_search(limited, "k")))


def test_each_set_has_a_mark_and_the_choice_is_named(search):
    svg = draw_search(search, "k")
    legend = 2
    assert svg.count("<use") == len(SETS) + legend
    assert "chosen λ = 0.5, 0.5" in list_texts(svg)
    assert {"Accuracy on the target", "best so far"} <= set(list_texts(svg))
    assert "chosen λ = 0.5, 0.5, 0.700." in describe_tries(search)


def test_the_longest_name_of_a_score_is_whole_in_the_legend(search):
    turned = tuple(replace(one, metric="perplexity", higher_is_better=False) for one in search.points[0].targets)
    points = tuple(replace(point, targets=turned) for point in search.points)
    texts = list_texts(draw_search(replace(search, points=points, is_normalized=True), "k"))
    assert {"Reference’s perplexity ÷ the model’s on the target", "best so far"} <= set(texts)
    assert not any("…" in text for text in texts)


def test_a_score_says_what_it_is_of(search):
    several = tuple(replace(point, targets=point.targets * 2) for point in search.points)
    assert name_score(replace(search, points=several, is_normalized=True)) == "Mean normalized figure of all targets"


def test_without_a_known_score_nothing_is_drawn(search):
    assert draw_search(replace(search, points=tuple(replace(point, score=math.nan) for point in search.points)), "k") == ""


def test_a_score_of_one_target_names_its_metric(search):
    assert name_score(replace(search, is_normalized=True)) == "Normalized accuracy on the target"
    turned = tuple(replace(one, metric="perplexity", higher_is_better=False) for one in search.points[0].targets)
    points = (replace(search.points[0], targets=turned), *search.points[1:])
    assert name_score(replace(search, points=points)) == "Perplexity on the target"
    assert name_score(replace(search, points=points, is_normalized=True)) == "Reference’s perplexity ÷ the model’s on the target"
