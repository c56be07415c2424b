"""Tell what a screen reader is told: run by the system's Python, which has Debian's bindings of the accessibility bus.

Each line of standard input asks for what is on the screen; the answer is one line, a JSON list of widgets.
"""

import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  (after the version is chosen)


def main():
    """Answer until the input ends."""
    Atspi.init()
    for _line in sys.stdin:
        desktop = Atspi.get_desktop(0)
        # The bindings keep what they were told once; what is on the screen now is wanted.
        desktop.clear_cache()
        found = []
        for number in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(number)
            if program is not None:
                program.set_cache_mask(Atspi.Cache.NONE)
                collect(program, found, 0)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def collect(accessible, found, depth):
    """Add a widget and those inside it; what is hidden is not told, nor what is in it."""
    try:
        states = accessible.get_state_set()
        box = accessible.get_extents(Atspi.CoordType.SCREEN)
        # A panel behind another counts as shown, somewhere left of the screen.
        if depth > 0 and (not states.contains(Atspi.StateType.SHOWING) or box.x + box.width <= 0 or box.y + box.height <= 0):
            return
        found.append(describe(accessible, states, box))
        for number in range(accessible.get_child_count()):
            child = accessible.get_child_at_index(number)
            if child is not None:
                collect(child, found, depth + 1)
    except GLib.Error:
        # It went away while it was asked.
        return


def describe(accessible, states, box):
    """Return what is told of one widget."""
    role = accessible.get_role_name()
    # None, too, for one that goes away at this moment.
    text = accessible.get_text_iface() if role == "text" else None
    return {
        "role": role,
        "name": accessible.get_name(),
        "description": accessible.get_description() if role == "status bar" else "",
        "box": (box.x, box.y, box.width, box.height),
        "text": Atspi.Text.get_text(text, 0, -1) if text is not None else "",
        "is_enabled": states.contains(Atspi.StateType.ENABLED),
        "is_focused": states.contains(Atspi.StateType.FOCUSED),
        "is_selected": states.contains(Atspi.StateType.SELECTED),
    }


if __name__ == "__main__":
    main()
