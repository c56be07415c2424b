"""A canvas with a hand on it: a real view of a real session, and mouse and keys as Qt delivers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.connection import PortEnd
from app.canvas.scene import Scene
from app.canvas.view import CanvasView
from app.session import Session
from app.theme import apply_theme
from engine.document.model import Document, Node, NodeId, PortRef, Position, Wire

NONE = Qt.KeyboardModifier.NoModifier


@dataclass
class Hand:
    """Press, move and let go, in pixels of the scene."""

    view: CanvasView

    def press(self, at: Position, held: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self._send(QMouseEvent.Type.MouseButtonPress, at, button, button, held)

    def move(self, to: Position, held: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self._send(QMouseEvent.Type.MouseMove, to, Qt.MouseButton.NoButton, button, held)

    def release(self, at: Position, held: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self._send(QMouseEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton, held)

    def click(self, at: Position, held: Qt.KeyboardModifier = NONE) -> None:
        self.press(at, held)
        self.release(at, held)

    def double_click(self, at: Position) -> None:
        self._send(QMouseEvent.Type.MouseButtonDblClick, at, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, NONE)
        self.release(at)

    def drag(self, start: Position, end: Position, held: Qt.KeyboardModifier = NONE) -> None:
        self.press(start, held)
        self.move(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), held)
        self.move(end, held)
        self.release(end, held)

    def port(self, text: str, *, is_output: bool) -> Position:
        ref = PortRef.parse(text)
        place = self.scene.nodes[ref.node].port_position(ref.port, is_output=is_output)
        assert place is not None
        return place

    def output(self, text: str) -> Position:
        return self.port(text, is_output=True)

    def input(self, text: str) -> Position:
        return self.port(text, is_output=False)

    def middle(self, node: str) -> Position:
        x, y, width, height = self.scene.nodes[NodeId(node)].box
        return x + width / 2, y + height - 5

    def title(self, node: str) -> Position:
        x, y, *_ = self.scene.nodes[NodeId(node)].box
        return x + 40, y + 18

    @property
    def scene(self) -> Scene:
        found = self.view.scene()
        assert isinstance(found, Scene)
        return found

    def _send(
        self, kind: QMouseEvent.Type, at: Position, button: Qt.MouseButton, buttons: Qt.MouseButton, held: Qt.KeyboardModifier
    ) -> None:
        place = self.view.viewportTransform().map(QPointF(*at))
        event = QMouseEvent(kind, place, self.view.viewport().mapToGlobal(place), button, buttons, held)
        QApplication.sendEvent(self.view.viewport(), event)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication, session: Session) -> Iterator[CanvasView]:
    apply_theme(qapp, "dark")
    scene = Scene(session)
    made = CanvasView(scene)
    qtbot.addWidget(made)
    made.resize(1600, 1000)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.cancel_gesture()
    made.close()


@pytest.fixture
def hand(view: CanvasView) -> Hand:
    return Hand(view)


@pytest.fixture
def heard(view: CanvasView) -> list[tuple[str, object]]:
    """Return the list of what the scene asks for, in order."""
    scene, said = view.scene(), []
    for name in ("wish_search", "wish_inspector", "wish_connect", "wish_menu", "refused", "files_dropped", "selection_ids_changed"):
        getattr(scene, name).connect(lambda what, name=name: said.append((name, what)))
    return said


@pytest.fixture
def wires(session: Session) -> Callable[[], set[tuple[str, str]]]:
    """Return a function that tells which ports are wired now."""
    return lambda: {(str(wire.source), str(wire.target)) for wire in session.document.wires}


@pytest.fixture
def open_graph(session: Session, view: CanvasView) -> Callable[[Document], None]:
    """Return a function that shows a graph at 100 %, its corner near the window's."""

    def show(document: Document) -> None:
        session.new(document)
        view.resetTransform()
        view.centerOn(600, 350)
        view.setFocus()

    return show


def node(operation: str, x: float = 0, y: float = 0, **parameters: float | str) -> Node:
    return Node(operation, parameters=parameters, position=(x, y))


def wire(source: str, target: str) -> Wire:
    return Wire(PortRef.parse(source), PortRef.parse(target))


def graph(nodes: dict[str, Node], *wires: tuple[str, str]) -> Document:
    return Document(nodes={NodeId(key): each for key, each in nodes.items()}, wires=tuple(wire(*ends) for ends in wires))


def output(text: str) -> PortEnd:
    return PortEnd(PortRef.parse(text), is_output=True)


def input_(text: str) -> PortEnd:
    return PortEnd(PortRef.parse(text), is_output=False)


@dataclass(frozen=True)
class Make:
    """The little builders, as a fixture: test folders hold no packages to import them from."""

    node = staticmethod(node)
    wire = staticmethod(wire)
    graph = staticmethod(graph)
    output = staticmethod(output)
    input = staticmethod(input_)

    def negation(self) -> Document:
        """Return base and tuned into a task vector, negated and applied."""
        return graph(
            {
                "base": node("checkpoint", 0, 0, source="models/base"),
                "tuned": node("checkpoint", 0, 168, source="models/tuned"),
                "tau": node("task_vector", 288, 96),
                "not": node("negate", 528, 96),
                "edit": node("apply", 768, 48, strength=0.4),
            },
            ("tuned.checkpoint", "tau.tuned"),
            ("base.checkpoint", "tau.base"),
            ("tau.vector", "not.vector"),
            ("base.checkpoint", "edit.base"),
            ("not.vector", "edit.vector"),
        )


@pytest.fixture
def make() -> Make:
    return Make()
