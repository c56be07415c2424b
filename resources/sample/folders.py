"""Write a model as a Hugging Face folder whose files everyone may read."""

import shutil
from pathlib import Path
from typing import Protocol

from transformers import PreTrainedModel

SHIPPED_MODE = 0o644


class Companion(Protocol):
    """Something saved beside a model: an image processor or a tokenizer."""

    def save_pretrained(self, save_directory: str) -> object:
        """Write its files into the folder."""
        ...


def write_model(model: PreTrainedModel, folder: Path, companion: Companion) -> None:
    """Write config.json, model.safetensors and the companion's files, replacing the folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    model.save_pretrained(str(folder))
    companion.save_pretrained(str(folder))
    open_to_all(folder)


def open_to_all(folder: Path) -> None:
    """Give every file below the folder mode 0644: save_pretrained writes 0600, which a system-wide install could not read."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(SHIPPED_MODE)
