"""Sizes read as people write them."""

import pytest

from engine.sizes import write_bytes


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_200, "1.2 kB"), (1_083_944, "1.08 MB"), (5_400_000_000, "5.4 GB"), (2e15, "2000 TB")],
)
def test_sizes_have_units(size, text):
    assert write_bytes(size) == text
