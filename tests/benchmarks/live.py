"""`python -m tests.benchmarks.live`: measure the live weight space and print the table of the numbers to reach.

The first run makes 4 GB of checkpoints under --cache; later ones find them there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.live_geometry import measure as measure_geometry
from tests.benchmarks.live_gram import measure_live_gram
from tests.benchmarks.made_checkpoints import FULL, QUICK, make_family
from tests.benchmarks.recording import Surroundings
from tests.benchmarks.table import Line, format_lines


def main(words: Sequence[str] | None = None) -> int:
    """Measure the parts that were asked for; return 0 when every target is met."""
    chosen = _read_arguments(words)
    surroundings = Surroundings.now()
    lines: list[Line] = []
    for part in chosen.parts:
        for line in _PARTS[part](chosen):
            lines.append(line)
            print(" | ".join(cell for cell in line.cells if cell), flush=True)
    print(f"\n{surroundings.ended().sentence}\n\n{format_lines(lines)}")
    return int(any(line.is_met is False for line in lines))


def _measure_gram(chosen: argparse.Namespace) -> Iterator[Line]:
    chosen.cache.mkdir(parents=True, exist_ok=True)
    yield from measure_live_gram(make_family(chosen.cache, QUICK if chosen.quick else FULL), chosen.repetitions)


def _measure_geometry(chosen: argparse.Namespace) -> Iterator[Line]:
    yield from measure_geometry()


def _measure_panels(chosen: argparse.Namespace) -> Iterator[Line]:
    # Only here: the other parts need no Qt.
    from tests.benchmarks.live_panels import measure as measure_panels

    yield from measure_panels()


_PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Line]]] = {
    "gram": _measure_gram,
    "geometry": _measure_geometry,
    "panels": _measure_panels,
}


def _read_arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.live", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=list(_PARTS), default=list(_PARTS))
    parser.add_argument("--quick", action="store_true", help="small checkpoints: tries the benchmark itself; its figures mean nothing")
    parser.add_argument("--repetitions", type=int, default=5, help="rounds of the Gram pass, each beside reading the same files once")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/weightloom-bench"))
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
