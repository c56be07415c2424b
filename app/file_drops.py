"""Files dropped on the window become what they are: a graph opens, weights and data become nodes, exports bring their graph back."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from app.analogy_roles import play_role
from app.canvas.connection import PortEnd, can_connect, list_ports, port_kind
from app.canvas.suggestions import add_joined, guess_base, join
from app.canvas.wishes import FileDrop
from app.dropped_files import Dropped, node_of, recognise
from app.files import Files
from app.session import Session
from app.widgets.path_field import shorten_path
from app.workbench import Workbench
from engine.adapter_bases import find_adapter_bases
from engine.document.edits import set_label, set_parameter
from engine.document.model import Document, NodeId, PortRef, Position
from engine.operation import PortKind
from engine.relocation import relocate
from engine.series_bases import find_series_bases

_GAP = 96.0
_BESIDE = 340.0
"""How far to the right of a series its task vector is put."""


class FileDrops(QObject):
    """Take what was dropped."""

    said = Signal(str)
    """Something was dropped that the canvas does not take; the message says why."""

    def __init__(self, session: Session, files: Files, workbench: Workbench) -> None:
        """Put nodes into the session's document, open graphs by `files`."""
        super().__init__(workbench)
        self._session = session
        self._files = files
        self._bench = workbench

    def take(self, drop: FileDrop) -> None:
        """Let each path become what it is."""
        found = [recognise(path) for path in drop.paths]
        graph = next((one for one in found if one.kind == "graph"), None)
        if graph is not None:
            self._files.open(graph.path)
            return
        for number, one in enumerate(found):
            self._take_one(one, (drop.position[0], drop.position[1] + number * _GAP), drop.end)

    def _take_one(self, dropped: Dropped, place: Position, end: PortEnd | None) -> None:
        operation = node_of(dropped)
        if operation is None:
            self.said.emit(dropped.reason)
        elif dropped.graph is not None and end is None and self._wants_graph(dropped):
            self._open_graph(dropped, dropped.graph)
        else:
            self._add_source(operation, dropped, place, end)

    def _wants_graph(self, dropped: Dropped) -> bool:
        if not self._session.document.nodes:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._bench,
            self.tr("An export of Weightloom"),
            self.tr("‘{0}’ carries the graph that made it. Open that graph? “No” adds the model as a node.").format(dropped.path.name),
            buttons.Yes | buttons.No,
            buttons.Yes,
        )
        return answer == buttons.Yes

    def _open_graph(self, dropped: Dropped, graph: Document) -> None:
        """Open the graph as a new document, its paths counted from where an unsaved document's paths count from."""
        if self._files.confirm_leaving():
            self._session.new()
            self._session.new(relocate(graph, dropped.path, self._session.folder))
            self._files.opened.emit()

    def _add_source(self, operation: str, dropped: Dropped, place: Position, end: PortEnd | None) -> None:
        source, name = shorten_path(dropped.path, self._session.folder), dropped.name
        bases = self._find_bases(dropped)
        made: list[NodeId] = []

        def edit(document: Document) -> Document:
            after, node_id = add_joined(document, operation, place, None)
            made.append(node_id)
            after = set_label(set_parameter(after, node_id, "source", source), node_id, name)
            if dropped.kind == "adapter":
                after = _join_base(after, node_id, bases, end)
            if end is not None:
                return _join_drop(after, node_id, end)
            return _follow_series(after, node_id, bases, place) if dropped.kind == "series" else after

        self._session.apply(self.tr("Add ‘{0}’").format(name), edit)
        if made:
            self._bench.scene.select(made[-1:])

    def _find_bases(self, dropped: Dropped) -> tuple[NodeId, ...]:
        """Return the checkpoints of the graph that something dropped could have been trained from."""
        document, folder = self._session.document, self._session.folder
        if dropped.kind == "adapter":
            return find_adapter_bases(document, dropped.path, folder)
        return find_series_bases(document, dropped.path, folder) if dropped.kind == "series" else ()


def _join_base(document: Document, node_id: NodeId, fitting: Collection[NodeId], end: PortEnd | None) -> Document:
    """Give an adapter its base."""
    base = _choose_base(document, end.ref.node if end is not None else node_id, fitting)
    return document if base is None else join(document, base, PortRef(node_id, "base"))


def _follow_series(document: Document, node_id: NodeId, fitting: Collection[NodeId], place: Position) -> Document:
    """Give a training the task vector that makes it a way in weight space, where the graph tells its base."""
    base = _choose_base(document, node_id, fitting)
    if base is None:
        return document
    source = PortEnd(PortRef(node_id, str(PortKind.CHECKPOINT)), is_output=True)
    after, vector = add_joined(document, "task_vector", (place[0] + _BESIDE, place[1]), source)
    return join(after, base, PortRef(vector, "base"))


def _choose_base(document: Document, near: NodeId, fitting: Collection[NodeId]) -> PortRef | None:
    """Return the one checkpoint that fits or, of several, the one that a node's neighbours or the graph count from."""
    usual = guess_base(document, near)
    known = usual.node if usual is not None else None
    base = next(iter(fitting)) if len(fitting) == 1 else known if known in fitting else None
    return None if base is None else PortRef(base, str(PortKind.CHECKPOINT))


def _join_drop(document: Document, node_id: NodeId, end: PortEnd) -> Document:
    """Join a source to the port it was dropped on; on a role of an analogy through a task vector of its own."""
    output = next(list_ports(document, node_id, is_output=True), None)
    target = document.nodes.get(end.ref.node)
    if output is None or target is None or end.is_output:
        return document
    if target.operation == "analogy" and port_kind(document, output) is PortKind.CHECKPOINT:
        return play_role(document, end.ref.node, end.ref.port, output.ref)
    return join(document, output.ref, end.ref) if can_connect(document, output.ref, end.ref) is None else document
