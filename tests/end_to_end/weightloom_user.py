"""Somebody who uses Weightloom: opens it, finds nodes on its canvas, saves, runs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.canvas_eyes import Box, SeenNode, find_selected
from tests.end_to_end.desk import Desk
from tests.end_to_end.person import Person, Place

_SECONDS_TO_END = 60
_MINIMAP = (180, 120)
"""What the small map covers of the canvas's lower right corner; it is drawn with the colour of a selected node's outline."""
_FAULT = "Traceback"
_DRAG_SOURCE = Path(__file__).with_name("drag_source.py")


class WeightloomUser(Person):
    """Sit at the desk with a home of one's own."""

    def __init__(self, desk: Desk, album: Path, home: Path, repository: Path) -> None:
        """Take the home, in which nothing is yet."""
        super().__init__(desk, album)
        self.home = home
        self._desk = desk
        self._repository = repository
        self._window: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []
        self._printed = home.parent / "printed.txt"

    def open_weightloom(self, *words: str) -> None:
        """Start the program as a user's desktop does."""
        environment = {
            **self._desk.environment,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".local/state"),
            "XDG_DATA_HOME": str(self.home / ".local/share"),
            "PYTHONPATH": str(self._repository),
            "PYTHONFAULTHANDLER": "1",
            # What a desktop sets when a screen reader is on.
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        with self._printed.open("ab") as output:
            command = [sys.executable, "-m", "app.launch", *words]
            self._window = subprocess.Popen(command, cwd=self.home, env=environment, stdout=output, stderr=output)
        self.find("Weightloom", "frame")

    @property
    def window(self) -> subprocess.Popen[bytes]:
        """Return the program's process."""
        assert self._window is not None
        return self._window

    def kill(self) -> None:
        """End the program as a crash does."""
        self.window.send_signal(signal.SIGKILL)
        self.window.wait()

    def close_weightloom(self) -> None:
        """Close the window; nothing must have gone wrong, and nothing asks."""
        self.press("ctrl+q")
        assert self.window.wait(_SECONDS_TO_END) == 0
        assert _FAULT not in self.printed()

    def open_file_manager(self, path: Path) -> None:
        """Show a file in a window of another program."""
        command = [sys.executable, str(_DRAG_SOURCE), str(path)]
        environment = {**self._desk.environment, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        self._others.append(subprocess.Popen(command, env=environment))

    def leave(self) -> None:
        """End what is left of the programs, whatever state they are in."""
        for process in (*self._others, self._window):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def printed(self) -> str:
        """Return what the program has printed."""
        return self._printed.read_text(errors="replace")

    # --- the canvas ---

    def canvas(self) -> Box:
        """Return where the canvas is: left, top, right, bottom."""
        left, top, width, height = self.find("Canvas.*").box
        return left, top, left + width, top + height

    def selected(self) -> SeenNode:
        """Return the node that is selected, once it is to be seen."""
        area = self.canvas()
        without = (area[2] - _MINIMAP[0], area[3] - _MINIMAP[1], area[2], area[3])

        def look() -> SeenNode | None:
            first = find_selected(self.look(), area, without)
            return first if first is not None and first == find_selected(self.look(), area, without) else None

        return self.wait_for("a selected node on the canvas", look)

    def drag_from_palette(self, title: str, place: Place) -> SeenNode:
        """Drag an operation onto the canvas, searching the palette where it is too long."""
        if self.see(title, "list item") is None:
            self.click(self.find("Search operations", "text"))
            self.type(title)
        row = self.find(title, "list item")
        self.drag(row, place)
        return self.wait_for(f"‘{title}’ where it was dropped", lambda: self._selected_at(place))

    def _selected_at(self, place: Place) -> SeenNode | None:
        node = self.selected()
        left, top, right, bottom = node.box
        return node if left - 24 <= place[0] <= right + 24 and top - 24 <= place[1] <= bottom + 24 else None

    def fill_in(self, name: str, text: str) -> None:
        """Type into a field what it should hold."""
        field = self.find(name, "text")
        self.click(field)
        self.wait_for(f"the caret in “{name}”", lambda: getattr(self.see(name, "text"), "is_focused", False))
        self.press("ctrl+a")
        self.type(text)
        self.press("Tab")
        self.wait_for(f"“{text}” in “{name}”", lambda: getattr(self.see(name, "text"), "text", "") == text)

    def wait_for_status(self, pattern: str) -> str:
        """Wait until the status line says something."""
        return self.find(pattern, "label").name

    def save_as(self, path: Path) -> None:
        """Save a graph that has no file yet."""
        self.press("ctrl+s")
        self.find("Save the graph.*")
        self.press("ctrl+a")
        self.type(str(path))
        self.press("Return")
        self.wait_for(f"the file {path.name}", path.exists)

    def wait_for_end_of_run(self) -> None:
        """Wait until a run has begun and is over, as the Run panel says."""
        self.find("Done|Failed.*|Stopped.*|Not begun.*", "label")
