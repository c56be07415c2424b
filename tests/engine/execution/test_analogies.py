"""What an analogy makes is held against the true vector, in figures that the files themselves give."""

from __future__ import annotations

import json

import pytest
import torch

from engine.execution.analogies import compare_analogies
from engine.execution.result import SimilarityRecord
from tests.engine.graph_lines import THREE_VECTORS

GUESS = f"""{THREE_VECTORS}
    d = checkpoint source:d
    td = task_vector tuned=d base=base
    guess = analogy a=ta b=tb c=tc d=td
    edit = apply base=base vector=guess strength:0.5
"""


@pytest.fixture
def find_analogies(bench, family):
    """Run a graph with a Similarity node of some vectors; return its record and the output's, as report.json has them."""
    bench.save("d", bench.move(family["base"], 9))

    def run(vectors, lines=GUESS):
        bench.run(f"{lines}\n s = similarity vectors={vectors}\n out = export_checkpoint checkpoint=edit metrics=s folder:out")
        report = json.loads((bench.folder / "out" / "report.json").read_text())
        return report["similarities"][0], report["outputs"][0]

    return run


def flatten(bench, name):
    base, tuned = bench.load("base"), bench.load(name)
    return torch.cat([(tuned[key].double() - base[key].double()).flatten() for key in sorted(base) if key != "steps"])


def test_the_residual_and_the_cosine_are_those_of_the_files(find_analogies, bench):
    record, output = find_analogies("ta,tb,tc,guess,td")
    a, b, c, d = (flatten(bench, name) for name in "abcd")
    made = c + b - a
    (found,) = record["analogies"]
    assert (found["node"], found["made"], found["true"]) == ("guess", 3, 4)
    assert found["residual"] == pytest.approx(float((made - d).norm() / d.norm()), rel=1e-6)
    assert found["cosine"] == pytest.approx(float(made @ d / (made.norm() * d.norm())), abs=1e-6)
    assert output["analogies"] == ["guess"]


def test_the_corners_need_not_be_compared(find_analogies):
    record, _ = find_analogies("td,guess")
    assert [(found["made"], found["true"]) for found in record["analogies"]] == [(1, 0)]
    assert record["parallelograms"] == []


@pytest.mark.parametrize("vectors", ["ta,tb,tc,guess", "ta,td"])
def test_without_both_vectors_there_is_nothing_to_tell(find_analogies, vectors):
    assert find_analogies(vectors)[0]["analogies"] == []


def test_an_exact_analogy_leaves_nothing(find_analogies):
    lines = GUESS.replace("c=tc d=td", "c=ta d=tb")
    (found,) = find_analogies("guess,tb", lines)[0]["analogies"]
    assert found["residual"] == pytest.approx(0, abs=1e-6)
    assert found["cosine"] == pytest.approx(1)


def test_an_analogy_that_makes_nothing_misses_all_and_is_like_nothing(find_analogies):
    lines = GUESS.replace("c=tc d=td", "c=away d=td") + "\n away = add vectors=ta,tb weights:[1,-1]"
    (found,) = find_analogies("guess,td", lines)[0]["analogies"]
    assert found["residual"] == pytest.approx(1)
    assert found["cosine"] is None


def test_a_muted_analogy_makes_none(find_analogies):
    record, output = find_analogies("guess,td", GUESS.replace("guess = analogy", "!guess = analogy"))
    assert (record["analogies"], output["analogies"]) == ([], [])


def test_an_output_is_made_of_its_own_analogies_only(find_analogies):
    record, output = find_analogies("guess,other,td", f"{GUESS}\n other = analogy a=tb b=ta c=tc d=td")
    assert [found["node"] for found in record["analogies"]] == ["guess", "other"]
    assert output["analogies"] == ["guess"]


def test_the_searches_of_an_analogy_try_nothing_beside_it(bench, family):
    bench.save("d", bench.move(family["base"], 9))
    lines = f"""{GUESS}
        target = test_set source:target.npz split:validation
        alone = strength_search base=base vectors=guess targets=target
        beside = strength_search base=base vectors=guess,ta targets=target
        other = strength_search base=base vectors=ta targets=target
        s = similarity vectors=guess,td
    """
    figures = SimilarityRecord("s", ("guess", "td"), ((1.0, 0.0), (0.0, 1.0)), (3.0, 4.0), (), (), (), 1)
    (found,) = compare_analogies(figures, bench.planner(lines)).analogies
    assert found.searches == ("alone",)
    assert found.residual == pytest.approx(5 / 4)


def test_vectors_made_of_one_checkpoint_are_related_and_others_are_not(find_analogies):
    record, _ = find_analogies("ta,guess,td,tb")
    assert record["related"] == [[0, 1], [1, 3]]


def test_what_a_kernel_takes_in_is_what_it_is_made_of_and_a_random_vector_is_made_of_nothing(find_analogies):
    lines = GUESS + "\n m = ties vectors=ta,tb\n r = random_vector like=ta\n x = negate vector=tc"
    record, _ = find_analogies("ta,m,r,tc,x", lines)
    assert record["related"] == [[0, 1], [3, 4]]
