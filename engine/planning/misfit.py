"""Tensors that two models do not share: found, counted and told in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from engine.problems import Problem, error

Shape = tuple[int, ...]
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ShapeDifference:
    """Hold one tensor that both sides have, in different shapes."""

    name: str
    shape: Shape
    other_shape: Shape

    @property
    def shared_entries(self) -> int:
        """Return the leading entries of `shape` that lie in rows both sides have; 0 unless only the rows differ."""
        if not self.shape or len(self.shape) != len(self.other_shape) or self.shape[1:] != self.other_shape[1:]:
            return 0
        return min(self.shape[0], self.other_shape[0]) * prod(self.shape[1:])

    def __str__(self) -> str:
        """Return ‘embed 32016 × 8 against 32000 × 8’: the other side first."""
        return f"{self.name} {_spell(self.other_shape)} against {_spell(self.shape)}"


@dataclass(frozen=True, slots=True)
class Misfit:
    """Hold all that does not match between a reference and another side."""

    missing: tuple[str, ...]
    """Tensors that only the reference has."""
    surplus: tuple[str, ...]
    """Tensors that only the other side has."""
    shaped: tuple[ShapeDifference, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether the two sides match."""
        return not (self.missing or self.surplus or self.shaped)


def compare_shapes(reference: Mapping[str, Shape], other: Mapping[str, Shape]) -> Misfit:
    """Return what does not match, in the order of the files."""
    return Misfit(
        tuple(name for name in reference if name not in other),
        tuple(name for name in other if name not in reference),
        tuple(ShapeDifference(name, shape, other[name]) for name, shape in reference.items() if name in other and other[name] != shape),
    )


def describe_misfit(misfit: Misfit, titles: tuple[str, str], node: str, field: str) -> Problem:
    """Return the problem of a misfit between two titled sides: the other one first, then the reference."""
    other, reference = titles
    parts = [
        _count(misfit.shaped, "differ in shape", "differs in shape"),
        _count(misfit.missing, f"are only in ‘{reference}’", f"is only in ‘{reference}’"),
        _count(misfit.surplus, f"are only in ‘{other}’", f"is only in ‘{other}’"),
    ]
    message = f"‘{other}’ and ‘{reference}’ do not fit together: {'; '.join(part for part in parts if part)}."
    rows = any(difference.shared_entries for difference in misfit.shaped)
    first = "‘edit the rows both have’ (misfit: common_rows)" if rows else "‘keep the base’s’ (misfit: keep_base)"
    return error(message, f"Choose {first}, or another base.", node=node, field=field)


def _count(items: Sequence[object], many: str, one: str) -> str:
    if not items:
        return ""
    shown = ", ".join(str(item) for item in items[:_EXAMPLES]) + (", …" if len(items) > _EXAMPLES else "")
    return f"{len(items)} tensor{'' if len(items) == 1 else 's'} {one if len(items) == 1 else many} ({shown})"


def _spell(shape: Shape) -> str:
    return " × ".join(str(size) for size in shape) if shape else "(a single number)"
