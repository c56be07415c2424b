"""One step of undo: the document before and the document after."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from engine.document.model import Document

_MERGES = 1
_NEVER_MERGES = -1


class DocumentChange(QUndoCommand):
    """Hold a change of the document; those with the same merge key become one."""

    def __init__(self, text: str, documents: tuple[Document, Document], show: Callable[[Document], None], merge: str = "") -> None:
        """Keep the change.

        Args:
            text: what the Edit menu calls it.
            documents: before and after.
            show: takes the document that is to be open.
            merge: the key of the gesture it belongs to; empty for a change of its own.
        """
        super().__init__(text)
        self._before, self._after = documents
        self._show = show
        self._merge = merge

    def redo(self) -> None:
        """Show the document after."""
        self._show(self._after)

    def undo(self) -> None:
        """Show the document before."""
        self._show(self._before)

    def id(self) -> int:
        """Return what Qt compares before it asks `mergeWith`."""
        return _MERGES if self._merge else _NEVER_MERGES

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802  (Qt's name)
        """Take the next change of the same gesture in; one that leads back to the beginning leaves no step."""
        if not isinstance(other, DocumentChange) or other._merge != self._merge:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def rewrite(self, rewrite: Callable[[Document], Document]) -> None:
        """Put other documents in the place of both."""
        self._before, self._after = rewrite(self._before), rewrite(self._after)
