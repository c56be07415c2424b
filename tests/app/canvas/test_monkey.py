"""A monkey on the real view: whatever it does, the document is what a pure replay of the edits gives, and the scene shows it."""

from __future__ import annotations

import gc
import random
import resource
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.dragged_operation import pack_operation
from engine.catalogue import catalogue
from engine.document.model import Document
from engine.document.storage import format_document, parse_document
from engine.errors import DocumentError

_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Escape)
_HELD = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@dataclass
class Replay:
    """An undo history without Qt: the edits, applied to values."""

    done: list[tuple[Document, Document, str]] = field(default_factory=list)
    undone: list[tuple[Document, Document, str]] = field(default_factory=list)
    document: Document = field(default_factory=Document)

    def apply(self, edit: Callable[[Document], Document], merge: str) -> None:
        try:
            after = edit(self.document)
        except DocumentError:
            return
        if after == self.document:
            return
        step = (self.document, after, merge)
        if merge and self.done and not self.undone and self.done[-1][2] == merge:
            step = (self.done.pop()[0], after, merge)
        self.undone.clear()
        if step[0] != step[1]:
            self.done.append(step)
        self.document = after

    def undo(self) -> None:
        if self.done:
            self.undone.append(self.done.pop())
            self.document = self.undone[-1][0]

    def redo(self) -> None:
        if self.undone:
            self.done.append(self.undone.pop())
            self.document = self.done[-1][1]


class Monkey:
    """Do random things with a hand, keys, menus and the palette."""

    def __init__(self, hand, session, seed: int) -> None:
        self.hand, self.session, self.replay = hand, session, Replay()
        self.view, self.scene, self.draw = hand.view, hand.view.scene(), random.Random(seed)
        self._record()

    def act(self) -> None:
        self.draw.choice([self.drag, self.drag, self.drag, self.add, self.add, self.click, self.command, self.key, self.turn, self.back])()

    def drag(self) -> None:
        held = self.draw.choice(_HELD)
        start, end = self.spot(), self.spot()
        self.hand.press(start, held)
        self.hand.move(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), held)
        if self.draw.random() < 0.05:
            self.back()
        if self.draw.random() < 0.05:
            QTest.keyClick(self.view, Qt.Key.Key_Escape)
        self.hand.move(end, held)
        self.hand.release(end, held)

    def add(self) -> None:
        if len(self.session.document.nodes) > 40:
            self.scene.select(self.draw.sample(sorted(self.session.document.nodes), 20))
            self.view.commands()["delete"]()
        at = QPointF(self.draw.uniform(0, 1100), self.draw.uniform(0, 600))
        wire = self.draw.choice([None, *self.session.document.wires])
        packed = pack_operation(self.draw.choice(sorted(catalogue())))
        assert packed.formats()
        self.scene.add_operation(bytes(packed.data(packed.formats()[0]).data()).decode(), (at.x(), at.y()), wire=wire)

    def click(self) -> None:
        self.draw.choice([self.hand.click, self.hand.double_click])(self.spot())

    def command(self) -> None:
        names = sorted(set(self.view.commands()) - {"rename"})
        self.view.commands()[self.draw.choice(names)]()
        if len(self.session.document.frames) + len(self.session.document.notes) > 12:
            self.view.commands()["select_all"]()
            self.view.commands()["delete"]()

    def key(self) -> None:
        QTest.keyClick(self.view, self.draw.choice(_KEYS))

    def turn(self) -> None:
        at = QPointF(self.draw.uniform(0, 1500), self.draw.uniform(0, 900))
        notches = QPoint(0, self.draw.choice([-120, 120]))
        none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        turned = QWheelEvent(at, at, QPoint(), notches, Qt.MouseButton.NoButton, none, phase, False)
        QApplication.sendEvent(self.view.viewport(), turned)
        self.view.fit_all()

    def back(self) -> None:
        if self.draw.random() < 0.6:
            self.replay.undo()
            self.session.undo_stack.undo()
        else:
            self.replay.redo()
            self.session.undo_stack.redo()

    def spot(self) -> tuple[float, float]:
        """Return a place: mostly a port, a slider or a title, sometimes anywhere."""
        items = [self.scene.nodes[key] for key in sorted(self.scene.nodes)]
        if not items or self.draw.random() < 0.2:
            return self.draw.uniform(-100, 1200), self.draw.uniform(-100, 700)
        item = self.draw.choice(items)
        spots = [(item.x() + place.x, item.y() + place.y) for place in item.shape_.ports] * 2
        slider = item.shape_.slider
        if slider is not None:
            spots.append((item.x() + slider.x + self.draw.random() * slider.length, item.y() + slider.y))
        return self.draw.choice([*spots, (item.x() + 40, item.y() + 18)])

    def check(self) -> None:
        document = self.session.document
        assert document == self.replay.document
        assert parse_document(format_document(document)) == document
        assert set(self.scene.nodes) == set(document.nodes)
        for node_id, node in document.nodes.items():
            assert self.scene.nodes[node_id].pos().toTuple() == node.position
            assert self.scene.nodes[node_id].opacity() == 1
        assert self.scene.selection.within(document) == self.scene.selection
        known = {wire for wire in document.wires if {wire.source.node, wire.target.node} <= set(document.nodes)}
        assert set(self.scene.mirror.drawn) == known
        assert set(self.scene.mirror.frames) == {frame.id for frame in document.frames}

    def _record(self) -> None:
        """Let the replay hear of every edit before the session does it."""
        apply = self.session.apply

        def recorded(text: str, edit: Callable[[Document], Document], merge: str = "") -> bool:
            self.replay.apply(edit, merge)
            return apply(text, edit, merge)

        self.session.apply = recorded


def _play(monkey: Monkey, steps: int) -> None:
    for step in range(steps):
        monkey.act()
        assert monkey.view.gesture is None
        if step % 25 == 0:
            monkey.check()
            QApplication.processEvents()
    monkey.check()


@pytest.mark.parametrize("seed", range(3))
def test_the_document_is_what_a_pure_replay_gives(hand, session, seed):
    _play(Monkey(hand, session, seed), 150)


@pytest.mark.slow
def test_ten_thousand_gestures_leave_document_and_memory_in_order(hand, session):
    monkey = Monkey(hand, session, 100)
    _play(monkey, 2_000)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _play(monkey, 8_000)
    gc.collect()
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 250  # 1,000 undo steps and the store of pictures (160 MiB) fill up, and then no more


def test_the_monkey_does_draw_wires_and_undo(hand, session):
    monkey = Monkey(hand, session, 7)
    wires = 0
    for _ in range(200):
        monkey.act()
        wires = max(wires, len(session.document.wires))
    assert wires > 3
    assert session.undo_stack.count() > 20
