"""An operation on its way from the palette to the canvas: what the drag carries."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

OPERATION_MIME = "application/x-weightloom-operation"
"""The drag's format: the operation's id as UTF-8."""


def pack_operation(operation: str) -> QMimeData:
    """Return what a drag of that operation carries."""
    packed = QMimeData()
    packed.setData(OPERATION_MIME, operation.encode())
    return packed


def unpack_operation(packed: QMimeData) -> str | None:
    """Return the id of the operation that is being dragged; None when it is something else."""
    if not packed.hasFormat(OPERATION_MIME):
        return None
    return bytes(packed.data(OPERATION_MIME).data()).decode(errors="replace")
