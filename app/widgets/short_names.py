"""Names that begin alike, told apart in little room: what they share is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_WORD_END = re.compile(r"[\s/_\-.:]+")
_LAST_WORD = re.compile(r"\w+ $")
_LEAST_SHARED = 8
"""Characters: less is not worth a gap."""


def drop_shared_start(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names with … in the place of the longest beginning, of whole words, that half of them share."""
    starts = Counter(name[: match.end()] for name in names for match in _WORD_END.finditer(name) if match.end() < len(name))
    shared = [start for start, count in starts.items() if len(start) >= _LEAST_SHARED and count >= max(len(names) / 2, 2)]
    longest = max(shared, key=len, default="")
    if not longest:
        return tuple(names)
    # The last shared word says what the rest counts: “number 3”.
    kept = _LAST_WORD.search(longest)
    cut = kept.start() if kept is not None and longest[-1] == " " else len(longest)
    return tuple("…" + name[cut:] if name.startswith(longest) else name for name in names)
