"""What the canvas does to a document in one step: pure functions composed of the engine's edits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from app.canvas.connection import PortEnd, can_insert, find_operation, list_passages, port_kind
from app.canvas.suggestions import join
from engine.catalogue import catalogue
from engine.document.canvas_edits import (
    add_frame,
    add_note,
    change_frame,
    change_note,
    fresh_frame_id,
    fresh_note_id,
    remove_frame,
    remove_note,
)
from engine.document.edits import disconnect, mend_around, move_nodes, remove_nodes, replace_wires, set_muted
from engine.document.fragments import extract
from engine.document.model import Document, Frame, NodeId, Note, Position, Rect, Wire
from engine.document.storage import format_document, parse_document

FRAME_PADDING = 24.0
FRAME_TITLE = 24.0
NOTE_SIZE = (216.0, 96.0)


@dataclass(frozen=True)
class Selection:
    """Say what is selected; selecting is no edit of the document."""

    nodes: frozenset[NodeId] = frozenset()
    frames: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()
    wires: frozenset[Wire] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether anything is selected."""
        return bool(self.nodes or self.frames or self.notes or self.wires)

    def within(self, document: Document) -> Selection:
        """Return what of it the document still has."""
        return Selection(
            self.nodes.intersection(document.nodes),
            self.frames.intersection(frame.id for frame in document.frames),
            self.notes.intersection(note.id for note in document.notes),
            self.wires.intersection(document.wires) if self.wires else frozenset(),
        )

    def joined(self, other: Selection) -> Selection:
        """Return both together."""
        return Selection(self.nodes | other.nodes, self.frames | other.frames, self.notes | other.notes, self.wires | other.wires)

    def toggled(self, other: Selection) -> Selection:
        """Return what exactly one of the two holds."""
        return Selection(self.nodes ^ other.nodes, self.frames ^ other.frames, self.notes ^ other.notes, self.wires ^ other.wires)


def delete_selection(document: Document, selection: Selection) -> Document:
    """Remove what is selected; where a node in the middle goes, its wires are mended if the kinds fit."""
    for wire in selection.wires:
        document = disconnect(document, wire)
    for node_id in sorted(selection.nodes):
        document = mend_around(document, node_id, _find_passages(document, node_id))
    document = remove_nodes(document, selection.nodes)
    for frame_id in selection.frames:
        document = remove_frame(document, frame_id)
    for note_id in selection.notes:
        document = remove_note(document, note_id)
    return _drop_twins(document)


def insert_on_wire(document: Document, node_id: NodeId, wire: Wire) -> Document:
    """Put a node that is joined to nothing in the middle of a wire; nothing changes where its kinds do not fit."""
    ports = can_insert(document, wire, node_id)
    if ports is None:
        return document
    index = document.wires.index(wire)
    inner = Wire(ports[1], wire.target, wire.unknown)
    document = replace_wires(document, (*document.wires[:index], inner, *document.wires[index + 1 :]))
    return join(document, wire.source, ports[0])


def insert_allowed(document: Document, operation: str, wire: Wire) -> bool:
    """Tell whether a new node of an operation could be put in the middle of a wire."""
    kind, known = port_kind(document, PortEnd(wire.source, is_output=True)), catalogue().get(operation)
    return kind is not None and known is not None and list_passages(known, kind) is not None


def toggle_muted(document: Document, ids: Collection[NodeId]) -> Document:
    """Mute the nodes, or unmute them if all are muted already."""
    return set_muted(document, ids, not all(document.nodes[node_id].muted for node_id in ids))


def frame_nodes(document: Document, boxes: Mapping[NodeId, Rect], title: str) -> Document:
    """Draw a frame around nodes."""
    left, top, right, bottom = _surround(boxes.values())
    pad = FRAME_PADDING
    rect = (left - pad, top - pad - FRAME_TITLE, right - left + 2 * pad, bottom - top + 2 * pad + FRAME_TITLE)
    document = _leave_frames(document, frozenset(boxes))
    return add_frame(document, Frame(fresh_frame_id(document), title, rect, tuple(sorted(boxes))))


def put_note(document: Document, position: Position, text: str) -> Document:
    """Leave a note at a place."""
    return add_note(document, Note(fresh_note_id(document), text, (*position, *NOTE_SIZE)))


