"""The hash is the same in NumPy and in torch, for every index and key."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from engine.kernels.index_hash import STEP_ENTRIES, hash_on_device, hash_on_host


@pytest.mark.parametrize("start", [0, 1, (1 << 31) - 500, (1 << 32) - 1000, (1 << 32) - 1])
@pytest.mark.parametrize("key", [0, 1, 1 << 31, 1 << 32, 0x0123456789ABCDEF, (1 << 64) - 1])
def test_host_and_device_agree(start, key):
    device = hash_on_device(start, 1000, key, torch.device("cpu"))
    assert torch.equal(torch.from_numpy(hash_on_host(start, 1000, key)), device)


def test_the_longest_step_is_whole():
    hashes = hash_on_host(0, STEP_ENTRIES, 7)
    assert hashes.size == STEP_ENTRIES
    assert np.unique(hashes).size == STEP_ENTRIES  # a bijection for each key


def test_threads_do_not_share_their_arrays():
    here = hash_on_host(0, 1000, 1)
    wanted = here.copy()
    other = threading.Thread(target=hash_on_host, args=(0, 1000, 2))
    other.start()
    other.join()
    assert np.array_equal(here, wanted)
