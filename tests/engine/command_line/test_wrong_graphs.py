"""What is wrong with a graph is told at its node, with the remedy."""

from __future__ import annotations

import pytest


def wire(source, target):
    return {"from": source, "to": target}


def test_wrong_kinds_wired_name_the_conversion(pair, graph):
    graph["wires"][-1] = wire("tau.vector", "out.checkpoint")
    pair.draw(**graph)
    pair.refuse(said=["needs a checkpoint at “checkpoint”; this is a task vector", "Insert an Apply node"])


def test_cycle_names_its_nodes(pair, graph):
    graph["nodes"]["more"] = {"operation": "scale", "label": "More"}
    graph["nodes"]["less"] = {"operation": "scale", "label": "Less"}
    graph["wires"] += [wire("more.vector", "less.vector"), wire("less.vector", "more.vector")]
    pair.draw(**graph)
    pair.refuse(said=["wait for one another", "“More”", "“Less”"])


def test_node_wired_to_itself_is_a_cycle(pair, graph):
    graph["nodes"]["tau"] = {"operation": "scale", "label": "Itself"}
    graph["wires"] = [wire("tau.vector", "tau.vector"), *graph["wires"][2:]]
    pair.draw(**graph)
    pair.refuse(said=["wait for one another", "“Itself”"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"operation": "frobnicate"}, ("[tau]", "“frobnicate” is not known")),
        ({"operation": "low_rank"}, ("[tau]", "later version")),
        ({"parameters": {"magic": 1}}, ("[tau.magic]", "no parameter “magic”")),
    ],
)
def test_unknown_operations_and_parameters_stop_the_run(pair, graph, change, words):
    graph["nodes"]["tau"].update(change)
    pair.draw(**graph)
    pair.refuse(said=words)


def test_missing_wire_names_the_port(pair, graph):
    del graph["wires"][1]
    pair.draw(**graph)
    pair.refuse(said=["[tau.base]", "Wire one in"])


def test_wire_to_a_missing_node_or_port_is_named(pair, graph):
    graph["wires"] += [wire("ghost.vector", "tau.base"), wire("tau.vector", "edit.nothing"), wire("base.tensors", "edit.base")]
    pair.draw(**graph)
    problems = pair.refuse(said=["“ghost”", "no input “nothing”", "no output “tensors”"])
    assert len(problems) >= 3


def test_two_wires_into_a_port_for_one_is_a_problem(pair, graph):
    graph["wires"].append(wire("tuned.checkpoint", "tau.base"))
    pair.draw(**graph)
    pair.refuse(said=["[tau.base]", "takes one wire; it has 2"])


@pytest.mark.parametrize("strength", [1e308, -1e308, 10**300])
def test_enormous_strength_is_refused_or_overflows_with_a_message(pair, strength):
    answer = pair.run("--set", f"edit.strength={strength}")
    assert answer.status in (1, 2, 3)
    assert "Traceback" not in answer.err
    assert "bug" not in answer.err
    assert not (pair.folder / "out").exists()


def test_empty_graph_writes_nothing(workplace):
    workplace.write("g.loom", {"format": "weightloom/1", "nodes": {}})
    workplace.refuse(said=["writes and measures nothing"])


def test_unknown_setting_is_a_problem(pair):
    pair.draw(settings={"precision": "float16"})
    pair.refuse(said=["precision", "float32, float64"])


ODD_PATHS = ["no\0where", "~nobody-of-that-name/x", "x" * 5000, "missing", ""]


@pytest.mark.parametrize("source", ODD_PATHS)
def test_test_set_that_is_not_there_is_a_problem(pair, graph, source):
    graph["nodes"]["digits"] = {"operation": "test_set", "parameters": {"source": source}}
    graph["nodes"]["measure"] = {"operation": "evaluate"}
    graph["wires"] += [wire("digits.test_set", "measure.test_set"), wire("edit.checkpoint", "measure.checkpoint")]
    pair.draw(**graph)
    pair.refuse(said=["[digits.source]"])


@pytest.mark.parametrize("source", ODD_PATHS)
def test_metrics_that_are_not_there_are_a_problem(pair, graph, source):
    graph["nodes"]["table"] = {"operation": "measured_metrics", "parameters": {"source": source}}
    graph["wires"].append(wire("table.metrics", "out.metrics"))
    pair.draw(**graph)
    pair.refuse(said=["[table.source]"])


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2\n", b"checkpoint,test_set,metric,value\nx,y,accuracy,much\n"])
def test_metrics_that_make_no_sense_fail_with_their_path(pair, graph, content):
    pair.write("table.csv", content)
    graph["nodes"]["table"] = {"operation": "measured_metrics", "parameters": {"source": "table.csv"}}
    graph["wires"].append(wire("table.metrics", "out.metrics"))
    pair.draw(**graph)
    answer = pair.run()
    assert answer.status == 3
    assert "table.csv" in answer.err
    assert "bug" not in answer.err
    assert not (pair.folder / "out").exists()
