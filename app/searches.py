"""The searches that pop up: nodes to add, nodes of the graph, what to connect, and everything the window can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.canvas.connection import PortEnd, find_fitting, find_operation, list_ports, main_kind, name_node, order_ends
from app.canvas.suggestions import join, suggest_operations
from app.icons import kind_icon
from app.operation_order import caption, ordered_operations
from app.session import Session
from app.theme import current_tokens
from app.widgets.search_popup import Entry, SearchPopup
from engine.document.model import Document, NodeId, PortRef
from engine.operation import Operation


class Searches(QObject):
    """Open one search at a time over the window."""

    def __init__(self, session: Session, window: QWidget) -> None:
        """Search the session's document, over this window."""
        super().__init__(window)
        self._session = session
        self._window = window
        self.popup: SearchPopup | None = None
        """The search that is open."""

    def search_operations(self, place: QPoint, end: PortEnd | None, take: Callable[[str], object]) -> None:
        """Offer operations to add: all of them, or what fits a wire, best first."""
        found = suggest_operations(self._session.document, end) if end is not None else ordered_operations()
        self._open(place, self.tr("Add a node"), [_describe_operation(one) for one in found], take)

    def search_nodes(self, take: Callable[[str], object]) -> None:
        """Offer the nodes of the graph."""
        document = self._session.document
        entries = [_describe_node(document, node_id) for node_id in document.nodes]
        self._open(self._middle(), self.tr("Find in the graph"), entries, take)

    def search_actions(self, actions: Mapping[str, QAction]) -> None:
        """Offer everything the window can do."""
        entries = [_describe_action(name, action) for name, action in actions.items() if action.isEnabled() and name != "commands"]
        self._open(self._middle(), self.tr("Do anything"), entries, lambda name: actions[name].trigger())

    def search_connections(self, place: QPoint, node_id: NodeId) -> None:
        """Offer every wire that a node could have, and make the one chosen."""
        document = self._session.document
        pairs = {f"{source} {target}": (source, target) for source, target in _list_pairs(document, node_id)}
        entries = [
            Entry(key, f"{source.port} → {name_node(document, target.node)}", f"{source} → {target}")
            if source.node == node_id
            else Entry(key, f"{name_node(document, source.node)} → {target.port}", f"{source} → {target}")
            for key, (source, target) in pairs.items()
        ]
        name = name_node(document, node_id)

        def connect(key: str) -> None:
            source, target = pairs[key]
            self._session.apply(self.tr("Connect"), lambda before: join(before, source, target))

        self._open(place, self.tr("Connect ‘{0}’").format(name), entries, connect)

    def _open(self, place: QPoint, title: str, entries: Sequence[Entry], take: Callable[[str], object]) -> None:
        if self.popup is not None:
            self.popup.close()
        popup = SearchPopup(title, entries, current_tokens().dim, self._window)
        popup.chosen.connect(take)
        popup.chosen.connect(lambda _key: self._forget(popup))
        popup.cancelled.connect(lambda: self._forget(popup))
        self.popup = popup
        popup.open_at(place)

    def _forget(self, popup: SearchPopup) -> None:
        popup.deleteLater()
        if self.popup is popup:
            self.popup = None

    def _middle(self) -> QPoint:
        centre = self._window.mapToGlobal(self._window.rect().center())
        return centre - QPoint(170, self._window.height() // 3)


def _list_pairs(document: Document, node_id: NodeId) -> Iterator[tuple[PortRef, PortRef]]:
    for is_output in (True, False):
        for end in list_ports(document, node_id, is_output=is_output):
            for other in sorted(find_fitting(document, end), key=lambda port: port.ref):
                yield order_ends(end, other)


def _describe_operation(operation: Operation) -> Entry:
    drawing = kind_icon(main_kind(operation), current_tokens())
    return Entry(operation.id, operation.title, caption(operation), f"{operation.sentence} {operation.group.value}", drawing)


def _describe_node(document: Document, node_id: NodeId) -> Entry:
    node, operation = document.nodes[node_id], find_operation(document, node_id)
    words = " ".join(str(value) for value in node.parameters.values())
    title = operation.title if operation is not None else node.operation
    drawing = kind_icon(main_kind(operation), current_tokens()) if operation is not None else None
    subtitle = f"{title} · {node.parameters['source']}" if "source" in node.parameters else title
    more = f"{words} {node_id}"
    return Entry(node_id, name_node(document, node_id), subtitle, more, drawing) if drawing else Entry(node_id, node.title, subtitle, more)


def _describe_action(name: str, action: QAction) -> Entry:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return Entry(name, action.text().rstrip("…"), action.statusTip(), aside=keys)
