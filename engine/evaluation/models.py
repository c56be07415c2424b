"""A model that is edited in place and measured: one loaded network, filled anew for every strength."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch

from engine.errors import DeviceError, EvaluationError
from engine.evaluation.architectures import check_suitability
from engine.evaluation.batches import Stop
from engine.evaluation.generation import measure_generation
from engine.evaluation.image_classification import measure_image_classification
from engine.evaluation.language_modelling import measure_language_modelling
from engine.evaluation.loaded_model import LoadedModel, load_model
from engine.evaluation.measurement import Measurement
from engine.evaluation.quiet import quiet_transformers
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.stored_tensors import map_stored_tensors
from engine.evaluation.tasks import Task, choose_metric
from engine.evaluation.test_sets import TestSet
from engine.evaluation.text_classification import measure_text_classification
from engine.evaluation.text_to_text import measure_text_to_text
from engine.evaluation.zero_shot import measure_zero_shot

Measure = Callable[[LoadedModel, TestSet, EvaluationSettings, Stop], tuple[Measurement, ...]]
MEASURES: Mapping[Task, Measure] = {
    "image_classification": measure_image_classification,
    "zero_shot_image_classification": measure_zero_shot,
    "text_classification": measure_text_classification,
    "language_modelling": measure_language_modelling,
    "text_to_text": measure_text_to_text,
    "generation": measure_generation,
}


SMALL_MODEL_ENTRIES = 10_000_000
"""Below this two threads cost three times the processor time of one, and more wall time wherever the cores are busy (measured)."""


class EvaluationModel:
    """Hold a loaded network whose weights the caller overwrites through `tensors`, always from θ₀, never by increments."""

    def __init__(self, loaded: LoadedModel) -> None:
        """Match the names in the folder's files with the tensors in memory."""
        stored = map_stored_tensors(loaded.network, loaded.folder)
        self._loaded = loaded
        self.tensors: Mapping[str, torch.Tensor] = stored.tensors
        """By the name in the checkpoint's files; float32 (integers as they are), to be filled in place."""
        self.tied = stored.tied
        """Names in the files that share the tensor of another name."""
        self.unused = stored.unused
        """Names in the files that the model has no place for: they can't change a figure."""

    @property
    def folder(self) -> Path:
        """Return the folder the model came from."""
        return self._loaded.folder

    def measure(self, test_set: TestSet, settings: EvaluationSettings, stop: Stop) -> tuple[Measurement, ...]:
        """Measure the model as it is now on a test set; the same weights give the same figures.

        Raises:
            EvaluationError: The test set, the metric and the model do not fit one another.
            Cancelled: `stop` said so between two batches.
        """
        metric = choose_metric(settings.metric, test_set.task)
        task: Task = "generation" if metric == "flagged_share" else test_set.task
        check_suitability(self._loaded.architecture, task, self.folder)
        entries = sum(tensor.numel() for tensor in self.tensors.values())
        with (
            _explain_failures(self._loaded, settings.batch_size),
            quiet_transformers(),
            torch.inference_mode(),
            _exact_float32(),
            _fitting_threads(entries),
        ):
            return MEASURES[task](self._loaded, test_set, settings, stop)


def open_model(folder: Path, task: Task, device: str) -> EvaluationModel:
    """Load a model folder for a task: float32, evaluation mode, offline, without code of its own.

    Raises:
        EvaluationError: The folder is no model that can do the task, or its weights do not fit.
        DeviceError: The device is missing.
    """
    return EvaluationModel(load_model(folder, task, device))


@contextmanager
def _fitting_threads(entries: int) -> Generator[None]:
    """Measure a small model on one thread: its layers are over sooner than several threads have found together."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1 if entries < SMALL_MODEL_ENTRIES else usual)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


@contextmanager
def _exact_float32() -> Generator[None]:
    """Keep the accelerator from rounding inputs to TensorFloat-32 or picking convolutions by the clock."""
    matrices = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = matrices


@contextmanager
def _explain_failures(loaded: LoadedModel, batch_size: int) -> Generator[None]:
    """Turn what the network fails of into our errors."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        fact = f"The device {loaded.device} has too little memory to measure {loaded.folder} with a batch_size of {batch_size}."
        raise DeviceError(fact, "Take a smaller batch_size, or the device cpu.") from error
    except (ValueError, RuntimeError, IndexError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        fact = f"The model in {loaded.folder} can't take these examples: {lines[0]}."
        raise EvaluationError(fact, "Check that the test set is made for this model (sizes, channels, tokens).") from error
