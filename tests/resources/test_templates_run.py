"""The templates of the paper's further set-ups run on the shipped sample, here on a part of its data, and report what they promise."""

import json
import math

import pytest

from app.report_figures import read_figures
from app.strength_use import find_use, use_strengths
from engine import check, open_document
from engine.document.edits import set_parameter
from engine.document.model import NodeId
from engine.execution.stop import Stop
from engine.report.publish import run_plan
from engine.resources import resource_path
from engine.subset_scores import find_best, mean_by_size, rank_helpers, tabulate_pairs

SAMPLE = resource_path("sample")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a template on some examples of each set; give its document, its figures and its report."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))

    def run_template(name, limit, **changes):
        document = open_document(resource_path(f"templates/{name}.loom"))
        for node_id, node in document.nodes.items():
            for parameter, value in node.parameters.items():
                if str(value).startswith(("data/", "models/")):
                    document = set_parameter(document, node_id, parameter, str(SAMPLE / str(value)))
            if node.operation == "test_set":
                document = set_parameter(document, node_id, "limit", limit)
            for parameter, value in changes.items() if node.operation == "strength_search" else ():
                document = set_parameter(document, node_id, parameter, value)
        verdict = check(document, tmp_path)
        assert [str(problem) for problem in verdict.problems] == []
        run_plan(verdict.plan, lambda _event: None, Stop())
        folder = tmp_path / "exports" / name
        return document, read_figures(folder, document), json.loads((folder / "report.json").read_text())

    return run_template


def list_rows(figures, metric):
    return {(cell.model, cell.test_set) for cell in figures.cells if cell.metric == metric}


def test_pairs_and_subsets_of_four_skills(run):
    _, figures, report = run("pairs", 30, step=0.5, start=0.5)
    (sweep,) = figures.sweeps
    best = find_best(sweep.trials, higher_is_better=True)
    assert len(best) == 15
    pairs = tabulate_pairs(sweep.trials, 4, higher_is_better=True)
    assert not any(math.isnan(value) for row in pairs for value in row)
    assert list(mean_by_size(best)) == [1, 2, 3, 4]
    assert sweep.is_normalized
    assert len(report["similarities"][0]["names"]) == 4


@pytest.mark.slow
def test_two_strengths_in_one_analogy(run):
    document, figures, _ = run("two-strengths", 2, step=0.5, budget=2)
    chosen = {sweep.node: sweep.choice for sweep in figures.sweeps}
    assert (len(chosen["one"]), len(chosen["two"])) == (1, 2)
    models = {model for model, _ in list_rows(figures, "perplexity")}
    assert models == {"Base language model", "PYTHON (the answer)", "Two strengths", "One strength", "LICENCES: the skill elsewhere"}
    use = find_use(document, NodeId("two"), chosen["two"])
    assert find_use(use_strengths(document, use), NodeId("two"), chosen["two"]).is_in_use


def test_four_groups_each_left_out_in_one_table(run):
    _, figures, report = run("leave-one-out", 60, step=0.5)
    rows = list_rows(figures, "accuracy")
    groups = {"A": "plain 0–4", "B": "striped 0–4", "C": "plain 5–9", "D": "striped 5–9"}
    for letter, group in groups.items():
        tested = {model for model, test_set in rows if test_set == f"{group}, test"}
        assert tested == {"Base model", f"{letter}: {group}", f"{letter} without its data"}
    edited = {cell.model[0]: cell.normalized for cell in figures.cells if cell.model.endswith("without its data")}
    base = {cell.test_set: cell.normalized for cell in figures.cells if cell.model == "Base model"}
    (similarity,) = report["similarities"]
    assert len(similarity["places"]) == 9
    # Each analogy is drawn over the three it is made of: in the order of the wires, the guesses come before the corners.
    assert sorted(similarity["parallelograms"]) == [[4, 5, 6, 3], [5, 4, 7, 2], [6, 7, 4, 1], [7, 6, 5, 0]]
    # Where the base can hardly do the task, the other three groups help.
    assert all(edited[letter] > base[f"{groups[letter]}, test"] for letter in "BD")


def test_the_best_helper_is_ranked_on_validation_data_and_tested_once(run):
    _, figures, report = run("best-helper", 100, step=0.5, start=0.5)
    (sweep,) = figures.sweeps
    first, *others = rank_helpers(find_best(sweep.trials, higher_is_better=True), higher_is_better=True)
    assert first.index == sweep.vector_names.index("Stripes 5–9")
    assert first.gain > 0
    assert {helper.index for helper in others} == {None, 1, 3, 4}
    assert all(trial.strengths[0] for trial in sweep.trials[1:])
    tested = [record["checkpoint"] for record in report["searches"][0]["tests"] if record["measurement"]["metric"] == "accuracy"]
    assert sorted(tested) == ["Base model", "Stripes, 0–4 alone: to be improved", "Which helps?"]


@pytest.mark.parametrize(
    "name", ["analogy", "analogy-text", "combine", "compare", "forget", "forget-text", "random-control", "ties-against-sum"]
)
def test_every_other_template_runs_as_it_is_shipped(run, name):
    """To the end, with what only a whole graph brings together: a search whose choice other nodes measure, say."""
    document, figures, report = run(name, 4, step=0.25)
    searches = [node for node in document.nodes.values() if node.operation == "strength_search"]
    assert len(report["searches"]) == len(searches)
    assert figures.cells or report["similarities"]