def move_selection(document: Document, selection: Selection, boxes: Mapping[NodeId, Rect], by: Position) -> Document:
    """Move what is selected, frames with their nodes; a node that ends inside a frame joins it, one that ends outside leaves.

    Args:
        document: the document before.
        selection: what moves.
        boxes: what the nodes cover now, also those that the file gives no position.
        by: how far.
    """
    carried = carried_nodes(document, selection)
    document = move_nodes(document, {node: (boxes[node][0] + by[0], boxes[node][1] + by[1]) for node in carried})
    document = replace(
        document,
        frames=tuple(replace(frame, rect=_shift(frame.rect, by)) if frame.id in selection.frames else frame for frame in document.frames),
        notes=tuple(replace(note, rect=_shift(note.rect, by)) if note.id in selection.notes else note for note in document.notes),
    )
    moved = {node: _shift(boxes[node], by) for node in selection.nodes & carried}
    return settle_in_frames(document, moved)


def resize_box(document: Document, shown: Frame | Note, rect: Rect, boxes: Mapping[NodeId, Rect]) -> Document:
    """Give a frame or a note another rectangle; a frame takes in the nodes it then covers, and lets go of the others."""
    if isinstance(shown, Note):
        return change_note(document, replace(shown, rect=rect))
    return change_frame(document, _settle(replace(shown, rect=rect), boxes))


def carried_nodes(document: Document, selection: Selection) -> frozenset[NodeId]:
    """Return the nodes that move with a selection: its own and those of its frames."""
    framed = (node for frame in document.frames if frame.id in selection.frames for node in frame.nodes)
    return selection.nodes.union(framed).intersection(document.nodes)


def settle_in_frames(document: Document, boxes: Mapping[NodeId, Rect]) -> Document:
    """Let nodes join the frame that their middle lies in, and leave those it does not."""
    frames = tuple(_settle(frame, boxes) for frame in document.frames)
    return document if frames == document.frames else replace(document, frames=frames)


def copy_selection(document: Document, selection: Selection) -> str:
    """Return what is selected as `.loom` text, with the wires into and among its nodes."""
    return format_document(extract(document, carried_nodes(document, selection), selection.frames, selection.notes))


def read_fragment(text: str) -> Document | None:
    """Return the graph that a clipboard's text holds; None where it is no graph.

    Raises:
        DocumentError: it is meant as a graph but is damaged.
    """
    if not text.lstrip().startswith("{") or '"weightloom/' not in text:
        return None
    return parse_document(text)


def keep_arrangement(document: Document, positions: Mapping[NodeId, Position], frames: Mapping[str, Rect]) -> Document:
    """Take over a layout."""
    moved = move_nodes(document, positions)
    return replace(moved, frames=tuple(replace(frame, rect=frames.get(frame.id, frame.rect)) for frame in moved.frames))


def _find_passages(document: Document, node_id: NodeId) -> Mapping[str, str]:
    """Return for each output the input that stands in for it when the node goes (never for a kind that only happens to agree)."""
    operation = find_operation(document, node_id)
    if operation is None:
        return {}
    found = (list_passages(catalogue()[operation.id], kind) for kind in operation.outputs)
    return {names[1]: names[0] for names in found if names is not None}


def _drop_twins(document: Document) -> Document:
    """Let go of wires that mending made twice."""
    wires = tuple(dict.fromkeys(document.wires))
    return document if len(wires) == len(document.wires) else replace_wires(document, wires)


def _leave_frames(document: Document, ids: frozenset[NodeId]) -> Document:
    return replace(
        document, frames=tuple(replace(frame, nodes=tuple(node for node in frame.nodes if node not in ids)) for frame in document.frames)
    )


def _settle(frame: Frame, boxes: Mapping[NodeId, Rect]) -> Frame:
    kept = [node for node in frame.nodes if node not in boxes or _holds(frame.rect, boxes[node])]
    joined = [node for node in boxes if node not in frame.nodes and _holds(frame.rect, boxes[node])]
    return frame if not joined and len(kept) == len(frame.nodes) else replace(frame, nodes=(*kept, *joined))


def _holds(rect: Rect, box: Rect) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return rect[0] <= x <= rect[0] + rect[2] and rect[1] <= y <= rect[1] + rect[3]


def _shift(rect: Rect, by: Position) -> Rect:
    return rect[0] + by[0], rect[1] + by[1], rect[2], rect[3]


def _surround(boxes: Iterable[Rect]) -> tuple[float, float, float, float]:
    listed = list(boxes)
    return (
        min(box[0] for box in listed),
        min(box[1] for box in listed),
        max(box[0] + box[2] for box in listed),
        max(box[1] + box[3] for box in listed),
    )
