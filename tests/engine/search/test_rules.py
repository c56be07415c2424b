"""The rules on synthetic curves whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import inf, nan

import pytest

from engine.errors import SelectionError
from engine.evaluation.measurement import Measurement
from engine.search.grid import make_grid
from engine.search.rules import Point, SelectionRule, choose_strength, rate_point, score_points

GRID = make_grid(Fraction(0), Fraction(1), Fraction("0.05"))
Curve = Callable[[float], float]


def accuracy(value: float) -> Measurement:
    return Measurement("accuracy", value, 100, value, value, higher_is_better=True)


def perplexity(value: float) -> Measurement:
    return Measurement("perplexity", value, 100, value, value, higher_is_better=False)


def points(
    target: Curve, *controls: Curve, kind: Callable[[float], Measurement] = accuracy, strengths: Sequence[Fraction] = GRID
) -> list[Point]:
    return [Point(x, (accuracy(target(float(x))),), tuple(kind(control(float(x))) for control in controls)) for x in strengths]


def test_largest_within_share_takes_the_last_that_keeps_its_share() -> None:
    choice = choose_strength(points(lambda x: 1 - x, lambda x: 0.8 * (1 - x / 4)), SelectionRule("largest_within_share"))
    assert choice.strength == Fraction("0.2")  # exactly 95 %, which rounding must not lose
    assert choice.text == "0.2"
    assert choice.limit == pytest.approx(0.76)


def test_largest_means_largest_even_after_a_dip() -> None:
    choice = choose_strength(points(lambda x: x, lambda x: 0.5 if 0.3 < x < 0.6 else 1.0), SelectionRule("largest_within_share"))
    assert choice.strength == 1


def test_every_control_set_must_keep_its_share() -> None:
    curves = points(lambda x: x, lambda _: 1.0, lambda x: 1 - x)
    assert choose_strength(curves, SelectionRule("largest_within_share")).strength == Fraction("0.05")


def test_largest_within_increase_admits_a_rise_that_is_exactly_the_limit() -> None:
    curve = points(lambda x: x, lambda x: 16.4 + x, kind=perplexity, strengths=make_grid(Fraction(0), Fraction(1), Fraction("0.1")))
    choice = choose_strength(curve, SelectionRule("largest_within_increase"))
    assert choice.strength == Fraction("0.5")
    assert choice.limit == pytest.approx(16.9)


def test_best_target_takes_the_top_of_the_curve_and_the_smaller_of_equals() -> None:
    assert choose_strength(points(lambda x: 1 - (x - 0.4) ** 2), SelectionRule("best_target")).strength == Fraction("0.4")
    assert choose_strength(points(lambda x: min(x, 0.3)), SelectionRule("best_target")).strength == Fraction("0.3")


def test_best_target_takes_the_lowest_perplexity() -> None:
    curve = [Point(x, (perplexity(10 + (float(x) - 0.7) ** 2),)) for x in GRID]
    assert choose_strength(curve, SelectionRule("best_target")).strength == Fraction("0.7")


def test_the_reference_is_never_a_candidate() -> None:
    choice = choose_strength(points(lambda x: 1 - x), SelectionRule("best_target"))
    assert choice.strength == Fraction("0.05")
    assert choice.points[0].point.strength == 0
    assert not choice.points[0].qualifies


def test_references_normalize_and_change_the_choice() -> None:
    curve = [Point(x, (accuracy(0.9 * float(x)), accuracy(0.1 * (1 - float(x))))) for x in GRID]
    assert choose_strength(curve, SelectionRule("best_target")).strength == 1
    references = (accuracy(0.9), accuracy(0.05))
    choice = choose_strength(curve, SelectionRule("best_target"), references)
    assert choice.is_normalized
    assert choice.strength == Fraction("0.05")
    assert choice.points[-1].score == pytest.approx(0.5)


def test_a_normalized_perplexity_is_better_when_lower() -> None:
    curve = [Point(x, (perplexity(20 - 10 * float(x)),)) for x in GRID]
    choice = choose_strength(curve, SelectionRule("best_target"), (perplexity(10),))
    assert choice.strength == 1
    assert choice.points[-1].score == pytest.approx(1)


def test_mixed_directions_are_refused_unless_normalized() -> None:
    curve = [Point(x, (perplexity(20), accuracy(0.5))) for x in GRID]
    with pytest.raises(SelectionError, match="accuracy and perplexity can't be averaged"):
        choose_strength(curve, SelectionRule("best_target"))
    assert choose_strength(curve, SelectionRule("best_target"), (perplexity(10), accuracy(1))).strength == Fraction("0.05")


def test_negative_strengths_count_by_their_value_for_largest_and_by_their_size_for_equals() -> None:
    strengths = make_grid(Fraction(-1), Fraction(1), Fraction("0.5"))
    assert choose_strength(points(lambda x: x, lambda _: 1.0, strengths=strengths), SelectionRule("largest_within_share")).strength == 1
    assert choose_strength(points(lambda _: 1.0, strengths=strengths), SelectionRule("best_target")).strength == Fraction("-0.5")


def test_no_strength_within_the_share_says_the_numbers() -> None:
    curve = points(lambda x: x, lambda x: 1.0 if x == 0 else 0.91)
    with pytest.raises(SelectionError, match=r"No λ in the grid keeps 95 % of the control accuracy; the smallest, 0\.05, keeps 91 %\."):
        choose_strength(curve, SelectionRule("largest_within_share"))


def test_no_strength_within_the_increase_says_the_numbers() -> None:
    curve = points(lambda x: x, lambda x: 10 + 20 * x, kind=perplexity)
    with pytest.raises(SelectionError, match=r"raises the control perplexity by at most 0\.5; the smallest, 0\.05, raises it by 1\."):
        choose_strength(curve, SelectionRule("largest_within_increase"))


@pytest.mark.parametrize("broken", [nan, inf])
def test_figures_that_are_no_numbers_never_qualify(broken: float) -> None:
    curve = points(lambda x: x, lambda x: 10 if x < 0.3 else broken, kind=perplexity)
    assert choose_strength(curve, SelectionRule("largest_within_increase")).strength == Fraction("0.25")
    with pytest.raises(SelectionError, match="finite target metric"):
        choose_strength(points(lambda x: broken if x else 1.0), SelectionRule("best_target"))


@pytest.mark.parametrize(
    ("curve", "rule", "references", "message"),
    [
        (points(lambda x: x, strengths=GRID[1:]), "best_target", (), "λ = 0, the reference of every rule, was not measured"),
        (points(lambda x: x, strengths=GRID[:1]), "best_target", (), "holds λ = 0 only"),
        (points(lambda x: x), "largest_within_share", (), "there is no control set"),
        ([Point(x, ()) for x in GRID], "best_target", (), "no target set"),
        (points(lambda x: x), "best_target", (accuracy(1), accuracy(1)), "2 references do not match the 1 target"),
        (points(lambda x: x), "best_target", (accuracy(0),), "reference's metric is 0"),
        (points(lambda x: x, lambda x: x, kind=perplexity), "largest_within_share", (), "Take the rule largest_within_increase"),
        (points(lambda x: x, lambda x: x), "largest_within_increase", (), "Take the rule largest_within_share"),
    ],
)
def test_a_rule_that_can_t_be_applied_says_why(curve: list[Point], rule: str, references: tuple[Measurement, ...], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        choose_strength(curve, SelectionRule(rule), references)


@pytest.mark.parametrize(
    ("name", "kind", "controls"),
    [
        ("largest_within_share", accuracy, (0.8, 0.79, 0.78, 0.5, nan)),
        ("largest_within_increase", perplexity, (16.4, 16.5, 16.6, 18.0, nan)),
    ],
)
def test_a_search_climbs_first_into_the_limit_and_then_within_it(
    name: str, kind: Callable[[float], Measurement], controls: Sequence[float]
) -> None:
    """In falling order: two within the limit, the stronger first; the less beyond it before the more; last what is no number."""
    strengths = [Fraction(0), Fraction("0.6"), Fraction("0.2"), Fraction("0.1"), Fraction("0.9")]
    curve = [Point(at, (accuracy(0.5),), (kind(value),)) for at, value in zip(strengths, controls, strict=True)]
    beyond = Point(Fraction("0.3"), (accuracy(0.5),), (kind(0.2 if kind is accuracy else 30.0),))
    rule = SelectionRule(name)
    _, *ratings = [rate_point(scored, rule, is_normalized=False) for scored in score_points((*curve, beyond), rule, ())]
    strong, weak, little, broken, much = ratings
    assert strong > weak > 0 > little > much > broken == -inf


def test_a_search_by_the_target_climbs_to_what_is_better() -> None:
    for kind, better, worse in ((accuracy, 0.9, 0.5), (perplexity, 5.0, 9.0)):
        curve = [Point(Fraction(number), (kind(value),)) for number, value in enumerate((7.0, better, worse, nan))]
        rule = SelectionRule("best_target")
        _, high, low, broken = [rate_point(scored, rule, is_normalized=False) for scored in score_points(curve, rule, ())]
        assert high > low > broken == -inf
