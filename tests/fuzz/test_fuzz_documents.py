"""Hostile `.loom` files: the reader refuses them in a sentence, or gives a document that survives saving and checking.

A short run with every test run; the long one is `pytest --hypothesis-profile=fuzz -k fuzz` (tests/benchmarks/RESULTS.md has its outcome).
"""

import json

import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from engine import check
from engine.catalogue import RESERVED, catalogue
from engine.document.storage import format_document, parse_document
from engine.errors import DocumentError
from engine.planning.live_model import make_live_model
from engine.planning.live_weights import WeightEvaluator

SEED = 20260917
GRAPH = {
    "format": "weightloom/1",
    "title": "Half way",
    "nodes": {
        "base": {"operation": "checkpoint", "parameters": {"source": "base"}, "label": "Base", "position": [0, 0]},
        "tuned": {"operation": "checkpoint", "parameters": {"source": "tuned"}},
        "tau": {"operation": "task_vector", "parameters": {"misfit": "stop"}},
        "trim": {"operation": "trim", "parameters": {"density": 0.2}},
        "edit": {"operation": "apply", "parameters": {"strength": 0.5}, "muted": False},
        "same": {"operation": "similarity"},
        "out": {"operation": "export_checkpoint", "parameters": {"folder": "out"}},
    },
    "wires": [
        {"from": "tuned.checkpoint", "to": "tau.tuned"},
        {"from": "base.checkpoint", "to": "tau.base"},
        {"from": "tau.vector", "to": "trim.vector"},
        {"from": "trim.vector", "to": "edit.vector"},
        {"from": "tau.vector", "to": "same.vectors"},
        {"from": "base.checkpoint", "to": "edit.base"},
        {"from": "edit.checkpoint", "to": "out.checkpoint"},
    ],
    "settings": {"precision": "float32", "non_finite": "stop"},
    "frames": [{"id": "f1", "title": "A frame", "rect": [0, 0, 10, 10], "nodes": ["tau"]}],
    "notes": [{"id": "n1", "text": "why", "rect": [0, 0, 1, 1]}],
}
TEXT = json.dumps(GRAPH)
OPERATIONS = st.sampled_from([*catalogue(), *RESERVED, "none", ""])
PARAMETERS = sorted({parameter.name for operation in catalogue().values() for parameter in operation.parameters})
PORTS = sorted(
    {port.name for operation in catalogue().values() for port in operation.inputs} | {"vector", "checkpoint", "metrics", "test_set"}
)
IDS = st.sampled_from([*GRAPH["nodes"], "ghost", "A B", ""])
NUMBERS = st.sampled_from([0, -0.0, 1, -1, 0.1, 10, 2**31, 2**63, 10**30, 10**400, 5e-324, 1.7e308]) | st.floats() | st.integers(-3, 12)
WORDS = st.sampled_from(
    ["", "base", "tuned", "../base", "/", "~", "~nobody/x", "no\0where", "x" * 300, "hub:", "hub:a/b", "\ud800", "*", "@mlp"]
)
SCRAPS = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
CHUNKS = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "NaN",
    "1e999",
    "9" * 400,
    "null",
    "\0",
    "\ufeff",
    "\ud800",
    '"title":1,',
    "[" * 200,
    "-",
    ".",
]


@st.composite
def mutated_texts(draw):
    """The text of a good graph with characters replaced, put in or taken out."""
    text = TEXT
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = start + draw(st.integers(0, 12))
        text = text[:start] + draw(st.sampled_from(CHUNKS) | st.text(max_size=3)) + text[stop:]
    return text


@st.composite
def spoiled_graphs(draw):
    """A good graph with operations, parameters, wires and keys exchanged for others."""
    graph = json.loads(TEXT)
    for _ in range(draw(st.integers(1, 5))):
        draw(st.sampled_from([_spoil_operation, _spoil_parameter, _spoil_wire, _spoil_key]))(draw, graph)
    return json.dumps(graph)


def _node(draw, graph):
    nodes = graph["nodes"]
    node = nodes[draw(st.sampled_from(sorted(nodes)))] if isinstance(nodes, dict) and nodes else None
    return node if isinstance(node, dict) else {}


def _spoil_operation(draw, graph):
    _node(draw, graph)["operation"] = draw(OPERATIONS)


def _spoil_parameter(draw, graph):
    parameters = _node(draw, graph).setdefault("parameters", {})
    if isinstance(parameters, dict):
        parameters[draw(st.sampled_from(PARAMETERS))] = draw(SCRAPS)


def _spoil_wire(draw, graph):
    wires = graph["wires"]
    if isinstance(wires, list):
        source, target = (f"{draw(IDS)}.{draw(st.sampled_from(PORTS))}" for _ in range(2))
        wires.insert(draw(st.integers(0, len(wires))), {"from": source, "to": target})


def _spoil_key(draw, graph):
    place = draw(st.sampled_from([graph, _node(draw, graph), graph["settings"]]))
    if isinstance(place, dict):
        key = draw(st.sampled_from([*GRAPH, "operation", "label", "position", "muted", "precision", "misfit", "new"]))
        if key not in ("nodes", "wires", "settings") or draw(st.integers(0, 9)) == 0:
            place[key] = draw(SCRAPS)
    for name, empty in (("nodes", {}), ("wires", []), ("settings", {})):
        graph.setdefault(name, empty)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two tiny checkpoints, for the graphs that come through."""
    place = tmp_path_factory.mktemp("fuzz")
    for number, name in enumerate(("base", "tuned")):
        (place / name).mkdir()
        save_file({"layers.0.w": torch.full((4, 4), float(number)), "norm": torch.ones(4)}, place / name / "model.safetensors")
    return place


def hold_refusal(refusal):
    """A refusal is a sentence of bounded length, with what to do."""
    assert 0 < len(str(refusal)) < 2000
    assert refusal.remedy


@seed(SEED)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(text=mutated_texts() | spoiled_graphs() | st.text(max_size=40))
def test_fuzz_document_is_refused_in_a_sentence_or_saved_and_checked(folder, text):
    try:
        document = parse_document(text)
    except DocumentError as refusal:
        hold_refusal(refusal)
        return
    assert parse_document(format_document(document)) == document
    verdict = check(document, folder)
    assert verdict.plan is not None or verdict.problems
    assert all(problem.message for problem in verdict.problems)
    live = make_live_model(verdict.resolved)
    for family in live.families:
        WeightEvaluator(family).evaluate(live.read_values(document))
    assert sorted(path.name for path in folder.iterdir()) == ["base", "tuned"]
