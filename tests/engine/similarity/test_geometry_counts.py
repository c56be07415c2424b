"""Conflicts, zeros and magnitudes, against the entries themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.similarity.geometry_counts import count_figures
from engine.similarity.gram_table import magnitude_edges


def vectors(tiny, tensors):
    base = tiny.models["base"]
    moved = [torch.cat([(tiny.models[name][tensor] - base[tensor]).flatten() for tensor in tensors]) for name in tiny.table.vectors]
    return torch.stack(moved).numpy()


@pytest.mark.parametrize("rows", [None, [0, 2]])
def test_shares_are_those_of_the_entries(tiny, rows):
    tensors = tiny.table.tensors if rows is None else [tiny.table.tensors[row] for row in rows]
    exact, found = vectors(tiny, tensors), count_figures(tiny.table, rows)
    signs = np.sign(exact)
    both = (signs[:, None] != 0) & (signs[None] != 0)
    assert found.conflicts == pytest.approx(((signs[:, None] != signs[None]) & both).sum(-1) / both.sum(-1))
    assert found.zeros == pytest.approx((exact == 0).mean(axis=1))
    for vector, bins in zip(np.abs(exact), found.magnitudes, strict=True):
        assert bins.tolist() == np.histogram(vector[vector > 0], magnitude_edges())[0].tolist()
    assert found.entries == exact.shape[1]


def test_vectors_that_never_meet_have_no_conflict_to_tell(tiny):
    quiet = tiny.table.both.copy()
    quiet[:, 0, 1] = quiet[:, 1, 0] = 0
    found = count_figures(replace(tiny.table, both=quiet))
    assert np.isnan(found.conflicts[0, 1])
    assert np.isfinite(found.conflicts[0, 2])


def test_nothing_is_a_share_of_no_entries(tiny):
    found = count_figures(tiny.table, [])
    assert found.entries == 0
    assert np.isnan(found.zeros).all()
    assert np.isnan(found.conflicts).all()
