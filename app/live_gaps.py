"""What a family's figures leave out: tensors that hold NaN or infinity, those that not all models have in one shape, what was not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QCoreApplication

from engine.document.model import NodeId
from engine.problems import Problem, Severity
from engine.similarity.gram_table import GramTable

_MOST_NAMED = 3


@dataclass(frozen=True)
class Gaps:
    """Hold the tensors that are in no figure."""

    non_finite: Mapping[NodeId, tuple[str, ...]]
    """Per checkpoint the tensors in which it holds NaN or infinity: they are missing from the figures of all."""
    left_out: tuple[str, ...]
    """Tensors that not all checkpoints have in one shape."""
    names: Mapping[NodeId, str]
    """What the user calls the checkpoints."""
    notes: tuple[str, ...] = ()
    """The engine's own sentences: what an estimate may miss, a cache that is done without."""

    @cached_property
    def broken(self) -> frozenset[str]:
        """Return the tensors in which some checkpoint is not finite."""
        return frozenset(tensor for tensors in self.non_finite.values() for tensor in tensors)


def find_gaps(table: GramTable, names: Mapping[NodeId, str]) -> Gaps:
    """Return what a table's sums leave out."""
    found: dict[NodeId, tuple[str, ...]] = {}
    for tensor, member in table.non_finite:
        found[NodeId(member)] = (*found.get(NodeId(member), ()), tensor)
    return Gaps(found, table.left_out, {member: names.get(member, str(member)) for member in found}, table.notes)


def tell_gaps(gaps: Gaps) -> str:
    """Return in a line what is missing and why, with the engine's notes; empty where there is nothing to tell."""
    broken = _tr("not counted: {0}, where ‘{1}’ holds NaN or infinity")
    told = [broken.format(_count(tensors), gaps.names[member]) for member, tensors in gaps.non_finite.items()]
    if gaps.left_out:
        told.append(_tr("not counted: {0}, which not all models have in one shape").format(_count(gaps.left_out)))
    return " · ".join((*told, *gaps.notes))


def list_gap_problems(gaps: Sequence[Gaps]) -> tuple[Problem, ...]:
    """Return a warning for each checkpoint that is not finite: figures without these tensors look whole and are not."""
    found: dict[NodeId, Problem] = {}
    for each in gaps:
        for member, tensors in each.non_finite.items():
            hint = _tr("Repair the checkpoint, or choose another one.")
            words = _tr("‘{0}’ holds NaN or infinity in {1}. Similarities, norms and distances leave that out, for all models.")
            message = words.format(each.names[member], _count(tensors))
            found.setdefault(member, Problem(Severity.WARNING, message, hint, str(member), "source"))
    return tuple(found.values())


def _count(tensors: Sequence[str]) -> str:
    """Return the names of a few tensors, and how many there are."""
    named = ", ".join(tensors[:_MOST_NAMED])
    more = len(tensors) - _MOST_NAMED
    return named if more <= 0 else _tr("{0} and {1:,} more tensors").format(named, more)


def _tr(text: str) -> str:
    return QCoreApplication.translate("live_gaps", text)
