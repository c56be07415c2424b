"""Dragging the slider on a node: the parameter follows at once, and the whole drag is one undo step."""

from __future__ import annotations

from uuid import uuid4

from app.canvas.gestures.gesture import Pointer
from app.canvas.node_card import snap_value
from app.canvas.node_shape import SliderPlace
from app.canvas.scene import Scene
from engine.document.edits import reset_parameter, set_parameter
from engine.document.model import NodeId


class DragSlider:
    """Set a parameter by hand."""

    def __init__(self, scene: Scene, node_id: NodeId, place: SliderPlace, start: Pointer) -> None:
        """Begin at a press on the slider; the value goes to the hand at once."""
        self._scene = scene
        self._node_id = node_id
        self._place = place
        self._before = scene.document.nodes[node_id].parameters.get(place.slider.parameter)
        self._last = scene.document
        self._key = uuid4().hex
        self.move(start)

    def move(self, pointer: Pointer) -> None:
        """Set the value under the hand; the ends stay as they were at the press."""
        place = self._place
        share = (pointer.scene[0] - self._scene.nodes[self._node_id].x() - place.x) / place.length
        value = snap_value(share, place.slider.minimum, place.slider.maximum)
        self._apply(value)

    def finish(self, pointer: Pointer) -> None:
        """Leave the value where it is."""
        self.move(pointer)

    def cancel(self) -> None:
        """Set the value back; the step disappears. Once something else changed the document, the value stays."""
        if self._scene.document is not self._last:
            return
        if isinstance(self._before, int | float):
            self._apply(self._before)
            return
        name, node_id = self._place.slider.parameter, self._node_id
        self._scene.session.apply(self._words(), lambda document: reset_parameter(document, node_id, name), merge=self._key)

    def _apply(self, value: float) -> None:
        name, node_id = self._place.slider.parameter, self._node_id
        self._scene.session.apply(self._words(), lambda document: set_parameter(document, node_id, name, value), merge=self._key)
        self._last = self._scene.document

    def _words(self) -> str:
        return self._scene.tr("Set {name}").format(name=self._place.slider.parameter)
