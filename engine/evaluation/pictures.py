"""Pictures of a test set, decoded only when a batch needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import EvaluationError

CHANNEL_COUNTS = (1, 3, 4)
FLAT_DIMENSIONS, DEEP_DIMENSIONS = 3, 4
"""N × height × width, and the same with channels."""


@dataclass(frozen=True)
class PictureFiles:
    """Hold encoded pictures: where they lie, or their bytes as a Parquet file holds them."""

    pictures: tuple[Path | bytes, ...]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.pictures)

    def read(self, rows: Sequence[int], mode: str) -> list[Image.Image]:
        """Return the pictures of these rows in Pillow's mode (L or RGB).

        Raises:
            EvaluationError: A file is missing or no picture.
        """
        return [_decode(self.pictures[row], mode) for row in rows]


@dataclass(frozen=True)
class PictureArrays:
    """Hold decoded pictures as one array, N × height × width × channels, uint8 or float32."""

    values: NDArray[np.uint8] | NDArray[np.float32]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.values)

    @property
    def is_prepared(self) -> bool:
        """Tell whether the values are floats, which go into the model as they are."""
        return self.values.dtype != np.uint8

    def read(self, rows: Sequence[int], mode: str) -> list[Image.Image]:
        """Return the (uint8) pictures of these rows in Pillow's mode (L or RGB)."""
        chosen = self.values[list(rows)]
        squeezed = chosen[..., 0] if chosen.shape[-1] == 1 else chosen
        return [Image.fromarray(picture).convert(mode) for picture in squeezed]


Pictures = PictureFiles | PictureArrays


def arrange_pictures(values: NDArray[np.generic], name: str) -> PictureArrays:
    """Return an array of any of the three usual layouts as N × height × width × channels.

    Args:
        values: N × H × W, N × C × H × W or N × H × W × C; uint8 (0…255) or floats (already what the model takes).
        name: What to call it in an error.

    Raises:
        EvaluationError: The shape or the element type is none of these.
    """
    if values.dtype != np.uint8 and not np.issubdtype(values.dtype, np.floating):
        fact = f"The pictures in {name} are of type {values.dtype}."
        raise EvaluationError(fact, "Store them as uint8 (0 to 255) or as floats that the model takes as they are.")
    arranged = _move_channels_last(values)
    if arranged is None:
        shape = " × ".join(str(length) for length in values.shape)
        fact = f"The pictures in {name} have the shape {shape}."
        raise EvaluationError(fact, "Store them as N × height × width, N × channels × height × width or N × height × width × channels.")
    if values.dtype == np.uint8:
        return PictureArrays(arranged.astype(np.uint8, copy=False))
    return PictureArrays(arranged.astype(np.float32, copy=False))


def _move_channels_last(values: NDArray[np.generic]) -> NDArray[np.generic] | None:
    if values.ndim == FLAT_DIMENSIONS:
        return values[..., np.newaxis]
    if values.ndim != DEEP_DIMENSIONS:
        return None
    if values.shape[-1] in CHANNEL_COUNTS and values.shape[1] not in CHANNEL_COUNTS:
        return values
    return np.moveaxis(values, 1, -1) if values.shape[1] in CHANNEL_COUNTS else None


def _decode(picture: Path | bytes, mode: str) -> Image.Image:
    try:
        with Image.open(picture if isinstance(picture, Path) else BytesIO(picture)) as opened:
            return opened.convert(mode)
    except (OSError, Image.DecompressionBombError) as error:
        name = str(picture) if isinstance(picture, Path) else "in the table"
        fact = f"The picture {name} can't be read: {error}."
        raise EvaluationError(fact, "Mend or remove it.") from error
