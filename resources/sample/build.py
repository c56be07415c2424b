"""Build the sample pack: `python resources/sample/build.py --output FOLDER --seed N [--only vision|text]`."""

import argparse
from pathlib import Path

import torch
from seeds import SHIPPED_SEED
from text import build_text
from text_files import write_text_files
from vision import build_vision
from vision_files import write_vision_files


def main() -> None:
    """Train the models into FOLDER/models and write the data into FOLDER/data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the folder that gets models/ and data/")
    parser.add_argument("--seed", type=int, default=SHIPPED_SEED)
    parser.add_argument("--only", choices=("vision", "text"), help="build one half of the pack")
    chosen = parser.parse_args()
    # One thread: sums in another order would give other bits.
    torch.set_num_threads(1)
    if chosen.only != "text":
        write_vision_files(chosen.output / "data", chosen.seed)
        build_vision(chosen.output / "models", chosen.seed)
    if chosen.only != "vision":
        write_text_files(chosen.output / "data", chosen.seed)
        build_text(chosen.output / "models", chosen.seed)


if __name__ == "__main__":
    main()
