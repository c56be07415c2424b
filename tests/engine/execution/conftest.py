"""A family of tiny vision models with pictures to measure them on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from transformers.utils import logging


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
