"""How fast the canvas is: `python -m tests.benchmarks.canvas [--wall]`.

Prints the frames of a drag of 50 selected nodes (at zoom 1, and with everything visible), a paste of 300 nodes and the opening
of a graph of 200 nodes, each beside the number to reach: in time of the processor, or with --wall (on a machine at rest) by the
clock. A frame is one mouse event with everything it causes, painted in memory.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.canvas.scene import Scene
from app.canvas.view import CanvasView
from app.canvas.zoom import reset_zoom
from app.session import Session
from app.theme import apply_theme
from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.document.storage import save_document

NODES, WIRES = 500, 700
FRAMES = 120
ROUNDS = 5
_CLOCK = time.perf_counter if "--wall" in sys.argv else time.thread_time
COLUMN_STEP, ROW_STEP = 288.0, 168.0


def make_graph(nodes: int, wires: int) -> Document:
    """Return a wide graph of checkpoints, task vectors and sums, laid out in rows of ten."""
    held: dict[NodeId, Node] = {NodeId("base"): Node("checkpoint", position=(-COLUMN_STEP, 0.0))}
    made: list[Wire] = []
    kinds = ("checkpoint", "task_vector", "scale", "add", "apply")
    for index in range(nodes - 1):
        kind, row = kinds[index % 5], index // 5
        where = ((index % 5 + 5 * (row % 4)) * COLUMN_STEP, (row // 4) * ROW_STEP)
        held[NodeId(f"n{index}")] = Node(kind, label=f"{kind} {index}", position=where)
        made += _feed(index, kind)
    return Document(nodes=FrozenMapping(held), wires=tuple(made[:wires]))


def _feed(index: int, kind: str) -> list[Wire]:
    last = f"n{index - 1}"
    if kind == "task_vector":
        return [_join(f"{last}.checkpoint", f"n{index}.tuned"), _join("base.checkpoint", f"n{index}.base")]
    if kind == "scale":
        return [_join(f"{last}.vector", f"n{index}.vector")]
    if kind == "add":
        older = [_join(f"n{index - 5}.vector", f"n{index}.vectors")] if index > 5 else []
        return [_join(f"{last}.vector", f"n{index}.vectors"), *older]
    if kind == "apply":
        return [_join(f"{last}.vector", f"n{index}.vector"), _join("base.checkpoint", f"n{index}.base")]
    return []


def _join(source: str, target: str) -> Wire:
    return Wire(PortRef.parse(source), PortRef.parse(target))


def main(application: QApplication) -> None:
    apply_theme(application, "dark")
    graph = make_graph(NODES, WIRES)
    print(f"{len(graph.nodes)} nodes, {len(graph.wires)} wires; window of 1600 × 1000")
    for name, is_whole, limit in (("at zoom 1", False, 16), ("everything visible", True, 25)):
        frames = sorted(_drag(graph, is_whole=is_whole))
        p95 = frames[int(len(frames) * 0.95)]
        print(f"drag 50 nodes, {name}: median {statistics.median(frames):.1f} ms, p95 {p95:.1f} ms (to reach: {limit})")
    print(f"paste 300 nodes: {statistics.median(_paste(graph) for _ in range(ROUNDS)):.0f} ms (to reach: 300)")
    print(f"open 200 nodes: {statistics.median(_open(make_graph(200, 280)) for _ in range(ROUNDS)):.0f} ms (to reach: 300)")
    # The views refer to themselves in circles: they must be gone before the application is.
    gc.collect()


def _show(document: Document) -> tuple[Session, Scene, CanvasView]:
    session = Session()
    session.new(document)
    scene = Scene(session)
    view = CanvasView(scene)
    view.resize(1600, 1000)
    view.show()
    view.fit_all()
    QApplication.processEvents()
    return session, scene, view


def _drag(document: Document, *, is_whole: bool) -> list[float]:
    _, scene, view = _show(document)
    if not is_whole:
        reset_zoom(view)
        view.centerOn(scene.covered().center())
    middle = view.viewportTransform().inverted()[0].map(QPointF(view.viewport().rect().center()))
    near = sorted(scene.nodes.values(), key=lambda item: abs(item.x() - middle.x()) + abs(item.y() - middle.y()))[:50]
    scene.select([item.node_id for item in near])
    QApplication.processEvents()
    start = view.viewportTransform().map(near[0].pos() + QPointF(60, 12))
    _send(view, QMouseEvent.Type.MouseButtonPress, start)
    frames = [_clock(lambda step=step: _send(view, QMouseEvent.Type.MouseMove, _swing(start, step))) for step in range(1, FRAMES)]
    _send(view, QMouseEvent.Type.MouseButtonRelease, start)
    view.close()
    return frames


def _swing(start: QPointF, step: int) -> QPointF:
    """Return a place of the hand that moves by more than the grid at every step, forth and back."""
    return start + QPointF(step % 8 - 4, step % 6 - 3) * 30.0


def _paste(document: Document) -> float:
    _, scene, view = _show(document)
    scene.select(list(scene.nodes)[:300])
    view.editor.copy()

    def paste() -> None:
        view.editor.paste()
        QApplication.processEvents()

    spent = _clock(paste)
    view.close()
    return spent


def _open(document: Document) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.loom"
        save_document(document, path)
        session, _, view = _show(Document())

        def open_file() -> None:
            session.open(path)
            QApplication.processEvents()

        spent = _clock(open_file)
        view.close()
    return spent


def _send(view: CanvasView, kind: QMouseEvent.Type, at: QPointF) -> None:
    button = Qt.MouseButton.NoButton if kind == QMouseEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QMouseEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    event = QMouseEvent(kind, at, view.viewport().mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.viewport(), event)
    QApplication.processEvents()


def _clock(step: Callable[[], object]) -> float:
    """Return the milliseconds that a step takes on a core of its own: the time other programs take is not the canvas's."""
    began = _CLOCK()
    step()
    return (_CLOCK() - began) * 1_000


if __name__ == "__main__":
    running = QApplication([])
    main(running)
