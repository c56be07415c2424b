"""A question with one thing to do, named by what it does instead of “Yes”."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def confirm(parent: QWidget, title: str, text: str, act: str) -> bool:
    """Ask whether to do something; return whether the user pressed its button.

    Args:
        parent: the window it is asked over.
        title: what it is about.
        text: what would happen.
        act: what the button says; Cancel is the other, and what Return and Escape choose.
    """
    box = QMessageBox(QMessageBox.Icon.Question, title, text, QMessageBox.StandardButton.Cancel, parent)
    button = box.addButton(act, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    is_wanted = box.clickedButton() is button
    box.deleteLater()
    return is_wanted
