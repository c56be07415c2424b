"""Test sets stored as arrays: .npz and .safetensors files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from engine.errors import EvaluationError

Arrays = Mapping[str, NDArray[np.generic]]
PICTURE_NAMES = ("images", "pixel_values")
TOKENS_NAME = "input_ids"
LABELS_NAME = "labels"
CLASSES_NAME = "label_names"


def read_arrays(path: Path) -> Arrays:
    """Return the arrays of a file by name; pickled objects are refused.

    Raises:
        EvaluationError: The file is damaged.
    """
    try:
        return _read_safetensors(path) if path.suffix.lower() == ".safetensors" else _read_npz(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        fact = f"The test set {path} can't be read: {error}."
        raise EvaluationError(fact, "Write it again with numpy.savez or safetensors; object arrays are not read.") from error


def find_array(arrays: Arrays, wished: str, usual: tuple[str, ...]) -> NDArray[np.generic] | None:
    """Return the array of the wished name, else the first of the usual names.

    Raises:
        EvaluationError: The wished one is not there.
    """
    if wished and wished not in arrays:
        fact = f"There is no array “{wished}”."
        raise EvaluationError(fact, describe_arrays(arrays))
    name = wished or next((name for name in usual if name in arrays), "")
    return arrays[name] if name else None


def describe_arrays(arrays: Arrays) -> str:
    """Return what a file holds, as a sentence."""
    held = ", ".join(f"“{name}” ({' × '.join(map(str, array.shape))})" for name, array in arrays.items())
    return f"The arrays are {held}."


def _read_npz(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _read_safetensors(path: Path) -> Arrays:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(*error.args) from error
