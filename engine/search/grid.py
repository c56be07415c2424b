"""The grid of strengths, in exact decimal arithmetic: 0, 0.05, … 1 with no 0.15000000000000002 in between."""

from __future__ import annotations

from fractions import Fraction

from engine.errors import SelectionError

DECIMAL_PRIMES = (2, 5)


def make_grid(start: Fraction, stop: Fraction, step: Fraction) -> tuple[Fraction, ...]:
    """Return start, start + step, … up to stop, which is included where it lies on the grid.

    Raises:
        SelectionError: The step is not positive or stop lies below start.
    """
    if step <= 0:
        fact = f"The step of the grid is {write_decimal(step)}."
        raise SelectionError(fact, "Take a step larger than 0.")
    if stop < start:
        fact = f"The grid stops at {write_decimal(stop)}, below its start at {write_decimal(start)}."
        raise SelectionError(fact, "Swap start and stop.")
    return tuple(start + index * step for index in range((stop - start) // step + 1))


def write_decimal(value: Fraction) -> str:
    """Return a fraction as the shortest exact decimal (0.05), or as 1/3 where no decimal is exact."""
    rest = value.denominator
    for prime in DECIMAL_PRIMES:
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = next(count for count in range(value.denominator.bit_length() + 1) if (value * 10**count).denominator == 1)
    digits = f"{abs(value.numerator * 10**places // value.denominator):0{places + 1}d}"
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
