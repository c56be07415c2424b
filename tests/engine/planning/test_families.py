"""Families: who belongs together, and who is the base."""

from __future__ import annotations

from engine.planning.families import find_families

SOURCES = """
    a = checkpoint source:a
    base = checkpoint source:base
    b = checkpoint source:b
    c = checkpoint source:c
"""


def families(bench, lines, **settings):
    resolved = bench.resolve(SOURCES + lines, **settings)
    return find_families(resolved)


def test_the_base_is_what_task_vectors_are_measured_from(bench, family):
    (found,) = families(bench, "ta = task_vector tuned=a base=base\n x = apply base=b vector=ta")
    assert (found.base, set(found.vectors)) == ("base", {"a", "b", "c"})
    assert found.tensors == tuple(name for name in bench.load("base") if name != "steps")
    assert found.left_out == ()


def test_without_task_vectors_the_base_is_the_structural_parent(bench, family):
    (found,) = families(bench, "x = average checkpoints=b,a")
    assert found.members[0] == "b"


def test_checkpoints_that_nothing_joins_have_no_base(bench, family):
    assert families(bench, "") == ()


def test_a_checkpoint_of_another_shape_is_of_no_family(bench, family):
    bench.save("c", {name: tensor[:1] for name, tensor in bench.load("c").items()})
    (found,) = families(bench, "ta = task_vector tuned=a base=base")
    assert found.members == ("base", "a", "b")


def test_tensors_of_another_shape_are_left_out(bench, family):
    name = "model.embed_tokens.weight"
    bench.save("c", {**bench.load("c"), name: bench.load("c")[name][:10]})
    lines = "tc = task_vector tuned=c base=base\n ta = task_vector tuned=a base=base\n x = add vectors=ta,tc"
    (found,) = families(bench, lines, misfit="common_rows")
    assert found.left_out == (name,)
    assert name not in found.tensors


def test_two_graphs_in_one_document_are_two_families(bench, family):
    found = families(bench, "ta = task_vector tuned=a base=base\n tc = task_vector tuned=c base=b")
    assert [set(one.members) for one in found] == [{"base", "a"}, {"b", "c"}]
    assert [one.base for one in found] == ["base", "b"]


def test_the_same_files_are_one_member_by_the_first_node_that_points_to_them(bench, family):
    (found,) = families(bench, "again = checkpoint source:base\n ta = task_vector tuned=a base=again")
    assert found.base == "again"
    assert set(found.vectors) == {"a", "b", "c"}


def test_references_of_a_measurement_join_nothing(bench, family):
    lines = """
        ta = task_vector tuned=a base=base
        set = test_set source:set.npz
        m = evaluate checkpoint=a test_set=set references=c
    """
    bench.save("c", {"other": bench.load("c")["model.norm.weight"]})
    (found,) = families(bench, lines)
    assert set(found.members) == {"base", "a", "b"}
