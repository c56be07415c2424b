"""The heads of columns: names in two lines, which leave out their middle where they must, and tell each column from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Measure = Callable[[str], float]
"""Returns the pixels that a text takes."""
_GAP = "…"


def fit_columns(names: Sequence[str], least: Sequence[int], room: int, most: tuple[int, int], measure: Measure) -> tuple[int, ...]:
    """Return the pixels for the words of each column.

    Each is as wide as its name in two lines where all have room, and where there is more room still they grow alike. Where they have none
    long names are cut, but for those that would read alike: they are whole.

    Args:
        names: of the columns.
        least: pixels that each column's figures take.
        room: pixels for all of them.
        most: pixels that a column grows to without need, and pixels that it takes for its name where there is not room for all.
        measure: measures a head's words.
    """
    whole = [max(figures, round(measure_head(name, measure)) + 1) for name, figures in zip(names, least, strict=True)]
    if sum(whole) <= room:
        grown = range(most[0], 0, -1)
        level = next((pixels for pixels in grown if sum(max(width, pixels) for width in whole) <= room), 0)
        return tuple(max(width, level) for width in whole)
    cut = [max(figures, min(width, most[1])) for width, figures in zip(whole, least, strict=True)]
    shown = [write_head(name, width, measure) for name, width in zip(names, cut, strict=True)]
    return tuple(whole[number] if shown.count(head) > 1 else cut[number] for number, head in enumerate(shown))


def measure_head(name: str, measure: Measure) -> float:
    """Return the pixels that a name takes in two lines."""
    return min(max(map(measure, lines)) for lines in _list_breaks(name))


def write_head(name: str, room: float, measure: Measure) -> str:
    """Return a name in one line or two, parted between words; where it has no room its middle is left out, for ends tell names apart."""
    if measure(name) <= room:
        return name
    best = min(_list_breaks(name), key=lambda lines: max(map(measure, lines)))
    if max(map(measure, best)) <= room:
        return "\n".join(best)
    words = name.split()
    count = next((count for count in range(len(words) - 1, 0, -1) if measure(" ".join(words[:count])) <= room), 0)
    first = " ".join(words[:count]) or _cut_end(name, room, measure)
    rest = " ".join(words[count:])
    return f"{first}\n{rest if count and measure(rest) <= room else _cut_start(rest, room, measure)}"


def _list_breaks(name: str) -> list[tuple[str, ...]]:
    """Return a name in two lines in every way, or in one where it is one word."""
    words = name.split()
    return [(" ".join(words[:count]), " ".join(words[count:])) for count in range(1, len(words))] or [(name,)]


def _cut_end(text: str, room: float, measure: Measure) -> str:
    return next((text[:count] for count in range(len(text), 0, -1) if measure(text[:count]) <= room), text[:1])


def _cut_start(text: str, room: float, measure: Measure) -> str:
    return next((cut for start in range(len(text)) if measure(cut := _GAP + text[start:].lstrip()) <= room), _GAP)
