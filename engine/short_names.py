"""Names that begin alike, told apart in little room: what they share is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_WORD_END = re.compile(r"[\s/_\-.:]+")
_LAST_WORD = re.compile(r"\w+ $")
_LEAST_SHARED = 8
"""Characters: less is not worth a gap."""


def shorten_names(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names whole, then shorter and shorter: with … in the place of more and more of the beginning that half of them share."""
    starts = Counter(name[: match.end()] for name in names for match in _WORD_END.finditer(name) if match.end() < len(name))
    shared = [start for start, count in starts.items() if len(start) >= _LEAST_SHARED and count >= max(len(names) / 2, 2)]
    longest = max(shared, key=len, default="")
    cuts = [(start, _find_cut(start)) for start in sorted(shared, key=len) if longest.startswith(start)]
    shorter = [tuple("…" + name[cut:] if name.startswith(start) else name for name in names) for start, cut in cuts if cut > 1]
    return tuple(dict.fromkeys((tuple(names), *shorter)))


def _find_cut(start: str) -> int:
    """Return where the rest of a name begins: the last shared word says what the rest counts, as in “number 3”."""
    kept = _LAST_WORD.search(start)
    return kept.start() if kept is not None and start[-1] == " " else len(start)
