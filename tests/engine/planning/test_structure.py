"""What the structure of a graph alone reveals: kinds, wires, cycles, parameters, muted nodes."""

from __future__ import annotations

import pytest

from engine.problems import Severity


def messages(verdict, severity=Severity.ERROR):
    return [problem.message for problem in verdict.problems if problem.severity is severity]


SOUND = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    edit = apply base=base vector=ta strength:0.3
    out = export_checkpoint checkpoint=edit folder:out
"""


def test_a_sound_graph_has_no_problem(bench, family):
    assert not bench.check(SOUND).problems


def test_all_problems_are_told_at_once(bench, family):
    verdict = bench.check("""
        base = checkpoint source:nowhere
        a = checkpoint source:a
        x = frobnicate
        y = low_rank vector=ta
        ta = task_vector tuned=a base=base
        edit = apply base=base vector=ta strength:99 colour:red
        bad = apply base=ta.vector vector=a.checkpoint
        out = export_checkpoint checkpoint=edit
    """)
    assert verdict.plan is None
    nodes = {problem.node for problem in verdict.problems if problem.severity is Severity.ERROR}
    assert {"base", "x", "y", "edit", "bad"} <= nodes
    fields = {problem.field for problem in verdict.problems if problem.node == "edit"}
    assert {"strength", "colour"} <= fields


CONVERSIONS = {
    "ta = apply base=base vector=a.checkpoint": ("needs a task vector", "Insert a Task vector node"),
    "ta = apply base=t.vector vector=t": ("needs a checkpoint", "Insert an Apply node"),
    "ta = export_checkpoint checkpoint=base metrics=base.checkpoint folder:o": ("needs metrics", "Insert an Evaluate node"),
    "ta = export_checkpoint checkpoint=base metrics=t.vector folder:o": ("needs metrics", "Insert a Similarity node"),
}


@pytest.mark.parametrize(("line", "wanted"), CONVERSIONS.items())
def test_a_wire_of_the_wrong_kind_is_refused_with_the_conversion(bench, family, line, wanted):
    verdict = bench.check(f"base = checkpoint source:base\n a = checkpoint source:a\n t = task_vector tuned=a base=base\n {line}")
    found = [problem for problem in verdict.problems if problem.node == "ta" and wanted[0] in problem.message]
    assert found
    assert found[0].hint.startswith(wanted[1])


def test_a_missing_wire_stops_a_run_only_where_it_is_needed(bench, family):
    loose = bench.check(f"{SOUND}\n loose = apply base=base")
    assert loose.plan is not None
    assert messages(loose, Severity.WARNING) == ["Apply needs a task vector at “vector”."]
    needed = bench.check(f"{SOUND}\n loose = apply base=base\n out2 = export_checkpoint checkpoint=loose folder:out2")
    assert needed.plan is None
    assert "Apply needs a task vector at “vector”." in messages(needed)


def test_a_cycle_names_the_nodes_in_it(bench, family):
    verdict = bench.check("""
        base = checkpoint source:base
        n = negate vector=s
        s = scale vector=n
        edit = apply base=base vector=n
        out = export_checkpoint checkpoint=edit folder:out
    """)
    (cycle,) = [problem for problem in verdict.problems if "wait for one another" in problem.message]
    assert "“n”" in cycle.message
    assert "“s”" in cycle.message
    assert "“edit”" not in cycle.message


def test_a_node_wired_to_itself_is_a_cycle(bench, family):
    verdict = bench.check("n = negate vector=n\n out = export_vector vector=n folder:o")
    assert any("wait for one another" in message for message in messages(verdict))


def test_unknown_and_reserved_operations_differ_in_what_they_say(bench):
    verdict = bench.check("x = frobnicate\n y = low_rank")
    assert any("“frobnicate” is not known to this version" in message for message in messages(verdict))
    assert any("comes in a later version" in message for message in messages(verdict))


def test_two_wires_into_one_input_are_refused(bench, family):
    verdict = bench.check(SOUND.replace("vector=ta", "vector=ta,ta"))
    assert "“vector” takes one wire; it has 2." in messages(verdict)


def test_wires_that_hang_on_nothing_are_told(bench, family):
    verdict = bench.check(f"{SOUND}\n n = negate vector=ghost.vector\n m = negate vecter=ta\n k = negate vector=ta.metrics")
    assert any("hangs on “ghost”" in message for message in messages(verdict))
    assert "Negate has no input “vecter”." in messages(verdict)
    assert "Task vector has no output “metrics”." in messages(verdict)


def test_a_graph_that_writes_nothing_says_so(bench, family):
    assert "The graph writes and measures nothing." in messages(bench.check("base = checkpoint source:base"))
    muted = SOUND.replace("out =", "!out =")
    assert "The graph writes and measures nothing." in messages(bench.check(muted))


def test_an_export_that_could_not_be_read_is_an_export_all_the_same(bench, family):
    found = messages(bench.check(SOUND.replace("folder:out", "shard_size:0")))
    assert found == ["shard_size is 0; it must be at least 1."]


def test_wrong_counts_of_weights_are_told(bench, family):
    verdict = bench.check(f"{SOUND}\n m = average checkpoints=a,base weights:[1]\n out2 = export_checkpoint checkpoint=m folder:o")
    assert any("weights has 1 number for 2 wires" in message for message in messages(verdict))


# --- muted nodes ---


def test_what_a_muted_node_does_not_pass_on_is_not_needed(bench, family):
    """The wires past a muted node may be missing, broken or of other shapes: that is what people mute it for."""
    for tau in ("", "g = checkpoint source:nowhere\n ta = task_vector tuned=g base=base", "ta = task_vector base=base"):
        wire = " vector=ta" if tau else ""
        lines = f"base = checkpoint source:base\n {tau}\n !edit = apply base=base{wire}\n out = export_checkpoint checkpoint=edit folder:o"
        plan = bench.plan(lines)
        assert [stamp.path.parent.name for stamp in plan.inputs] == ["base"]


def test_a_muted_node_whose_operands_do_not_fit_stops_nothing(bench, family):
    bench.save("other", {"w": family["a"]["model.norm.weight"]})
    bench.plan("""
        base = checkpoint source:base
        o = checkpoint source:other
        !m = average checkpoints=base,o
        out = export_checkpoint checkpoint=m folder:o
    """)


def test_what_needs_a_muted_source_says_so(bench, family):
    verdict = bench.check(SOUND.replace("a = checkpoint", "!a = checkpoint"))
    assert verdict.plan is None
    (problem,) = [problem for problem in verdict.problems if problem.severity is Severity.ERROR]
    assert (problem.node, problem.field) == ("ta", "tuned")
    assert "“a” is muted" in problem.message


def test_a_muted_measurement_leaves_its_export_alone(bench, family):
    verdict = bench.check(SOUND.replace("folder:out", "folder:out metrics=s") + "\n !s = similarity vectors=ta")
    assert verdict.plan is not None
    assert [item.work.sinks for item in verdict.plan.passes] == [("out",)]
    (said,) = verdict.problems
    assert said.severity is Severity.WARNING
    assert "“s” is muted" in said.message


# --- what nothing needs ---


def test_broken_nodes_that_nothing_needs_are_warnings(bench, family):
    loose = f"{SOUND}\n ts = test_set source:nowhere\n mm = measured_metrics source:no.csv"
    verdict = bench.check(loose)
    assert verdict.plan is not None
    assert {problem.node for problem in verdict.problems} == {"ts", "mm"}
    assert bench.run_plan(verdict.plan).outputs
    used = bench.check(loose.replace("folder:out", "folder:more metrics=mm"))
    assert used.plan is None
    assert [problem.node for problem in used.problems if problem.severity is Severity.ERROR] == ["mm"]


@pytest.mark.parametrize("broken", ["z = frobnicate base=base", "z = scale vector=ta factor:much"])
@pytest.mark.parametrize("after", ["e = apply base=base vector=z.vector", "e = add vectors=ta,z.vector weights:[1,1]"])
def test_a_wire_from_a_broken_node_is_no_missing_one(bench, family, broken, after):
    out = "export_vector vector=e" if "add" in after else "export_checkpoint checkpoint=e"
    verdict = bench.check(f"{SOUND}\n {broken}\n {after}\n more = {out} folder:more")
    assert verdict.plan is None
    assert [problem.node for problem in verdict.problems] == ["z"]
