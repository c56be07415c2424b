"""The scene: the document as it is seen, with what is selected in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsScene

from app.canvas.alignment import snap
from app.canvas.backdrop import paint_canvas
from app.canvas.box_items import BoxItem
from app.canvas.connection import PortEnd, name_node
from app.canvas.edit_steps import Selection, insert_on_wire
from app.canvas.hits import NOTHING, Hit, HitKind, hit_box, hit_node, hit_wire
from app.canvas.mirror import Mirror
from app.canvas.node_item import NodeItem
from app.canvas.node_state import NodeState, StateKind
from app.canvas.suggestions import add_joined
from app.session import Session
from app.theme import Tokens, current_tokens
from app.window_words import in_window_words
from engine.document.edits import fresh_node_id, set_parameter
from engine.document.json_values import JsonValue
from engine.document.model import Document, Frame, NodeId, Position, Rect, Wire
from engine.problems import Problem, Severity

EXTENT = 200_000.0
"""How far the canvas goes from its middle, in pixels: some 1,000 screens each way."""


class Scene(QGraphicsScene):
    """Mirror the session's document; every change goes through the session."""

    selection_ids_changed = Signal(object)
    """Other nodes are selected: a tuple of their ids, sorted."""
    wish_help = Signal(str)
    """The guide is wanted at the page of an operation, by its id."""
    wish_search = Signal(object)
    """A SearchWish: a node is to be added."""
    wish_inspector = Signal(object)
    """The inspector of a node is wanted, by its id."""
    wish_connect = Signal(object)
    """A list of what a node can be joined to is wanted, by the node's id."""
    wish_menu = Signal(object)
    """A MenuWish: the context menu is wanted."""
    refused = Signal(object)
    """A Refusal: a wire or a drop was not admitted, and why."""
    files_dropped = Signal(object)
    """A FileDrop: files or folders were dropped on the canvas."""

    def __init__(self, session: Session) -> None:
        """Show the session's document and follow it."""
        super().__init__(session)
        self.session = session
        self.colours: Tokens = current_tokens()
        self.selection = Selection()
        self.mirror = Mirror(self, self.colours)
        self._states: Mapping[NodeId, NodeState] = {}
        self._problems: Mapping[NodeId, NodeState] = {}
        # Without an index: a drag moves many items at every step, and 500 rectangles are compared faster than a tree is mended.
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setSceneRect(-EXTENT, -EXTENT, 2 * EXTENT, 2 * EXTENT)
        self.mirror.follow(session.document)
        session.document_changed.connect(self._follow)

    @property
    def document(self) -> Document:
        """Return the document that is shown."""
        return self.session.document

    @property
    def nodes(self) -> Mapping[NodeId, NodeItem]:
        """Return the items of the nodes."""
        return self.mirror.nodes

    @property
    def boxes(self) -> dict[NodeId, Rect]:
        """Return what every node covers."""
        return self.mirror.boxes

    def select(self, ids: Collection[NodeId]) -> None:
        """Select these nodes and nothing else."""
        self.choose(Selection(frozenset(ids)))

    def choose(self, selection: Selection) -> None:
        """Select nodes, frames, notes and wires."""
        selection = selection.within(self.document)
        if selection == self.selection:
            return
        before, self.selection = self.selection, selection
        self.mirror.mark(selection)
        if before.nodes != selection.nodes:
            self.selection_ids_changed.emit(self.selected_ids)

    @property
    def selected_ids(self) -> tuple[NodeId, ...]:
        """Return the selected nodes, sorted."""
        return tuple(sorted(self.selection.nodes))

    def reveal(self, node_id: NodeId) -> None:
        """Select a node and scroll every view so that it is seen."""
        if node_id not in self.nodes:
            return
        self.select([node_id])
        for view in self.views():
            view.ensureVisible(self.nodes[node_id], 60, 60)

    def set_states(self, states: Mapping[NodeId, NodeState]) -> None:
        """Show how far the nodes are in a run."""
        self._states = dict(states)
        self._show_states()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Show on each node the worst of its problems, with the reasons of all on hover."""
        found: dict[NodeId, list[Problem]] = {}
        for problem in problems:
            if problem.node in self.document.nodes:
                found.setdefault(NodeId(problem.node), []).append(problem)
        self._problems = {node_id: _judge(listed) for node_id, listed in found.items()}
        self._show_states()

    def set_facts(self, facts: Mapping[NodeId, str]) -> None:
        """Show a line of facts on nodes."""
        self.mirror.show_facts(facts)

    def restyle(self) -> None:
        """Take the colours of the theme that the application shows now."""
        self.colours = current_tokens()
        self.mirror.dress(self.colours)
        self.update()

    def hit(self, point: Position, reach: float = 7.0) -> Hit:
        """Return what lies under a point; a wire is hit from as far as `reach`."""
        found = hit_node(self.nodes, point)
        if found is not None:
            return found
        box = hit_box([], list(self.mirror.notes.values()), point)
        if box is not None:
            return box
        wire = hit_wire(self.mirror.drawn.values(), point, reach)
        if wire is not None:
            return Hit(HitKind.WIRE, wire=wire)
        return hit_box(list(self.mirror.frames.values()), [], point) or NOTHING

    def add_operation(
        self,
        operation: str,
        position: Position,
        *,
        end: PortEnd | None = None,
        parameters: Mapping[str, JsonValue] | None = None,
        wire: Wire | None = None,
    ) -> NodeId:
        """Add a node as one undo step and select it.

        Args:
            operation: its id.
            position: where its corner goes; snapped to the grid.
            end: the port that it is joined to, where it fits.
            parameters: what is set on it at once, such as the source of a checkpoint.
            wire: the wire it is put on, where it fits.
        """
        node_id = fresh_node_id(self.document, operation)

        def edit(document: Document) -> Document:
            document, made = add_joined(document, operation, snap(position, self.colours.grid), end)
            for name, value in (parameters or {}).items():
                document = set_parameter(document, made, name, value)
            return document if wire is None else insert_on_wire(document, made, wire)

        self.session.apply(self.tr("Add a node"), edit)
        self.select([node_id])
        return node_id

    def name_of(self, node_id: NodeId) -> str:
        """Return what the user calls a node."""
        return name_node(self.document, node_id)

    def covered(self, ids: Collection[NodeId] | None = None) -> QRectF:
        """Return what these nodes cover; without ids everything there is."""
        chosen = [self.nodes[node_id] for node_id in ids] if ids is not None else list(self.nodes.values())
        boxes: list[NodeItem | BoxItem] = [*chosen]
        if ids is None:
            boxes += [*self.mirror.frames.values(), *self.mirror.notes.values()]
        covered = QRectF()
        for item in boxes:
            covered = covered.united(QRectF(*item.box))
        return covered

    def hover_text(self, hit: Hit) -> str:
        """Return what a tooltip says about what lies under the cursor."""
        if hit.node is None:
            return ""
        card, state = self.nodes[hit.node].card, self.nodes[hit.node].state
        if hit.end is not None:
            port = card.find_port(hit.end.ref.port, is_output=hit.end.is_output)
            return _describe_port(port.name, port.kind, port.help) if port is not None else ""
        lines = [card.title, card.help, card.fact or card.subtitle, "" if state.kind is StateKind.READY else state.words]
        return "\n".join(line for line in lines if line)

    def select_box(self, box: BoxItem) -> Selection:
        """Return a selection of one frame or note."""
        is_frame = isinstance(box.shown, Frame)
        return Selection(frames=frozenset({box.shown.id})) if is_frame else Selection(notes=frozenset({box.shown.id}))

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:  # noqa: N802  (Qt's name)
        """Paint the canvas and the wires at rest: the views keep the picture until one of them changes."""
        area = QRectF(rect)
        paint_canvas(painter, area, self.colours)
        self.mirror.resting.paint(painter, area)

    def _follow(self, before: Document, after: Document) -> None:
        self.mirror.follow(after)
        kept = self.selection.within(after)
        if kept != self.selection:
            self.choose(kept)
        else:
            self.mirror.mark(kept)

    def _show_states(self) -> None:
        running = (StateKind.RUNNING, StateKind.ERROR)
        shown = dict(self._states)
        for node_id, state in self._problems.items():
            if shown.get(node_id, state).kind not in running or node_id not in shown:
                shown[node_id] = state
        self.mirror.show_states(shown)


def _judge(problems: Sequence[Problem]) -> NodeState:
    is_error = any(problem.severity is Severity.ERROR for problem in problems)
    text = "\n".join(in_window_words(f"{problem.message} {problem.hint}".strip()) for problem in problems)
    return NodeState(StateKind.ERROR if is_error else StateKind.WARNING, text=text)


def _describe_port(name: str, kind: str | None, about: str) -> str:
    thing = (kind or "unknown").replace("_", " ")
    return f"{name.replace('_', ' ')} ({thing})" + (f"\n{about}" if about else "")
