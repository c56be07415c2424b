"""Measure built packs: `python resources/sample/measure.py --pack SEED=FOLDER ... --output measured.json [--only vision|text]`."""

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

import torch
from measure_text import measure_text
from measure_vision import Figures, measure_vision
from seeds import SHIPPED_SEED
from vectors import KEEP_SHARE, STRENGTHS

PARTS = {"vision": measure_vision, "text": measure_text}
DIGITS = 6
"""Significant digits in the file; the figures are shares of some hundred examples."""


def main() -> None:
    """Measure each pack and write the figures, keeping those of a part that is not asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", action="append", required=True, help="SEED=FOLDER, once for each built pack")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", choices=tuple(PARTS))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    measured: Figures = json.loads(chosen.output.read_text(encoding="utf-8")) if chosen.output.exists() else {}
    packs = dict(entry.split("=", 1) for entry in chosen.pack)
    for part, measure in PARTS.items():
        if chosen.only in (None, part):
            measured[part] = {seed: _measure_pack(part, measure(Path(folder)), seed) for seed, folder in packs.items()}
    measured |= {"format": "weightloom-sample/1", "shipped_seed": SHIPPED_SEED, "strengths": list(STRENGTHS), "keep_share": KEEP_SHARE}
    measured["versions"] = {name: version(name) for name in ("torch", "transformers", "scikit-learn")}
    chosen.output.write_text(json.dumps(_round(measured), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _measure_pack(part: str, figures: Figures, seed: str) -> Figures:
    sys.stderr.write(f"{part} of seed {seed} measured\n")
    return figures


def _round(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _round(entry) for key, entry in value.items()}
    return [_round(entry) for entry in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
