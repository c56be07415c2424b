"""The open document: every change passes here as a pure edit, can be undone, and is announced to all who show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.recovery import Recovery, RecoveryCopy
from app.undo import DocumentChange
from engine.document.model import Document
from engine.document.storage import load_document, save_document
from engine.errors import DocumentError
from engine.relocation import relocate

UNDO_STEPS = 1_000
"""Enough for an afternoon; each step of a 500-node graph holds some 40 kB of its own."""


class Session(QObject):
    """Hold the open document, its undo stack and its path; scene, panels and checker follow `document_changed`."""

    document_changed = Signal(object, object)
    """(before, after): the document is another one; `document` is already the last of them."""
    leaving = Signal()
    """Another document is about to be opened in the place of this one: what is known of its nodes says nothing of the other's."""
    opened = Signal()
    """A whole other document was opened (after `document_changed`): views may show all of it."""
    path_changed = Signal()
    """The document has another file, or another folder to count relative paths from."""
    modified_changed = Signal(bool)
    """There are unsaved changes now, or none any more."""
    refused = Signal(str)
    """An edit could not be done; the message says why."""

    def __init__(self, recovery_copy: RecoveryCopy | None = None, parent: QObject | None = None) -> None:
        """Open an empty document.

        Args:
            recovery_copy: where unsaved changes are kept against a crash; None keeps none.
            parent: the owner.
        """
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_STEPS)
        self.undo_stack.indexChanged.connect(self._announce)
        self.path: Path | None = None
        self.revision = 0
        """Counts the documents; an answer about an older one is stale."""
        self._recovery_copy = recovery_copy
        self._document = Document()
        self._announced = self._document
        self._saved: Document | None = self._document
        self._was_modified = False
        self._is_announcing = False

    @property
    def document(self) -> Document:
        """Return the document as it is now."""
        return self._document

    @property
    def folder(self) -> Path:
        """Return the folder that relative paths of the document count from: its file's, or the home folder before it has one."""
        return self.path.parent if self.path is not None else Path.home()

    @property
    def name(self) -> str:
        """Return what the window calls the document: its file's name, else its title; may be empty."""
        return self.path.name if self.path is not None else self._document.title

    @property
    def is_modified(self) -> bool:
        """Tell whether the document differs from its file (a document never saved: from the empty or made one it began as)."""
        return self._saved is None or self._document != self._saved

    def apply(self, text: str, edit: Callable[[Document], Document], merge: str = "") -> bool:
        """Change the document as one undo step; return whether anything changed.

        Args:
            text: what the step is called in the Edit menu.
            edit: a pure function; a DocumentError it raises is announced as `refused` and changes nothing.
            merge: steps with the same key that follow one another become one step; give each gesture its own key.
        """
        before = self._document
        try:
            after = edit(before)
        except DocumentError as error:
            self.refused.emit(str(error))
            return False
        if after == before:
            return False
        self.undo_stack.push(DocumentChange(text, (before, after), self._set_document, merge))
        return True

    def new(self, document: Document | None = None) -> None:
        """Begin a document without a file: an empty one, or one that was made (a template filled in), which counts as unsaved."""
        self._open_document(document or Document(), None, is_saved=document is None)

    def open(self, path: Path) -> None:
        """Open a `.loom` file.

        Raises:
            DocumentError: it can't be read or holds no document; the session stays as it was.
        """
        path = path.absolute()
        self._open_document(load_document(path), path, is_saved=True)

    def recover(self, recovery: Recovery) -> None:
        """Open what a crash left, as unsaved changes of the file it belonged to; its copy goes once this session has its own.

        Raises:
            DocumentError: the copy can't be read; it and the session stay as they were.
        """
        document = recovery.load()
        self._open_document(document, recovery.path, is_saved=False)
        if self._recovery_copy is not None:
            self._recovery_copy.finish()
            recovery.discard()

    def save(self, path: Path | None = None) -> None:
        """Write the document whole to its file, or to another one that becomes its file; in a new folder its relative paths follow.

        Raises:
            DocumentError: it can't be written, or it has no file yet and none was given; nothing has changed then.
        """
        target = path.absolute() if path is not None else self.path
        if target is None:
            fact = self.tr("The graph has no file yet.")
            raise DocumentError(fact, self.tr("Choose where to save it."))
        old_folder, has_moved = self.folder, target != self.path
        document = relocate(self._document, old_folder, target.parent)
        save_document(document, target)
        self.path, self._saved = target, document
        self._relocate_history(old_folder)
        self.undo_stack.setClean()
        self._announce()
        if has_moved:
            self.path_changed.emit()

    def close(self) -> None:
        """End the session cleanly: its recovery copy goes, for whoever closes has saved or let go of the changes."""
        if self._recovery_copy is not None:
            self._recovery_copy.close()

    def _open_document(self, document: Document, path: Path | None, *, is_saved: bool) -> None:
        self.leaving.emit()
        old_path, self.path = self.path, path
        self._document, self._saved = document, document if is_saved else None
        self.undo_stack.clear()
        self._announce()
        if path != old_path:
            self.path_changed.emit()
        self.opened.emit()

    def _relocate_history(self, old_folder: Path) -> None:
        """Let undo give back documents whose relative paths count from the new folder, too."""
        if old_folder == self.folder:
            return
        for index in range(self.undo_stack.count()):
            change = self.undo_stack.command(index)
            if isinstance(change, DocumentChange):
                change.rewrite(lambda document: relocate(document, old_folder, self.folder))
        self._document = relocate(self._document, old_folder, self.folder)

    def _set_document(self, document: Document) -> None:
        self._document = document

    def _announce(self) -> None:
        """Tell of the document once the undo stack is at rest: a listener may edit again, and all hear of it in the same order."""
        if self._is_announcing:
            return
        self._is_announcing = True
        try:
            while self._announced is not self._document:
                before, self._announced = self._announced, self._document
                self.revision += 1
                self.document_changed.emit(before, self._announced)
        finally:
            self._is_announcing = False
        self._keep_recovery_copy()
        if self._was_modified != self.is_modified:
            self._was_modified = self.is_modified
            self.modified_changed.emit(self._was_modified)

    def _keep_recovery_copy(self) -> None:
        if self._recovery_copy is None:
            return
        if self.is_modified:
            self._recovery_copy.write(self._document, self.path)
        else:
            self._recovery_copy.discard()
