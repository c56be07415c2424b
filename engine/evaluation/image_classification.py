"""Image classification: the class of the largest logit."""

from __future__ import annotations

import numpy as np
import torch

from engine.evaluation.batches import Stop, split_batches
from engine.evaluation.class_names import read_class_names
from engine.evaluation.labels import Labelling, map_labels
from engine.evaluation.loaded_model import LoadedModel
from engine.evaluation.measurement import Measurement
from engine.evaluation.metrics import measure_labels
from engine.evaluation.pictures import PictureArrays, PictureFiles
from engine.evaluation.pixels import make_pixel_reader
from engine.evaluation.predictions import describe_failures, pick_classes
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import choose_metric
from engine.evaluation.test_sets import TestSet


def measure_image_classification(
    loaded: LoadedModel, test_set: TestSet, settings: EvaluationSettings, stop: Stop
) -> tuple[Measurement, ...]:
    """Return the accuracy or macro F1 of a classifier on pictures.

    Raises:
        EvaluationError: The labels or the metric do not fit.
        Cancelled: `stop` said so.
    """
    metric = choose_metric(settings.metric, test_set.task)
    truth, matching = map_labels(Labelling(test_set.labels, test_set.label_names), read_class_names(loaded.network))
    pictures = test_set.inputs
    if not isinstance(pictures, PictureFiles | PictureArrays):
        message = f"a test set of the task {test_set.task} without pictures"
        raise TypeError(message)
    reader = make_pixel_reader(loaded, pictures)
    found: list[torch.Tensor] = []
    for rows in split_batches(test_set.examples, settings.batch_size, stop):
        found.append(pick_classes(loaded.network(pixel_values=reader.read(rows)).logits))
    predicted = torch.cat(found).numpy().astype(np.int64)
    details = {**test_set.details, "pictures": reader.description, "labels matched": matching, **describe_failures(predicted)}
    return (measure_labels(metric, truth, predicted, settings.seed, details),)
