"""A family of tiny vision models with pictures to measure them on."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
import transformers
from transformers.utils import logging

from engine.checkpoints.sources import open_checkpoint
from engine.errors import Cancelled
from engine.events import TensorWritten
from engine.execution.stop import Stop
from engine.report.publish import run_plan
from engine.similarity.family_files import FamilyFiles
from engine.similarity.store import GramStore


@pytest.fixture
def vision(bench):
    """Save a base and two others (ViT, 4 classes) and test sets of noise on the bench; return the base's tensors."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    config = transformers.ViTConfig(
        image_size=16, patch_size=4, num_channels=1, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, num_labels=4, initializer_range=0.5,
    )  # fmt: skip
    torch.manual_seed(1)
    transformers.ViTForImageClassification(config).save_pretrained(bench.folder / "base")
    model = bench.load("base")
    for seed, name in enumerate(["a", "b"], start=1):
        bench.save(name, bench.move(model, seed, 0.6), config.to_dict())
    generator = np.random.default_rng(0)
    for name in ("target", "control", "test"):
        images = generator.integers(0, 256, (60, 16, 16)).astype(np.uint8)
        np.savez(bench.folder / f"{name}.npz", images=images, labels=generator.integers(0, 4, 60))
    return model


@pytest.fixture
def large(bench):
    """Save a base and two others on the bench whose matrix takes several blocks."""
    draw = torch.Generator().manual_seed(0)
    base = {"layers.0.mlp.weight": torch.randn(700, 1000, generator=draw), "norm.weight": torch.randn(1025, generator=draw)}
    bench.save("base", base)
    for name in "ab":
        bench.save(name, {key: value + 0.1 * torch.randn(value.shape, generator=draw) for key, value in base.items()})


@pytest.fixture
def keep_half(bench):
    """Return a function that stops a run once it has written a tensor, and keeps what it wrote."""

    def run(lines):
        stop = Stop()

        def listen(event):
            if isinstance(event, TensorWritten):
                stop.request()

        with pytest.raises(Cancelled):
            run_plan(bench.plan(lines, {"workers": 1, "keep_partial": True}), listen, stop)

    return run


@pytest.fixture
def files_of(bench):
    """Return the files of a family: the base, then others, by the names they are saved under on the bench."""
    return lambda base, *others, tensors=None: _find_files(bench, (base, *others), tensors)


def _find_files(bench, names, tensors):
    headers = tuple(open_checkpoint(name, bench.folder) for name in names)
    shapes = [{spec.name: spec.shape for spec in header.tensors.values() if spec.dtype.is_float} for header in headers]
    shared = tuple(name for name, shape in shapes[0].items() if all(other.get(name) == shape for other in shapes))
    return FamilyFiles(names[0], names[1:], tensors or shared, tuple(set().union(*shapes) - set(shared)), headers)


@pytest.fixture
def store(tmp_path):
    """Return a store of similarities of the test's own."""
    return GramStore(tmp_path / "gram.sqlite3")


@pytest.fixture
def settle(bench):
    """Return a function that makes saved checkpoints look as if they had been left alone for a minute."""

    def make_older(*names):
        for path in (path for name in names for path in (bench.folder / name).iterdir()):
            status = path.stat()
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 60_000_000_000))

    return make_older
