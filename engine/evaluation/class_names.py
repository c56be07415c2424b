"""The names of a classifier's outputs, in order, as its config gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from transformers import PreTrainedModel


def read_class_names(network: PreTrainedModel) -> tuple[str, ...]:
    """Return the name of every output; LABEL_0 … where the config has none."""
    named = cast("Mapping[object, str]", network.config.id2label or {})
    return tuple(str(named.get(place, f"LABEL_{place}")) for place in range(network.config.num_labels or 0))
