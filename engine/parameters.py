"""The types of parameters: what a `.loom` file may hold for each, and the exact value it stands for."""
# ruff: noqa: EM102, TRY003  (each message is a sentence for the user, said in one place)

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.document.json_values import JsonValue

Value = str | bool | int | Fraction | tuple[str, ...] | tuple[Fraction, ...]
"""A checked parameter value; reals are exact fractions of the decimals typed."""


class ParameterError(ValueError):
    """Report a value that a parameter does not admit, as a sentence that names the range."""


@dataclass(frozen=True, slots=True)
class Text:
    """Hold a line of text; `required` ones may not stay empty when the graph runs."""

    name: str
    help: str
    default: str = ""
    required: bool = False

    def parse(self, value: JsonValue) -> str:
        """Return the text, or raise ParameterError."""
        if not isinstance(value, str):
            raise ParameterError(f"{self.name} must be text, not {_shown(value)}.")
        if "\0" in value:
            raise ParameterError(f"{self.name} holds a NUL character, which no path or text may.")
        if self.required and not value.strip():
            raise ParameterError(f"{self.name} is empty. Fill it in: {self.help[0].lower()}{self.help[1:]}")
        return value


@dataclass(frozen=True, slots=True)
class Real:
    """Hold a real number as the exact decimal typed."""

    name: str
    help: str
    default: float
    minimum: float = -math.inf
    maximum: float = math.inf
    unit: str = ""

    def parse(self, value: JsonValue) -> Fraction:
        """Return the exact fraction, or raise ParameterError (also for NaN and infinity)."""
        number = exact(self.name, value)
        # As decimals: the double nearest to 0.99 is smaller than the 99/100 that was typed.
        if not exact_bound(self.minimum) <= number <= exact_bound(self.maximum):
            raise ParameterError(f"{self.name} is {value}, outside {self.minimum:g} … {self.maximum:g}.")
        return number


@dataclass(frozen=True, slots=True)
class Integer:
    """Hold a whole number."""

    name: str
    help: str
    default: int
    minimum: int = 0
    maximum: int | None = None
    unit: str = ""

    def parse(self, value: JsonValue) -> int:
        """Return the whole number, or raise ParameterError."""
        number = exact(self.name, value)
        if number.denominator != 1:
            raise ParameterError(f"{self.name} must be a whole number, not {value}.")
        if number < self.minimum or (self.maximum is not None and number > self.maximum):
            raise ParameterError(f"{self.name} is {value}{self._range()}")
        return int(number)

    def _range(self) -> str:
        """Return the end of the sentence that refuses a number."""
        return f"; it must be at least {self.minimum}." if self.maximum is None else f", outside {self.minimum} … {self.maximum}."


@dataclass(frozen=True, slots=True)
class OneOf:
    """Hold one of a few words."""

    name: str
    help: str
    options: tuple[str, ...]
    default: str

    def parse(self, value: JsonValue) -> str:
        """Return the word, or raise ParameterError naming the words there are."""
        if not isinstance(value, str) or value not in self.options:
            raise ParameterError(f"{self.name} is {_shown(value)}; it can be {', '.join(self.options)}.")
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """Hold yes or no."""

    name: str
    help: str
    default: bool = False

    def parse(self, value: JsonValue) -> bool:
        """Return the truth value, or raise ParameterError."""
        if not isinstance(value, bool):
            raise ParameterError(f"{self.name} must be true or false, not {_shown(value)}.")
        return value


@dataclass(frozen=True, slots=True)
class TextList:
    """Hold a list of texts."""

    name: str
    help: str
    default: tuple[str, ...] = ()

    def parse(self, value: JsonValue) -> tuple[str, ...]:
        """Return the texts, or raise ParameterError."""
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ParameterError(f"{self.name} must be a list of texts, not {_shown(value)}.")
        wrong = [item for item in value if not isinstance(item, str)]
        if wrong:
            raise ParameterError(f"{self.name} must hold texts only, not {_shown(wrong[0])}.")
        return tuple(item for item in value if isinstance(item, str))


@dataclass(frozen=True, slots=True)
class RealList:
    """Hold a list of real numbers as exact decimals; empty stands for ones."""

    name: str
    help: str
    minimum: float = -math.inf
    default: tuple[float, ...] = ()

    def parse(self, value: JsonValue) -> tuple[Fraction, ...]:
        """Return the exact fractions, or raise ParameterError."""
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ParameterError(f"{self.name} must be a list of numbers, not {_shown(value)}.")
        numbers = tuple(exact(self.name, item) for item in value)
        if any(number < exact_bound(self.minimum) for number in numbers):
            raise ParameterError(f"{self.name} holds a number below {self.minimum:g}.")
        return numbers


Parameter = Text | Real | Integer | OneOf | Flag | TextList | RealList


def exact(name: str, value: JsonValue) -> Fraction:
    """Return the exact fraction of the decimal typed (0.1 is 1/10, not the nearest double).

    Raises:
        ParameterError: for anything that is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(f"{name} must be a number, not {_shown(value)}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(f"{name} must be a finite number, not {value}.")
    return Fraction(repr(value))


def exact_bound(bound: float) -> Fraction | float:
    """Return the exact fraction of a bound's decimal; an infinite one stays as it is."""
    return Fraction(repr(bound)) if math.isfinite(bound) else bound


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:37]}…"  # noqa: PLR2004  (one line of a message)
