"""The canvas for those who do not see it: its name and description say what is selected, and change with it.

The nodes themselves are no accessible objects: Qt crashes on interfaces of graphics items that Python owns. The outline is the tree
of them; here a screen reader hears where the keyboard has gone.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QGraphicsView

from app.accessible_words import describe_selection, name_selection
from app.canvas.node_state import READY, NodeState
from app.canvas.scene import Scene
from engine.document.model import NodeId


class AccessibleCanvas(QObject):
    """Keep a view's accessible name and description true."""

    def __init__(self, scene: Scene, view: QGraphicsView) -> None:
        """Follow the scene's selection."""
        super().__init__(view)
        self._scene = scene
        self._view = view
        scene.selection_ids_changed.connect(self._announce)
        scene.session.document_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_news: object) -> None:
        """Say what is selected as it is now; Qt tells screen readers of names and descriptions that have changed."""
        document = self._scene.document
        # A change of the document may be heard of here before the scene has let go of what is gone.
        ids = tuple(node_id for node_id in self._scene.selected_ids if node_id in document.nodes)
        name, description = name_selection(document, ids), describe_selection(document, ids, self._state(ids))
        if name != self._view.accessibleName():
            self._view.setAccessibleName(name)
        if description != self._view.accessibleDescription():
            self._view.setAccessibleDescription(description)

    def _announce(self, _ids: object) -> None:
        """Say it aloud where the keyboard is on the canvas: a changed name alone is often passed over."""
        self.refresh()
        if QAccessible.isActive() and self._view.hasFocus():
            text = f"{self._view.accessibleName()}. {self._view.accessibleDescription()}"
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, text))

    def _state(self, ids: tuple[NodeId, ...]) -> NodeState:
        item = self._scene.nodes.get(ids[0]) if len(ids) == 1 else None
        return item.state if item is not None else READY
