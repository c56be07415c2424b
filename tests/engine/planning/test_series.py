"""Series: written out as checkpoints in their order, and what hangs on them as lists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from engine.document.edits import set_label
from engine.planning.check import check_document
from engine.planning.live_model import make_live_model
from engine.planning.live_weights import WeightEvaluator
from engine.planning.series import expand_series
from engine.problems import Severity

STEPS = (20, 500, 1000)
LINES = """
    base = checkpoint source:base
    run = series source:training
    way = task_vector tuned=run base=base
"""
OUT = "o = export_checkpoint checkpoint=x folder:o"


@pytest.fixture
def training(bench, family):
    """Save three checkpoints of a training that goes straight to the model `a` and on, and other things a trainer leaves."""
    for step, share in zip(STEPS, (0.25, 0.5, 1.0), strict=True):
        moved = {name: _between(family, name, share) if tensor.is_floating_point() else tensor for name, tensor in family["base"].items()}
        folder = bench.save(f"training/checkpoint-{step}", moved, {"model_type": "tiny"})
        (folder / "trainer_state.json").write_text("{}")
        (folder / "optimizer.pt").write_bytes(b"no checkpoint")
    (bench.folder / "training" / "runs").mkdir()
    return bench


def _between(family, name, share):
    base, tuned = family["base"][name].float(), family["a"][name].float()
    return base + share * (tuned - base)


def problems(verdict, severity=Severity.ERROR):
    return [(problem.node, problem.field) for problem in verdict.problems if problem.severity is severity]


def test_where_many_may_go_in_all_go_in_by_their_steps(training):
    plan = training.plan(f"{LINES}\n x = average checkpoints=run\n out = export_checkpoint checkpoint=x folder:out")
    assert plan.formulas["out"].splitlines()[0].startswith("θ = θ[run · checkpoint-20] + 1/3")
    steps = plan.resolved.graph.steps["x"].inputs["checkpoints"]
    assert [operand.node for operand in steps] == [f"run-checkpoint-{step}" for step in STEPS]


def test_what_takes_one_works_on_each(training):
    record = training.run(f"{LINES}\n m = similarity vectors=way per_layer:true").similarities[0]
    assert record.names == tuple(f"way · checkpoint-{step}" for step in STEPS)
    assert np.array(record.cosine) == pytest.approx(1, abs=1e-3)
    assert np.array(record.norms) / record.norms[-1] == pytest.approx([0.25, 0.5, 1], rel=1e-3)


def test_the_export_of_a_series_average_keeps_the_series_in_its_recipe(training):
    lines = f"{LINES}\n x = average checkpoints=run\n out = export_checkpoint checkpoint=x folder:out"
    plan = training.plan(lines)
    training.run_plan(plan)
    recipe = json.loads((training.folder / "out" / "recipe.loom").read_text())
    assert recipe["nodes"]["run"]["parameters"] == {"pattern": "checkpoint-*", "source": "../training"}
    assert len(plan.inputs) == len(STEPS)


def test_another_member_makes_another_plan(training):
    lines = f"{LINES}\n x = average checkpoints=run\n out = export_checkpoint checkpoint=x folder:out"
    before = training.plan(lines).hash
    training.save("training/checkpoint-1500", training.load("a"), {"model_type": "tiny"})
    assert training.plan(lines).hash != before


def test_two_lists_go_member_by_member(training):
    lines = f"{LINES}\n half = apply base=run vector=way strength:0.5\n x = average checkpoints=half\n{OUT}"
    steps = training.plan(lines).resolved.graph.steps
    for step in STEPS:
        ports = steps[f"half-checkpoint-{step}"].inputs
        assert [ports[port][0].node for port in ("base", "vector")] == [f"run-checkpoint-{step}", f"way-checkpoint-{step}"]


def test_series_of_other_lengths_do_not_meet(training):
    lines = f"""{LINES}
        two = series source:training pattern:checkpoint-*00
        bad = apply base=two vector=way
        x = average checkpoints=bad
        o = export_checkpoint checkpoint=x folder:o
    """
    assert ("bad", "vector") in problems(training.check(lines))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("o = export_checkpoint checkpoint=run folder:o", ("o", "checkpoint")),
        ("o = export_vector vector=way folder:o", ("o", "vector")),
    ],
)
def test_an_output_takes_one(training, line, place):
    assert problems(training.check(f"{LINES}\n{line}")) == [place]


@pytest.mark.parametrize(
    ("changes", "place"),
    [("source:nowhere", ("run", "source")), ("source:training pattern:epoch-*", ("run", "pattern")), ("source:", ("run", "source"))],
)
def test_what_is_wrong_with_a_folder_is_told_at_the_series(training, changes, place):
    lines = f"base = checkpoint source:base\n run = series {changes}\n x = average checkpoints=run\n{OUT}"
    assert problems(training.check(lines)) == [place]


def test_a_damaged_member_is_told_at_the_series(training):
    (training.folder / "training" / "checkpoint-500" / "model.safetensors").write_bytes(b"{")
    lines = f"{LINES}\n x = average checkpoints=run\n{OUT}"
    verdict = training.check(lines)
    assert problems(verdict) == [("run", "source")]
    assert "checkpoint-500" in verdict.problems[0].message


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:-8])])
def test_a_member_that_is_being_written_is_told_by_its_step(training, damage):
    damage(training.folder / "training" / "checkpoint-500" / "model.safetensors")
    (told,) = training.check(f"{LINES}\n x = average checkpoints=run\n{OUT}").problems
    assert told.message.startswith("Step 500 of the series can't be read. ")
    assert told.hint.startswith("A training may be writing it still: ")
    assert "checkpoint-500 out of" in told.hint


def test_a_checkpoint_of_no_series_is_not_said_to_be_one(training):
    (training.folder / "training" / "checkpoint-500" / "model.safetensors").unlink()
    (told,) = training.check(f"x = checkpoint source:training/checkpoint-500\n{OUT}").problems
    assert "Step" not in told.message
    assert "training may" not in told.hint


def test_what_is_wrong_with_members_is_told_by_their_numbers(training):
    for step in STEPS:
        (training.folder / "training" / f"checkpoint-{step}" / "model.safetensors").write_bytes(b"{")
    told = training.check(f"{LINES}\n x = average checkpoints=run\n{OUT}").problems
    places = [next(step for step in STEPS if f"checkpoint-{step}/" in problem.message) for problem in told]
    assert places == [20, 500, 1000]


def test_what_has_no_number_is_left_out_with_a_warning(training):
    training.save("training/checkpoint-best", training.load("a"), {"model_type": "tiny"})
    lines = f"{LINES}\n x = average checkpoints=run\n{OUT}"
    assert problems(training.check(lines), Severity.WARNING) == [("run", "pattern")]


def test_the_model_beside_the_checkpoints_is_left_out_with_a_warning(training):
    final = training.save("training", training.load("a"), {"model_type": "tiny"}) / "model.safetensors"
    for lines in (f"{LINES}\n x = average checkpoints=run\n{OUT}", "run = series source:training"):
        (told,) = [problem for problem in training.check(lines).problems if problem.node == "run"]
        assert (told.severity, told.field) == (Severity.WARNING, "pattern")
        assert "“run” leaves out the model in the folder itself" in told.message
        assert f"{final.resolve()}." in told.hint


def test_a_muted_series_brings_nothing(training):
    lines = f"base = checkpoint source:base\n !run = series source:nowhere\n x = average checkpoints=base,run\n{OUT}"
    assert {node for node, _ in problems(training.check(lines))} == {"x"}


def test_nodes_of_the_same_name_stay_apart(training):
    lines = f"{LINES}\n run-checkpoint-500 = checkpoint source:b\n x = average checkpoints=run,run-checkpoint-500\n{OUT}"
    operands = training.plan(lines).resolved.graph.steps["x"].inputs["checkpoints"]
    assert [operand.node for operand in operands] == [
        "run-checkpoint-20",
        "run-checkpoint-500_",
        "run-checkpoint-1000",
        "run-checkpoint-500",
    ]


def test_a_training_is_a_way_of_the_live_model(training):
    model = make_live_model(training.check(f"{LINES}\n part = scale vector=way factor:0.5").resolved)
    (live,) = model.families
    (series,) = live.series
    assert (series.node, series.quantity, series.numbers) == ("run", "step", STEPS)
    assert [number.symbol.node for number in model.numbers] == ["part"]
    rows = {node.node: index for index, node in enumerate(live.nodes)}
    weights = WeightEvaluator(live).evaluate(model.read_values(training.document(f"{LINES}\n part = scale vector=way factor:0.5")))
    assert weights[0, rows["part-checkpoint-500"]].tolist() == pytest.approx(weights[0, rows["way-checkpoint-500"]] * 0.5)


def test_what_works_on_a_series_is_a_list_of_the_live_model(training):
    (live,) = make_live_model(training.check(f"{LINES}\n part = scale vector=way factor:0.5").resolved).families
    found = {each.node: (each.members, each.numbers) for each in live.lists}
    assert found == {node: (tuple(f"{node}-checkpoint-{step}" for step in STEPS), STEPS) for node in ("way", "part")}


def test_of_a_labelled_series_the_last_checkpoint_has_the_learning_rate(training):
    document = training.document(f"{LINES}\n b = checkpoint source:b\n x = average checkpoints=base,b")
    for node, label in (("run", "digits_lr-1e-5"), ("b", "digits_lr3e-4"), ("base", "base, lr 1e-6")):
        document = set_label(document, node, label)
    (live,) = make_live_model(check_document(document, training.folder).resolved).families
    _, rates = live.series
    assert (rates.members, rates.numbers) == (("run-checkpoint-1000", "b"), (1e-5, 3e-4))


def test_the_live_model_goes_by_numbers_not_by_names(training):
    training.save("training/checkpoint-1500", training.load("a"), {"model_type": "tiny"})
    (live,) = make_live_model(training.check(f"{LINES}\n part = scale vector=way factor:0.5").resolved).families
    nodes = [node.node for node in live.nodes]
    for name in ("run", "way", "part"):
        assert [node for node in nodes if node.startswith(f"{name}-")] == [f"{name}-checkpoint-{step}" for step in (*STEPS, 1500)]
    rows = {node: row for row, node in enumerate(nodes)}
    assert all(rows[operand] < rows[node.node] for node in live.nodes for operand in node.operands)


def test_what_works_on_a_series_and_has_no_name_is_called_after_it(training):
    document = set_label(set_label(training.document(LINES), "way", None), "run", None)
    expansion, _ = expand_series(document, training.folder)
    assert expansion.document.nodes["way-checkpoint-20"].label == "Task vector of training · checkpoint-20"
    expansion, _ = expand_series(set_label(document, "run", "Night"), training.folder)
    assert expansion.document.nodes["way-checkpoint-20"].label == "Task vector of Night · checkpoint-20"


@pytest.mark.parametrize(("damaged", "steps"), [(20, (500, 1000)), (500, (20, 1000))])
def test_a_damaged_member_leaves_the_way_of_the_others(training, damaged, steps):
    (training.folder / "training" / f"checkpoint-{damaged}" / "model.safetensors").write_bytes(b"{")
    (live,) = make_live_model(training.check(LINES).resolved).families
    (series,) = live.series
    assert (series.numbers, series.members) == (steps, tuple(f"run-checkpoint-{step}" for step in steps))


def test_a_training_whose_end_is_damaged_is_no_way(training):
    (training.folder / "training" / "checkpoint-1000" / "model.safetensors").write_bytes(b"{")
    (live,) = make_live_model(training.check(LINES).resolved).families
    assert live.series == ()


def save_later(training):
    """Save two more steps, of which the alphabet puts 10000 before 500, and each model elsewhere than the others."""
    for step, share in ((1500, 1.25), (10000, 1.5)):
        tensors = {name: tensor * share if tensor.is_floating_point() else tensor for name, tensor in training.load("a").items()}
        training.save(f"training/checkpoint-{step}", tensors, {"model_type": "tiny"})
    return (*STEPS, 1500, 10000)


@pytest.mark.parametrize(
    "work",
    [
        "x = add vectors=way",
        "sum = add vectors=way\n b = checkpoint source:b\n more = task_vector tuned=b base=base\n x = ties vectors=sum,more",
    ],
)
def test_a_formula_goes_by_numbers(training, work):
    steps = save_later(training)
    plan = training.plan(f"{LINES}\n{work}\n y = apply base=base vector=x strength:0.5\n o = export_checkpoint checkpoint=y folder:o")
    assert [int(step) for step in re.findall(r"τ\[run · checkpoint-(\d+)\]", plan.formulas["o"])] == list(steps)


@pytest.mark.parametrize(
    "work",
    [
        "x = add vectors=part",
        "sum = add vectors=part\n b = checkpoint source:b\n more = task_vector tuned=b base=base\n x = ties vectors=sum,more",
    ],
)
def test_the_kernels_of_a_series_are_explained_by_numbers(training, work):
    steps = save_later(training)
    work = f"part = dare vector=way\n {work}\n y = apply base=base vector=x strength:0.5"
    formula = training.plan(f"{LINES}\n{work}\n o = export_checkpoint checkpoint=y folder:o").formulas["o"]
    assert [int(step) for step in re.findall(r"^part · checkpoint-(\d+) =", formula, re.MULTILINE)] == list(steps)


def test_the_words_of_a_report_go_by_numbers(training):
    steps = save_later(training)
    lines = f"{LINES}\n x = add vectors=way\n y = apply base=base vector=x strength:0.5\n o = export_checkpoint checkpoint=y folder:o"
    (output,) = training.run(lines).outputs
    assert [int(step) for step in re.findall(r"what “run · checkpoint-(\d+)” learned", output.sentence)] == list(steps)
    assert [int(step) for step in re.findall(r"τ\[run · checkpoint-(\d+)\]", output.formula)] == list(steps)
