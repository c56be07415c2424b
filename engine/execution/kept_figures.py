"""Figures of earlier runs that hold still: everything that decides them is the same, so nothing is measured again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from engine.checkpoints.cache_file import YOUNGEST_NS
from engine.checkpoints.header import FileStamp
from engine.document.model import NodeId
from engine.errors import EvaluationError
from engine.evaluation.fingerprint import fingerprint_test_set
from engine.evaluation.measurement import Measurement
from engine.evaluation.measurement_cache import MeasurementCache
from engine.evaluation.pictures import PictureFiles
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.test_sets import TestSet, TestSetSettings
from engine.execution.device import describe_device
from engine.execution.versions import read_versions
from engine.planning.coefficient import Strengths
from engine.planning.plan import FORMAT_NUMBER, Plan
from engine.planning.value_identity import identify_value

MEASURING_NUMBER = 1
"""Rises when the same model and test set give other figures."""
_LIBRARIES = ("weightloom", "torch", "numpy", "transformers", "tokenizers", "pillow")
_SETTINGS_SUFFIXES = frozenset({".json", ".txt", ".model", ".tiktoken", ".jinja", ".vocab", ".bpe"})
"""What a model folder holds beside its weights that decides how it is run: its configuration, its tokenizer, its preprocessor."""


@dataclass(frozen=True)
class Question:
    """Hold what is to be measured, and how."""

    node: NodeId
    """The checkpoint."""
    strengths: Strengths
    test_set: TestSet
    test_set_settings: TestSetSettings
    settings: EvaluationSettings
    is_resident: bool
    """Whether the model is filled from a vector that stays in memory, which rounds once more."""


@dataclass(frozen=True)
class Key:
    """Hold what figures are kept under."""

    digest: str
    files: tuple[FileStamp, ...]
    """The files that were taken for what they are by path, size and time."""


class KeptFigures:
    """Find and keep the figures of one plan."""

    def __init__(self, plan: Plan, device: torch.device) -> None:
        """Look at the plan's conditions; nothing is looked up yet."""
        self._plan = plan
        self._cache = MeasurementCache.of_user()
        settings, versions = plan.document.settings, read_versions(_LIBRARIES)
        self._conditions = [
            MEASURING_NUMBER, FORMAT_NUMBER, describe_device(device), settings.precision, settings.misfit, settings.non_finite,
            *(versions.get(name, "") for name in _LIBRARIES),
        ]  # fmt: skip

    def find(self, question: Question) -> tuple[Measurement, ...] | None:
        """Return the figures of an earlier run; None if there are none, or the user wants them anew."""
        if self._plan.options.measure_again:
            return None
        key = self._make_key(question)
        return self._cache.find(key.digest) if key is not None else None

    def remember(self, question: Question, figures: tuple[Measurement, ...]) -> None:
        """Keep figures for later runs, unless a file they rest on has changed just now."""
        key = self._make_key(question)
        if key is not None and all(_has_settled(stamp) for stamp in key.files):
            self._cache.remember(key.digest, figures)

    def _make_key(self, question: Question) -> Key | None:
        value = identify_value(self._plan.folding, question.node, question.strengths)
        if value is None:
            return None
        pictures = tuple(_stamp(path) for path in _list_pictures(question.test_set))
        try:
            beside = [*self._describe_model(question.node), *_describe_settings(question.settings)]
        except (OSError, EvaluationError):
            return None
        data = {name: held for name, held in asdict(question.test_set_settings).items() if name not in ("source", "role", "split")}
        content = [
            self._conditions, value.digest, question.is_resident, beside,
            question.test_set.sha256, data, [[str(stamp.path), stamp.size_bytes, stamp.modified_ns] for stamp in pictures],
        ]  # fmt: skip
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return Key(hashlib.sha256(text.encode()).hexdigest(), (*value.files, *pictures))

    def _describe_model(self, node: NodeId) -> Iterator[object]:
        """Give what lies beside the weights of the folder that the model is built from, by contents."""
        resolved = self._plan.resolved
        parent = resolved.values[node].parent
        header = resolved.sources[parent].header if parent else None
        if header is None or header.folder is None:
            return
        weights = {stamp.path for stamp in header.files}
        for path in sorted(header.folder.iterdir()):
            if path.suffix in _SETTINGS_SUFFIXES and path not in weights and path.is_file():
                yield [path.name, fingerprint_test_set(path)]


def _describe_settings(settings: EvaluationSettings) -> Iterator[object]:
    """Give the parameters of a measurement, files by their contents."""
    for name, value in asdict(settings).items():
        yield [name, fingerprint_test_set(value) if isinstance(value, Path) else value]


def _list_pictures(test_set: TestSet) -> Iterable[Path]:
    """Return the pictures that a table only names: its own fingerprint says nothing of them."""
    pictures = test_set.inputs.pictures if isinstance(test_set.inputs, PictureFiles) else ()
    return [picture for picture in pictures if isinstance(picture, Path)]


def _stamp(path: Path) -> FileStamp:
    try:
        status = path.stat()
    except OSError:
        # Whoever reads it says so.
        return FileStamp(path, 0, 0)
    return FileStamp(path.resolve(), status.st_size, status.st_mtime_ns)


def _has_settled(stamp: FileStamp) -> bool:
    """Tell whether a file is what its stamp says, and has been for a while."""
    if not stamp.modified_ns:
        return True
    return stamp.modified_ns < time.time_ns() - YOUNGEST_NS and _stamp(stamp.path) == stamp
