"""Zero-shot image classification: pictures against the texts of the classes, whose side stays the base's (as in the paper)."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol, cast

import numpy as np
import torch

from engine.errors import EvaluationError
from engine.evaluation.batches import Stop, split_batches
from engine.evaluation.labels import Labelling, map_labels
from engine.evaluation.loaded_model import LoadedModel, load_tokenizer
from engine.evaluation.measurement import Measurement
from engine.evaluation.metrics import measure_labels
from engine.evaluation.pictures import PictureArrays, PictureFiles
from engine.evaluation.pixels import make_pixel_reader
from engine.evaluation.predictions import describe_failures, pick_classes
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import choose_metric
from engine.evaluation.test_sets import TestSet

NAME_ALONE = "{}"


class _TwoSided(Protocol):
    """What we use of CLIP and its kin."""

    def get_image_features(self, *, pixel_values: torch.Tensor) -> object: ...

    def get_text_features(self, *, input_ids: torch.Tensor, attention_mask: torch.Tensor | None) -> object: ...


def measure_zero_shot(loaded: LoadedModel, test_set: TestSet, settings: EvaluationSettings, stop: Stop) -> tuple[Measurement, ...]:
    """Return the accuracy or macro F1 of choosing the class whose text lies closest to the picture (cosine).

    Raises:
        EvaluationError: The classes, the labels or the metric do not fit.
        Cancelled: `stop` said so.
    """
    metric = choose_metric(settings.metric, test_set.task)
    classes = _name_classes(test_set)
    templates = test_set.templates or (NAME_ALONE,)
    truth, matching = map_labels(Labelling(test_set.labels, test_set.label_names), classes)
    pictures = test_set.inputs
    if not isinstance(pictures, PictureFiles | PictureArrays):
        message = f"a test set of the task {test_set.task} without pictures"
        raise TypeError(message)
    reader, directions = make_pixel_reader(loaded, pictures), find_class_directions(loaded, classes, templates)
    network = cast("_TwoSided", loaded.network)
    found: list[torch.Tensor] = []
    for rows in split_batches(test_set.examples, settings.batch_size, stop):
        features = _normalise(_read_features(network.get_image_features(pixel_values=reader.read(rows))))
        found.append(pick_classes(features @ directions.T))
    predicted = torch.cat(found).numpy().astype(np.int64)
    details = {
        **test_set.details,
        "templates": " | ".join(templates),
        "classes": str(len(classes)),
        "text side": f"of {loaded.folder.name}, frozen",
        "pictures": reader.description,
        "labels matched": matching,
        **describe_failures(predicted),
    }
    return (measure_labels(metric, truth, predicted, settings.seed, details),)


def find_class_directions(loaded: LoadedModel, classes: tuple[str, ...], templates: tuple[str, ...]) -> torch.Tensor:
    """Return a unit vector per class (classes × features): the mean of its templates' unit vectors, from the frozen text side."""
    kept = loaded.class_directions.get((classes, templates))
    if kept is not None:
        return kept
    tokenizer = load_tokenizer(loaded.folder)
    # SigLIP reads the last position, padding or not, and was trained on texts of one length.
    padding = "max_length" if loaded.architecture.startswith("Siglip") else True
    rows: list[torch.Tensor] = []
    with _with_frozen_text(loaded):
        for name in classes:
            texts = [template.replace(NAME_ALONE, name) for template in templates]
            tokens = tokenizer(texts, padding=padding, truncation=True, max_length=_longest_text(loaded), return_tensors="pt").to(
                loaded.device
            )
            network = cast("_TwoSided", loaded.network)
            features = network.get_text_features(input_ids=tokens["input_ids"], attention_mask=tokens.get("attention_mask"))
            rows.append(_normalise(_normalise(_read_features(features)).mean(dim=0)))
    directions = torch.stack(rows)
    loaded.class_directions[classes, templates] = directions
    return directions


def _name_classes(test_set: TestSet) -> tuple[str, ...]:
    classes = test_set.classes or test_set.label_names
    if not classes:
        fact = f"The test set {test_set.source} names no classes, only numbers."
        raise EvaluationError(fact, "Name them in the order of the numbers in the parameter classes, parted by commas.")
    return classes


@contextmanager
def _with_frozen_text(loaded: LoadedModel) -> Generator[None]:
    """Put the base's text side into the network for the block: the network may have been edited already."""
    named = loaded.network.state_dict()
    edited = {name: named[name].clone() for name in loaded.frozen_text}
    _fill(named, loaded.frozen_text)
    try:
        yield
    finally:
        _fill(named, edited)


def _fill(named: dict[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> None:
    for name, value in values.items():
        named[name].copy_(value)


def _longest_text(loaded: LoadedModel) -> int:
    return int(loaded.network.config.text_config.max_position_embeddings)


def _read_features(output: object) -> torch.Tensor:
    """Return the projected features: transformers 5 wraps them in an output, earlier versions did not."""
    features = output if isinstance(output, torch.Tensor) else getattr(output, "pooler_output", None)
    if not isinstance(features, torch.Tensor):
        message = f"features of the type {type(output).__name__}"
        raise TypeError(message)
    return features


def _normalise(features: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(features, dim=-1)
