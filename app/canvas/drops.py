"""What is dropped on the canvas: an operation from the palette, or files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from app.canvas.edit_steps import insert_allowed
from app.canvas.hits import hit_wire
from app.canvas.role_drop import find_role
from app.canvas.scene import Scene
from app.canvas.wishes import FileDrop
from app.dragged_operation import unpack_operation
from engine.document.model import Position, Wire

_CURSOR_IN_NODE = (60, 24)
"""A dropped node lies under the cursor, not beside it."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Hold what is dragged over the canvas, and where."""

    packed: QMimeData
    place: Position
    """In the scene."""
    reach: float
    """How near a wire or a port must be to be meant, in the scene."""
    is_apart: bool
    """Whether a new node goes into no wire, however near."""


def is_welcome(packed: QMimeData) -> bool:
    """Tell whether the canvas has a use for what is dragged."""
    return unpack_operation(packed) is not None or packed.hasUrls()


def mark_wire(scene: Scene, drop: Drop) -> None:
    """Show the wire that a dropped operation would go in."""
    operation = unpack_operation(drop.packed)
    if operation is not None:
        scene.mirror.mark_wires(scene.selection.wires, _find_wire(scene, operation, drop))


def take_drop(scene: Scene, drop: Drop) -> bool:
    """Add the operation, or hand the files over; return whether it was an operation."""
    operation, (x, y) = unpack_operation(drop.packed), drop.place
    if operation is not None:
        wire = _find_wire(scene, operation, drop)
        scene.mirror.mark_wires(scene.selection.wires)
        scene.add_operation(operation, (x - _CURSOR_IN_NODE[0], y - _CURSOR_IN_NODE[1]), wire=wire)
    elif paths := tuple(Path(url.toLocalFile()) for url in drop.packed.urls() if url.isLocalFile()):
        end = scene.hit(drop.place, drop.reach).end or find_role(scene.nodes, drop.place)
        scene.files_dropped.emit(FileDrop(paths, drop.place, end))
    return operation is not None


def _find_wire(scene: Scene, operation: str, drop: Drop) -> Wire | None:
    if drop.is_apart:
        return None
    wire = hit_wire(scene.mirror.drawn.values(), drop.place, 2 * drop.reach)
    return wire if wire is not None and insert_allowed(scene.document, operation, wire) else None
