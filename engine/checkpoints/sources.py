"""From what a user wrote as a source to the header of the checkpoint that lies there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from engine.checkpoints.header import Header
from engine.checkpoints.pickled import read_pickled_header
from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.shards import INDEX_SUFFIX, read_sharded_header
from engine.checkpoints.stored_tensors import StoredTensors, list_names
from engine.errors import CheckpointError, Location, NotFoundError

HUB_PREFIX = "hub:"
PICKLED_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt")
READERS: Mapping[str, Callable[[Path], StoredTensors]] = {
    ".safetensors": read_safetensors_header,
    INDEX_SUFFIX: read_sharded_header,
    **dict.fromkeys(PICKLED_SUFFIXES, read_pickled_header),
}
FOREIGN_SUFFIXES: Mapping[str, str] = {
    ".gguf": "GGUF", ".ggml": "GGML", ".h5": "Keras", ".keras": "Keras", ".pb": "TensorFlow", ".tflite": "TensorFlow Lite", ".onnx": "ONNX",
    ".msgpack": "Flax", ".mlmodel": "Core ML", ".npz": "NumPy", ".pkl": "pickle", ".pickle": "pickle",
}  # fmt: skip
FOLDER_NAMES = (
    "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin",
)  # fmt: skip
"""Where Hugging Face puts a model's weights; safetensors go before pickles of the same weights."""
NO_WEIGHTS = ("optimizer", "scheduler", "scaler", "rng_state", "training_args", "trainer_state")
"""Beginnings of the names of what a training leaves beside the weights."""


def open_checkpoint(source: str, relative_to: Path) -> Header:
    """Return the header of the checkpoint at a path (relative to a folder) or, for `hub:org/name@revision`, on the Hub.

    Raises:
        NotFoundError: Nothing is there; the error names what lies nearby.
        UnsafeFileError: It is a pickle that asks for more than tensors.
        DamagedFileError: Its files contradict themselves or one another.
        HubError: The Hub refused or could not be reached.
        CheckpointError: It is of another format, or which file is meant is not clear.
    """
    if source.startswith(HUB_PREFIX):
        # Imported here: the Hub's client costs more to import than all the rest of the engine's headers.
        from engine.checkpoints.hub import open_hub  # noqa: PLC0415

        return open_hub(source)
    return open_path(_find_path(source, relative_to), source)


def open_path(path: Path, source: str) -> Header:
    """Return the header of the checkpoint at a path that exists; `source` is what the user calls it.

    Raises:
        CheckpointError: As `open_checkpoint`.
    """
    file = choose_file(path) if path.is_dir() else path
    stored = _choose_reader(file)(file)
    return Header(
        source=source,
        folder=path if path.is_dir() else _find_model_folder(file),
        tensors=stored.tensors,
        files=stored.stamps,
        metadata=stored.metadata,
        aliases=stored.aliases,
        resident_bytes=stored.resident_bytes,
    )


def choose_file(folder: Path) -> Path:
    """Return the weights' file, or their index, of a folder.

    Raises:
        NotFoundError: It holds none.
        CheckpointError: Several could be meant, or it can't be listed.
    """
    names = _list_folder(folder)
    candidates = list_candidates(names)
    if len(candidates) == 1:
        return folder / candidates[0]
    if candidates:
        fact = f"The folder holds {len(candidates):,} checkpoints: {list_names(candidates)}."
        raise CheckpointError(fact, "Choose one of the files, or remove what does not belong to the model.", Location(path=str(folder)))
    raise _explain_empty(folder, names)


def list_candidates(names: Collection[str]) -> list[str]:
    """Return, of the names in a model folder, those that can be meant as its weights or their index; best is one."""
    usual = [name for name in FOLDER_NAMES if name in names]
    weights = [name for name in names if name.endswith(".safetensors")]
    indices = [name for name in names if name.endswith(f".safetensors{INDEX_SUFFIX}")]
    pickles = [name for name in names if name.endswith(PICKLED_SUFFIXES) and not name.startswith(NO_WEIGHTS)]
    return _prefer_safetensors(usual) or indices or weights or pickles


def _find_path(source: str, relative_to: Path) -> Path:
    if not source.strip():
        fact = "No checkpoint is chosen."
        raise NotFoundError(fact, "Give the path of a file or a folder, or hub:org/name.")
    try:
        path = relative_to / Path(source).expanduser()
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        fact = f"“{source[:200]!s}” is no path that can be looked at: {error}."
        raise CheckpointError(fact, "Check the path and its permissions.") from error
    if not exists:
        raise _explain_absence(path, relative_to)
    return path


def _explain_absence(path: Path, relative_to: Path) -> NotFoundError:
    remedy = f"Check the spelling; relative paths count from {relative_to}."
    parent = next((parent for parent in path.parents if parent.exists()), None)
    if parent is None or not parent.is_dir():
        fact = f"{path} is not there" + (f": {parent} is no folder." if parent else ".")
        return NotFoundError(fact, remedy)
    missing = path.relative_to(parent).parts[0]
    if (parent / missing).is_symlink():
        fact = f"{parent / missing} is a link to {(parent / missing).readlink()}, which can't be reached."
        return NotFoundError(fact, "Mend the link, or choose the checkpoint itself.")
    nearby = [name for name in _list_folder(parent) if not name.startswith(".")]
    close = get_close_matches(missing, nearby, 5, 0.5)
    instead = f", but {list_names(close or nearby)}" if nearby else ""
    return NotFoundError(f"{path} is not there: {parent} holds no “{missing}”{instead}.", remedy)


def _list_folder(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        fact = f"The folder can't be listed: {error.strerror or error}."
        raise CheckpointError(fact, "Check its permissions.", Location(path=str(folder))) from error


def _prefer_safetensors(names: list[str]) -> list[str]:
    return [name for name in names if "safetensors" in name] or names


def _explain_empty(folder: Path, names: list[str]) -> CheckpointError:
    location = Location(path=str(folder))
    foreign = [name for name in names if Path(name).suffix.lower() in FOREIGN_SUFFIXES]
    if foreign:
        return _refuse_format(folder / foreign[0])
    inner = [name for name in names if (folder / name).is_dir() and any((folder / name / usual).exists() for usual in FOLDER_NAMES)]
    if inner:
        fact = f"The folder itself holds no weights, but its folders do: {list_names(inner)}."
        return NotFoundError(fact, "Choose one of them.", location)
    fact = (
        f"The folder holds no weights (.safetensors, .bin, .pt, .pth, .ckpt), but {list_names(names)}." if names else "The folder is empty."
    )
    return NotFoundError(fact, "Choose the folder that holds the weights, or download them again.", location)


def _choose_reader(file: Path) -> Callable[[Path], StoredTensors]:
    suffix = INDEX_SUFFIX if file.name.endswith(INDEX_SUFFIX) else file.suffix.lower()
    if suffix not in READERS:
        raise _refuse_format(file)
    return READERS[suffix]


def _refuse_format(file: Path) -> CheckpointError:
    kind = FOREIGN_SUFFIXES.get(file.suffix.lower())
    fact = f"{kind} files are not supported." if kind else f"“{file.suffix or file.name}” is no kind of checkpoint that is known."
    remedy = "Use the model's .safetensors files or PyTorch checkpoint; most models are published as one of them too."
    return CheckpointError(fact, remedy, Location(path=str(file)))


def _find_model_folder(file: Path) -> Path | None:
    """Return the folder of a lone file if it is a model's; None if the file stands for itself."""
    try:
        return file.parent if (file.parent / "config.json").is_file() else None
    except OSError:
        return None
