"""Fragments: a selection as a Document of its own, pasted into any document under fresh ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from engine.document.canvas_edits import fresh_frame_id, fresh_note_id
from engine.document.edits import fresh_node_id
from engine.document.json_values import FrozenMapping, mistake
from engine.document.model import Document, Frame, Node, NodeId, Note, PortRef, Rect, Wire


@dataclass(frozen=True)
class FreshIds:
    """Say which id of the document each id of a pasted fragment gets."""

    nodes: Mapping[NodeId, NodeId]
    frames: Mapping[str, str]
    notes: Mapping[str, str]


def extract(document: Document, nodes: Collection[NodeId], frames: Collection[str] = (), notes: Collection[str] = ()) -> Document:
    """Return a fragment: the nodes with all wires into and among them, the frames (with those nodes only) and the notes.

    The source of a wire may lie outside the fragment: whether such wires are kept is decided when it is pasted.

    Raises:
        DocumentError: a node, frame or note is not in the document.
    """
    chosen = frozenset(nodes)
    _refuse_missing("nodes", chosen, document.nodes)
    _refuse_missing("frames", frames, [frame.id for frame in document.frames])
    _refuse_missing("notes", notes, [note.id for note in document.notes])
    return Document(
        nodes=FrozenMapping({node_id: node for node_id, node in document.nodes.items() if node_id in chosen}),
        wires=tuple(wire for wire in document.wires if wire.target.node in chosen),
        frames=tuple(_crop_frame(frame, chosen) for frame in document.frames if frame.id in frames),
        notes=tuple(note for note in document.notes if note.id in notes),
    )


def choose_fresh_ids(document: Document, fragment: Document) -> FreshIds:
    """Return the ids that `paste` gives to the fragment's nodes, frames and notes in this document."""
    nodes: dict[NodeId, NodeId] = {}
    for node_id in fragment.nodes:
        nodes[node_id] = fresh_node_id(document, _drop_number(node_id), nodes.values())
    frames: dict[str, str] = {}
    for frame in fragment.frames:
        frames[frame.id] = fresh_frame_id(document, frozenset(frames.values()))
    notes: dict[str, str] = {}
    for note in fragment.notes:
        notes[note.id] = fresh_note_id(document, frozenset(notes.values()))
    return FreshIds(FrozenMapping(nodes), FrozenMapping(frames), FrozenMapping(notes))


def paste(document: Document, fragment: Document, offset: tuple[float, float] = (0, 0), *, keep_incoming: bool = False) -> Document:
    """Add a fragment under fresh ids (`choose_fresh_ids` says which), moved by the offset.

    Args:
        document: the document before; its title and settings stay.
        fragment: what `extract` returned, or any document.
        offset: how far it moves: x, y.
        keep_incoming: whether wires from nodes outside the fragment are kept, where the document has a node of that id.
    """
    ids = choose_fresh_ids(document, fragment)
    wires = (_paste_wire(wire, ids.nodes, document.nodes if keep_incoming else ()) for wire in fragment.wires)
    return replace(
        document,
        nodes=FrozenMapping({**document.nodes, **{ids.nodes[key]: _shift_node(node, offset) for key, node in fragment.nodes.items()}}),
        wires=(*document.wires, *(wire for wire in wires if wire is not None)),
        frames=(*document.frames, *(_paste_frame(frame, ids, offset) for frame in fragment.frames)),
        notes=(*document.notes, *(_paste_note(note, ids, offset) for note in fragment.notes)),
    )


def _refuse_missing(place: str, wanted: Collection[str], there: Collection[str]) -> None:
    for key in sorted(wanted):
        if key not in there:
            missing = f"{place}.{key}"
            raise mistake(missing, "there is no such id.", "Choose one of the document.")


def _crop_frame(frame: Frame, chosen: frozenset[NodeId]) -> Frame:
    return replace(frame, nodes=tuple(node_id for node_id in frame.nodes if node_id in chosen))


def _drop_number(node_id: NodeId) -> str:
    """Return `scale` for `scale_2`, so that copies of copies are counted on, not `scale_2_2`."""
    stem, _, number = node_id.rpartition("_")
    return stem if stem and number.isdecimal() else node_id


def _paste_wire(wire: Wire, ids: Mapping[NodeId, NodeId], outside: Collection[NodeId]) -> Wire | None:
    source, target = wire.source.node, wire.target.node
    if target not in ids or not (source in ids or source in outside):
        return None
    return replace(wire, source=PortRef(ids.get(source, source), wire.source.port), target=PortRef(ids[target], wire.target.port))


def _shift_node(node: Node, offset: tuple[float, float]) -> Node:
    if node.position is None:
        return node
    return replace(node, position=(node.position[0] + offset[0], node.position[1] + offset[1]))


def _paste_frame(frame: Frame, ids: FreshIds, offset: tuple[float, float]) -> Frame:
    nodes = tuple(ids.nodes[node_id] for node_id in frame.nodes if node_id in ids.nodes)
    return replace(frame, id=ids.frames[frame.id], rect=_shift_rect(frame.rect, offset), nodes=nodes)


def _paste_note(note: Note, ids: FreshIds, offset: tuple[float, float]) -> Note:
    return replace(note, id=ids.notes[note.id], rect=_shift_rect(note.rect, offset))


def _shift_rect(rect: Rect, offset: tuple[float, float]) -> Rect:
    return (rect[0] + offset[0], rect[1] + offset[1], rect[2], rect[3])
