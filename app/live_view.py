"""The live weight space of the open document: its figures at the present numbers, changing while a slider moves.

A move only evaluates: the structure comes with each check, the inner products from the engine's process, first estimated, then exact.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.checking import Checker
from app.engine_thread import EngineThread
from app.live_absences import Absence, list_absences
from app.live_gaps import Gaps, find_gaps
from app.live_tables import LiveTables
from app.session import Session
from engine.catalogue import catalogue
from engine.document.edits import set_parameter
from engine.document.json_values import JsonValue
from engine.document.model import Document, NodeId
from engine.parameters import Real, RealList
from engine.planning.coefficient import Symbol
from engine.planning.live_model import LiveFamily, LiveModel
from engine.planning.live_numbers import LiveNumber
from engine.planning.live_space import LiveSpace
from engine.similarity.geometry import Figures
from engine.similarity.geometry_counts import CountFigures, count_figures
from engine.similarity.geometry_errors import ErrorGeometry, FigureErrors


@dataclass(frozen=True)
class FamilyView:
    """Hold one family of checkpoints with all figures of its nodes at the present numbers."""

    space: LiveSpace
    figures: Figures
    """Per node in the order of `space.family.nodes`; what is not asked for is not computed."""
    values: Mapping[Symbol, float]
    """The live numbers; NaN for a strength that a search has yet to choose."""
    names: Mapping[NodeId, str]
    """What the user calls each node, different for each."""
    is_estimate: bool
    """Whether the checkpoints' own inner products are estimated still; what hangs on TIES and the like may be even after, see `errors`."""
    counts: CountFigures
    """Of the vectors of `space.geometry.table`, in its order; they do not change with the numbers."""
    error_geometry: ErrorGeometry

    @cached_property
    def errors(self) -> FigureErrors:
        """Return the standard errors of the figures; 0 for what is exact."""
        return self.error_geometry.measure(self.figures)

    @cached_property
    def gaps(self) -> Gaps:
        """Return what is in no figure."""
        return find_gaps(self.space.geometry.table, self.names)


