"""Pictures made into what a vision model takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
import transformers
from PIL import Image

from engine.errors import EvaluationError
from engine.evaluation.loaded_model import LoadedModel
from engine.evaluation.pictures import PictureArrays, Pictures
from engine.evaluation.quiet import quiet_transformers

PROCESSOR_FILE = "preprocessor_config.json"
AS_THEY_ARE = "floats, taken as they are"
PLAIN_SCALING = "(x/255 − 0.5)/0.5, no preprocessor_config.json"


class _Processor(Protocol):
    """What we use of an image processor."""

    def __call__(self, *, images: list[Image.Image], return_tensors: str) -> Mapping[str, torch.Tensor]: ...


@dataclass(frozen=True)
class PixelReader:
    """Hold how the pictures of one test set go into one model."""

    pictures: Pictures
    processor: _Processor | None
    mode: str
    """Pillow's: L for a model of one channel, else RGB."""
    device: torch.device
    description: str

    def read(self, rows: range) -> torch.Tensor:
        """Return the pixel values of these rows, rows × channels × height × width, float32."""
        if isinstance(self.pictures, PictureArrays) and self.pictures.is_prepared:
            chosen = self.pictures.values[rows.start : rows.stop]
            return torch.from_numpy(np.ascontiguousarray(np.moveaxis(chosen, -1, 1))).to(self.device, torch.float32)
        images = self.pictures.read(rows, self.mode)
        values = self.processor(images=images, return_tensors="pt")["pixel_values"] if self.processor else _scale(images)
        return values.to(self.device, torch.float32)


def make_pixel_reader(loaded: LoadedModel, pictures: Pictures) -> PixelReader:
    """Choose how pictures are prepared: by the folder's own processor, or where it has none by plain scaling.

    Raises:
        EvaluationError: The folder's processor can't be opened.
    """
    mode = "L" if count_channels(loaded) == 1 else "RGB"
    if isinstance(pictures, PictureArrays) and pictures.is_prepared:
        return PixelReader(pictures, None, mode, loaded.device, AS_THEY_ARE)
    if not (loaded.folder / PROCESSOR_FILE).is_file():
        return PixelReader(pictures, None, mode, loaded.device, PLAIN_SCALING)
    processor = _open_processor(loaded.folder)
    return PixelReader(pictures, processor, mode, loaded.device, f"{type(processor).__name__} of the model's folder")


def count_channels(loaded: LoadedModel) -> int:
    """Return how many channels the model takes; 3 where its config does not say."""
    config = getattr(loaded.network.config, "vision_config", loaded.network.config)
    return int(getattr(config, "num_channels", 3))


def _open_processor(folder: Path) -> _Processor:
    try:
        with quiet_transformers():
            # Of the two backends only Pillow's works without torchvision.
            opened = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        fact = f"The image processor in {folder} can't be opened: {error}."
        raise EvaluationError(fact, f"Mend or remove its {PROCESSOR_FILE}.") from error
    return cast("_Processor", opened)


def _scale(images: list[Image.Image]) -> torch.Tensor:
    sizes = {image.size for image in images}
    if len(sizes) > 1:
        shown = " and ".join(f"{width} × {height}" for width, height in sorted(sizes)[:2])
        fact = f"The pictures differ in size ({shown}) and the model's folder has no {PROCESSOR_FILE} that would resize them."
        raise EvaluationError(fact, "Add one, or store pictures of one size.")
    values = np.stack([np.asarray(image, dtype=np.float32) for image in images])
    deep = values[:, np.newaxis] if values.ndim == 3 else np.moveaxis(values, -1, 1)  # noqa: PLR2004  (L has no axis for its one channel)
    return torch.from_numpy(np.ascontiguousarray((deep / 255 - 0.5) / 0.5))
