"""Moving what is selected, snapped to the grid; a lone node let go over a wire goes in between."""

from __future__ import annotations

from app.canvas.alignment import snap
from app.canvas.connection import can_insert
from app.canvas.edit_steps import Selection, carried_nodes, insert_on_wire, move_selection
from app.canvas.gestures.gesture import Pointer
from app.canvas.hits import hit_wire
from app.canvas.scene import Scene
from engine.document.model import Document, NodeId, Position, Wire

_WIRE_REACH = 14.0


class MoveSelection:
    """Drag the selection about."""

    def __init__(self, scene: Scene, start: Pointer, anchor: Position, *, clicked: Selection) -> None:
        """Begin at a press.

        Args:
            scene: the scene.
            start: where the press was.
            anchor: the corner of what was taken, which snaps to the grid.
            clicked: what was taken: selected alone, if the press turns out to be a click.
        """
        self._scene = scene
        self._start = start
        self._anchor = anchor
        self._clicked = clicked
        self._by: Position = (0.0, 0.0)
        self._is_moving = False
        self._wire: Wire | None = None

    def move(self, pointer: Pointer) -> None:
        """Show everything where it would go."""
        if not self._is_moving:
            if not pointer.is_far_from(self._start):
                return
            self._is_moving = True
            self._scene.mirror.lift(carried_nodes(self._scene.document, self._scene.selection))
        by = self._snap(pointer)
        if by != self._by:
            self._by = by
            self._scene.mirror.shift(self._scene.selection, by)
        self._aim(pointer)

    def finish(self, pointer: Pointer) -> None:
        """Move it in the document, or select what was clicked."""
        if not self._is_moving:
            if not (pointer.is_shift or pointer.is_control):
                self._scene.choose(self._clicked)
            return
        self.move(pointer)
        scene, selection, by, wire = self._scene, self._scene.selection, self._by, self._wire
        scene.mirror.settle()
        scene.mirror.mark_wires(selection.wires)
        boxes = scene.boxes

        def edit(document: Document) -> Document:
            document = move_selection(document, selection, boxes, by)
            return insert_on_wire(document, self._lone_node(), wire) if wire is not None else document

        scene.session.apply(scene.tr("Move"), edit)

    def cancel(self) -> None:
        """Put everything back."""
        if self._is_moving:
            self._scene.mirror.settle()
            self._scene.mirror.mark_wires(self._scene.selection.wires)

    def _snap(self, pointer: Pointer) -> Position:
        """Return how far to move, so that the corner of what was taken lands on the grid."""
        dx, dy = pointer.distance_from(self._start)
        x, y = snap((self._anchor[0] + dx, self._anchor[1] + dy), self._scene.colours.grid)
        return x - self._anchor[0], y - self._anchor[1]

    def _aim(self, pointer: Pointer) -> None:
        """Find the wire that a lone node would go in; Alt: none."""
        wire = None if pointer.is_alt or len(self._scene.selection.nodes) != 1 else self._find_wire()
        if wire != self._wire:
            self._wire = wire
            self._scene.mirror.mark_wires(self._scene.selection.wires, wire)

    def _find_wire(self) -> Wire | None:
        document, node_id = self._scene.document, self._lone_node()
        if document.wires_into(node_id) or document.wires_from(node_id):
            return None
        x, y, width, height = self._scene.nodes[node_id].box
        wire = hit_wire(self._scene.mirror.drawn.values(), (x + width / 2, y + height / 2), max(_WIRE_REACH, height / 2))
        return wire if wire is not None and can_insert(document, wire, node_id) is not None else None

    def _lone_node(self) -> NodeId:
        return next(iter(self._scene.selection.nodes))
