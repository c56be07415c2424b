"""The Gram tables of the open document's families: which are known, which are asked for, and which have gone stale."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from app.check_lane import CheckSummary, FileTimes
from app.engine_thread import EngineThread
from app.session import Session
from app.window_words import in_window_words
from engine.document.branches import keep_branch
from engine.document.model import Document, NodeId
from engine.planning.live_model import LiveFamily
from engine.similarity.gram_files import load_table
from engine.similarity.gram_table import GramTable
from engine.worker_messages import GramMoved, GramReady, Outcome

_MOST_KEPT = 32
_Members = tuple[NodeId, ...]


@dataclass(frozen=True)
class _Wish:
    """Name everything that decides a family's table."""

    members: _Members
    tensors: tuple[str, ...]
    files: tuple[FileTimes, ...]
    """Of each member."""
    kernels: Mapping[NodeId, Document]
    """Per kernel what it is made of, places and labels left away."""


@dataclass(frozen=True)
class _Known:
    wish: _Wish
    table: GramTable

    @property
    def is_exact(self) -> bool:
        """Tell whether the checkpoints' own products are exact."""
        own = len(self.wish.members)
        return self.table.errors is None or not self.table.errors[:, :own, :own].any()


class LiveTables(QObject):
    """Ask for tables and hold them; a table stays good as long as its files are the same, whatever is drawn over them."""

    changed = Signal()
    """A table has come, or what is being measured has changed."""
    progressed = Signal(object, object)
    """(bytes done, bytes in total)."""
    failed = Signal(str)
    """The engine can't measure; why, and what to do."""

    def __init__(self, session: Session, engine: EngineThread, parent: QObject | None = None) -> None:
        """Hold nothing yet."""
        super().__init__(parent)
        self._session = session
        self._engine = engine
        self._families: Mapping[_Members, LiveFamily] = {}
        self._wishes: Mapping[_Members, _Wish] = {}
        self._known: dict[_Members, _Known] = {}
        self._shown: dict[_Members, tuple[GramTable, frozenset[str], GramTable]] = {}
        """Tables, the kernels in them that have gone stale, and the tables without these."""
        self._asked: Mapping[_Members, _Wish] = {}
        self._job = 0
        engine.gram_told.connect(self._hear)
        engine.gram_ended.connect(self._end)

    @property
    def is_measuring(self) -> bool:
        """Tell whether the engine is asked for something."""
        return self._job > 0

    @property
    def missing(self) -> tuple[LiveFamily, ...]:
        """Return the families without a table."""
        return tuple(family for family in self._families.values() if self.find(family) is None)

    def follow(self, summary: CheckSummary) -> bool:
        """Ask for what is missing for a graph that was checked; return whether what is known has changed."""
        document, families = self._session.document, summary.live.families if summary.live is not None else ()
        self._families = {family.family.members: family for family in families}
        wishes = {members: _make_wish(family, summary, document) for members, family in self._families.items()}
        has_changed = wishes != self._wishes
        self._wishes = wishes
        if wishes != self._asked and not all(self._is_met(wish) for wish in wishes.values()):
            self._asked = wishes
            self._job = self._engine.measure_similarities(document, self._session.folder, revision=self._session.revision)
        elif self._job and wishes != self._asked:
            self.stop()
        return has_changed

    def follow_document(self, document: Document) -> bool:
        """Take that the document is another, before it is checked; return whether other kernels have gone stale."""
        before = {members: self._list_stale(members) for members in self._wishes}
        self._wishes = {members: replace(wish, kernels=_cut_branches(document, wish.kernels)) for members, wish in self._wishes.items()}
        return before != {members: self._list_stale(members) for members in self._wishes}

    def measure_made(self, changed: Collection[NodeId]) -> None:
        """Ask for the exact sums of the kernels that a run has made, but of those that have changed since."""
        made = [kernel for wish in self._wishes.values() for kernel in wish.kernels if kernel not in changed]
        if made:
            self._asked = self._wishes
            document, revision = self._session.document, self._session.revision
            self._job = self._engine.measure_similarities(document, self._session.folder, revision=revision, made=made)

    def find(self, family: LiveFamily) -> GramTable | None:
        """Return what is known of a family: without the kernels whose making has changed since."""
        members = family.family.members
        known, wish = self._known.get(members), self._wishes.get(members)
        if known is None or wish is None or not _is_of_files(known.wish, wish):
            return None
        stale, shown = self._list_stale(members), self._shown.get(members)
        if shown is None or shown[0] is not known.table or shown[1] != stale:
            shown = self._shown[members] = (known.table, stale, _leave_out(known.table, stale))
        return shown[2]

    def _list_stale(self, members: _Members) -> frozenset[str]:
        """Return the kernels of a table that are made otherwise now."""
        known, wish = self._known.get(members), self._wishes[members]
        kernels = known.wish.kernels if known is not None else {}
        return frozenset(kernel for kernel, branch in kernels.items() if wish.kernels.get(kernel) != branch)

    def stop(self) -> None:
        """Ask for nothing any more."""
        self._engine.stop_measuring()
        self._job, self._asked = 0, {}

    def forget_families(self) -> None:
        """Let go of a document; its tables stay, for whatever is drawn over the very same files."""
        self.stop()
        self._families, self._wishes = {}, {}

    def forget_asking(self) -> None:
        """Ask again for what could not be measured."""
        self._asked = {}

    def _is_met(self, wish: _Wish) -> bool:
        known = self._known.get(wish.members)
        if known is None or not _is_of_files(known.wish, wish) or not known.is_exact:
            return False
        return all(known.wish.kernels.get(kernel) == branch for kernel, branch in wish.kernels.items())

    def _hear(self, told: GramReady | GramMoved) -> None:
        if told.job != self._job:
            return
        if isinstance(told, GramMoved):
            self.progressed.emit(told.bytes_done, told.bytes_total)
            return
        try:
            table = load_table(told.table)
        except (OSError, ValueError) as error:
            self.failed.emit(self.tr("The similarities can’t be read from {0}: {1}. Check the graph again.").format(told.table, error))
            return
        self._keep(table)

    def _keep(self, table: GramTable) -> None:
        members = next((each for each in self._asked if each[0] == table.base and table.vectors[: len(each) - 1] == each[1:]), None)
        if members is None:
            return
        wish, known = self._asked[members], self._known.pop(members, None)
        if known is not None and _is_of_files(known.wish, wish) and known.is_exact and set(table.vectors) < set(known.table.vectors):
            # The checkpoints alone, of which all was known: figures of kernels are not to go for as long as new ones take.
            self._known[members] = known
            return
        there = {kernel: branch for kernel, branch in wish.kernels.items() if kernel in table.vectors}
        self._known[members] = _Known(replace(wish, kernels=there), table)
        for oldest in list(self._known)[:-_MOST_KEPT]:
            del self._known[oldest]
        self.changed.emit()

    def _end(self, job: int, outcome: Outcome) -> None:
        if job != self._job:
            return
        self._job = 0
        if outcome.kind == "done":
            # What has not come can't be estimated, and is not asked for again.
            came = {members: wish for members, wish in self._asked.items() if members in self._known}
            self._known |= {members: replace(self._known[members], wish=wish) for members, wish in came.items()}
        if outcome.kind in ("failed", "broken"):
            self.failed.emit(in_window_words(outcome.message))
        else:
            self.changed.emit()


