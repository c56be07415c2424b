"""Where the checkpoints of a graph's families lie: what the Gram pass is given."""

from __future__ import annotations

from engine.planning.families import Family, find_families
from engine.planning.resolve import Resolved
from engine.similarity.family_files import FamilyFiles


def find_family_files(resolved: Resolved) -> tuple[FamilyFiles, ...]:
    """Return the files of each family of a graph, in the order of `find_families`."""
    return tuple(locate_family(family, resolved) for family in find_families(resolved))


def locate_family(family: Family, resolved: Resolved) -> FamilyFiles:
    """Return the files of one family."""
    headers = tuple(resolved.sources[member].header for member in family.members)
    return FamilyFiles(family.base, family.vectors, family.tensors, family.left_out, headers)
