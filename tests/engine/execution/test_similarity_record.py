"""The record of compared vectors, from a table that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.model import NodeId
from engine.execution.similarity_record import Compared, describe_compared, make_record
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable
from tests.engine.graph_lines import THREE_VECTORS

TENSORS = (
    "model.embed_tokens.weight",
    "model.layers.0.self_attn.q_proj.weight",
    "model.layers.0.self_attn.k_proj.weight",
    "model.layers.0.mlp.up_proj.weight",
    "model.layers.0.input_layernorm.weight",
    "model.layers.1.mlp.up_proj.weight",
    "model.norm.weight",
)
ENTRIES = 6


@pytest.fixture
def values():
    """Return, per tensor, a base, two differences from it and one that is zero everywhere."""
    draw = np.random.default_rng(0)
    arrays = draw.integers(-3, 4, (len(TENSORS), 4, ENTRIES)).astype(np.float64)
    arrays[:, 3] = 0
    return arrays


def make_table(values):
    signs = np.sign(values[:, 1:])
    both, agreeing = (np.einsum("tie,tje->tij", one, one).astype(np.int64) for one in (np.abs(signs), signs))
    count = len(values)
    magnitudes = np.zeros((count, 3, MAGNITUDE_BINS), np.int64)
    products = np.einsum("tie,tje->tij", values, values)
    return GramTable("base", ("a", "b", "none"), TENSORS[:count], (), np.full(count, ENTRIES), products, both, agreeing, magnitudes)


def make(values, *, has_base=True, per_layer=False):
    return make_record(Compared("node", ("a", "b", "none"), has_base, per_layer), make_table(values))


def flatten(values, tensors=None):
    return np.concatenate(values if tensors is None else values[list(tensors)], axis=1)


def assert_compares(found, vectors):
    norms = np.linalg.norm(vectors, axis=1)
    with np.errstate(invalid="ignore"):
        cosines = vectors @ vectors.T / np.outer(norms, norms)
    np.testing.assert_allclose(found.norms, norms)
    np.testing.assert_allclose(found.cosine, cosines, atol=1e-12)
    assert found.entries == vectors.shape[1]


def test_figures_are_those_of_the_vectors(values):
    record, vectors = make(values), flatten(values)
    assert_compares(record, vectors[1:])
    np.testing.assert_allclose(record.relative_norms, np.linalg.norm(vectors[1:], axis=1) / np.linalg.norm(vectors[0]))
    np.testing.assert_allclose(record.zero_shares, (vectors[1:] == 0).mean(axis=1))
    both = (vectors[1] != 0) & (vectors[2] != 0)
    assert record.sign_conflicts[0][1] == pytest.approx((np.sign(vectors[1]) != np.sign(vectors[2]))[both].mean())
    assert np.isnan(record.cosine[2]).all()
    assert np.isnan(record.sign_conflicts[2]).all()
    assert record.layers == ()


def test_without_a_base_nothing_is_relative_to_it(values):
    assert make(values, has_base=False).relative_norms == ()


def test_layers_are_told_with_their_attention_mlp_and_norms(values):
    layers = make(values, per_layer=True).layers
    assert [layer.name for layer in layers] == ["embeddings", "model.layers 0", "model.layers 1", "norm"]
    assert [section.name for section in layers[1].sections] == [
        "model.layers 0 · attention",
        "model.layers 0 · MLP",
        "model.layers 0 · norm",
    ]
    assert [layer.sections for layer in (layers[0], *layers[2:])] == [(), (), ()]
    assert_compares(layers[1], flatten(values, (1, 2, 3, 4))[1:])
    for section, tensors in zip(layers[1].sections, ((1, 2), (3,), (4,)), strict=True):
        assert_compares(section, flatten(values, tensors)[1:])


def test_of_no_entries_nothing_is_known_but_that_there_are_none(values):
    record = make(values[:0], per_layer=True)
    assert record.entries == 0
    assert record.norms == (0, 0, 0)
    assert np.isnan([*record.relative_norms, *record.zero_shares]).tolist() == [True] * 6
    assert record.layers == ()


@pytest.fixture
def describe(bench, family):
    """Return what a Similarity node of some vectors compares."""
    lines = f"{THREE_VECTORS}\n guess = analogy a=ta b=tb c=tc\n step = task_vector tuned=b base=a"
    return lambda vectors: describe_compared(bench.planner(f"{lines}\n s = similarity vectors={vectors} per_layer:true"), NodeId("s"))


def test_what_is_compared_is_told_by_names_and_numbers(describe):
    found = describe("tc,guess,ta,tb")
    assert (found.node, found.names, found.per_layer, found.paths) == ("s", ("tc", "guess", "ta", "tb"), True, ())
    assert found.parallelograms == ((2, 3, 0, 1),)
    assert describe("guess,ta,tb").parallelograms == ()


def test_there_is_a_base_where_all_vectors_share_it(describe):
    assert describe("ta,tb").has_base
    assert not describe("ta,step").has_base
