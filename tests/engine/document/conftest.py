"""Documents for the tests: one small graph by hand, and strategies that make any."""

import string

import pytest
from hypothesis import strategies as st

from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Frame, Node, NodeId, Note, PortRef, Settings, Wire

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(_TEXTS, inner, max_size=3).map(FrozenMapping),
    max_leaves=3,
)
_IDS = st.text(string.ascii_lowercase + string.digits + "_-", min_size=1, max_size=4).map(NodeId)
_PORTS = st.sampled_from(["vector", "base", "vectors"]) | _TEXTS.filter(bool)
_RECTS = st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS)


_UNKNOWN = st.dictionaries(_TEXTS.map(lambda key: f"x {key}"), _VALUES, max_size=2).map(FrozenMapping)


def _spelled_out(*optional):
    return st.sets(st.sampled_from(optional)).map(frozenset)


def _unique(items):
    return st.lists(items, max_size=2, unique_by=lambda item: item.id).map(tuple)


_NODES = st.builds(
    Node,
    operation=st.sampled_from(["task_vector", "apply", "export_checkpoint", "not known"]) | _TEXTS,
    parameters=st.dictionaries(_TEXTS, _VALUES, max_size=3).map(FrozenMapping),
    label=st.none() | _TEXTS,
    position=st.none() | st.tuples(_NUMBERS, _NUMBERS),
    muted=st.booleans(),
    unknown=_UNKNOWN,
    spelled_out=_spelled_out("parameters", "muted"),
)


@st.composite
def _documents(draw):
    nodes = draw(st.dictionaries(_IDS, _NODES, max_size=4))
    ends = st.sampled_from(sorted(nodes)) | _IDS if nodes else _IDS
    ports = st.builds(PortRef, ends, _PORTS)
    wires = draw(st.lists(st.builds(Wire, ports, ports, _UNKNOWN), max_size=4))
    frames = st.builds(
        Frame, _TEXTS.filter(bool), _TEXTS, _RECTS, st.lists(ends, max_size=3).map(tuple), _UNKNOWN, _spelled_out("title", "nodes")
    )
    notes = st.builds(Note, _TEXTS.filter(bool), _TEXTS, _RECTS, _UNKNOWN, _spelled_out("text"))
    settings = st.builds(
        Settings,
        st.fixed_dictionaries(
            {}, optional={"precision": st.sampled_from(["float32", "float64", "float128"]), "misfit": _TEXTS, "x": _VALUES}
        ).map(FrozenMapping),
    )
    return Document(
        draw(_TEXTS),
        FrozenMapping(nodes),
        tuple(wires),
        draw(settings),
        draw(_unique(frames)),
        draw(_unique(notes)),
        draw(_UNKNOWN),
        draw(_spelled_out("title", "wires", "settings", "frames", "notes")),
    )


@pytest.fixture(scope="session")
def documents():
    """A strategy for any document: unknown keys everywhere, wires into nowhere, odd texts."""
    return _documents()


@pytest.fixture(scope="session")
def json_values():
    """A strategy for any JSON value, frozen."""
    return _VALUES


FORGET = """{
  "format": "weightloom/1",
  "title": "Forget a skill",
  "nodes": {
    "base":  {"operation": "checkpoint",  "parameters": {"source": "models/base"},  "label": "Base", "position": [0, 0]},
    "tuned": {"operation": "checkpoint",  "parameters": {"source": "models/tuned"}, "position": [0, 120]},
    "tau":   {"operation": "task_vector", "position": [260, 60]},
    "not":   {"operation": "negate",      "position": [460, 60]},
    "edit":  {"operation": "apply",       "parameters": {"strength": 0.4}, "position": [660, 40]},
    "out":   {"operation": "export_checkpoint", "parameters": {"folder": "exports/forget"}, "position": [900, 40]}
  },
  "wires": [
    {"from": "tuned.checkpoint", "to": "tau.tuned"}, {"from": "base.checkpoint", "to": "tau.base"},
    {"from": "tau.vector", "to": "not.vector"},      {"from": "not.vector", "to": "edit.vector"},
    {"from": "base.checkpoint", "to": "edit.base"},  {"from": "edit.checkpoint", "to": "out.checkpoint"}
  ],
  "settings": {"precision": "float32", "non_finite": "stop", "misfit": "stop"},
  "frames": [{"id": "f1", "title": "Task vectors", "rect": [240, 20, 400, 300], "nodes": ["tau", "not"]}],
  "notes": [{"id": "n1", "text": "why 0.4: see the curve", "rect": [660, 200, 200, 80]}]
}
"""


@pytest.fixture(scope="session")
def forget_text():
    """The `.loom` file that architecture.md shows."""
    return FORGET
