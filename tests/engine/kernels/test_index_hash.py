"""The hash is the same in the compiled loop and in torch, for every index and key."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.kernels.index_hash import hash_on_device
from engine.loops.drop import drop_and_scale

COUNT = 5000
"""More than the loop goes over at a time."""


def keep_on_host(start, key, least_kept):
    values, out = np.ones(COUNT, np.float32), np.empty(COUNT, np.float32)
    drop_and_scale(values, start, (key % (1 << 32), key >> 32), least_kept, np.float32(1), out)
    return out > 0


@pytest.mark.parametrize("start", [0, 1, (1 << 31) - 500, (1 << 32) - 1000, (1 << 32) - 1])
@pytest.mark.parametrize("key", [0, 1, 1 << 31, 1 << 32, 0x0123456789ABCDEF, (1 << 64) - 1])
def test_host_and_device_agree(start, key):
    device = hash_on_device(start, COUNT, key, torch.device("cpu"))
    for least_kept in (*device.sort().values[:: COUNT // 7].tolist(), -(1 << 31), (1 << 31) - 1):
        assert np.array_equal(keep_on_host(start, key, least_kept), (device >= least_kept).numpy())


def test_no_two_indices_have_one_hash():
    hashes = hash_on_device(0, 1 << 18, 7, torch.device("cpu"))
    assert hashes.unique().numel() == 1 << 18  # a bijection for each key
