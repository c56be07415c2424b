"""Each mend takes the problem away that it is offered for."""

from pathlib import Path

import pytest

from app.mends import find_mends
from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Node, NodeId, PortRef, Settings, Wire
from engine.planning.structure import read_graph
from engine.problems import error


def make(nodes, wires=(), **more):
    made = tuple(Wire(PortRef.parse(source), PortRef.parse(target)) for source, target in wires)
    return Document(nodes={NodeId(name): node for name, node in nodes.items()}, wires=made, **more)


def problems_of(document):
    return read_graph(document)[1]


BASE, TUNED = Node("checkpoint", {"source": "b"}), Node("checkpoint", {"source": "t"})
BROKEN = {
    "Insert a Task vector node": make(
        {"b": BASE, "t": TUNED, "apply": Node("apply"), "out": Node("export_checkpoint", {"folder": "o"})},
        [("t.checkpoint", "apply.vector"), ("b.checkpoint", "apply.base"), ("apply.checkpoint", "out.checkpoint")],
    ),
    "Connect ‘b’": make({"b": BASE, "out": Node("export_checkpoint", {"folder": "o"})}),
    "Set strength (λ) to 1": make(
        {"b": BASE, "t": TUNED, "tau": Node("task_vector"), "apply": Node("apply", {"strength": 99}), "out": Node("export_checkpoint")},
        [
            ("t.checkpoint", "tau.tuned"),
            ("b.checkpoint", "tau.base"),
            ("tau.vector", "apply.vector"),
            ("b.checkpoint", "apply.base"),
            ("apply.checkpoint", "out.checkpoint"),
        ],
    ),
    "Export the result of ‘Apply’": make(
        {"b": BASE, "t": TUNED, "tau": Node("task_vector"), "apply": Node("apply")},
        [
            ("t.checkpoint", "tau.tuned"),
            ("b.checkpoint", "tau.base"),
            ("tau.vector", "apply.vector"),
            ("b.checkpoint", "apply.base"),
        ],
    ),
    "Remove “colour”": make({"b": Node("checkpoint", {"source": "b", "colour": "red"})}),
    "Remove wires that lead nowhere": make({"b": BASE}, [("b.checkpoint", "gone.base")]),
    "Keep only ‘b’": make(
        {"b": BASE, "t": TUNED, "out": Node("export_checkpoint", {"folder": "o"})},
        [("b.checkpoint", "out.checkpoint"), ("t.checkpoint", "out.checkpoint")],
    ),
}


@pytest.mark.parametrize("title", BROKEN)
def test_the_mend_takes_its_problem_away(title):
    document = BROKEN[title]
    found = [(problem, mend) for problem in problems_of(document) for mend in find_mends(document, problem) if mend.title == title]
    assert found, [(problem.message, [mend.title for mend in find_mends(document, problem)]) for problem in problems_of(document)]
    problem, mend = found[0]
    assert problem not in problems_of(mend.edit(document))


def test_an_inserted_task_vector_takes_the_base_that_the_graph_tells():
    document = BROKEN["Insert a Task vector node"]
    mend = next(mend for problem in problems_of(document) for mend in find_mends(document, problem) if mend.title.startswith("Insert"))
    after = mend.edit(document)
    assert [str(wire.source) for wire in after.wires_into(NodeId("task_vector"))] == ["t.checkpoint", "b.checkpoint"]


def test_a_misfit_offers_to_edit_the_rows_both_have():
    document = make({"apply": Node("apply")})
    problem = error(
        "They do not fit.", "Choose ‘edit the rows both have’ (misfit: common_rows), or another base.", node="apply", field="misfit"
    )
    (mend,) = find_mends(document, problem)
    assert mend.title == "Edit the rows both have"
    assert mend.edit(document).nodes[NodeId("apply")].parameters["misfit"] == "common_rows"


def test_a_missing_file_asks_for_one():
    document = make({"b": BASE})
    (mend,) = find_mends(document, error("There is no such file.", node="b", field="source"))
    assert (mend.asks_path, mend.edit) == ("either", None)


def test_writing_outside_asks_for_permission():
    document = make({"out": Node("export_checkpoint", {"folder": str(Path("/x"))})})
    problem = error("/x lies outside the folder of the graph.", "Allow it (--allow-outside), or …", node="out", field="folder")
    assert [mend.permission for mend in find_mends(document, problem)] == ["allow_outside", ""]


def test_splits_of_a_search_are_corrected():
    document = make({"data": Node("test_set", {"source": "d"}), "s": Node("strength_search")}, [("data.test_set", "s.targets")])
    titles = [mend.title for mend in find_mends(document, error("It takes validation data.", node="s", field="targets"))]
    assert titles == ["Mark ‘d’ as validation data"]


def test_a_node_put_in_to_convert_stands_half_way_between_the_two():
    nodes = {"t": Node("checkpoint", {"source": "t"}, position=(100.0, 40.0)), "apply": Node("apply", position=(500.0, 140.0))}
    document = make(nodes, [("t.checkpoint", "apply.vector")])
    mend = next(mend for problem in problems_of(document) for mend in find_mends(document, problem) if mend.title.startswith("Insert"))
    after = mend.edit(document)
    (made,) = after.nodes.keys() - document.nodes.keys()
    assert after.nodes[made].position == (300.0, 90.0)


def test_a_setting_that_nobody_knows_goes_back_to_the_usual_one():
    document = make({"b": BASE}, settings=Settings(FrozenMapping({"precision": "float12"})))
    (mend,) = find_mends(document, error("“float12” is no precision.", "Choose another.", field="precision"))
    assert mend.title == "Set it to “float32”"
    assert "precision" not in mend.edit(document).settings.values


def test_a_budget_that_is_too_small_grows_to_what_is_needed():
    vectors = {f"t{number}": Node("checkpoint", {"source": f"t{number}"}) for number in range(5)}
    taus = {f"tau{number}": Node("task_vector") for number in range(5)}
    search = Node("strength_search", {"strengths": "pairs", "budget": 10, "start": 0.5, "stop": 1, "step": 0.5})
    wires = [(f"t{number}.checkpoint", f"tau{number}.tuned") for number in range(5)]
    wires += [("b.checkpoint", f"tau{number}.base") for number in range(5)] + [("b.checkpoint", "search.base")]
    wires += [(f"tau{number}.vector", "search.vectors") for number in range(5)]
    document = make({"b": BASE, **vectors, **taus, "search": search}, wires)
    (problem,) = [problem for problem in problems_of(document) if "more than the budget" in problem.message]
    (mend,) = [mend for mend in find_mends(document, problem) if mend.title.startswith("Set the budget to ")]
    mended = mend.edit(document)
    assert mended.nodes[NodeId("search")].parameters["budget"] == int(mend.title.rpartition(" ")[2]) > 10
    assert not [problem for problem in problems_of(mended) if "budget" in problem.message]
