"""A Hugging Face model in memory: float32, in evaluation mode, opened without network and without code of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from engine.errors import DeviceError, EvaluationError
from engine.evaluation.architectures import check_suitability, name_architecture, read_model_config
from engine.evaluation.quiet import quiet_transformers
from engine.evaluation.tasks import Task

IMAGE_SIDE_MARKS = ("vision", "visual")
VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model", "*.tiktoken", "tekken.json")
TOKENIZER_REMEDY = "Copy tokenizer.json and tokenizer_config.json of the base into the folder."


@dataclass(frozen=True)
class LoadedModel:
    """Hold a network with where it came from."""

    folder: Path
    network: PreTrainedModel
    architecture: str
    device: torch.device
    frozen_text: Mapping[str, torch.Tensor]
    """For zero-shot models: copies of the text side as the folder has it, whatever the network is edited into."""
    class_directions: dict[tuple[tuple[str, ...], tuple[str, ...]], torch.Tensor] = field(default_factory=dict)
    """Text features by class names and templates, computed once (see zero_shot)."""


def load_model(folder: Path, task: Task, device: str) -> LoadedModel:
    """Load the class that the folder's config names.

    Raises:
        EvaluationError: The folder is no model that can do the task.
        DeviceError: The device is missing.
    """
    architecture = name_architecture(read_model_config(folder), folder)
    check_suitability(architecture, task, folder)
    network = _build(folder, architecture)
    place = _move(network, device)
    frozen = _copy_text_side(network) if task == "zero_shot_image_classification" else {}
    return LoadedModel(folder, network, architecture, place, frozen)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Return the folder's tokenizer.

    Raises:
        EvaluationError: It has none that opens offline.
    """
    if not any(path for pattern in VOCABULARIES for path in folder.glob(pattern)):
        # transformers would make an empty tokenizer and turn every text into nothing.
        fact = f"{folder} has no tokenizer (no {VOCABULARIES[0]} and no other vocabulary)."
        raise EvaluationError(fact, TOKENIZER_REMEDY)
    try:
        with quiet_transformers():
            return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # The library fails with whatever comes up on a missing file: OSError, ValueError, ImportError, TypeError, KeyError …
    except Exception as error:
        fact = f"The tokenizer in {folder} can't be opened: {_first_line(error)}."
        raise EvaluationError(fact, TOKENIZER_REMEDY) from error


def _build(folder: Path, architecture: str) -> PreTrainedModel:
    model_class = getattr(transformers, architecture, None)
    if model_class is None or not issubclass(model_class, PreTrainedModel):
        fact = f"transformers {transformers.__version__} has no class {architecture}, which {folder} asks for."
        raise EvaluationError(fact, "Install a version of transformers that has it.")
    try:
        with quiet_transformers():
            network = model_class.from_pretrained(folder, dtype=torch.float32, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError, ImportError, KeyError, SafetensorError) as error:
        fact = f"The model in {folder} can't be loaded: {_first_line(error)}."
        raise EvaluationError(fact, "Check that the folder is whole and that its config.json fits its weights.") from error
    for tensor in network.parameters():
        tensor.requires_grad = False
    return network.eval()


def _move(network: PreTrainedModel, device: str) -> torch.device:
    """Move the model and give every weight memory of its own, so that filling it never touches the mapped file."""
    try:
        place = torch.device(device)
        torch.nn.Module.to(network, place)
    except (RuntimeError, AssertionError) as error:
        fact = f"The model can't be moved to the device {device}: {_first_line(error)}."
        raise DeviceError(fact, "Take the device cpu.") from error
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data = tensor.data.clone(memory_format=torch.contiguous_format)
    return place


def _copy_text_side(network: PreTrainedModel) -> Mapping[str, torch.Tensor]:
    named = network.state_dict()
    return {name: tensor.clone() for name, tensor in named.items() if not any(mark in name for mark in IMAGE_SIDE_MARKS)}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
