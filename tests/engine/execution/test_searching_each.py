"""Strength search with one strength for each vector: in place, within its budget, and what stays when it is stopped."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch

from engine.errors import Cancelled
from engine.events import MetricMeasured, StrengthChosen, StrengthTried
from engine.execution.stop import Stop
from engine.planning.passes import SearchPass
from engine.report.publish import run_plan
from tests.engine.graph_lines import TEST_SETS, TWO_VECTORS

SOURCES = f"{TWO_VECTORS}{TEST_SETS}"
OUT = "out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out"
SEARCH = "s = strength_search base=base vectors=ta,tb targets=target tests=test start:0 stop:1 step:0.25 strengths:each budget:{budget}"


def lines(budget=8, more=""):
    return f"{SOURCES}\n {SEARCH.format(budget=budget)} {more}\n {OUT}"


def tried(events):
    found = [event for event in events if isinstance(event, MetricMeasured) and event.test_set == "target" and event.strengths]
    return list(dict.fromkeys(event.strengths for event in found))


def test_the_choice_is_the_best_of_what_was_tried_and_is_what_is_written(bench, vision):
    result = bench.run(lines())
    (search,) = result.searches
    assert search.points[0].strengths == (0, 0)
    assert 5 < len(search.points) <= 9
    assert [point.strength for point in search.points] == pytest.approx([sum(point.strengths) / 2 for point in search.points])
    assert [point.strengths for point in search.points[1:]] == tried(bench.events)
    best = max(point.score for point in search.points[1:])
    chosen = next(point for point in search.points if point.strengths == search.chosen_strengths)
    assert chosen.score == best
    assert (search.vector_names, search.method, search.budget) == (("ta", "tb"), "coordinate", 8)
    assert search.chosen_text == ", ".join(f"{strength:g}" for strength in search.chosen_strengths)
    tuned = [bench.load(name) for name in "ab"]
    first, second = search.chosen_strengths
    found = bench.load("out")
    for name, value in vision.items():
        wanted = value + first * (tuned[0][name] - value) + second * (tuned[1][name] - value)
        assert torch.allclose(found[name], wanted, atol=1e-5)


def test_each_point_is_what_that_edit_measures_when_it_is_drawn(bench, vision):
    search = bench.run(lines()).searches[0]
    point = search.points[-1]
    first, second = point.strengths
    drawn = bench.run(f"""
        {SOURCES}
        x = add vectors=ta,tb weights:[{first},{second}]
        edit = apply base=base vector=x
        m = evaluate checkpoint=edit test_set=target
        o = export_checkpoint checkpoint=edit metrics=m folder:drawn
    """)
    figures = [
        record.measurement
        for record in drawn.metrics
        if record.checkpoint == "edit" and record.measurement.metric == point.targets[0].metric
    ]
    assert [figure.value for figure in figures] == [pytest.approx(point.targets[0].value)]


def test_the_plan_knows_the_budget(bench, vision):
    reads = []
    for budget in (2, 12):
        (search,) = [item for item in bench.plan(lines(budget)).passes if isinstance(item.work, SearchPass)]
        reads.append(search.bytes_read)
        assert not search.keeps_vector
    assert reads[1] > reads[0]


def test_the_formula_names_a_strength_for_each_vector(bench, vision):
    assert bench.plan(lines()).formulas["s"].splitlines()[0] == "θ = θ[base] + λ₁[s] · τ[a] + λ₂[s] · τ[b]"


def test_a_rule_with_a_limit_chooses_within_it(bench, vision):
    result = bench.run(lines(6, "controls=control rule:largest_within_share keep_share:0.1"))
    (search,) = result.searches
    within = [point for point in search.points if point.qualifies]
    assert search.chosen == max(point.strength for point in within)


@pytest.mark.parametrize("mode", ["one", "each", "pairs"])
def test_every_try_is_told_with_what_the_rule_makes_of_it(bench, vision, mode):
    rule = "controls=control rule:largest_within_share keep_share:0.9"
    (search,) = bench.run(lines(12, rule).replace("strengths:each", f"strengths:{mode}")).searches
    told = [(event.strengths, event.qualifies) for event in bench.events if isinstance(event, StrengthTried)]
    assert told == [(point.strengths or (point.strength,), point.qualifies) for point in search.points]
    assert {qualifies for _, qualifies in told[1:]} == {False, True}


def test_a_stop_of_a_search_for_one_strength_tells_the_best_so_far(bench, vision):
    stop, events = Stop(), []
    graph = lines().replace("strengths:each budget:8", "strengths:one")

    def listen(event):
        events.append(event)
        if isinstance(event, MetricMeasured) and event.strength == 0.5:
            stop.request()

    with pytest.raises(Cancelled):
        run_plan(bench.plan(graph), listen, stop)
    (best,) = [event for event in events if isinstance(event, StrengthChosen)]
    assert (best.is_final, best.strength in ("0.25", "0.5")) == (False, True)


def test_a_stop_tells_the_best_so_far(bench, vision):
    stop, events = Stop(), []

    def listen(event):
        events.append(event)
        if len(tried(events)) == 3:
            stop.request()

    with pytest.raises(Cancelled):
        run_plan(bench.plan(lines()), listen, stop)
    (best,) = [event for event in events if isinstance(event, StrengthChosen)]
    assert not best.is_final
    assert tuple(map(float, best.strength.split(", "))) in tried(events)
    assert not (bench.folder / "out").exists()


@pytest.mark.skipif(find_spec("optuna") is None, reason="optuna is not installed")
def test_optunas_sampler_stays_in_the_grid_and_the_budget(bench, vision):
    (search,) = bench.run(lines(7, "method:tpe seed:3")).searches
    assert len(search.points) == 8
    assert all(strength * 4 == int(strength * 4) for point in search.points for strength in point.strengths)


def test_a_sampler_that_is_not_installed_is_a_problem(bench, vision, monkeypatch):
    monkeypatch.setattr("engine.search.proposals.find_spec", lambda _: None)
    verdict = bench.check(lines(7, "method:tpe"))
    assert verdict.plan is None
    assert "pip install optuna" in verdict.problems[0].message


def test_every_subset_is_tried_and_shown_in_the_report(bench, vision):
    more = "references=a,b strengths:subsets budget:6 start:0.5 stop:1 step:0.5"
    text = f"{SOURCES}\n s = strength_search base=base vectors=ta,tb targets=target tests=test {more}\n {OUT}"
    (search,) = bench.run(text).searches
    assert [point.strengths for point in search.points] == [(0, 0), (0.5, 0), (1, 0), (0, 0.5), (0, 1), (0.5, 0.5), (1, 1)]
    assert search.method == "subsets"
    assert len(search.references) == 1
    page = (bench.folder / "out" / "report.html").read_text()
    assert "of single vectors on the diagonal" in page
    assert "The best 3" in page
    assert "against the number of vectors" not in page  # of two numbers


def test_helpers_are_tried_beside_the_first_vector_and_ranked_in_the_report(bench, vision):
    more = "references=a strengths:helpers budget:4 start:0.5 stop:1 step:0.5"
    text = f"{SOURCES}\n s = strength_search base=base vectors=tb,ta targets=target tests=test {more}\n {OUT}"
    (search,) = bench.run(text).searches
    assert [point.strengths for point in search.points] == [(0, 0), (0.5, 0), (1, 0), (0.5, 0.5), (1, 1)]
    assert search.method == "helpers"
    page = (bench.folder / "out" / "report.html").read_text()
    assert "Best helper" in page
    assert "gain over no helper" in page
    assert "looked at once" in page
    assert "number of vectors" not in page


def test_more_subsets_than_the_budget_are_a_problem_with_numbers(bench, vision):
    text = f"{SOURCES}\n s = strength_search base=base vectors=ta,tb targets=target strengths:subsets budget:50\n {OUT}"
    verdict = bench.check(text)
    assert verdict.plan is None
    assert "takes 60 tries, more than the budget of 50" in verdict.problems[0].message


def test_the_validation_figures_of_the_choice_are_kept_beside_the_bases_and_the_references(bench, vision):
    graph = lines(8, "references=a").replace(" tests=test", "")
    result = bench.run(graph)
    (search,) = result.searches
    chosen = next(point for point in search.points if point.strengths == search.chosen_strengths)
    told = [(record.role, record.checkpoint_node) for record in search.validation]
    assert told == [("base", "base"), ("reference", "a"), ("edited", "s")]
    values = [record.measurement for record in search.validation]
    assert values == [search.points[0].targets[0], search.references[0], chosen.targets[0]]
    assert search.validation[-1].normalized == pytest.approx(chosen.targets[0].value / search.references[0].value)
    assert result.metrics == ()


def test_on_each_target_the_best_of_the_references_there_is_what_figures_are_divided_by(bench, vision):
    search = lines(2, "references=a,b").replace("targets=target", "targets=target,other")
    (found,) = bench.run(f"other = test_set source:control.npz split:validation\n{search}").searches
    compared = [record for record in found.validation if record.role == "reference"]
    assert [(record.checkpoint_node, record.test_set_node) for record in compared] == [
        (node, target) for node in "ab" for target in ("target", "other")
    ]
    columns = [[record.measurement.value for record in compared if record.test_set_node == target] for target in ("target", "other")]
    assert [figure.value for figure in found.references] == list(map(max, columns))
    assert max(columns[0]) != max(columns[1])


def test_the_validation_figures_of_controls_are_those_of_the_base_and_the_choice(bench, vision):
    (search,) = bench.run(lines(4, "references=a controls=control rule:largest_within_share keep_share:0.5")).searches
    chosen = next(point for point in search.points if point.strengths == search.chosen_strengths)
    told = [(record.role, record.measurement) for record in search.validation if record.test_set_node == "control"]
    assert told == [("base", search.points[0].controls[0]), ("edited", chosen.controls[0])]


@pytest.mark.parametrize("rule", ["", "controls=control rule:largest_within_share keep_share:0.9"], ids=["best", "largest"])
@pytest.mark.parametrize("mode", ["one", "each", "pairs"])
def test_the_last_try_that_is_told_to_be_the_best_so_far_is_the_choice(bench, vision, mode, rule):
    (search,) = bench.run(lines(12, rule).replace("strengths:each", f"strengths:{mode}")).searches
    told = [event for event in bench.events if isinstance(event, StrengthTried)]
    best = [event for event in told if event.is_best]
    assert all(event.qualifies for event in best)
    assert best[-1].strengths == (search.chosen_strengths or (search.chosen,))
