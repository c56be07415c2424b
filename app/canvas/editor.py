"""What the keyboard and the menus do to the graph; each method is one undo step, or none if it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.canvas.alignment import Axis, Side, align, distribute
from app.canvas.edit_steps import (
    Selection,
    copy_selection,
    delete_selection,
    frame_nodes,
    keep_arrangement,
    put_note,
    read_fragment,
    toggle_muted,
)
from app.canvas.layout import arrange
from app.canvas.scene import Scene
from app.canvas.walking import Direction, walk
from engine.document.edits import move_nodes
from engine.document.fragments import choose_fresh_ids, paste
from engine.document.model import Document, NodeId, Position, Rect
from engine.errors import DocumentError

_DUPLICATE_OFFSET = 48.0


class CanvasEditor(QObject):
    """Edit the graph around what is selected."""

    def __init__(self, scene: Scene, cursor: Callable[[], Position]) -> None:
        """Edit a scene.

        Args:
            scene: the scene.
            cursor: tells where new things go: under the mouse, or in the middle of the view.
        """
        super().__init__(scene)
        self._scene = scene
        self._cursor = cursor
        self._pastes = 0
        self._pasted_text = ""

    def commands(self) -> Mapping[str, Callable[[], object]]:
        """Return what can be done, by the ids of app.actions."""
        return {
            "cut": self.cut,
            "copy": self.copy,
            "paste": self.paste,
            "paste_with_wires": lambda: self.paste(keep_incoming=True),
            "duplicate": self.duplicate,
            "delete": self.delete,
            "select_all": self.select_all,
            "mute": self.mute,
            "frame": self.frame,
            "note": self.add_note,
            "tidy": self.tidy,
            "align_left": lambda: self.align("left"),
            "align_top": lambda: self.align("top"),
            "distribute_across": lambda: self.distribute("across"),
            "distribute_down": lambda: self.distribute("down"),
            "connect": self.connect_by_list,
            "guide": self.open_guide,
        }

    def copy(self) -> bool:
        """Put what is selected on the clipboard as `.loom` text; return whether there was anything."""
        chosen = self._chosen
        if not (chosen.nodes or chosen.frames or chosen.notes):
            return False
        text = copy_selection(self._scene.document, chosen)
        # As text, so that Qt owns it: a QMimeData made by Python outlives the interpreter and crashes at exit.
        QGuiApplication.clipboard().setText(text)
        self._pastes, self._pasted_text = 0, text
        return True

    def cut(self) -> None:
        """Move what is selected to the clipboard."""
        if self.copy():
            self.delete()

    def paste(self, *, keep_incoming: bool = False) -> None:
        """Insert the graph that the clipboard holds at the cursor and select it."""
        text = QGuiApplication.clipboard().text()
        try:
            fragment = read_fragment(text)
        except DocumentError as error:
            self._scene.session.refused.emit(str(error))
            return
        if fragment is None:
            return
        self._pastes = self._pastes + 1 if text == self._pasted_text else 1
        self._pasted_text = text
        self._insert(fragment, self._paste_offset(fragment), keep_incoming=keep_incoming, text=self.tr("Paste"))

    def duplicate(self) -> None:
        """Insert a copy of what is selected beside it, fed by what feeds the original."""
        chosen = self._chosen
        if not (chosen.nodes or chosen.frames or chosen.notes):
            return
        fragment = read_fragment(copy_selection(self._scene.document, chosen))
        if fragment is not None:
            self._insert(fragment, (_DUPLICATE_OFFSET, _DUPLICATE_OFFSET), keep_incoming=True, text=self.tr("Duplicate"))

    def delete(self) -> None:
        """Remove what is selected, mending the wires where the kinds fit."""
        chosen = self._chosen
        if chosen:
            self._apply(self.tr("Delete"), lambda document: delete_selection(document, chosen))

    def mute(self) -> None:
        """Mute the selected nodes, or unmute them."""
        ids = self._chosen.nodes
        if ids:
            self._apply(self.tr("Mute"), lambda document: toggle_muted(document, ids))

    def frame(self) -> None:
        """Draw a frame around the selected nodes and select it."""
        boxes = self._chosen_boxes()
        if not boxes:
            return
        self._apply(self.tr("Frame"), lambda document: frame_nodes(document, boxes, self.tr("Frame")))
        self._scene.choose(Selection(frames=frozenset({self._scene.document.frames[-1].id})))

    def add_note(self) -> None:
        """Leave a note at the cursor and select it."""
        place = self._cursor()
        self._apply(self.tr("Note"), lambda document: put_note(document, place, self.tr("Note")))
        self._scene.choose(Selection(notes=frozenset({self._scene.document.notes[-1].id})))

    def select_all(self) -> None:
        """Select everything."""
        document = self._scene.document
        self._scene.choose(
            Selection(
                frozenset(document.nodes),
                frozenset(frame.id for frame in document.frames),
                frozenset(note.id for note in document.notes),
            )
        )

    def tidy(self) -> None:
        """Lay out the selected nodes, or all, from left to right."""
        boxes = self._chosen_boxes() if len(self._chosen.nodes) > 1 else self._scene.boxes
        if not boxes:
            return
        origin = (min(box[0] for box in boxes.values()), min(box[1] for box in boxes.values()))
        sizes = {node_id: (box[2], box[3]) for node_id, box in boxes.items()}
        arranged = arrange(self._scene.document, sizes, origin, self._scene.colours.grid)
        self._apply(self.tr("Tidy up"), lambda document: keep_arrangement(document, arranged.positions, arranged.frames))

    def align(self, side: Side) -> None:
        """Put the selected nodes on one line."""
        positions = align(self._chosen_boxes(), side)
        self._apply(self.tr("Align"), lambda document: move_nodes(document, positions))

    def distribute(self, axis: Axis) -> None:
        """Give the selected nodes equal gaps."""
        positions = distribute(self._chosen_boxes(), axis)
        self._apply(self.tr("Distribute"), lambda document: move_nodes(document, positions))

    def walk(self, direction: Direction) -> None:
        """Select the node that an arrow key leads to."""
        chosen = self._scene.selected_ids
        found = walk(self._scene.document, self._scene.boxes, chosen[0] if chosen else None, direction)
        if found is not None:
            self._scene.reveal(found)

    def open_inspector(self) -> None:
        """Ask for the inspector of the selected node."""
        for node_id in self._scene.selected_ids[:1]:
            self._scene.wish_inspector.emit(node_id)

    def open_guide(self) -> None:
        """Ask for the guide at the page of the selected node; without one at its beginning."""
        operations = [self._scene.document.nodes[node_id].operation for node_id in self._scene.selected_ids[:1]]
        self._scene.wish_help.emit(operations[0] if operations else "")

    def connect_by_list(self) -> None:
        """Ask for the list of what the selected node can be joined to."""
        for node_id in self._scene.selected_ids[:1]:
            self._scene.wish_connect.emit(node_id)

    @property
    def _chosen(self) -> Selection:
        return self._scene.selection

    def _chosen_boxes(self) -> dict[NodeId, Rect]:
        return {node_id: self._scene.nodes[node_id].box for node_id in self._scene.selected_ids}

    def _apply(self, text: str, edit: Callable[[Document], Document]) -> bool:
        return self._scene.session.apply(text, edit)

    def _insert(self, fragment: Document, offset: Position, *, keep_incoming: bool, text: str) -> None:
        ids = choose_fresh_ids(self._scene.document, fragment)
        if self._apply(text, lambda document: paste(document, fragment, offset, keep_incoming=keep_incoming)):
            self._scene.choose(
                Selection(frozenset(ids.nodes.values()), frozenset(ids.frames.values()), frozenset(ids.notes.values())),
            )

    def _paste_offset(self, fragment: Document) -> Position:
        """Return how far the fragment moves so that it lies under the cursor, each further paste a little lower."""
        corners = [node.position for node in fragment.nodes.values() if node.position is not None]
        corners += [box.rect[:2] for box in (*fragment.frames, *fragment.notes)]
        if not corners:
            return 0.0, 0.0
        x, y = self._cursor()
        grid, step = self._scene.colours.grid, self._scene.colours.grid * (self._pastes - 1)
        left, top = min(corner[0] for corner in corners), min(corner[1] for corner in corners)
        return round((x - left) / grid) * grid + step, round((y - top) / grid) * grid + step
