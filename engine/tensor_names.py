"""What a tensor's name says: how deep in the model it lies and to which part it belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["attention", "mlp", "norm", "embeddings", "head", "other"]
PARTS: tuple[Part, ...] = ("attention", "mlp", "norm", "embeddings", "head")

# The first rule that matches decides: a norm inside an attention block is a norm, a patch projection is an embedding.
_RULES: tuple[tuple[Part, re.Pattern[str]], ...] = (
    ("norm", re.compile(r"(^|[._])(layer_?norm\w*|\w*_?norm\d*|ln_?\w*|rms_?norm|bn\d*|norm_?\w*)(\.|$)", re.IGNORECASE)),
    ("embeddings", re.compile(r"(^|[._])(\w*embed\w*|wte|wpe|cls_token|pos(ition)?_ids|shared)(\.|$)", re.IGNORECASE)),
    ("attention", re.compile(r"(^|[._])(\w*att(n|ention)\w*|q_proj|k_proj|v_proj|o_proj|q|k|v|o|qkv|query|key|value|in_proj\w*)(\.|$)", re.IGNORECASE)),
    ("mlp", re.compile(r"(^|[._])(mlp|ffn?|feed_?forward\w*|intermediate|densereludense|experts?|fc\d|c_fc|w[i123o]|wi_\d|gate_proj|up_proj|down_proj|output)(\.|$)", re.IGNORECASE)),
    ("head", re.compile(r"(^|\.)(\w*head\w*|classifier|score|pooler|visual_projection|text_projection|logit_scale|qa_outputs)(\.|$)", re.IGNORECASE)),
)  # fmt: skip
_LAYER = re.compile(r"^(.*?\.|)(\d+)\.")


@dataclass(frozen=True, slots=True)
class Place:
    """Hold where in the model a tensor lies."""

    name: str
    part: Part
    depth: int | None
    """The index of its layer in its stack; None outside the layers."""
    layers: int
    """How many layers that stack has; 0 outside the layers."""


def part_of(name: str) -> Part:
    """Return the part of the model that a tensor belongs to, by the usual names of transformers and vision models."""
    return next((part for part, rule in _RULES if rule.search(name)), "other")


def layer_of(name: str) -> tuple[str, int] | None:
    """Return the stack and the index of the layer in it: `model.layers.10.mlp.w` is ("model.layers.", 10)."""
    match = _LAYER.match(name)
    return (match[1], int(match[2])) if match else None


def find_places(names: Iterable[str]) -> Mapping[str, Place]:
    """Return the place of every tensor; depth counts numerically, so `.10.` lies after `.2.`."""
    layers = {name: layer_of(name) for name in names}
    counts: dict[str, int] = {}
    for layer in layers.values():
        if layer:
            counts[layer[0]] = max(counts.get(layer[0], 0), layer[1] + 1)
    return {
        name: Place(name, part_of(name), layer[1], counts[layer[0]]) if layer else Place(name, part_of(name), None, 0)
        for name, layer in layers.items()
    }
