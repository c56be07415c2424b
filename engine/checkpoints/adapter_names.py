"""The names in an adapter's file: which layer of the base each tensor belongs to, and what it is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.checkpoints.header import TensorSpec
from engine.checkpoints.stored_tensors import list_names
from engine.errors import CheckpointError

Part = Literal["A", "B", "embedding A", "embedding B"]

_PREFIX = "base_model.model."
_FACTOR = re.compile(r"(?P<layer>.+)\.lora_(?P<kind>A|B|embedding_A|embedding_B)(?:\.(?!weight$)[^.]+)?(?:\.weight)?")
"""`layer.lora_A.weight`, or with the adapter's own name in between as older versions of PEFT wrote it."""
_FOREIGN = {
    "lora_magnitude_vector": "DoRA",
    "hada_w": "LoHa",
    "lokr_w": "LoKr",
    "ia3_l": "IA³",
    "lora_E": "AdaLoRA",
    "oft_": "OFT",
    "boft_": "BOFT",
    "vera_lambda": "VeRA",
    "trainable_tokens_delta": "single trained rows of the embedding",
    "modules_to_save.": "modules of a PEFT model that was not saved by PEFT itself",
    "lora_B.bias": "biases of second factors (lora_bias)",
}
_KOHYA = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_prior_", "lycoris_", "lora_transformer_")
_OTHER_TOOLS = (".lora_down.weight", ".lora_up.weight", ".lora.down.weight", ".lora.up.weight", ".processor.", ".dora_scale")


@dataclass
class AdapterTensors:
    """Hold an adapter's tensors by layer and role."""

    factors: dict[str, dict[Part, TensorSpec]] = field(default_factory=dict[str, dict[Part, TensorSpec]])
    """Per layer of the base its factors."""
    saved: dict[str, TensorSpec] = field(default_factory=dict[str, TensorSpec])
    """Whole tensors, by their names in the base: trained beside the products (modules_to_save, biases)."""
    copies: dict[str, TensorSpec] = field(default_factory=dict[str, TensorSpec])
    """Whole tensors of adapted layers, by their names in the base: PEFT copies the embedding that it adapts."""


def sort_names(tensors: Mapping[str, TensorSpec]) -> AdapterTensors:
    """Return the tensors of an adapter's file by layer and role.

    Raises:
        CheckpointError: They are of another tool or method, or named as none that is known; nothing is left out in silence.
    """
    _refuse_foreign(tensors)
    found, unknown = AdapterTensors(), list[str]()
    for name, spec in tensors.items():
        inner = name.removeprefix(_PREFIX)
        match = _FACTOR.fullmatch(inner)
        if match:
            part: Part = {"A": "A", "B": "B", "embedding_A": "embedding A", "embedding_B": "embedding B"}[match["kind"]]  # pyright: ignore[reportAssignmentType]
            if found.factors.setdefault(match["layer"], {}).setdefault(part, spec) is not spec:
                fact = f"The file holds more than one adapter: {list_names([match['layer']])} has “{part}” twice."
                raise CheckpointError(fact, "Save one adapter by itself with PEFT (selected_adapters), and choose that.")
        elif ".base_layer." in inner:
            target = found.saved if inner.endswith(".base_layer.bias") else found.copies
            target[inner.replace(".base_layer.", ".")] = spec
        elif name != inner and "lora_" not in inner:
            found.saved[inner] = spec
        else:
            unknown.append(name)
    if unknown:
        raise _explain_unknown(unknown, len(tensors))
    if not found.factors and not found.saved:
        fact = "The adapter holds no tensors."
        raise CheckpointError(fact, "Choose the adapter_model file that PEFT wrote.")
    return found


def _refuse_foreign(names: Iterable[str]) -> None:
    listed = list(names)
    kohya = [name for name in listed if name.startswith(_KOHYA) or any(part in name for part in _OTHER_TOOLS)]
    if kohya:
        fact = f"The adapter's names are those of kohya's scripts, LyCORIS or diffusers ({list_names(kohya[:2])}), which are not supported."
        raise CheckpointError(fact, "Convert it to PEFT's format, or merge it into its base with the tool it was made for.")
    for sign, kind in _FOREIGN.items():
        met = [name for name in listed if sign in name]
        if met:
            fact = f"{len(met)} tensors of the adapter belong to {kind} ({list_names(met[:2])}): no products of two small matrices."
            raise CheckpointError(fact, "Merge it into its base with PEFT (merge_and_unload), and use that model with a Task vector node.")


def _explain_unknown(unknown: list[str], total: int) -> CheckpointError:
    if len(unknown) == total:
        fact = f"None of its {total:,} tensors is named as PEFT names an adapter's ({list_names(unknown[:2])})."
        return CheckpointError(fact, "If this is a whole model, use a Checkpoint node; else convert it to PEFT's format.")
    fact = f"{len(unknown):,} of its {total:,} tensors are named as none of an adapter's that is known ({list_names(unknown[:2])})."
    return CheckpointError(fact, "Merge it into its base with PEFT (merge_and_unload), and use that model with a Task vector node.")
