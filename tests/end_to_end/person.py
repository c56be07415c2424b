"""A person at the desk: looks at the screen, moves the mouse, presses keys, and waits until what was expected is seen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.end_to_end.desk import SCREEN, Desk

PATIENCE_SECONDS = 120.0
"""Far more than anything takes, even on a machine that does other work: it is used up only where a story fails."""
_LOOK_SECONDS = 0.12
_STEPS = 8
_ANSWER_SECONDS = 5.0
Place = tuple[int, int]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Widget:
    """Hold what a screen reader is told of one widget."""

    role: str
    name: str
    description: str
    box: tuple[int, int, int, int]
    """Left, top, width and height on the screen."""
    text: str
    is_enabled: bool
    is_focused: bool
    is_selected: bool

    @property
    def middle(self) -> Place:
        """Return where one would click it."""
        left, top, width, height = self.box
        return left + width // 2, top + height // 2


class Person:
    """Use whatever windows are on the desk."""

    def __init__(self, desk: Desk, album: Path) -> None:
        """Sit down; pictures of what is seen go into the album."""
        self._desk = desk
        self._album = album
        self._pictures = 0

    # --- looking ---

    def wait_for(self, what: str, look: Callable[[], Found | None]) -> Found:
        """Look again and again until there is something to see; return it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            if time.monotonic() > end:
                self.take_picture("waited in vain")
                message = f"waited in vain for {what}; the screen is {self._album}/{self._pictures:02}-waited-in-vain.png"
                raise AssertionError(message)
            time.sleep(_LOOK_SECONDS)
        return found

    def see(self, name: str, role: str = "") -> Widget | None:
        """Return the widget of that name, a regular expression for all of it, if it is on the screen; of several the last opened."""
        found = [
            widget
            for widget in self._widgets()
            if re.fullmatch(name, widget.name, re.DOTALL) and (not role or re.fullmatch(role, widget.role))
        ]
        return found[-1] if found else None

    def find(self, name: str, role: str = "") -> Widget:
        """Return a widget when it is there and has come to rest."""

        seen: list[Widget | None] = [None]

        def look() -> Widget | None:
            seen.append(self.see(name, role))
            now = seen[-1]
            return now if now is not None and now == seen[-2] and now.is_enabled and _is_on_screen(now) else None

        return self.wait_for(f"{role or 'something'} named “{name}”", look)

    def wait_until_gone(self, name: str, role: str = "") -> None:
        """Wait until a widget is no longer there."""
        self.wait_for(f"“{name}” to go away", lambda: self.see(name, role) is None)

    def take_picture(self, title: str) -> None:
        """Keep what is on the screen."""
        self._pictures += 1
        self._desk.take_picture().save(self._album / f"{self._pictures:02}-{title.replace(' ', '-')}.png")

    def look(self) -> object:
        """Return what is on the screen as a picture."""
        return self._desk.take_picture()

    # --- hands ---

    def click(self, place: Place | Widget) -> None:
        """Click once."""
        self._desk.move_hands("mousemove", *_words(place), "click", "1")

    def double_click(self, place: Place | Widget) -> None:
        """Click twice, fast."""
        self._desk.move_hands("mousemove", *_words(place), "click", "--repeat", "2", "--delay", "30", "1")

    def drag(self, start: Place | Widget, *stops: Place) -> None:
        """Press the button at the start, go through the stops, and let go at the last."""
        self._desk.move_hands("mousemove", *_words(start), "mousedown", "1")
        at = start.middle if isinstance(start, Widget) else start
        for stop in stops:
            for step in range(1, _STEPS + 1):
                x, y = (at[side] + (stop[side] - at[side]) * step // _STEPS for side in (0, 1))
                self._desk.move_hands("mousemove", str(x), str(y))
            at = stop
        self._desk.move_hands("mouseup", "1")

    def drag_until(self, start: Place | Widget, stop: Place, what: str, look: Callable[[], object]) -> None:
        """Drag something into another program, again if that did not hear of it before the button was let go, until it is seen."""

        def drag_and_look() -> bool:
            # To and fro over the goal: its program answers a drag only while the mouse moves.
            self.drag(start, stop, *((stop[0] + shift, stop[1] + shift) for shift in (6, 0)))
            end = time.monotonic() + _ANSWER_SECONDS
            while not (is_seen := bool(look())) and time.monotonic() < end:
                time.sleep(_LOOK_SECONDS)
            return is_seen

        self.wait_for(what, drag_and_look)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as “ctrl+s” or “Return”."""
        self._desk.move_hands("key", "--delay", "20", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._desk.move_hands("type", "--delay", "5", text)

    def _widgets(self) -> Iterator[Widget]:
        for told in self._desk.list_widgets():
            yield Widget(**{**told, "box": tuple(told["box"])})


def _is_on_screen(widget: Widget) -> bool:
    (x, y), (_, _, width, height) = widget.middle, widget.box
    return width > 0 and height > 0 and 0 <= x < SCREEN[0] and 0 <= y < SCREEN[1]


def _words(place: Place | Widget) -> tuple[str, str]:
    x, y = place.middle if isinstance(place, Widget) else place
    return str(x), str(y)
