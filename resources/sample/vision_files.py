"""Write the vision data of the pack: arrays per style and split, and a small image folder with a table."""

import csv
from pathlib import Path

import numpy as np
from folders import open_to_all
from numpy.typing import NDArray
from PIL import Image
from seeds import derive_seed
from styles import Digits, Style, make_styles, split_digits

ALL_DIGITS = ("plain", "diag", "dots", "inverted", "photo")
HALVES = {"0-4": range(5), "5-9": range(5, 10)}
STYLES_IN_HALVES = ("plain", "diag")
FOLDER_COUNT = 40
"""Pictures in the image folder: enough to try the format."""


def write_vision_files(data: Path, seed: int) -> None:
    """Write NAME-validation.npz and NAME-test.npz (images N x 16 x 16 uint8, labels N int64) for every style and half."""
    splits, styles = split_digits(seed), make_styles()
    data.mkdir(parents=True, exist_ok=True)
    for split, digits in (("validation", splits.validation), ("test", splits.test)):
        for style in ALL_DIGITS:
            images = _draw_style(digits, styles[style], derive_seed(seed, f"{style} {split}"))
            _write_arrays(data / f"{style}-{split}.npz", images, digits.labels)
            if style in STYLES_IN_HALVES:
                _write_halves(data, f"{style}-{{}}-{split}.npz", images, digits.labels)
            if (style, split) == ("diag", "test"):
                _write_image_folder(data / "diag-images", images[:FOLDER_COUNT], digits.labels[:FOLDER_COUNT])
    open_to_all(data)


def _draw_style(digits: Digits, style: Style, seed: int) -> NDArray[np.uint8]:
    pictures = style(digits.pictures, np.random.default_rng(seed))
    return np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)


def _write_arrays(path: Path, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    np.savez_compressed(path, images=images, labels=labels)


def _write_halves(data: Path, pattern: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    for name, kept in HALVES.items():
        chosen = np.isin(labels, list(kept))
        _write_arrays(data / pattern.format(name), images[chosen], labels[chosen])


def _write_image_folder(folder: Path, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Write FOLDER/LABEL/NUMBER.png, and a table FOLDER.csv that names every picture with its label."""
    rows: list[tuple[str, int]] = []
    for number, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        path = folder / str(label) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
        rows.append((path.relative_to(folder.parent).as_posix(), label))
    with folder.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("image", "label"))
        writer.writerows(rows)