def _make_wish(family: LiveFamily, summary: CheckSummary, document: Document) -> _Wish:
    members = family.family.members
    files = tuple(summary.files.get(member, ()) for member in members)
    return _Wish(members, family.family.tensors, files, _cut_branches(document, family.kernels))


def _cut_branches(document: Document, kernels: Iterable[NodeId]) -> Mapping[NodeId, Document]:
    """Return per kernel what it is made of; of one that is not in the document itself (a series makes it) that may be all of it."""
    return {kernel: _strip(keep_branch(document, kernel) if kernel in document.nodes else document) for kernel in kernels}


def _strip(document: Document) -> Document:
    """Return a document without what changes no value: places, labels, frames, notes."""
    nodes = {node_id: replace(node, position=None, label=None) for node_id, node in document.nodes.items()}
    return Document(nodes=nodes, wires=document.wires, settings=document.settings)


def _is_of_files(known: _Wish, wish: _Wish) -> bool:
    return (known.members, known.tensors, known.files) == (wish.members, wish.tensors, wish.files)


def _leave_out(table: GramTable, stale: frozenset[str]) -> GramTable:
    """Return a table in which kernels that have gone stale have no name, so that nobody finds them."""
    if stale.isdisjoint(table.vectors):
        return table
    return replace(table, vectors=tuple("" if vector in stale else vector for vector in table.vectors))
