"""In which order people look for operations, and what stands under each in a list."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.catalogue import catalogue
from engine.operation import Group, Operation

CAPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "checkpoint": "file, folder or Hub id",
        "series": "the checkpoints of one training",
        "lora_adapter": "what a LoRA adds to its base",
        "random_vector": "the control that knows no task",
        "task_vector": "fine-tuned − base",
        "negate": "forget: −τ",
        "scale": "λ·τ",
        "add": "learn: τ₁ + τ₂ + …",
        "analogy": "A is to B as C is to D",
        "apply": "base + λ·τ",
        "average": "weighted mean of models",
        "interpolate": "part of the way between two models",
        "layer_filter": "choose layers",
        "layer_curve": "a factor for each depth",
        "ties": "trim, elect, merge",
        "dare": "drop and rescale",
        "trim": "keep the largest entries",
        "test_set": "labelled examples or text",
        "evaluate": "accuracy, perplexity",
        "strength_search": "find the best strength (λ)",
        "similarity": "cosines, norms, sign conflicts",
        "measured_metrics": "a table measured elsewhere",
        "export_checkpoint": "safetensors + report",
        "export_vector": "a task vector + report",
    }
)
"""By operation, in the order of the palette; one that is missing here comes last with the start of its sentence."""


def caption(operation: Operation) -> str:
    """Return the few words that stand under an operation's title."""
    return CAPTIONS.get(operation.id) or operation.sentence.rstrip(".")


def ordered_operations() -> tuple[Operation, ...]:
    """Return all operations, group by group."""
    places = {name: place for place, name in enumerate(CAPTIONS)}
    groups = list(Group)
    return tuple(
        sorted(catalogue().values(), key=lambda found: (groups.index(found.group), places.get(found.id, len(places)), found.title))
    )
