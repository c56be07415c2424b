"""Where a run may write."""

from __future__ import annotations

import os
import shutil

import pytest

from engine import run
from engine.errors import EngineError
from engine.planning.targets import check_space
from engine.sizes import write_bytes

GRAPH = """
    base = checkpoint source:base
    out = export_checkpoint checkpoint=base folder:{}
"""


def complaints(verdict, node="out"):
    return [f"{problem.message} {problem.hint}" for problem in verdict.problems if problem.node == node and problem.field == "folder"]


def test_a_folder_outside_the_graphs_tree_needs_a_word(bench, family, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "out"
    assert "outside the folder of the graph" in complaints(bench.check(GRAPH.format(elsewhere)))[0]
    assert "outside the folder of the graph" in complaints(bench.check(GRAPH.format("../out")))[0]
    assert bench.check(GRAPH.format(elsewhere), {"allow_outside": True}).plan
    assert bench.check(GRAPH.format("anything"), {"output": elsewhere}).plan


def test_a_link_that_leads_outside_is_outside(bench, family, tmp_path_factory):
    (bench.folder / "link").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    assert "outside the folder of the graph" in complaints(bench.check(GRAPH.format("link/out")))[0]


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("base", "which the export is made from"), ("base/out", "lies inside"), (".", "holds the graph itself"), ("''", ""), ("a", "exists")],
)
def test_targets_that_would_hurt_are_refused(bench, family, folder, reason):
    verdict = bench.check(GRAPH.format(folder if folder != "''" else '""'))
    assert verdict.plan is None
    assert reason in complaints(verdict)[0]


def test_overwriting_does_not_allow_an_input(bench, family):
    assert "which the export is made from" in complaints(bench.check(GRAPH.format("base"), {"overwrite": True}))[0]


def test_two_exports_can_not_share_a_folder(bench, family):
    verdict = bench.check(GRAPH.format("out") + "\n two = export_checkpoint checkpoint=base folder:./x/../out")
    assert "“out” writes to" in complaints(verdict, "two")[0]


def test_output_stands_for_the_one_folder_only(bench, family, tmp_path):
    two = GRAPH.format("out") + "\n two = export_checkpoint checkpoint=base folder:two"
    verdict = bench.check(two, {"output": tmp_path / "o"})
    assert verdict.plan is None
    assert any("--output" in problem.message and "2" in problem.message for problem in verdict.problems)
    muted = two.replace("two = export", "!two = export")
    assert list(bench.plan(muted, {"output": tmp_path / "o"}).targets.values()) == [tmp_path / "o"]


def test_a_full_disk_is_found_before_anything_is_read(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    (problem,) = check_space({"out": tmp_path / "new" / "out"}, {"out": 2 * free})
    assert write_bytes(2 * free) in problem.message
    assert problem.node == "out"
    assert not check_space({"out": tmp_path / "out"}, {"out": 1000})


def test_exports_on_one_disk_add_up(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    sizes = {"one": int(0.7 * free), "two": int(0.7 * free)}
    assert len(check_space({name: tmp_path / name for name in sizes}, sizes)) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(bench, family):
    (bench.folder / "locked").mkdir(mode=0o500)
    assert "may not write" in complaints(bench.check(GRAPH.format("locked/out")))[0]


@pytest.mark.parametrize(("first", "second"), [("n1", "n1/inner"), ("n1/inner", "n1"), ("n1", "./x/../n1/deep/inner")])
def test_an_export_inside_another_one_is_refused(bench, family, first, second):
    verdict = bench.check(GRAPH.format(first) + f"\n two = export_checkpoint checkpoint=base folder:{second}")
    assert verdict.plan is None
    (told,) = complaints(verdict, "two")
    assert "lies inside" in told
    assert "“out” writes" in told
    beside = bench.check(GRAPH.format("n1") + "\n two = export_checkpoint checkpoint=base folder:n10")
    assert beside.plan is not None


def test_a_plan_that_is_only_looked_at_needs_no_folder(bench, family):
    """The recipe that an export keeps names none; a run of it says how to give one."""
    lines = GRAPH.format('""')
    (told,) = complaints(bench.check(lines))
    assert told == "The export has no folder. Say where to write it, or name one with --output."
    plan = bench.plan(lines, {"needs_folders": False})
    assert plan.formulas == {"out": "θ = θ[base]"}
    assert [problem.message for problem in plan.warnings] == ["The export has no folder."]
    with pytest.raises(EngineError, match="does not know where to write"):
        run(plan)


BROKEN = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    edit = apply base=base vector=ta strength:99
    out = export_checkpoint checkpoint=edit folder:../outside
"""


def test_an_export_behind_a_broken_node_still_tells_of_its_folder(bench, family):
    verdict = bench.check(BROKEN)
    assert "outside the folder of the graph" in complaints(verdict)[0]
    assert any(problem.node == "edit" and problem.field == "strength" for problem in verdict.problems)
