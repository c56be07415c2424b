"""Inputs of an export that were moved after it was made."""

from __future__ import annotations

from engine.document.storage import load_document
from engine.planning.check import check_document

GRAPH = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    edit = apply base=base vector=ta strength:0.5
    out = export_checkpoint checkpoint=edit folder:out
"""


def test_the_recipe_of_an_export_says_where_its_inputs_lie_now(bench, family):
    bench.run(GRAPH, {"fingerprints": True})
    (bench.folder / "kept").mkdir()
    (bench.folder / "a").rename(bench.folder / "kept" / "renamed")
    verdict = check_document(load_document(bench.folder / "out" / "recipe.loom"), bench.folder / "out")
    told = [problem for problem in verdict.problems if "SHA-256" in problem.message]
    assert [problem.node for problem in told] == ["a"]
    assert str(bench.folder / "kept" / "renamed" / "model.safetensors") in told[0].message
    assert str(bench.folder / "base") not in told[0].message


def test_a_graph_that_is_no_exports_searches_for_nothing(bench, family):
    (bench.folder / "a").rename(bench.folder / "renamed")
    verdict = bench.check(GRAPH)
    assert not any("SHA-256" in problem.message for problem in verdict.problems)
