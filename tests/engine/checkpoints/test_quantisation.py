"""Quantised checkpoints are recognised, and ordinary integer buffers are not mistaken for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoints.quantisation import explain_quantisation
from engine.checkpoints.sources import open_checkpoint
from engine.errors import DamagedFileError


def ask(folder: Path, tensors: dict[str, torch.Tensor]) -> str | None:
    save_file(tensors, folder / "model.safetensors")
    return explain_quantisation(open_checkpoint(".", folder))


def test_buffers_of_positions_and_masks_are_no_quantisation(tmp_path: Path) -> None:
    tensors = {
        "w": torch.ones(8, 8), "position_ids": torch.arange(512)[None].clone(), "steps": torch.tensor(3), "mask": torch.ones(9, 9).bool(),
        "index": torch.arange(400), "scale": torch.ones(1),
    }  # fmt: skip
    assert ask(tmp_path, tensors) is None


def test_a_small_table_of_integers_is_allowed_up_to_a_hundredth(tmp_path: Path) -> None:
    table = {"table": torch.zeros(2, 5, dtype=torch.int8)}
    assert ask(tmp_path, {"w": torch.ones(10, 25), **table}) is None
    assert ask(tmp_path, {"w": torch.ones(10, 24), **table}) == "1.0 % of its bytes lie in 1 matrices of integers, such as “table”."


@pytest.mark.parametrize("name", ["h.0.qweight", "h.0.scales", "h.0.qzeros", "h.0.weight_scale", "h.0.weight.absmax", "h.0.SCB"])
def test_packed_companions_are_quantisation(tmp_path: Path, name: str) -> None:
    assert ask(tmp_path, {"w": torch.ones(8, 8), name: torch.ones(3)}) == f"It holds 1 packed tensors or scales, such as “{name}”."


def test_a_config_that_says_so_is_believed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": {"bits": 4}}))
    assert ask(tmp_path, {"w": torch.ones(2)}) == "Its config.json has a quantization_config."


def test_a_malformed_config_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{nope")
    with pytest.raises(DamagedFileError, match=r"config\.json: It is no JSON"):
        ask(tmp_path, {"w": torch.ones(2)})
