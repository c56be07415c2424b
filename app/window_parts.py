"""Lead the keyboard from one part of the window to the next, and into a part where it was before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def enter_part(part: QWidget) -> bool:
    """Give the keyboard to a part: to what had it there before, else to its first widget that takes it; return whether there is one."""
    before = part.focusWidget()
    found = before if before is not None and _takes_keys(before, part) else next(iter(_list_stops(part)), None)
    if found is None:
        return False
    found.activateWindow()
    found.setFocus(Qt.FocusReason.TabFocusReason)
    return True


def walk_parts(parts: Sequence[QWidget], start: QWidget | None, *, forward: bool) -> None:
    """Give the keyboard to the next part that takes it.

    Args:
        parts: the parts in their order.
        start: the part to begin at, which is entered itself when it is not left yet; None for the one that has the keyboard.
        forward: to the next one, not to the one before.
    """
    step = 1 if forward else -1
    if start is not None:
        place = parts.index(start) - (1 if forward else 0)
    else:
        holder = next((number for number, part in enumerate(parts) if _has_keyboard(part)), None)
        place = holder if holder is not None else (-1 if forward else len(parts))
    for distance in range(1, len(parts) + 1):
        if enter_part(parts[(place + step * distance) % len(parts)]):
            return


def step_by_tab(whole: QWidget, part_of: Callable[[QWidget], QWidget], *, forward: bool) -> bool:
    """Give the keyboard to the next widget, one part after the other; return whether there is one.

    Args:
        whole: what is walked through.
        part_of: the part that a widget belongs to; one that lies outside its part, as a tab does, comes before what lies in it.
        forward: to the next one, not to the one before.
    """
    groups: dict[QWidget, list[QWidget]] = {}
    for stop in _list_stops(whole):
        groups.setdefault(part_of(stop), []).append(stop)
    ordered = (sorted(stops, key=lambda stop, part=part: _is_in(stop, part)) for part, stops in groups.items())
    stops = list(itertools.chain.from_iterable(ordered))
    focused = QApplication.focusWidget()
    if focused not in stops:
        return False
    reasons = Qt.FocusReason
    found = stops[(stops.index(focused) + (1 if forward else -1)) % len(stops)]
    found.setFocus(reasons.TabFocusReason if forward else reasons.BacktabFocusReason)
    return True


def _has_keyboard(part: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and _is_in(focused, part)


def _list_stops(part: QWidget) -> list[QWidget]:
    """Return what takes keys in a part, in the order in which it was made, which is Qt's order of Tab."""
    stops: list[QWidget] = []
    widget: QWidget | None = part
    while widget is not None:
        if _takes_keys(widget, part):
            stops.append(widget)
        widget = widget.nextInFocusChain()
        if widget is part:
            break
    return stops


def _takes_keys(widget: QWidget, part: QWidget) -> bool:
    if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or widget.focusProxy() is not None:
        return False
    return _is_in(widget, part) and widget.window() is part.window() and widget.isVisible() and widget.isEnabled()


def _is_in(widget: QWidget, part: QWidget) -> bool:
    return widget is part or part.isAncestorOf(widget)
