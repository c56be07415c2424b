"""Which gesture a press begins."""

from __future__ import annotations

from app.canvas.connection import PortEnd, find_input
from app.canvas.edit_steps import Selection
from app.canvas.gestures.drag_slider import DragSlider
from app.canvas.gestures.draw_wire import DrawWire
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.gestures.move_selection import MoveSelection
from app.canvas.gestures.resize_box import ResizeBox
from app.canvas.gestures.rubber_band import RubberBand
from app.canvas.hits import Hit, HitKind
from app.canvas.scene import Scene
from engine.document.model import Wire


def begin_gesture(scene: Scene, pointer: Pointer, reach: float) -> Gesture | None:
    """Return the gesture that a press with the main button begins; None where the press did all there is to do.

    Args:
        scene: the scene.
        pointer: where the press is.
        reach: how far a wire may lie from it, in the scene.
    """
    hit = scene.hit(pointer.scene, reach)
    if hit.kind is HitKind.PORT and hit.end is not None:
        return _begin_wire(scene, hit.end, pointer)
    if hit.kind is HitKind.SLIDER and hit.node is not None and not scene.nodes[hit.node].card.is_muted:
        return _begin_slider(scene, hit, pointer)
    if hit.kind is HitKind.CORNER and hit.box is not None:
        return ResizeBox(scene, hit.box, pointer)
    if hit.wire is not None:
        return RubberBand(scene, pointer, Selection(wires=frozenset({hit.wire})))
    clicked = _describe_click(scene, hit)
    return _begin_move(scene, hit, clicked, pointer) if clicked else RubberBand(scene, pointer, Selection())


def _describe_click(scene: Scene, hit: Hit) -> Selection:
    if hit.node is not None:
        return Selection(nodes=frozenset({hit.node}))
    return scene.select_box(hit.box) if hit.box is not None else Selection()


def _begin_wire(scene: Scene, end: PortEnd, pointer: Pointer) -> DrawWire:
    """Take the wire off an input that has its one wire; everywhere else, or with Ctrl, draw a new one."""
    wire = _find_only_wire(scene, end)
    if wire is not None and not pointer.is_control:
        return DrawWire(scene, PortEnd(wire.source, is_output=True), pointer, picked=wire)
    return DrawWire(scene, end, pointer)


def _find_only_wire(scene: Scene, end: PortEnd) -> Wire | None:
    declared = None if end.is_output else find_input(scene.document, end.ref)
    if end.is_output or (declared is not None and declared.many):
        return None
    wires = scene.document.wires_into(end.ref.node, end.ref.port)
    return wires[0] if wires and wires[0].source.node in scene.nodes else None


def _begin_slider(scene: Scene, hit: Hit, pointer: Pointer) -> DragSlider | None:
    place = scene.nodes[hit.node].shape_.slider if hit.node is not None else None
    if hit.node is None or place is None:
        return None
    scene.select([hit.node])
    return DragSlider(scene, hit.node, place, pointer)


def _begin_move(scene: Scene, hit: Hit, clicked: Selection, pointer: Pointer) -> MoveSelection:
    is_selected = (
        clicked.nodes <= scene.selection.nodes and clicked.frames <= scene.selection.frames and clicked.notes <= scene.selection.notes
    )
    if pointer.is_shift or pointer.is_control or not is_selected:
        _choose(scene, clicked, pointer)
    x, y, *_ = scene.nodes[hit.node].box if hit.node is not None else hit.box.box if hit.box is not None else (0.0, 0.0)
    return MoveSelection(scene, pointer, (x, y), clicked=clicked)


def _choose(scene: Scene, clicked: Selection, pointer: Pointer) -> None:
    """Select what was clicked: Shift adds it, Ctrl adds it or takes it out."""
    if pointer.is_control:
        scene.choose(scene.selection.toggled(clicked))
    else:
        scene.choose(scene.selection.joined(clicked) if pointer.is_shift else clicked)
