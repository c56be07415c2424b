"""The registry is the one list of actions."""

from collections import Counter

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu

from app.actions import ACTIONS, GROUPS, fill_menu, make_actions, tooltip


def test_ids_and_shortcuts_are_used_once():
    assert max(Counter(declared.id for declared in ACTIONS).values()) == 1
    assert max(Counter(keys for declared in ACTIONS for keys in declared.shortcut.split()).values()) == 1


def test_single_letters_hold_on_the_canvas_only(qapp):
    owner = QObject()
    made = make_actions(owner)
    for declared in ACTIONS:
        if any(len(keys) == 1 for keys in declared.shortcut.split()):
            assert made[declared.id].shortcutContext() == Qt.ShortcutContext.WidgetWithChildrenShortcut


@pytest.mark.parametrize("declared", ACTIONS, ids=lambda declared: declared.id)
def test_every_action_says_what_it_does(declared):
    assert declared.help.endswith(".")
    assert declared.help in tooltip(declared)


def test_menus_hold_every_action(qtbot):
    owner = QObject()
    made = make_actions(owner)
    held = []
    for group in GROUPS:
        menu = QMenu()
        qtbot.addWidget(menu)
        fill_menu(menu, group, made)
        held += [action.objectName() for action in menu.actions() if not action.isSeparator()]
    assert sorted(held) == sorted(made)
