"""Which in-memory tensor each tensor of a checkpoint's files fills."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

from engine.errors import EvaluationError

SINGLE_FILES = ("model.safetensors", "pytorch_model.bin")
INDEX_FILES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SHOWN = 5


@dataclass(frozen=True)
class StoredTensors:
    """Hold how a checkpoint's tensors lie in memory."""

    tensors: Mapping[str, torch.Tensor]
    """By the name in the checkpoint's files; to be filled in place, each once."""
    tied: Mapping[str, str]
    """Names in the files whose tensor in memory is another name's as well: not to be filled."""
    unused: tuple[str, ...]
    """Names in the files that the model has no place for."""


def map_stored_tensors(network: PreTrainedModel, folder: Path) -> StoredTensors:
    """Match the names in the folder's files with the parameters and persistent buffers of the model.

    The names are translated as transformers does on loading (a ViT's `attention.query` is its `q_proj` in memory; a
    bare GPT-2's `wte.weight` is `transformer.wte.weight` with a head).

    Raises:
        EvaluationError: The model needs a tensor that no file gives, or stores several as one.
    """
    places = network.state_dict(keep_vars=True)
    found = _match_names(network, list_stored_names(folder), places, folder)
    tensors: dict[str, torch.Tensor] = {}
    tied: dict[str, str] = {}
    owners: dict[int, str] = {}
    for name, place in sorted(found.items(), key=lambda item: list(places).index(item[1])):
        tensor = places[place].detach()
        owner = owners.setdefault(tensor.data_ptr() if tensor.numel() else id(places[place]), name)
        if owner == name:
            tensors[name] = tensor
        else:
            tied[name] = owner
    _refuse_missing(places, owners, folder)
    return StoredTensors(tensors, tied, tuple(sorted(set(list_stored_names(folder)) - set(found))))


def list_stored_names(folder: Path) -> tuple[str, ...]:
    """Return the names of all tensors in the folder's model files.

    Raises:
        EvaluationError: There are none, or a file is damaged.
    """
    try:
        for name in INDEX_FILES:
            if (folder / name).is_file():
                return tuple(json.loads((folder / name).read_text(encoding="utf-8"))["weight_map"])
        for name in SINGLE_FILES:
            if (folder / name).is_file():
                return _list_file(folder / name)
    except (OSError, ValueError, KeyError, SafetensorError, RuntimeError) as error:
        fact = f"The weights in {folder} can't be read: {error}."
        raise EvaluationError(fact, "Copy or download the model again.") from error
    fact = f"{folder} holds no weights (model.safetensors or pytorch_model.bin)."
    raise EvaluationError(fact, "Take a whole Hugging Face model folder.")


def _list_file(path: Path) -> tuple[str, ...]:
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            return tuple(file.keys())
    return tuple(torch.load(path, map_location="meta", weights_only=True))


def _match_names(network: PreTrainedModel, names: Iterable[str], places: Mapping[str, torch.Tensor], folder: Path) -> Mapping[str, str]:
    """Return the place of every stored name that has one."""
    transforms = get_model_conversion_mapping(network)
    renamings = [transform for transform in transforms if isinstance(transform, WeightRenaming)]
    converters = [transform for transform in transforms if isinstance(transform, WeightConverter)]
    found: dict[str, str] = {}
    for name in names:
        place, converter = rename_source_key(name, renamings, converters, network.base_model_prefix, dict(places))
        if converter is not None:
            fact = f"The model in {folder} keeps tensors such as “{name}” in another arrangement in memory than in its files."
            raise EvaluationError(fact, "Such a model can't be edited in place; export it and evaluate it elsewhere.").located(tensor=name)
        if place in places:
            found[name] = place
    return found


def _refuse_missing(places: Mapping[str, torch.Tensor], filled: Iterable[int], folder: Path) -> None:
    pointers = set(filled)
    missing = [name for name, tensor in places.items() if tensor.numel() and tensor.data_ptr() not in pointers]
    if missing:
        shown = ", ".join(f"“{name}”" for name in missing[:SHOWN]) + (" …" if len(missing) > SHOWN else "")
        fact = f"The model in {folder} needs {len(missing)} tensors that no file gives: {shown}."
        raise EvaluationError(fact, "They would be random. Take a checkpoint that was saved with its head.")
