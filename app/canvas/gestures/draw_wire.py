"""Drawing a wire from any port, either way."""

from __future__ import annotations

import math
from collections.abc import Callable

from app.canvas.connection import PortEnd, choose_port, explain_ends, explain_node, find_fitting, order_ends
from app.canvas.gestures.gesture import Pointer
from app.canvas.hits import Hit, HitKind
from app.canvas.scene import Scene
from app.canvas.suggestions import Conversion, convert, join, offer_conversion
from app.canvas.wire_preview import WirePreview
from app.canvas.wishes import Refusal, SearchWish
from engine.document.edits import disconnect
from engine.document.model import Document, NodeId, Position, Wire

SNAP_PIXELS = 26.0
"""How near, on the screen, the wire's end springs to a port that fits."""


class DrawWire:
    """Lead a wire from one port to another."""

    def __init__(self, scene: Scene, end: PortEnd, start: Pointer, *, picked: Wire | None = None) -> None:
        """Begin at a port.

        Args:
            scene: the scene.
            end: the port that stays.
            start: where the press was.
            picked: the wire whose other end was taken off its input; it goes if it is let go over empty canvas.
        """
        self._scene = scene
        self._end = end
        self._start = start
        self._picked = picked
        self._before = disconnect(scene.document, picked) if picked is not None else scene.document
        self._fitting = find_fitting(self._before, end)
        scene.mirror.hide_wire(picked)
        self._preview = WirePreview(scene, end, self._fitting)
        self._has_moved = False

    def move(self, pointer: Pointer) -> None:
        """Lead the end to the hand, or to the port that it springs to."""
        self._has_moved = self._has_moved or pointer.is_far_from(self._start)
        target = self._find_target(pointer)
        self._preview.lead(pointer.scene, target)

    def finish(self, pointer: Pointer) -> None:
        """Connect, refuse with the reason, or ask what should be added."""
        self.move(pointer)
        target, hit = self._find_target(pointer), self._scene.hit(pointer.scene)
        self.cancel()
        if not self._has_moved:
            return
        if target is not None:
            self._connect(target)
        elif hit.node is not None and hit.node != self._end.ref.node:
            self._refuse(hit, pointer.scene)
        elif hit.node is None:
            self._let_go(pointer.scene)

    def cancel(self) -> None:
        """Draw nothing."""
        self._scene.mirror.hide_wire(None)
        self._preview.remove()

    def _find_target(self, pointer: Pointer) -> PortEnd | None:
        """Return the fitting port the wire would go to: the nearest within reach, else one of the node under the hand."""
        reach = SNAP_PIXELS / max(_zoom(self._start, pointer), 0.05)
        near = [(distance, end) for end in self._fitting if (distance := self._distance(end, pointer.scene)) <= reach]
        if near:
            return min(near, key=lambda pair: (pair[0], str(pair[1].ref)))[1]
        hit = self._scene.hit(pointer.scene)
        if hit.node is None or hit.node == self._end.ref.node or hit.kind is HitKind.PORT:
            return None
        return choose_port(self._before, self._end, hit.node)

    def _distance(self, end: PortEnd, point: Position) -> float:
        place = self._scene.nodes[end.ref.node].port_position(end.ref.port, is_output=end.is_output)
        return math.dist(place, point) if place is not None else math.inf

    def _connect(self, target: PortEnd) -> None:
        source, entry = order_ends(self._end, target)
        if self._picked is not None and Wire(source, entry) == self._picked:
            return
        self._apply(self._scene.tr("Connect"), lambda document: join(document, source, entry))

    def _refuse(self, hit: Hit, position: Position) -> None:
        """Say why, and offer what would make it right; an Analogy's role takes a checkpoint at once where its base is known."""
        if hit.node is None:
            return
        reason, conversion = self._explain(hit.node, hit.end)
        if conversion is not None and conversion.base is not None and self._is_role(conversion):
            self._convert(conversion)
        elif reason is not None:
            self._scene.refused.emit(Refusal(reason, position, conversion))

    def _explain(self, node_id: NodeId, other: PortEnd | None) -> tuple[str | None, Conversion | None]:
        if other is None:
            return explain_node(self._before, self._end, node_id), None
        reason = explain_ends(self._before, self._end, other)
        if other.is_output == self._end.is_output:
            return reason, None
        return reason, offer_conversion(self._before, *order_ends(self._end, other))

    def _is_role(self, conversion: Conversion) -> bool:
        return self._scene.nodes[conversion.target.node].card.operation == "analogy"

    def _convert(self, conversion: Conversion) -> None:
        self._apply(conversion.title, lambda document: convert(document, conversion, place_between(self._scene, conversion)))

    def _let_go(self, position: Position) -> None:
        if self._picked is not None:
            self._apply(self._scene.tr("Disconnect"), lambda document: document)
        else:
            self._scene.wish_search.emit(SearchWish(position, self._end))

    def _apply(self, text: str, edit: Callable[[Document], Document]) -> None:
        """Apply an edit after the wire that was taken off its input is gone, in one step."""
        picked = self._picked
        self._scene.session.apply(text, lambda document: edit(disconnect(document, picked) if picked is not None else document))


def place_between(scene: Scene, conversion: Conversion) -> Position:
    """Return where a node between two others goes: left of the one it feeds, at the height of what feeds it."""
    left, _, _, _ = scene.nodes[conversion.target.node].box
    x, y, width, _ = scene.nodes[conversion.source.node].box
    grid = scene.colours.grid
    middle = (x + width + left) / 2 - 84 if left > x + width else x + width + 2 * grid
    return round(middle / grid) * grid, round(y / grid) * grid


def _zoom(start: Pointer, pointer: Pointer) -> float:
    """Return how many pixels of the screen a pixel of the scene takes, from two places of the same hand."""
    scene, view = math.dist(start.scene, pointer.scene), math.dist(start.view, pointer.view)
    return view / scene if scene and view else 1.0
