"""Handwritten digits in different styles: the tasks of the vision models.

A style is a fixed transform of a 16 x 16 picture with values 0..1 (N x 16 x 16 in, N x 16 x 16 out).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits, load_sample_images
from sklearn.model_selection import train_test_split

Pictures = NDArray[np.float32]
Style = Callable[[Pictures, np.random.Generator], Pictures]

SIDE = 16
TRAIN_COUNT, VALIDATION_COUNT = 1000, 297
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE]


@dataclass(frozen=True)
class Digits:
    """Pictures of digits of one split."""

    pictures: Pictures
    """N x 16 x 16, 0..1, in the plain style."""
    labels: NDArray[np.int64]

    def keep_labels(self, kept: range) -> "Digits":
        """Return the digits whose label lies in `kept`."""
        chosen = np.isin(self.labels, list(kept))
        return Digits(self.pictures[chosen], self.labels[chosen])


@dataclass(frozen=True)
class Splits:
    """The three parts of the digits; no picture is in two of them."""

    train: Digits
    validation: Digits
    test: Digits


def split_digits(seed: int) -> Splits:
    """Split scikit-learn's digits into 1000 / 297 / 500, stratified by label; no two of them are equal."""
    loaded = load_digits()
    pictures, labels = _enlarge(loaded.images), loaded.target.astype(np.int64)
    everything = np.arange(len(labels))
    train, rest = train_test_split(everything, train_size=TRAIN_COUNT, stratify=labels, random_state=seed % 2**32)
    validation, test = train_test_split(rest, train_size=VALIDATION_COUNT, stratify=labels[rest], random_state=seed % 2**32)
    return Splits(*(Digits(pictures[part], labels[part]) for part in (train, validation, test)))


def make_styles() -> dict[str, Style]:
    """Return every style by name."""
    photos = _load_photos()
    masks = {
        "checker": (ROWS // 2 + COLUMNS // 2) % 2,
        "stripes": (ROWS // 2) % 2,
        "vstripes": (COLUMNS // 2) % 2,
        "diag": ((ROWS + COLUMNS) // 2) % 2,
        "dots": ((ROWS // 2) % 2 == 0) & ((COLUMNS // 2) % 2 == 0),
    }
    styles: dict[str, Style] = {name: _over_mask(mask.astype(np.float32)) for name, mask in masks.items()}
    return styles | {
        "plain": lambda pictures, _: pictures,
        "inverted": lambda pictures, _: 1 - pictures,
        "rot90": lambda pictures, _: np.rot90(pictures, axes=(1, 2)).copy(),
        "faint": lambda pictures, _: pictures * np.float32(0.35),
        "noisy": _add_noise,
        "photo": lambda pictures, random: np.abs(_cut_patches(photos, len(pictures), random) - pictures),
    }


def shift_pictures(pictures: Pictures, random: np.random.Generator, reach: int = 2) -> Pictures:
    """Shift every picture by up to `reach` pixels in both directions, filling with black."""
    padded = np.pad(pictures, ((0, 0), (reach, reach), (reach, reach)))
    offsets = random.integers(0, 2 * reach + 1, size=(len(pictures), 2))
    return np.stack([page[row : row + SIDE, column : column + SIDE] for page, (row, column) in zip(padded, offsets, strict=True)])


def _enlarge(images: NDArray[np.float64]) -> Pictures:
    """Enlarge 8 x 8 pictures with values 0..16 to 16 x 16 with values 0..1, bilinearly."""
    small = torch.tensor(images, dtype=torch.float32)[:, None] / 16
    large = torch.nn.functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return large[:, 0].numpy()


def _over_mask(mask: Pictures) -> Style:
    return lambda pictures, _: np.abs(pictures - mask)


def _add_noise(pictures: Pictures, random: np.random.Generator) -> Pictures:
    noise = random.normal(0, 0.3, pictures.shape).astype(np.float32)
    return np.clip(pictures + noise, 0, 1)


def _load_photos() -> list[Pictures]:
    """Return scikit-learn's two sample photos in grey, values 0..1, at half size (the full size is flat within 16 pixels)."""
    greys = [image.astype(np.float32).mean(axis=2) / 255 for image in load_sample_images().images]
    return [(grey[0:426:2, ::2] + grey[1:427:2, ::2] + grey[0:426:2, 1::2] + grey[1:427:2, 1::2]) / 4 for grey in greys]


def _cut_patches(photos: list[Pictures], count: int, random: np.random.Generator) -> Pictures:
    height, width = photos[0].shape
    which = random.integers(0, len(photos), count)
    tops, lefts = random.integers(0, height - SIDE, count), random.integers(0, width - SIDE, count)
    return np.stack([photos[i][top : top + SIDE, left : left + SIDE] for i, top, left in zip(which, tops, lefts, strict=True)])
