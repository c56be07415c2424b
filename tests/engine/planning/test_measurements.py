"""What may be measured on what: a strength is chosen on validation data, and the last word is of other data."""

from __future__ import annotations

import pytest

from tests.engine.graph_lines import TWO_VECTORS

SETS = """
    target = test_set source:target.npz split:{targets}
    control = test_set source:control.npz split:{controls} role:control
    test = test_set source:test.npz split:{tests}
    s = strength_search base=base vectors=ta targets=target controls=control tests=test
    out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out
"""
RIGHT = {"targets": "validation", "controls": "validation", "tests": "test"}


@pytest.fixture
def check(bench, family):
    """Return a function that gives the problems of a search on sets of these splits."""
    for number, name in enumerate(("target", "control", "test")):
        (bench.folder / f"{name}.npz").write_bytes(b"never opened: nothing is measured here" + bytes([number]))
    return lambda **splits: bench.check(TWO_VECTORS + SETS.format(**{**RIGHT, **splits})).problems


def test_the_right_splits_are_no_problem(check):
    assert check() == ()


@pytest.mark.parametrize(("port", "split"), [("targets", "test"), ("controls", "test"), ("tests", "validation")])
def test_data_of_another_split_stop_a_search(check, port, split):
    (problem,) = check(**{port: split})
    title = {"targets": "target", "controls": "control", "tests": "test"}[port]
    assert (problem.node, problem.field, problem.severity) == ("s", port, "error")
    assert problem.message == f"“{port}” takes {RIGHT[port]} data; “{title}” is marked as {split} data."


@pytest.mark.parametrize("is_same", [True, False])
def test_a_copy_of_the_validation_data_is_no_test_data(check, bench, is_same):
    data = (bench.folder / "target.npz").read_bytes()
    (bench.folder / "test.npz").write_bytes(data if is_same else data[::-1])
    said = [problem.message for problem in check()]
    assert said == (["“test” (test) and “target” (validation) are the same data."] if is_same else [])


def test_a_model_without_its_config_can_t_be_measured(bench, check):
    assert check() == ()
    (bench.folder / "base" / "config.json").unlink()
    (problem,) = check()
    assert (problem.node, problem.field) == ("s", "base")
    assert problem.message == "“base” has no config.json, so it can't be run as a model."


@pytest.mark.parametrize("mode", ["one", "each", "pairs", "subsets"])
@pytest.mark.parametrize("vectors", ["ta", "ta,tb"])
def test_one_vector_has_one_strength(bench, check, mode, vectors):
    assert check() == ()
    lines = SETS.format(**RIGHT).replace("vectors=ta", f"vectors={vectors}").replace("tests=test", f"tests=test strengths:{mode}")
    problems = bench.check(TWO_VECTORS + lines).problems
    wanted = [("s", "strengths", "warning")] if mode != "one" and vectors == "ta" else []
    assert [(problem.node, problem.field, problem.severity) for problem in problems] == wanted
