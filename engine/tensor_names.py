"""What a tensor's name says: how deep in the model it lies and to which part it belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["attention", "mlp", "norm", "embeddings", "head", "other"]
PARTS: tuple[Part, ...] = ("attention", "mlp", "norm", "embeddings", "head")


def _compile_words(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|\.)(?:{'|'.join(words)})(?:\.|$)", re.IGNORECASE)


# A rule looks at the words between the dots. The first that matches decides: a norm inside an attention block is a norm, a
# projection inside a patch embedding an embedding, and a head's own layers belong to the head.
_RULES: tuple[tuple[Part, re.Pattern[str]], ...] = (
    (
        "norm",
        _compile_words(
            r"\w*norm\d*", r"layer_?norm_\w+", r"norm_\w+", r"normalization", r"ln\d*", r"ln_\w+", r"bn\d*", r"\w*_layrnorm", r"\w*_bn"
        ),
    ),
    (
        "embeddings",
        _compile_words(
            *(r"embed", r"\w*embeddings?", r"\w*embedder", r"\w*_embed", r"embed_(?!out)\w+", r"\w*_emb", r"wte", r"wpe", r"shared"),
            *(r"(cls|dist|mask|reg)_token", r"pos(ition)?_ids", r"visual\.conv1"),
        ),
    ),
    (
        "head",
        _compile_words(
            *(r"\w*_head", r"heads?", r"cls", r"(pre_|post_)?classifier", r"(log_reg|score|pooler|qa_outputs|embed_out)", r"summary"),
            *(r"(visual|text)_projection", r"logit_(scale|bias)", r"vocab_(transform|projector)"),
        ),
    ),
    ("head", re.compile(r"^(visual\.proj|text_projection|fc|model\.fc|seq_relationship)(\.|$)", re.IGNORECASE)),
    (
        "attention",
        _compile_words(
            *(r"\w*attn", r"\w*attention", r"(self|cross|multihead|encdec)_?att\w*", r"in_proj(_\w+)?", r"[qkvo]_proj", r"[qkv]_lin"),
            *(r"q", r"k", r"v", r"qkv", r"query", r"key", r"value", r"query_key_value", r"relative_attention_bias"),
        ),
    ),
    (
        "mlp",
        _compile_words(
            *(r"\w*mlp", r"ffn?", r"feed_?forward\w*", r"intermediate", r"dense(relu|gatedact)dense", r"\w*experts?", r"\w*_moe"),
            *(r"fc_?\d", r"c_fc", r"w[i123]", r"wo", r"wi_\d", r"lin\d", r"(gate|up|down)_proj", r"output", r"dense_(h_to_4h|4h_to_h)"),
        ),
    ),
)
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
    for part, rule in _RULES:
        if rule.search(name):
            return part
    return "other"


def layer_of(name: str) -> tuple[str, int] | None:
    """Return the stack and the index of the layer in it: `model.layers.10.mlp.w` is ("model.layers.", 10).

    A numbered list inside a head or an embedding (`classifier.1.weight`) is no stack of layers.
    """
    match = _LAYER.match(name)
    if not match or part_of(match[1].rstrip(".")) in ("head", "embeddings"):
        return None
    return match[1], int(match[2])


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
