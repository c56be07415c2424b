"""Edits of what only the eye needs, frames and notes: pure functions from a Document to a Document.

`add_…` and `remove_…` undo each other (with the old place in the list); `change_…` is undone by itself with the old value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from engine.document.json_values import mistake
from engine.document.model import Document, Frame, Note

_Item = TypeVar("_Item", Frame, Note)


def fresh_frame_id(document: Document, taken: frozenset[str] = frozenset()) -> str:
    """Return an id that no frame has: f1, f2, and so on."""
    return _fresh_id("f", taken.union(frame.id for frame in document.frames))


def fresh_note_id(document: Document, taken: frozenset[str] = frozenset()) -> str:
    """Return an id that no note has: n1, n2, and so on."""
    return _fresh_id("n", taken.union(note.id for note in document.notes))


def add_frame(document: Document, frame: Frame, at: int | None = None) -> Document:
    """Add a frame, at the end or at a place of the list; its nodes must be there, its id must be free."""
    _refuse_strangers(document, frame)
    return replace(document, frames=_insert(document.frames, frame, at, "frames"))


def change_frame(document: Document, frame: Frame) -> Document:
    """Put a frame in the place of the one that has its id."""
    _refuse_strangers(document, frame)
    return replace(document, frames=_exchange(document.frames, frame, "frames"))


def remove_frame(document: Document, frame_id: str) -> Document:
    """Remove a frame; its nodes stay."""
    return replace(document, frames=_drop(document.frames, frame_id, "frames"))


def add_note(document: Document, note: Note, at: int | None = None) -> Document:
    """Add a note, at the end or at a place of the list; its id must be free."""
    return replace(document, notes=_insert(document.notes, note, at, "notes"))


def change_note(document: Document, note: Note) -> Document:
    """Put a note in the place of the one that has its id."""
    return replace(document, notes=_exchange(document.notes, note, "notes"))


def remove_note(document: Document, note_id: str) -> Document:
    """Remove a note."""
    return replace(document, notes=_drop(document.notes, note_id, "notes"))


def _fresh_id(letter: str, used: frozenset[str]) -> str:
    number = 1
    while f"{letter}{number}" in used:
        number += 1
    return f"{letter}{number}"


def _refuse_strangers(document: Document, frame: Frame) -> None:
    """Refuse a node that is neither in the document nor, as a leftover of the file, in the frame already."""
    known = {node for old in document.frames if old.id == frame.id for node in old.nodes}.union(document.nodes)
    for node in frame.nodes:
        if node not in known:
            place = f"frames.{frame.id}"
            raise mistake(place, f"there is no node {node!r}.", "Choose nodes of the document.")


def _insert(items: tuple[_Item, ...], item: _Item, at: int | None, place: str) -> tuple[_Item, ...]:
    if any(other.id == item.id for other in items):
        taken = f"{place}.{item.id}"
        raise mistake(taken, "this id is taken.", "Choose another id.")
    index = len(items) if at is None else at
    if not 0 <= index <= len(items):
        raise mistake(place, f"there is no place {index} among {len(items)}.", f"Choose one from 0 to {len(items)}.")
    return (*items[:index], item, *items[index:])


def _exchange(items: tuple[_Item, ...], item: _Item, place: str) -> tuple[_Item, ...]:
    index = _find(items, item.id, place)
    return (*items[:index], item, *items[index + 1 :])


def _drop(items: tuple[_Item, ...], item_id: str, place: str) -> tuple[_Item, ...]:
    index = _find(items, item_id, place)
    return items[:index] + items[index + 1 :]


def _find(items: tuple[_Item, ...], item_id: str, place: str) -> int:
    for index, item in enumerate(items):
        if item.id == item_id:
            return index
    missing = f"{place}.{item_id}"
    raise mistake(missing, "there is no such id.", "Choose one of the document.")
