"""The items of the scene, made equal to the document by what changed in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from app.canvas.box_items import BoxItem
from app.canvas.connection import PortEnd, port_kind
from app.canvas.edit_steps import Selection
from app.canvas.layout import place_loose
from app.canvas.node_card import describe_node
from app.canvas.node_item import NodeItem
from app.canvas.node_state import READY, NodeState
from app.canvas.pixmap_store import PixmapStore
from app.canvas.wire_item import DrawnWire, WireBatch, WireLayer
from app.canvas.wire_path import make_path
from app.theme import Tokens
from engine.document.model import Document, Frame, NodeId, Note, Position, Rect, Wire

_FRAME_Z, _NOTE_Z, _MOVING_Z = -30.0, -10.0, -5.0


class Mirror:
    """Hold one item for each node, frame and note, and the wires in two batches: those at rest and those that a drag takes along."""

    def __init__(self, scene: QGraphicsScene, colours: Tokens) -> None:
        """Begin with an empty document."""
        self.nodes: dict[NodeId, NodeItem] = {}
        self.frames: dict[str, BoxItem] = {}
        self.notes: dict[str, BoxItem] = {}
        self.drawn: dict[Wire, DrawnWire] = {}
        self.resting, self.moving = WireBatch(colours), WireLayer(colours)
        self._scene = scene
        self._colours = colours
        self._store = PixmapStore()
        self._document = Document()
        self._facts: Mapping[NodeId, str] = {}
        self._states: Mapping[NodeId, NodeState] = {}
        self._carried: frozenset[NodeId] = frozenset()
        self._home: Mapping[NodeId, Position] = {}
        self._hidden: Wire | None = None
        self.moving.setZValue(_MOVING_Z)
        scene.addItem(self.moving)

    @property
    def boxes(self) -> dict[NodeId, Rect]:
        """Return what every node covers as it is shown."""
        return {node_id: item.box for node_id, item in self.nodes.items()}

    def follow(self, after: Document) -> None:
        """Show another document, touching only what differs."""
        before, self._document = self._document, after
        self._carried, self._hidden = frozenset(), None
        for node_id in before.nodes.keys() - after.nodes.keys():
            self._remove(self.nodes.pop(node_id))
        self._show_cards(_list_changed(before, after))
        self._place_nodes()
        self._follow_boxes(self.frames, after.frames, _FRAME_Z)
        self._follow_boxes(self.notes, after.notes, _NOTE_Z)
        self.draw_wires()

    def show_facts(self, facts: Mapping[NodeId, str]) -> None:
        """Show what is known of the nodes' values."""
        changed = {node_id for node_id in self.nodes if facts.get(node_id, "") != self._facts.get(node_id, "")}
        self._facts = dict(facts)
        self._show_cards(changed)
        self.draw_wires()

    def show_states(self, states: Mapping[NodeId, NodeState]) -> None:
        """Show how far the nodes are."""
        self._states = dict(states)
        for node_id, item in self.nodes.items():
            item.show_state(states.get(node_id, READY))

    def mark(self, selection: Selection) -> None:
        """Draw what is selected as selected."""
        for node_id, item in self.nodes.items():
            item.mark(node_id in selection.nodes)
        for key, box in self.frames.items():
            box.mark(key in selection.frames)
        for key, box in self.notes.items():
            box.mark(key in selection.notes)
        self.mark_wires(selection.wires)

    def mark_wires(self, selected: frozenset[Wire], glowing: Wire | None = None) -> None:
        """Draw wires as selected, and one as the place where a node will go."""
        if self.resting.mark(selected, glowing):
            self._repaint_background()
        self.moving.mark(selected)

    def dress(self, colours: Tokens) -> None:
        """Take the colours of another theme."""
        self._colours = colours
        self._store.clear()
        for item in (*self.nodes.values(), *self.frames.values(), *self.notes.values(), self.resting, self.moving):
            item.dress(colours)
        self._repaint_background()

    def lift(self, carried: Collection[NodeId]) -> None:
        """Take up the nodes that a gesture is about to move: their wires go to the batch that is drawn anew at every step."""
        self._carried = frozenset(carried)
        self.draw_wires()

    def shift(self, selection: Selection, by: Position) -> None:
        """Show what was lifted moved from where the document has it; the document stays as it is."""
        for node_id in self._carried:
            x, y = self._home[node_id]
            self.nodes[node_id].setPos(x + by[0], y + by[1])
        for key in selection.frames:
            self.frames[key].setPos(*by)
        for key in selection.notes:
            self.notes[key].setPos(*by)
        self._draw_moving()

    def settle(self) -> None:
        """Put everything back to where the document has it."""
        carried, self._carried = self._carried, frozenset()
        for node_id in carried:
            self.nodes[node_id].setPos(*self._home[node_id])
        for box in (*self.frames.values(), *self.notes.values()):
            box.show_box(box.shown)
        self.draw_wires()

    def hide_wire(self, wire: Wire | None) -> None:
        """Leave out a wire that was taken off its input; None shows all."""
        if wire is not self._hidden:
            self._hidden = wire
            self.draw_wires()

    def draw_wires(self) -> None:
        """Paint all wires anew: those of lifted nodes apart."""
        carried = self._carried
        self.drawn = {wire: drawn for wire in self._document.wires if (drawn := self._draw_wire(wire)) is not None}
        resting = [each for wire, each in self.drawn.items() if wire is not self._hidden and not _touches(wire, carried)]
        if self.resting.show_wires(resting):
            self._repaint_background()
        self._draw_moving()

    def _draw_moving(self) -> None:
        carried = self._carried
        wires = dict.fromkeys(wire for node_id in carried for wire in self._wires_at(node_id))
        moved = {wire: drawn for wire in wires if (drawn := self._draw_wire(wire)) is not None}
        self.drawn.update(moved)
        self.moving.show_wires(list(moved.values()))

    def _wires_at(self, node_id: NodeId) -> tuple[Wire, ...]:
        return (*self._document.wires_into(node_id), *self._document.wires_from(node_id))

    def _draw_wire(self, wire: Wire) -> DrawnWire | None:
        """Return how a wire lies; None for one whose end names a node that is not there."""
        source, target = self.nodes.get(wire.source.node), self.nodes.get(wire.target.node)
        if source is None or target is None:
            return None
        start = source.port_position(wire.source.port, is_output=True)
        end = target.port_position(wire.target.port, is_output=False)
        if start is None or end is None:
            return None
        known, path = self.drawn.get(wire), make_path(start, end)
        if known is not None and known.path == path:
            return known
        kind = known.kind if known is not None else port_kind(self._document, PortEnd(wire.source, is_output=True))
        return DrawnWire(wire, path, kind, wire.target.port == "base", path.bounds)

    def _show_cards(self, changed: Iterable[NodeId]) -> None:
        for node_id in changed:
            card = describe_node(self._document, node_id, self._facts.get(node_id, ""))
            item = self.nodes.get(node_id)
            if item is not None:
                item.show_card(card)
                continue
            item = self.nodes[node_id] = NodeItem(node_id, card, self._store, self._colours)
            item.show_state(self._states.get(node_id, READY))
            self._scene.addItem(item)

    def _place_nodes(self) -> None:
        loose = place_loose(self._document, {node_id: item.size for node_id, item in self.nodes.items()})
        self._home = {node_id: node.position or loose[node_id] for node_id, node in self._document.nodes.items()}
        for node_id, position in self._home.items():
            self.nodes[node_id].setPos(*position)

    def _follow_boxes(self, items: dict[str, BoxItem], shown: tuple[Frame, ...] | tuple[Note, ...], height: float) -> None:
        for key in items.keys() - {each.id for each in shown}:
            self._remove(items.pop(key))
        for each in shown:
            if each.id in items:
                items[each.id].show_box(each)
                continue
            item = items[each.id] = BoxItem(each, self._colours)
            item.setZValue(height)
            self._scene.addItem(item)

    def _repaint_background(self) -> None:
        for view in self._scene.views():
            view.resetCachedContent()
            view.viewport().update()

    def _remove(self, item: QGraphicsItem) -> None:
        self._scene.removeItem(item)


def _list_changed(before: Document, after: Document) -> set[NodeId]:
    """Return the nodes whose card may differ: themselves changed, or wired differently, or Analogies, which name what is far upstream."""
    changed = {node_id for node_id, node in after.nodes.items() if before.nodes.get(node_id) != node}
    for wire in _list_differing(before.wires, after.wires):
        changed.update((wire.source.node, wire.target.node))
    if changed:
        changed.update(node_id for node_id, node in after.nodes.items() if node.operation == "analogy")
    return changed.intersection(after.nodes)


def _list_differing(one: tuple[Wire, ...], other: tuple[Wire, ...]) -> Iterable[Wire]:
    """Return the wires that only one list has; the same objects are not compared by value."""
    if one is other:
        return ()
    ones, others = {id(wire): wire for wire in one}, {id(wire): wire for wire in other}
    return [*(wire for key, wire in ones.items() if key not in others), *(wire for key, wire in others.items() if key not in ones)]


def _touches(wire: Wire, carried: frozenset[NodeId]) -> bool:
    return wire.source.node in carried or wire.target.node in carried
