"""Giving names on the canvas: nodes, frames and notes, typed in place."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtWidgets import QGraphicsView

from app.canvas.box_items import TITLE_HEIGHT, BoxItem
from app.canvas.scene import Scene
from app.canvas.text_editor import TextEditor
from engine.document.canvas_edits import change_frame, change_note
from engine.document.edits import set_label
from engine.document.model import Document, Frame, NodeId, Note

_NARROWEST, _LOWEST = 160, 28


class Naming:
    """Lead what is typed on the canvas into the document."""

    def __init__(self, scene: Scene, view: QGraphicsView) -> None:
        """Type in a view of the scene."""
        self._scene = scene
        self._view = view
        self.field = TextEditor(view)

    def rename_selected(self) -> None:
        """Type a name for the selected node, frame or note."""
        chosen, mirror = self._scene.selection, self._scene.mirror
        for node_id in sorted(chosen.nodes)[:1]:
            self.rename_node(node_id)
            return
        boxes = [mirror.frames[key] for key in sorted(chosen.frames)] + [mirror.notes[key] for key in sorted(chosen.notes)]
        for box in boxes[:1]:
            self.edit_box(box)

    def rename_node(self, node_id: NodeId) -> None:
        """Type a label for a node; an empty one gives it its operation's name again."""
        x, y, width, _ = self._scene.nodes[node_id].box
        place = self._place(QRectF(x + 14, y + 5, width - 20, 28))
        session, words = self._scene.session, self._scene.tr("Rename")
        old = self._scene.name_of(node_id)

        def keep(text: str) -> None:
            session.apply(words, lambda document: set_label(document, node_id, text or None) if text != old else document)

        self.field.edit(old, place, keep, is_line=True)

    def edit_box(self, box: BoxItem) -> None:
        """Type a frame's title or a note's text."""
        x, y, width, height = box.box
        shown, session, words = box.shown, self._scene.session, self._scene.tr("Edit text")
        is_frame = isinstance(shown, Frame)
        place = self._place(QRectF(x + 6, y + 2, width - 12, TITLE_HEIGHT if is_frame else height - 4))

        def keep(text: str) -> None:
            session.apply(words, lambda document: _set_text(document, shown, text))

        self.field.edit(shown.title if isinstance(shown, Frame) else shown.text, place, keep, is_line=is_frame)

    def _place(self, rect: QRectF) -> QRect:
        transform = self._view.viewportTransform()
        corner = transform.map(QPointF(rect.topLeft())).toPoint()
        scale = transform.m11()
        return QRect(corner.x(), corner.y(), max(round(rect.width() * scale), _NARROWEST), max(round(rect.height() * scale), _LOWEST))


def _set_text(document: Document, shown: Frame | Note, text: str) -> Document:
    if isinstance(shown, Frame):
        frame = next((each for each in document.frames if each.id == shown.id), shown)
        return change_frame(document, replace(frame, title=text))
    note = next((each for each in document.notes if each.id == shown.id), shown)
    return change_note(document, replace(note, text=text))
