"""Where and when something was measured, and the file that the table is kept in."""

from __future__ import annotations

import dataclasses
import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from tests.benchmarks.table import Line, format_lines

_BEGIN, _END = "<!-- engine: begin -->", "<!-- engine: end -->"
_NOTES = """\
How it is measured:

- Inputs: a base and three fine-tunes of 1.0 GB bfloat16 each (Llama-shaped: 7 layers, hidden 2048, inner 5632, 34,304 words; 3 shards
  each), random weights from fixed seeds. Fine-tunes differ by less than half a bfloat16 step in most entries, so that about half of a task
  vector is exactly 0 and many magnitudes are tied, as in real fine-tunes.
- linear is base + 0.3·(τ₁ + τ₂ + τ₃); TIES has density 0.2, thresholds per tensor (as mergekit); DARE drops half of each vector, then the
  three are added with 0.3. “norm” restores each tensor's sum of magnitudes, which is what mergekit does; “expected” is our default.
- The floor reads all inputs once and writes as many bytes as the output once: one thread, `preadv` and `pwrite` of 8 MiB through one
  buffer, page cache warm. The run itself is what the run tells (RunFinished): from opening the inputs until all tensors lie written.
- Whole processes include the interpreter and every import. Ours is `python -m engine run … --flush off --fingerprints off`, mergekit's
  `mergekit-yaml … --lazy-unpickle --no-copy-tokenizer` (version 0.1.5, same torch, in an environment of its own), computing in float32 and
  writing bfloat16, as ours. Neither flushes to the platter. Ours writes its report too.
- Each round measures floor, ours (with fingerprints, then without) and mergekit's one after the other; figures are medians of the rounds,
  ratios medians of the rounds' ratios. Before the first round all files are read once without a clock.
- Peak memory is `ru_maxrss`, the largest of all rounds; pages of mapped files count, which mergekit maps and Weightloom does not.
- `check` is measured in new processes, so that no header was read before, the page cache being warm.
- Processor time is that of all cores, user's and system's; other work on the machine changes it less than the time on the clock.
"""


@dataclass(frozen=True)
class Surroundings:
    """Hold what the figures hang on besides the code."""

    began: datetime.datetime
    loads: tuple[float, ...]
    """The machine's load (one minute's mean) at the beginning and at the end: more than 1 a core means others were at work."""

    @staticmethod
    def now() -> Surroundings:
        """Return where and when a measurement begins."""
        return Surroundings(datetime.datetime.now().astimezone(), (os.getloadavg()[0],))

    def ended(self) -> Surroundings:
        """Return the same with the load at the end."""
        return dataclasses.replace(self, loads=(*self.loads, os.getloadavg()[0]))

    @property
    def sentence(self) -> str:
        """Return all of it in words."""
        memory = psutil.virtual_memory().total / 1e9
        loads = " → ".join(f"{load:.1f}" for load in self.loads)
        return (
            f"{self.began:%Y-%m-%d %H:%M %Z}, {os.cpu_count()} cores of {_find_processor()}, {memory:.0f} GB of memory, "
            f"{platform.system()} {platform.release()}, Python {platform.python_version()}, torch {torch.__version__}; load {loads}."
        )


def record_table(path: Path, surroundings: Surroundings, command: str, lines: Sequence[Line]) -> None:
    """Put the table into a Markdown file in place of the one before; what others have written there stays."""
    text = path.read_text() if path.exists() else f"# Benchmarks\n\n{_BEGIN}\n{_END}\n"
    if _BEGIN not in text:
        text = f"{text.rstrip()}\n\n{_BEGIN}\n{_END}\n"
    before, rest = text.split(_BEGIN, 1)
    _, after = rest.split(_END, 1)
    section = f"## Engine\n\n`{command}`\n\n{surroundings.sentence}\n\n{format_lines(lines)}\n\n{_NOTES}"
    path.write_text(f"{before}{_BEGIN}\n{section}{_END}{after}")


def _find_processor() -> str:
    """Return the processor's name where the system tells it."""
    listing = Path("/proc/cpuinfo")
    names = (
        [line.split(":", 1)[1].strip() for line in listing.read_text().splitlines() if line.startswith("model name")]
        if listing.exists()
        else []
    )
    return names[0] if names else platform.machine()
