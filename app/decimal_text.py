"""Decimals as people type and read them, and the numbers that a document holds for them."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

_EXACT = 1e15
"""Below it every whole number is a double of its own, and is written without an exponent."""
_THREE_DIGITS = 100


def parse_decimal(text: str) -> int | float | None:
    """Return the number of a decimal, with a point or a comma; None where the text is no finite number."""
    try:
        number = Decimal(text.strip().replace(",", ".").replace("\u2212", "-"))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    is_whole = number == number.to_integral_value() and abs(number) < _EXACT
    return int(number) if is_whole else float(number)


def parse_decimals(text: str) -> list[int | float] | None:
    """Return the numbers of a list parted by blanks or semicolons; None where one of them is no number."""
    numbers = [parse_decimal(word) for word in text.replace(";", " ").split()]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else None


def format_decimal(number: float) -> str:
    """Return the shortest decimal that stands for the number."""
    return str(int(number)) if float(number).is_integer() and abs(number) < _EXACT else repr(float(number))


def write_figure(number: float, form: str) -> str:
    """Return a figure as a format tells, with a minus that is as wide as a plus, and none before what is rounded to 0."""
    text = format(number, form)
    is_zero = not any(digit in "123456789" for digit in text.partition("e")[0]) and math.isfinite(number)
    return (text.removeprefix("-") if is_zero else text).replace("-", "\u2212")


def shorten_figure(number: float, room: int) -> str:
    """Return a figure with three digits, or as many as there is room for: a figure that is cut is another one."""
    whole = f"{number:.0f}"
    if number >= _THREE_DIGITS and len(whole) < room:
        return whole
    return next((text for digits in (3, 2) if len(text := f"{number:.{digits}g}") <= room), f"{number:.1g}")


def usual_range(minimum: float, maximum: float, value: float) -> tuple[float, float]:
    """Return the part of a range that a slider spans: the shortest usual one that holds the value, so that 0.01 is a step of a pixel."""
    candidates = ((0.0, 1.0), (0.0, 2.0), (-1.0, 1.0), (-2.0, 2.0), (-5.0, 5.0))
    for low, high in candidates:
        if minimum <= low <= value <= high <= maximum:
            return low, high
    return minimum, maximum
