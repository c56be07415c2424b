"""The outline as a screen reader is told of it, over the accessibility bus: nodes, ports and wires, gone through by the arrow keys."""

from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.document.storage import load_document, save_document

DIRECTION = Document(
    "A direction",
    {
        NodeId("base"): Node("checkpoint", {"source": "base"}, "Base", (0, 0)),
        NodeId("tuned"): Node("checkpoint", {"source": "tuned"}, "Tuned", (0, 160)),
        NodeId("tau"): Node("task_vector", label="Direction", position=(300, 60)),
    },
    (
        Wire(PortRef(NodeId("base"), "checkpoint"), PortRef(NodeId("tau"), "base")),
        Wire(PortRef(NodeId("tuned"), "checkpoint"), PortRef(NodeId("tau"), "tuned")),
    ),
)
SAID = [
    ("Base, Checkpoint", "Checkpoint"),
    ("checkpoint", "output"),
    ("to Direction", "wire, base"),
    ("Tuned, Checkpoint", "Checkpoint"),
    ("checkpoint", "output"),
    ("to Direction", "wire, tuned"),
    ("Direction, Task vector", "Task vector"),
    ("tuned", "input"),
    ("from Tuned", "wire, checkpoint"),
    ("base", "input"),
    ("from Base", "wire, checkpoint"),
    ("vector", "output", "not connected"),
]


class Listener:
    """Somebody who hears the outline instead of seeing it."""

    def __init__(self, user, desk):
        self._user = user
        self._desk = desk

    def hear(self):
        """Return what is said of the row that is selected; problems aside, which speak of folders."""
        cells = [widget for widget in self._desk.list_widgets() if widget["role"] == "table cell" and widget["is_selected"]]
        cells.sort(key=lambda cell: cell["box"][0])
        return tuple(cell["name"] for cell in cells if cell["name"] and not cell["name"].startswith("problem: "))

    def go(self, key, wanted):
        """Press a key and wait until the row is said that it leads to."""
        self._user.press(key)
        self._user.wait_for(f"{wanted} to be said", lambda: self.hear() == wanted)


def test_outline_read_aloud(user, desk):
    path = user.home / "direction.loom"
    save_document(DIRECTION, path)
    user.open_weightloom(str(path))
    user.click(user.find("Outline", "page tab"))
    assert user.find("Nodes, ports and wires", "tree")
    listener = Listener(user, desk)
    user.click(user.find("Base, Checkpoint", "table cell"))
    listener.go("Home", SAID[0])
    # Unfolds this row and all that is in it, as in any tree.
    user.press("asterisk")
    for row in SAID[1:]:
        listener.go("Down", row)
        if row[0] in ("Direction, Task vector", "Tuned, Checkpoint"):
            user.press("asterisk")
    user.take_picture("unfolded")
    # The canvas says where the outline has led to.
    assert user.find("Canvas: Direction, Task vector")

    # What is at hand can be done without seeing: the wire goes, then the name changes.
    listener.go("Up", SAID[-2])
    user.press("Delete")
    user.wait_for_status("3 nodes · 1 link · .*")
    listener.go("Home", SAID[0])
    user.press("F2", "ctrl+a")
    user.type("Start")
    user.press("Return")
    user.wait_for("the new name", lambda: user.see("Start, Checkpoint", "table cell"))
    user.press("ctrl+s")
    user.wait_for("the saved file", lambda: load_document(path).nodes[NodeId("base")].label == "Start")
    assert len(load_document(path).wires) == 1
    user.close_weightloom()
