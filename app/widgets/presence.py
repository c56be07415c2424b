"""Widgets that come and go with what there is to show."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def show_where_owned(widget: QWidget, is_wanted: bool) -> None:
    """Show a widget or hide it; one that nobody owns yet is not shown, for it would become a window, but appears with its owner."""
    if not is_wanted or widget.parentWidget() is not None:
        widget.setVisible(is_wanted)
