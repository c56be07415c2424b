"""The outline: nodes, ports and wires as a tree that the keyboard and a screen reader can work with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.canvas.connection import find_operation, list_ports, name_node
from app.canvas.node_state import NodeState, StateKind
from app.session import Session
from engine.document.edits import disconnect, remove_nodes, set_label
from engine.document.model import Document, NodeId, Wire
from engine.problems import Problem

_NODE = Qt.ItemDataRole.UserRole
_WIRE = Qt.ItemDataRole.UserRole + 1


class OutlinePanel(QWidget):
    """Show the graph as a tree; F2 renames, Delete removes, C connects by list, Enter shows the node."""

    chosen = Signal(object)
    """(NodeId): the user moved to this node."""
    connect_wanted = Signal(object)
    """(NodeId): the user wants a list of what this node can be joined to."""
    inspector_wanted = Signal(object)
    """(NodeId): the user wants to change this node."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        """Show the session's document and follow it."""
        super().__init__(parent)
        self._session = session
        self._states: Mapping[NodeId, NodeState] = {}
        self._problems: Mapping[str, str] = {}
        self.setAccessibleName(self.tr("Outline"))
        self.tree = _OutlineTree(self)
        self.tree.setAccessibleName(self.tr("Nodes, ports and wires"))
        self.tree.setHeaderLabels([self.tr("Node or port"), self.tr("What it is"), self.tr("State")])
        self.tree.setColumnWidth(0, 260)
        self.tree.setColumnWidth(1, 280)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.tree.itemChanged.connect(self._rename)
        self.tree.currentItemChanged.connect(self._choose)
        self.tree.itemActivated.connect(self._activate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.tree, 1)
        layout.addLayout(self._make_buttons())
        session.document_changed.connect(self._follow)
        self._fill()

    def show_states(self, states: Mapping[NodeId, NodeState], problems: Sequence[Problem]) -> None:
        """Show the states of a run and the problems in words."""
        self._states = states
        self._problems = {problem.node: problem.message for problem in reversed(problems)}
        with QSignalBlocker(self.tree):
            for index in range(self.tree.topLevelItemCount()):
                row = self.tree.topLevelItem(index)
                if row is not None:
                    row.setText(2, self._say_state(row.data(0, _NODE)))

    def select(self, ids: Sequence[NodeId]) -> None:
        """Move to the selected node without announcing it."""
        if len(ids) != 1:
            return
        row = self._find(ids[0])
        current = self.tree.currentItem()
        if row is not None and (current is None or self._node_of(current) != ids[0]):
            with QSignalBlocker(self.tree):
                self.tree.setCurrentItem(row)

    def remove_current(self) -> None:
        """Remove the node or the wire that the user is at."""
        row = self.tree.currentItem()
        if row is None:
            return
        wire, node_id = row.data(0, _WIRE), row.data(0, _NODE)
        if isinstance(wire, Wire):
            self._session.apply(self.tr("Disconnect"), lambda document: disconnect(document, wire))
        elif node_id:
            self._session.apply(self.tr("Delete"), lambda document: remove_nodes(document, [node_id]))

    def connect_current(self) -> None:
        """Ask for a list of what the node can be joined to."""
        row = self.tree.currentItem()
        if row is not None:
            self.connect_wanted.emit(self._node_of(row))

    def rename_current(self) -> None:
        """Let the user type another name."""
        row = self.tree.currentItem()
        if row is not None and row.data(0, _NODE):
            self.tree.editItem(row, 0)

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for title, act in (
            (self.tr("Connect… (C)"), self.connect_current),
            (self.tr("Rename (F2)"), self.rename_current),
            (self.tr("Delete (Del)"), self.remove_current),
        ):
            button = QPushButton(title)
            button.clicked.connect(act)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _follow(self, before: Document, after: Document) -> None:
        is_same = before.wires == after.wires and {key: (node.label, node.operation) for key, node in before.nodes.items()} == {
            key: (node.label, node.operation) for key, node in after.nodes.items()
        }
        if not is_same:
            self._fill()

    def _fill(self) -> None:
        """Build the tree anew, keeping what was unfolded and where the user was."""
        unfolded = {row.data(0, _NODE) for row in self._rows() if row.isExpanded()}
        current = self.tree.currentItem()
        at = self._node_of(current) if current is not None else None
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for node_id in _read_in_order(self._session.document):
                row = self._make_node(node_id)
                self.tree.addTopLevelItem(row)
                row.setExpanded(node_id in unfolded)
            found = self._find(at) if at is not None else None
            if found is not None:
                self.tree.setCurrentItem(found)

    def _make_node(self, node_id: NodeId) -> QTreeWidgetItem:
        document = self._session.document
        operation = find_operation(document, node_id)
        name = name_node(document, node_id)
        title = operation.title if operation is not None else document.nodes[node_id].operation
        row = QTreeWidgetItem([name, title, self._say_state(node_id)])
        row.setData(0, _NODE, node_id)
        row.setData(0, Qt.ItemDataRole.AccessibleTextRole, self.tr("{0}, {1}").format(name, title))
        row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
        for is_output in (False, True):
            for end in list_ports(document, node_id, is_output=is_output):
                row.addChild(self._make_port(node_id, end.ref.port, is_output=is_output))
        return row

    def _make_port(self, node_id: NodeId, port: str, *, is_output: bool) -> QTreeWidgetItem:
        document = self._session.document
        wires = document.wires_from(node_id, port) if is_output else document.wires_into(node_id, port)
        side = self.tr("output") if is_output else self.tr("input")
        row = QTreeWidgetItem([port.replace("_", " "), side, "" if wires else self.tr("not connected")])
        for wire in wires:
            other = wire.target if is_output else wire.source
            name = name_node(document, other.node) if other.node in document.nodes else other.node
            text = self.tr("to {0}").format(name) if is_output else self.tr("from {0}").format(name)
            child = QTreeWidgetItem([text, self.tr("wire, {0}").format(other.port.replace("_", " ")), ""])
            child.setData(0, _WIRE, wire)
            row.addChild(child)
        row.setExpanded(True)
        return row

    def _say_state(self, node_id: NodeId) -> str:
        if node_id in self._problems:
            return self.tr("problem: {0}").format(self._problems[node_id])
        state = self._states.get(node_id)
        return "" if state is None or state.kind is StateKind.READY else state.words

    def _rows(self) -> list[QTreeWidgetItem]:
        rows = (self.tree.topLevelItem(index) for index in range(self.tree.topLevelItemCount()))
        return [row for row in rows if row is not None]

    def _find(self, node_id: NodeId) -> QTreeWidgetItem | None:
        return next((row for row in self._rows() if row.data(0, _NODE) == node_id), None)

    def _node_of(self, row: QTreeWidgetItem) -> NodeId:
        top = row
        while (parent := top.parent()) is not None:
            top = parent
        return top.data(0, _NODE)

    def _rename(self, row: QTreeWidgetItem, column: int) -> None:
        node_id = row.data(0, _NODE)
        if column == 0 and node_id:
            label = row.text(0).strip() or None
            self._session.apply(self.tr("Rename"), lambda document: set_label(document, node_id, label))

    def _choose(self, row: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if row is not None:
            self.chosen.emit(self._node_of(row))

    def _activate(self, row: QTreeWidgetItem) -> None:
        if not self.tree.isPersistentEditorOpen(row, 0):
            self.inspector_wanted.emit(self._node_of(row))


def _read_in_order(document: Document) -> list[NodeId]:
    """Return the nodes as one reads them: column by column from the left, each from the top."""
    places = {node_id: node.position or (math.inf, math.inf) for node_id, node in document.nodes.items()}
    return sorted(places, key=places.__getitem__)


class _OutlineTree(QTreeWidget):
    """Give the outline's keys."""

    def __init__(self, panel: OutlinePanel) -> None:
        """Make the tree of a panel."""
        super().__init__(panel)
        self._panel = panel

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Delete, connect, or move."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._panel.remove_current()
        elif event.key() == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._panel.connect_current()
        else:
            super().keyPressEvent(event)
