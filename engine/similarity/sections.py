"""Sections of a model: the embeddings, each layer's attention, MLP and norms, the head; figures are told section by section."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.tensor_names import PARTS, Part, layer_of, part_of

_PART_WORDS = {"mlp": "MLP"}


@dataclass(frozen=True, slots=True)
class Section:
    """Hold the tensors of one part of one layer, or of one part outside the layers."""

    layer: str
    """The layer's title, or the part's outside the layers."""
    part: Part
    tensors: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return what the section is called: `model.layers 3 · attention`, `embeddings`."""
        word = _PART_WORDS.get(self.part, self.part)
        return word if self.layer == self.part else f"{self.layer} · {word}"


def find_sections(tensors: Iterable[str]) -> tuple[Section, ...]:
    """Return the sections of a model in reading order: what lies before the layers, the layers by number, what lies after them."""
    found: dict[tuple[str, Part], list[str]] = {}
    for tensor in sorted(tensors, key=_section_order):
        found.setdefault((layer_title(tensor), part_of(tensor)), []).append(tensor)
    return tuple(Section(layer, part, tuple(names)) for (layer, part), names in found.items())


def layer_title(tensor: str) -> str:
    """Return the group that a tensor's figures are told under: its layer, or its part outside the layers."""
    layer = layer_of(tensor)
    if layer is None:
        return part_of(tensor)
    stack, depth = layer
    return f"{stack.rstrip('.')} {depth}" if stack else f"layer {depth}"


def layer_order(tensor: str) -> tuple[int, str, int]:
    """Sort what lies before the layers first, then the layers by number, then what lies after them."""
    layer = layer_of(tensor)
    if layer is not None:
        return 1, layer[0], layer[1]
    return (0 if part_of(tensor) == "embeddings" else 2), "", 0


def _section_order(tensor: str) -> tuple[tuple[int, str, int], int]:
    part = part_of(tensor)
    return layer_order(tensor), PARTS.index(part) if part in PARTS else len(PARTS)
