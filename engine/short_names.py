"""Names that begin alike, told apart in little room: what they share is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

_WORD_END = re.compile(r"[\s/_\-.:]+")
_LAST_WORD = re.compile(r"\w+ $")
_STEP = re.compile(r"(?P<whose>.* · )(?P<what>\D{2,})(?P<number>\d+)")
"""A step of a training: “digits · checkpoint-500”."""
_LEAST_SHARED = 8
"""Characters: less is not worth a gap."""


def shorten_names(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names whole, then shorter and shorter.

    First … stands in the place of more and more of the beginning that half of them share; then also in the place of what the steps of
    trainings share: “τ of digits · …500”.
    """
    starts = Counter(name[: match.end()] for name in names for match in _WORD_END.finditer(name) if match.end() < len(name))
    shared = [start for start, count in starts.items() if len(start) >= _LEAST_SHARED and count >= max(len(names) / 2, 2)]
    longest = max(shared, key=len, default="")
    cuts = {start: cut for start in sorted(shared, key=len) if longest.startswith(start) and (cut := _find_cut(start)) > 1}
    levels = [tuple(cuts)[: number + 1] for number in range(len(cuts))]
    shorter = [tuple(_shorten(name, {start: cuts[start] for start in level}) for name in names) for level in levels]
    whole = (tuple(names), *shorter)
    return tuple(dict.fromkeys((*whole, *map(_shorten_steps, whole))))


def _shorten(name: str, cuts: Mapping[str, int]) -> str:
    """Return a name without as much of its beginning as it has in common with the others."""
    cut = max((cut for start, cut in cuts.items() if name.startswith(start)), default=0)
    return f"…{name[cut:]}" if cut else name


def _shorten_steps(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names without what the last parts of several have in common before their numbers."""
    parts = [_STEP.fullmatch(name) for name in names]
    counts = Counter(part["what"] for part in parts if part is not None)
    return tuple(
        f"{part['whose']}…{part['number']}" if part is not None and counts[part["what"]] > 1 else name
        for name, part in zip(names, parts, strict=True)
    )


def _find_cut(start: str) -> int:
    """Return where the rest of a name begins: the last shared word says what the rest counts, as in “number 3”."""
    kept = _LAST_WORD.search(start)
    return kept.start() if kept is not None and start[-1] == " " else len(start)