class LiveView(QObject):
    """Hold the views of all families, and follow document, check and engine."""

    model_changed = Signal()
    """Other nodes, other tables, an estimate that became exact, or another state: everything is to be shown anew."""
    moved = Signal()
    """Only live numbers have changed: the same nodes have other figures."""
    progressed = Signal(object, object)
    """(bytes done, bytes in total) of the pass over one family's files."""
    failed = Signal(str)
    """The figures can't be measured; why, and what to do."""

    def __init__(self, session: Session, checker: Checker, engine: EngineThread, parent: QObject | None = None) -> None:
        """Follow the session; nothing is measured before a check has found a family."""
        super().__init__(parent)
        self.families: tuple[FamilyView, ...] = ()
        """Those that are measured, estimated at least."""
        self.message = ""
        """Why nothing can be shown, when `failed` said so."""
        self.absences: tuple[Absence, ...] = ()
        """What of the graph is in no family, and why."""
        self.is_on = True
        self.structure: LiveModel | None = None
        """The sums that the last check found, also while nothing is measured."""
        self._session = session
        self._checker = checker
        self._is_forced = False
        """Whether the next check is to be taken though it may tell nothing new."""
        self._model: LiveModel | None = None
        self._names: Mapping[NodeId, str] = {}
        self._chosen: Mapping[Symbol, float] = {}
        self._values: Mapping[Symbol, float] = {}
        self._tables = LiveTables(session, engine, self)
        self._tables.changed.connect(self._rebuild)
        self._tables.progressed.connect(self.progressed)
        self._tables.failed.connect(self._fail)
        session.leaving.connect(self._forget)
        session.document_changed.connect(self._follow)
        session.opened.connect(self.model_changed)
        checker.changed.connect(self._take_check)

    @property
    def model(self) -> LiveModel | None:
        """Return the structure of the graph as the last check found it; None before one."""
        return self._model

    @property
    def is_awaited(self) -> bool:
        """Tell whether nothing can be said of the open document yet, because its first check is still to come."""
        return self.is_on and self._model is None and not self.message and bool(self._session.document.nodes)

    @property
    def is_measuring(self) -> bool:
        """Tell whether inner products are on their way."""
        return self._tables.is_measuring

    @property
    def missing(self) -> tuple[LiveFamily, ...]:
        """Return the families of which nothing is known yet: they are being measured, or their files are not on this machine."""
        return self._tables.missing if self.is_on else ()

    def switch(self, *, is_on: bool) -> None:
        """Show live figures, or measure nothing and show none."""
        if is_on == self.is_on:
            return
        self.is_on = is_on
        if is_on:
            self._check_anew()
        else:
            self._tables.stop()
            # Without a model the next check, even of the very same graph, lays everything out anew.
            self.families, self.absences, self._model = (), (), None
        self.model_changed.emit()

    def try_again(self) -> None:
        """Measure anew what failed."""
        self._tables.forget_asking()
        self._check_anew()

    def _check_anew(self) -> None:
        """Lay everything out after another check: files may have come or changed since the last one."""
        self._is_forced = True
        self._checker.check_now()

    def take_run(self, changed: Collection[NodeId]) -> None:
        """Measure exactly what TIES, DARE and the like have made in a run, but for nodes that have changed since."""
        if self.is_on:
            self._tables.measure_made(changed)

    def choose(self, chosen: Mapping[Symbol, float]) -> None:
        """Take the strengths that searches have chosen; they hold until others are given."""
        if dict(chosen) != dict(self._chosen):
            self._chosen = dict(chosen)
            self._move()

    def find_number(self, node: NodeId, parameter: str) -> LiveNumber | None:
        """Return the live number of a node by its parameter or its symbol's name: `strength`, `weights.2`."""
        numbers = self._model.numbers if self._model is not None else ()
        own = [number for number in numbers if number.symbol.node == node and number.parameter]
        return next((number for number in own if parameter in (number.symbol.name, number.parameter)), None)

    def set_number(self, node: NodeId, parameter: str, value: float, merge_key: str = "") -> bool:
        """Write a live number to the document, within its bounds; return whether that changed anything.

        Args:
            node: whose number it is.
            parameter: its parameter, or its symbol's name where the parameter is a list (`weights.2`).
            value: the number.
            merge_key: of one drag all have the same, and are one undo step.
        """
        number = self.find_number(node, parameter)
        if number is None or node not in self._session.document.nodes:
            return False
        written = self._write_number(number, value)
        title = self.tr("Set {0}").format(number.parameter)
        return self._session.apply(title, lambda document: set_parameter(document, node, number.parameter, written), merge_key)

    def _write_number(self, number: LiveNumber, value: float) -> JsonValue:
        """Return what stands in the document: the number within its bounds, or the whole list that it is part of."""
        node = self._session.document.nodes[number.symbol.node]
        operation = catalogue().get(node.operation)
        declared = operation.parameter(number.parameter) if operation is not None else None
        if isinstance(declared, Real):
            value = min(max(value, declared.minimum), declared.maximum)
        elif isinstance(declared, RealList):
            value = max(value, declared.minimum)
        if number.index is None:
            return value
        document, numbers = self._session.document, self._model.numbers if self._model is not None else ()
        siblings = [each for each in numbers if each.symbol.node == number.symbol.node and each.parameter == number.parameter]
        siblings.sort(key=lambda each: each.index or 0)
        return tuple(value if each is number else each.read(document) for each in siblings)

    def _forget(self) -> None:
        """Let go of everything that is known of a document: nodes of another one may have the same names."""
        self._tables.forget_families()
        self.families, self.absences, self.structure, self.message = (), (), None, ""
        self._model, self._names, self._chosen, self._values = None, {}, {}, {}
        self.model_changed.emit()

    def _follow(self, _before: Document, after: Document) -> None:
        if self._tables.follow_document(after):
            self._rebuild()
        else:
            self._move()

    def _take_check(self) -> None:
        summary = self._checker.summary
        if summary is None:
            return
        if summary.live is None:
            self._forget()
            self._fail(" ".join(problem.message for problem in summary.problems))
            return
        self.structure = summary.live
        if not self.is_on:
            self.model_changed.emit()
            return
        is_forced, self._is_forced = self._is_forced, False
        absences = list_absences(self._session.document, summary.live, summary.problems, summary.lacks, summary.titles)
        is_new = (summary.live, dict(summary.titles), absences) != (self._model, dict(self._names), self.absences)
        self._model, self._names, self.absences = summary.live, summary.titles, absences
        # The tables tell of themselves by `changed` when they are others.
        has_changed = self._tables.follow(summary)
        if is_new or has_changed or is_forced:
            self.message = ""
            self._rebuild()

    def _rebuild(self) -> None:
        """Lay out every family that has a table, as far as it is another one than before."""
        if self._model is None or not self.is_on:
            return
        self._values = self._model.read_values(self._session.document, self._chosen)
        before = self.families
        self.families = tuple(self._make_view(family, before) for family in self._model.families if self._tables.find(family) is not None)
        self.model_changed.emit()

    def _make_view(self, family: LiveFamily, before: tuple[FamilyView, ...]) -> FamilyView:
        found = self._tables.find(family)
        if found is None:
            raise KeyError(family.family.base)
        old = next((view for view in before if view.space.family.family.base == family.family.base), None)
        if old is not None and old.space.family == family and old.space.geometry.table is found:
            return replace(old, figures=old.space.look(self._values), values=self._values, names=self._names)
        space = LiveSpace(family, found)
        figures = space.look(self._values)
        if old is not None:
            space.keep_still(figures, _list_places(old))
        errors = found.errors
        own = len(family.family.vectors) + 1
        is_estimate = errors is not None and bool(np.any(errors[:, :own, :own]))
        return FamilyView(space, figures, self._values, self._names, is_estimate, count_figures(found), ErrorGeometry(space.geometry))

    def _move(self) -> None:
        """Evaluate the figures anew, at once: nothing waits for a check."""
        if self._model is None or not self.is_on:
            return
        values = self._model.read_values(self._session.document, self._chosen)
        if _are_same(values, self._values):
            return
        self._values = values
        self.families = tuple(replace(view, figures=view.space.look(values), values=values) for view in self.families)
        self.moved.emit()

    def _fail(self, message: str) -> None:
        self.message = message
        self.failed.emit(message)
        self.model_changed.emit()


def _list_places(view: FamilyView) -> Mapping[NodeId, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Return where the checkpoints of a family lie on its map."""
    places = view.space.place(view.figures).places
    return {node.node: places[view.space.rows[node.node]] for node in view.space.family.nodes if node.source}


def _are_same(values: Mapping[Symbol, float], others: Mapping[Symbol, float]) -> bool:
    """Tell whether two settings are the same; what is not known is the same as what is not known."""
    if values.keys() != others.keys():
        return False
    return all(value == others[symbol] or (math.isnan(value) and math.isnan(others[symbol])) for symbol, value in values.items())
