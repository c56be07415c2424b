"""Only a part of a task vector: chosen tensors stay, the others become 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction

from engine.operation import Coefficients, Counts, Group, Input, Linear, Parameters, PortKind, operation
from engine.parameters import TextList
from engine.tensor_names import PARTS, Place

PRESETS = tuple(f"@{part}" for part in PARTS)


def check_presets(parameters: Parameters, counts: Counts) -> Sequence[str]:
    """Return a sentence for each preset that does not exist."""
    return tuple(
        f"{name} names the preset {entry}; there are {', '.join(PRESETS)}."
        for name in ("include", "exclude")
        for entry in _as_texts(parameters[name])
        if entry.startswith("@") and entry not in PRESETS
    )


@operation(
    id="layer_filter",
    title="Layer filter",
    group=Group.ARITHMETIC,
    sentence="Keeps a task vector on the chosen tensors and makes it 0 on the others.",
    formula="τ on the chosen tensors, 0 elsewhere",
    inputs=(Input("vector", PortKind.VECTOR, "The task vector to choose from."),),
    outputs=(PortKind.VECTOR,),
    parameters=(
        TextList("include", f"Tensors to keep: names with * and ?, or {', '.join(PRESETS)}.", ("*",)),
        TextList("exclude", "Tensors to leave out of these, named the same way."),
    ),
    check=check_presets,
)
def layer_filter(include: tuple[str, ...], exclude: tuple[str, ...]) -> Linear:
    """Multiply the chosen tensors by 1 and the others by 0."""

    def weigh(counts: Counts, place: Place) -> Coefficients:
        chosen = _is_any(place, include) and not _is_any(place, exclude)
        return {"vector": (Fraction(1 if chosen else 0),)}

    def find_idle(places: Iterable[Place]) -> Sequence[str]:
        known = tuple(places)
        lists = (("include", include), ("exclude", exclude))
        idle = [(name, entry) for name, entries in lists for entry in entries if not any(_is_any(place, [entry]) for place in known)]
        return tuple(f"“{entry}” in {name} matches none of the {len(known)} tensors." for name, entry in idle)

    return Linear(weigh, by_place=True, find_idle=find_idle)


def _is_any(place: Place, entries: Sequence[str]) -> bool:
    return any(place.part == entry[1:] if entry.startswith("@") else fnmatchcase(place.name, entry) for entry in entries)


def _as_texts(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, tuple) else ()
