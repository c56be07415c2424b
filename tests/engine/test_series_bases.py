"""A training fits the checkpoints that have its tensors, whatever else lies in its folder and in the graph."""

import pytest
import torch

from engine.document.model import Document, Node, NodeId
from engine.series_bases import find_series_bases


def draw(**sources):
    return Document(nodes={NodeId(name): Node("checkpoint", {"source": source}) for name, source in sources.items()})


@pytest.fixture
def training(bench):
    for name in ("base", "run/checkpoint-10", "run/checkpoint-200"):
        bench.save(name, {"w": torch.ones(2, 3), "steps": torch.arange(len(name))})
    bench.save("wide", {"w": torch.ones(3, 3)})
    return bench.folder / "run"


def test_those_with_its_floats_fit(bench, training):
    document = draw(first="base", second="base", third="wide", hub="hub:org/base", nothing="nowhere")
    assert find_series_bases(document, training, bench.folder) == ("first", "second")


def test_a_first_checkpoint_that_is_half_written_is_passed_over(bench, training):
    (training / "checkpoint-10" / "model.safetensors").write_bytes(b"cut")
    assert find_series_bases(draw(base="base"), training, bench.folder) == ("base",)


@pytest.mark.parametrize("name", ["empty", "gone"])
def test_what_holds_no_checkpoint_fits_nothing(bench, training, name):
    (bench.folder / "empty").mkdir()
    assert find_series_bases(draw(base="base", gone="gone"), bench.folder / name, bench.folder) == ()
