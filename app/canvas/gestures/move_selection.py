"""Moving what is selected, snapped to the grid; a lone node let go over a wire goes in between, over a role of an Analogy it plays it."""

from __future__ import annotations

from app.analogy_roles import play_role
from app.canvas.alignment import snap
from app.canvas.connection import PortEnd, can_insert, find_followers
from app.canvas.edit_steps import Selection, carried_nodes, insert_on_wire, move_selection
from app.canvas.gestures.gesture import Pointer
from app.canvas.hits import hit_wire
from app.canvas.role_drop import find_player, find_role
from app.canvas.scene import Scene
from app.canvas.wire_preview import WirePreview
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
        self._role: PortEnd | None = None
        self._preview: WirePreview | None = None

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
        scene, selection, by, wire, role = self._scene, self._scene.selection, self._by, self._wire, self._role
        self.cancel()
        if role is not None:
            self._play(role)
            return
        boxes = scene.boxes

        def edit(document: Document) -> Document:
            document = move_selection(document, selection, boxes, by)
            return insert_on_wire(document, self._lone_node(), wire) if wire is not None else document

        scene.session.apply(scene.tr("Move"), edit)

    def cancel(self) -> None:
        """Put everything back."""
        if self._is_moving:
            self._show_role(None)
            self._scene.mirror.settle()
            self._scene.mirror.mark_wires(self._scene.selection.wires)

    def _snap(self, pointer: Pointer) -> Position:
        """Return how far to move, so that the corner of what was taken lands on the grid."""
        dx, dy = pointer.distance_from(self._start)
        x, y = snap((self._anchor[0] + dx, self._anchor[1] + dy), self._scene.colours.grid)
        return x - self._anchor[0], y - self._anchor[1]

    def _aim(self, pointer: Pointer) -> None:
        """Find the role that a lone node would play, or the wire that it would go in; Alt: none."""
        is_free = not pointer.is_alt and len(self._scene.selection.nodes) == 1
        role = self._find_role(pointer) if is_free else None
        wire = self._find_wire() if is_free and role is None else None
        if wire != self._wire:
            self._wire = wire
            self._scene.mirror.mark_wires(self._scene.selection.wires, wire)
        if role != self._role:
            self._show_role(role)

    def _find_role(self, pointer: Pointer) -> PortEnd | None:
        role = find_role(self._scene.nodes, pointer.scene, self._lone_node())
        player = find_player(self._scene.document, self._lone_node()) if role is not None else None
        return role if player is not None and role is not None and not self._is_behind(role) else None

    def _is_behind(self, role: PortEnd) -> bool:
        """Tell whether the node is made from the analogy itself."""
        return self._lone_node() in find_followers(self._scene.document, role.ref.node)

    def _show_role(self, role: PortEnd | None) -> None:
        """Draw the wire that letting go would make."""
        self._role = role
        if self._preview is not None:
            self._preview.remove()
            self._preview = None
        player = find_player(self._scene.document, self._lone_node()) if role is not None else None
        if role is not None and player is not None:
            self._preview = WirePreview(self._scene, PortEnd(player, is_output=True), frozenset({role}))
            self._preview.lead((0.0, 0.0), role)

    def _play(self, role: PortEnd) -> None:
        """Let the node play a role; it stays where it was."""
        player = find_player(self._scene.document, self._lone_node())
        if player is not None:
            title = self._scene.tr("Choose a role")
            self._scene.session.apply(title, lambda document: play_role(document, role.ref.node, role.ref.port, player))

    def _find_wire(self) -> Wire | None:
        document, node_id = self._scene.document, self._lone_node()
        if document.wires_into(node_id) or document.wires_from(node_id):
            return None
        x, y, width, height = self._scene.nodes[node_id].box
        wire = hit_wire(self._scene.mirror.drawn.values(), (x + width / 2, y + height / 2), max(_WIRE_REACH, height / 2))
        return wire if wire is not None and can_insert(document, wire, node_id) is not None else None

    def _lone_node(self) -> NodeId:
        return next(iter(self._scene.selection.nodes))
