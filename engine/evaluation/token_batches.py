"""Rows of token ids made into batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

MANY = 1 << 30
"""Tokenizers that know no limit give a number as large as 10^30."""


@dataclass(frozen=True)
class TokenBatch:
    """Hold token ids and their mask, rows × tokens; the mask is 0 on padding."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor


def pad_right(rows: Sequence[Sequence[int]], padding: int, device: torch.device) -> TokenBatch:
    """Return rows of one length, filled up at the end."""
    length = max(len(row) for row in rows)
    filled = [[*row, *[padding] * (length - len(row))] for row in rows]
    masks = [[1] * len(row) + [0] * (length - len(row)) for row in rows]
    return _make_batch(filled, masks, device)


def pad_left(rows: Sequence[Sequence[int]], padding: int, device: torch.device) -> TokenBatch:
    """Return rows of one length, filled up at the start, as continuing them needs."""
    length = max(len(row) for row in rows)
    filled = [[*[padding] * (length - len(row)), *row] for row in rows]
    masks = [[0] * (length - len(row)) + [1] * len(row) for row in rows]
    return _make_batch(filled, masks, device)


def find_longest(network: PreTrainedModel) -> int:
    """Return how many positions the model has; a very large number where it has no limit."""
    config = network.config.get_text_config()
    named = (getattr(config, name, None) for name in ("max_position_embeddings", "n_positions", "n_ctx"))
    return next((int(value) for value in named if isinstance(value, int) and value > 0), MANY)


def _make_batch(filled: list[list[int]], masks: list[list[int]], device: torch.device) -> TokenBatch:
    return TokenBatch(torch.tensor(filled, dtype=torch.int64, device=device), torch.tensor(masks, dtype=torch.int64, device=device))
