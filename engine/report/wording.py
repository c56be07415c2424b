"""How figures and dates are written for people; what was not measured is a dash, never a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from engine.similarity.geometry import chance_band, chance_limit

DASH: Final = "–"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALLEST_DECIMAL = 1e-4  # below it the zeros after the point are no longer counted at a glance
_THOUSAND = 1000
_SHORT_HASH = 9  # longer texts are shortened to four characters at either end


def write_figure(value: float) -> str:
    """Write a number with three significant digits."""
    if not math.isfinite(value):
        return _write_not_finite(value)
    if (value != 0 and abs(value) < _SMALLEST_DECIMAL) or abs(value) >= _THOUSAND**3:
        return _write_power(value)
    if abs(value) >= _THOUSAND - 0.5:  # three digits would round it to 1.00e+03
        return _with_minus(f"{value:,.0f}")
    return _with_minus(f"{value:#.3g}").removesuffix(".")


def write_metric(value: float, metric: str) -> str:
    """Write a measured figure: perplexity with two decimals, all else with three significant digits."""
    if metric == "perplexity" and math.isfinite(value) and abs(value) < _THOUSAND**2:
        return f"{value:,.2f}"
    return write_figure(value)


def write_cosine(value: float) -> str:
    """Write a cosine with two decimals."""
    return _with_minus(f"{value + 0.0:.2f}").replace("−0.00", "0.00") if math.isfinite(value) else _write_not_finite(value)


def write_share(share: float) -> str:
    """Write a share as a percentage with two significant digits; 0 and 100 % only where it is exactly that."""
    if not math.isfinite(share):
        return _write_not_finite(share)
    percent = share * 100
    if 99.5 <= percent < 100:  # noqa: PLR2004  (would be rounded to a whole that it is not)
        return f"{math.floor(percent * 100) / 100:.4g} %"
    if percent != 0 and abs(percent) < 0.01:  # noqa: PLR2004  (two decimals would show nothing)
        return "< 0.01 %"
    return _with_minus(f"{percent:.2g} %" if abs(percent) < 10 else f"{percent:.0f} %")  # noqa: PLR2004


def write_chance(entries: int, mark: str) -> str:
    """Return the sentence on which cosines could be chance among so many entries, and how these are marked; empty without entries."""
    if entries < 1:
        return ""
    scatter = f"a standard deviation of 1/√d = {chance_band(entries):.2g} (d = {write_count(entries, 'entry', 'entries')})"
    return f"Cosines of unrelated directions scatter around 0 with {scatter}; {_write_limit(entries, mark)}."


def write_chance_in_part(entries: int, mark: str) -> str:
    """Return the same in few words, for one of many parts of a model whose entries are told beside it."""
    return f"1/√d = {chance_band(entries):.2g}; {_write_limit(entries, mark)}" if entries > 0 else ""


def write_chance_of_parts(entries: Mapping[str, int], mark: str) -> str:
    """Return the sentence on which cosines could be chance in parts of a model, by the entries of each, and how these are marked."""
    bands = {name: chance_band(count) for name, count in entries.items() if count > 0}
    if not bands:
        return ""
    least, most = min(bands, key=bands.__getitem__), max(bands, key=bands.__getitem__)
    span = f"from {bands[least]:.2g} in {least} to {bands[most]:.2g} in {most}" if bands[least] < bands[most] else f"{bands[most]:.2g}"
    scatter = f"Cosines of unrelated vectors scatter by 1/√d in a layer of d entries, {span}"
    return f"{scatter}; {mark}: within three times that of its layer, could be chance."


def _write_limit(entries: int, mark: str) -> str:
    limit = chance_limit(entries)
    return f"{mark}: within 3/√d = {limit:.2g}, could be chance" if limit < 1 else f"{mark}: among so few entries any could be chance"


def write_seconds(seconds: float) -> str:
    """Write a time as a person would say it."""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def write_date(moment: str) -> str:
    """Write the day of an ISO 8601 moment in words; what is no moment comes back as it is."""
    try:
        day = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def write_count(count: int, singular: str, plural: str = "") -> str:
    """Write a number of things: “1 tensor”, “270,986 parameters”."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def write_words(identifier: str) -> str:
    """Write an identifier as words: `largest_within_share` as “largest within share”."""
    words = identifier.replace("_", " ")
    return words.replace("f1", "F1")


def shorten_hash(digest: str | None) -> str:
    """Return the ends of a digest, or a dash where there is none."""
    if not digest:
        return DASH
    return digest if len(digest) <= _SHORT_HASH else f"{digest[:4]}…{digest[-4:]}"


def join_words(words: tuple[str, ...] | list[str]) -> str:
    """Join a list as in a sentence: “a, b and c”."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _with_minus(text: str) -> str:
    """Replace the hyphen by the sign of the same width as a plus."""
    return text.replace("-", "−")


def _write_not_finite(value: float) -> str:
    """Write infinity as such; what is not a number was not measured."""
    return DASH if math.isnan(value) else "∞" if value > 0 else "−∞"


def _write_power(value: float) -> str:
    """Write 1.23 · 10⁻⁵."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{_with_minus(mantissa)}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
