"""What a pass does per tensor: where the tensor lies, and what it is computed in."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from engine.checkpoints.header import DType
from engine.planning.linear import strength_symbols
from engine.planning.work import WorkPlanner
from tests.engine.graph_lines import TWO_VECTORS

EDIT = f"""{TWO_VECTORS}
    x = add vectors=ta,tb
    edit = apply base=base vector=x strength:0.4
    out = export_checkpoint checkpoint=edit folder:out
"""


def list_works(plan):
    return {work.tensor: work for item in plan.passes for work in plan.planner.stream_work(item.work)}


def list_places(work):
    return {(spec.path.parent.name, spec.name) for spec in work.specs}


def test_a_tensor_lies_in_every_source_that_is_read_and_copied_ones_in_the_parent_alone(bench, family):
    works = list_works(bench.plan(EDIT))
    assert set(works) == set(family["base"])
    assert list_places(works.pop("steps")) == {("base", "steps")}
    for tensor, work in works.items():
        assert list_places(work) == {(name, tensor) for name in ("base", "a", "b")}
        assert [spec.path.parent.name for spec in work.specs] == list(work.needs.sources)


def test_a_tensor_does_not_lie_where_a_model_lacks_it(bench, family):
    bench.save("b", {name: value for name, value in family["b"].items() if name != "model.norm.weight"})
    plan = bench.plan(EDIT, misfit="keep_base")
    works = list_works(plan)
    assert "b" not in {name for name, _ in list_places(works["model.norm.weight"])}
    assert "b" in {name for name, _ in list_places(works["model.embed_tokens.weight"])}


@pytest.mark.parametrize("wide", ["base", "b"])
def test_one_source_in_float64_has_its_tensor_computed_so_and_no_other(bench, family, wide):
    name = "model.norm.weight"
    bench.save(wide, {**family[wide], name: family[wide][name].to(torch.float64)})
    works = list_works(bench.plan(EDIT))
    assert {tensor for tensor, work in works.items() if work.precision is DType.F64} == {name}


def test_only_files_that_hold_needed_tensors_are_read(bench, family):
    plan = bench.plan(EDIT.replace("vectors=ta,tb", "vectors=ta"))
    assert {path.parent.name for path in plan.read_files} == {"base", "a"}


def test_what_a_chosen_strength_of_zero_leaves_out_of_a_kernels_operand_is_no_work(bench, family):
    """The trimmed vector is what two searched ones add up to, of which one turned out to be 0."""
    found = bench.planner(f"""{TWO_VECTORS}
        target = test_set source:target.npz split:validation
        s = strength_search base=base vectors=ta,tb targets=target strengths:each
        found = task_vector tuned=s.checkpoint base=base
        trimmed = trim vector=found density:0.5
        edit = apply base=base vector=trimmed strength:1
    """)
    first, _ = strength_symbols(found.resolved.graph.steps["s"])
    known = WorkPlanner(found.resolved, found.folding, {first: Fraction(0)})
    tensor = "model.norm.weight"
    for planner, names in ((found, {"base", "a", "b"}), (known, {"base", "b"})):
        (work,) = [work for work in planner.checkpoint_work("edit") if work.tensor == tensor]
        assert {name for name, _ in list_places(work)} == names


def test_a_model_under_two_paths_is_one_and_its_files_are_listed_once(bench, family):
    plan = bench.plan(EDIT.replace("source:b\n", f"source:../{bench.folder.name}/a\n"))
    sources = plan.resolved.sources
    assert sources["b"].identity == sources["a"].identity == "a"
    assert len(plan.inputs) == len(plan.read_files) == 2
