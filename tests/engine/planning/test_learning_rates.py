"""Learning rates are what the labels of checkpoints say, and nothing else's."""

from __future__ import annotations

import pytest

from engine.document.edits import set_label
from engine.document.model import NodeId
from engine.planning.check import check_document
from engine.planning.learning_rates import find_learning_rates, place_rates, read_learning_rate, write_learning_rate
from engine.planning.live_model import make_live_model


def test_learning_rates_are_read_from_labels(bench, family):
    document = bench.document(
        "base = checkpoint source:base\n a = checkpoint source:a\n b = checkpoint source:b\n x = average checkpoints=base,a,b"
    )
    for node, label in (("a", "digits, lr 3e-4"), ("b", "digits, learning rate = 0.00001"), ("base", "solr 5")):
        document = set_label(document, node, label)
    (live,) = make_live_model(check_document(document, bench.folder).resolved).families
    (series,) = live.series
    assert (series.node, series.quantity) == (None, "learning rate")
    assert (series.members, series.numbers) == (("b", "a"), (1e-5, 3e-4))


@pytest.mark.parametrize(
    ("title", "rate"),
    [
        ("digits, lr 1e-5", 1e-5),
        ("digits_lr1e-5", 1e-5),
        ("run-lr-3e-04-seed-7", 3e-4),
        ("LR=.001", 1e-3),
        ("learning_rate: 2.5e-5", 2.5e-5),
        ("learning rate of 0.0003", 3e-4),
        ("solr 5", None),
        ("lr unknown, 3 epochs", None),
    ],
)
def test_learning_rates_as_people_write_them(title, rate):
    assert read_learning_rate(title) == rate


@pytest.mark.parametrize(("rate", "text"), [(1e-5, "1e-5"), (0.0003, "3e-4"), (2.5e-12, "2.5e-12"), (0.05, "0.05"), (0.0, "0"), (1.0, "1")])
def test_learning_rates_are_written_as_people_do(rate, text):
    assert write_learning_rate(rate) == text


def test_adapters_and_the_base_have_none(bench, family):
    bench.save_adapter("adapter", bench.make_factors())
    lines = """
        lr-1e-6 = checkpoint source:base
        a-lr-1e-5 = checkpoint source:a
        lora-lr-1e-4 = lora_adapter base=lr-1e-6 source:adapter
    """
    resolved = bench.resolve(lines)
    assert find_learning_rates(resolved, NodeId("lr-1e-6")) == {"a-lr-1e-5": 1e-5}
    assert find_learning_rates(resolved, None) == {"lr-1e-6": 1e-6, "a-lr-1e-5": 1e-5}


def test_trainings_at_one_rate_have_one_place():
    assert place_rates((1e-4, 1e-3, 1e-4)) == ((1e-4, 1e-3), (0, 1, 0))
    assert place_rates(()) == ((), ())
