"""Every action of the window, declared once: menus, top bar, shortcuts and the command palette are made from this list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

Group = Literal["File", "Edit", "Graph", "View", "Run", "Help"]
GROUPS: tuple[Group, ...] = ("File", "Edit", "Graph", "View", "Run", "Help")
_CONTEXT = "actions"


@dataclass(frozen=True)
class Action:
    """Declare one thing that the user can do."""

    id: str
    title: str
    shortcut: str
    """Key sequences parted by blanks (as “Del Backspace”); empty for none."""
    group: Group
    help: str
    """One sentence for tooltips and the command palette."""
    on_canvas: bool = False
    """Whether the shortcut holds only while the canvas has the focus: a single letter must stay free for typing elsewhere."""
    starts_section: bool = False
    """Whether a line parts it from the action before it in its menu."""
    is_choice: bool = False
    """Whether it is switched on and off."""


ACTIONS: tuple[Action, ...] = (
    Action("new", "New", "Ctrl+N", "File", "Begin an empty graph."),
    Action("open", "Open…", "Ctrl+O", "File", "Open a graph from a file."),
    Action("templates", "Templates…", "Ctrl+Shift+N", "File", "Begin with a template, the sample or a recent graph."),
    Action("save", "Save", "Ctrl+S", "File", "Write the graph to its file.", starts_section=True),
    Action("save_as", "Save as…", "Ctrl+Shift+S", "File", "Write the graph to another file."),
    Action("quit", "Quit", "Ctrl+Q", "File", "Close the window.", starts_section=True),
    Action("undo", "Undo", "Ctrl+Z", "Edit", "Take back the last change."),
    Action("redo", "Redo", "Ctrl+Shift+Z Ctrl+Y", "Edit", "Do again what was taken back."),
    Action("cut", "Cut", "Ctrl+X", "Edit", "Move the selection to the clipboard.", on_canvas=True, starts_section=True),
    Action("copy", "Copy", "Ctrl+C", "Edit", "Copy the selection with the wires in it.", on_canvas=True),
    Action("paste", "Paste", "Ctrl+V", "Edit", "Insert what was copied.", on_canvas=True),
    Action(
        "paste_with_wires",
        "Paste with incoming wires",
        "Ctrl+Shift+V",
        "Edit",
        "Insert what was copied, wired to what fed the original.",
        on_canvas=True,
    ),
    Action("duplicate", "Duplicate", "Ctrl+D", "Edit", "Copy the selection beside itself.", on_canvas=True),
    Action("delete", "Delete", "Del Backspace", "Edit", "Remove the selection; wires are mended where the kinds fit.", on_canvas=True),
    Action("select_all", "Select all", "Ctrl+A", "Edit", "Select every node.", on_canvas=True),
    Action("add_node", "Add a node…", "Tab", "Graph", "Search for an operation and put it at the cursor.", on_canvas=True),
    Action("connect", "Connect…", "C", "Graph", "Choose from a list what to wire the selected node to.", on_canvas=True),
    Action("find", "Find in the graph…", "Ctrl+F", "Graph", "Search the nodes by name, operation or path."),
    Action("rename", "Rename", "F2", "Graph", "Give the selected node a name.", on_canvas=True, starts_section=True),
    Action("mute", "Mute", "M", "Graph", "Pass the selected nodes by, or not.", on_canvas=True),
    Action("frame", "Frame the selection", "Ctrl+G", "Graph", "Draw a titled frame around the selected nodes.", on_canvas=True),
    Action("note", "Add a note", "Ctrl+Shift+G", "Graph", "Put a text on the canvas.", on_canvas=True),
    Action("tidy", "Tidy up", "Ctrl+L", "Graph", "Lay the graph out from left to right.", starts_section=True),
    Action("align_left", "Align left", "", "Graph", "Put the selected nodes under one another."),
    Action("align_top", "Align top", "", "Graph", "Put the selected nodes beside one another."),
    Action("distribute_across", "Distribute across", "", "Graph", "Give the selected nodes equal gaps from left to right."),
    Action("distribute_down", "Distribute down", "", "Graph", "Give the selected nodes equal gaps from top to bottom."),
    Action("zoom_in", "Zoom in", "Ctrl++ Ctrl+=", "View", "Show the graph larger."),
    Action("zoom_out", "Zoom out", "Ctrl+-", "View", "Show the graph smaller."),
    Action("zoom_reset", "Zoom to 100 %", "Ctrl+0", "View", "Show the graph in its own size."),
    Action("fit_selection", "Show the selection", "F", "View", "Fit the selected nodes into the view.", on_canvas=True),
    Action("fit_all", "Show everything", "A", "View", "Fit the whole graph into the view.", on_canvas=True),
    Action(
        "next_part",
        "Next part of the window",
        "F6",
        "View",
        "Lead the keyboard on: palette, canvas, inspector, the panel in front.",
        starts_section=True,
    ),
    Action("previous_part", "Previous part of the window", "Shift+F6", "View", "Lead the keyboard back."),
    Action("minimap", "Minimap", "", "View", "Show or hide the small map.", is_choice=True, starts_section=True),
    Action(
        "live_figures",
        "Live figures",
        "",
        "View",
        "Read the checkpoints beside your work, and show how alike they are as the sliders move.",
        is_choice=True,
    ),
    Action(
        "wheel_auto",
        "Wheel: find out",
        "",
        "View",
        "Zoom with a mouse, pan with a touchpad, whichever it seems to be.",
        starts_section=True,
    ),
    Action("wheel_mouse", "Wheel: mouse", "", "View", "The wheel zooms."),
    Action("wheel_touchpad", "Wheel: touchpad", "", "View", "Two fingers pan; with Ctrl they zoom."),
    Action("theme_system", "Theme: as the system", "", "View", "Dark or light, as the system is set.", starts_section=True),
    Action("theme_dark", "Theme: dark", "", "View", "Always dark."),
    Action("theme_light", "Theme: light", "", "View", "Always light."),
    Action("check", "Check", "F7", "Run", "Look for everything that is wrong."),
    Action("run", "Run", "Ctrl+R F5", "Run", "Run the whole graph."),
    Action("run_to_node", "Run up to the selected node", "Ctrl+Shift+R", "Run", "Run only what the selected node needs."),
    Action(
        "run_anew",
        "Run and measure everything again",
        "",
        "Run",
        "Run the whole graph, and measure also what an earlier run has measured of the same weights and data.",
    ),
    Action("stop", "Stop", "Ctrl+.", "Run", "Stop the run."),
    Action("menus", "Menus", "F10", "Help", "Open all menus."),
    Action("commands", "Commands…", "Ctrl+K", "Help", "Search everything the window can do."),
    Action("guide", "Guide", "F1", "Help", "Open the guide at the selected node's page."),
)


def make_actions(owner: QObject) -> Mapping[str, QAction]:
    """Return a QAction for each declared action, by id."""
    return MappingProxyType({declared.id: make_action(declared, owner) for declared in ACTIONS})


def make_action(declared: Action, owner: QObject) -> QAction:
    """Return the QAction of one declared action."""
    made = QAction(_translate(declared.title), owner)
    made.setObjectName(declared.id)
    made.setShortcuts([QKeySequence(keys) for keys in declared.shortcut.split()])
    made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut if declared.on_canvas else Qt.ShortcutContext.WindowShortcut)
    made.setToolTip(tooltip(declared))
    made.setStatusTip(_translate(declared.help))
    made.setCheckable(declared.is_choice)
    return made


def fill_menu(menu: QMenu, group: Group, made: Mapping[str, QAction]) -> None:
    """Put the actions of a group into a menu, in their order."""
    menu.setAccessibleName(group_title(group))
    for declared in ACTIONS:
        if declared.group != group:
            continue
        if declared.starts_section:
            menu.addSeparator()
        menu.addAction(made[declared.id])


def group_title(group: Group) -> str:
    """Return the title of a group's menu."""
    return _translate(group)


def tooltip(declared: Action) -> str:
    """Return an action's sentence with its first shortcut."""
    keys = QKeySequence(declared.shortcut.split()[0]).toString(QKeySequence.SequenceFormat.NativeText) if declared.shortcut else ""
    sentence = _translate(declared.help)
    return f"{sentence} ({keys})" if keys else sentence


def _translate(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)
