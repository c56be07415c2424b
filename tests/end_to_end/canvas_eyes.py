"""What a person sees on the canvas, which no screen reader is told: the outline of the selected node, and its ports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from PySide6.QtGui import QColor

from app.theme import tokens

_SHADES = 24
"""How far a colour may be off, for the soft edges of drawn shapes."""
_SHORTEST_EDGE = 60
_LOWEST_NODE = 24
_CORNER = 16
"""More than the radius of a node's corners."""
_REACH = 7
_PORT_WIDTH, _PORT_HEIGHT = 3, 7
"""A wire that ends at a port is thinner."""
Box = tuple[int, int, int, int]
Place = tuple[int, int]


@dataclass(frozen=True)
class SeenNode:
    """Hold where a node is on the screen."""

    box: Box
    """Left, top, right and bottom of its outline."""
    inputs: tuple[Place, ...]
    """The ports at its left edge, from top to bottom."""
    outputs: tuple[Place, ...]

    @property
    def title(self) -> Place:
        """Return a place on it where there is neither port nor slider."""
        return (self.box[0] + self.box[2]) // 2, self.box[1] + 12


def find_selected(picture: Image.Image, area: Box, without: Box | None = None) -> SeenNode | None:
    """Return the node that has the outline of a selected one, if exactly one is to be seen whole.

    Args:
        picture: of the screen.
        area: the canvas: left, top, right, bottom.
        without: what lies over it and has lines of that colour, too: the minimap.
    """
    left, top, _, _ = area
    pixels = np.asarray(picture.crop(area), dtype=np.int16)
    outline = _like(pixels, tokens("dark").accent)
    if without is not None:
        outline[without[1] - top : without[3] - top, without[0] - left : without[2] - left] = False
    box = _find_box(outline)
    if box is None:
        return None
    inputs, outputs = (tuple((x + left, y + top) for x, y in _find_ports(pixels, edge, box)) for edge in (box[0], box[2]))
    return SeenNode((box[0] + left, box[1] + top, box[2] + left, box[3] + top), inputs, outputs)


def _like(pixels: np.ndarray, colour: QColor) -> np.ndarray:
    """Return where a colour is."""
    return (np.abs(pixels - np.array(colour.getRgb()[:3], dtype=np.int16)) <= _SHADES).all(axis=2)


def _find_box(outline: np.ndarray) -> Box | None:
    """Return what an outline encloses; its upper and lower edge are the longest level lines of that colour."""
    runs = [_find_longest_run(line) for line in outline]
    longest = max((last - first for first, last in runs), default=0)
    if longest < _SHORTEST_EDGE:
        return None
    rows = [number for number, (first, last) in enumerate(runs) if last - first >= longest - 4]
    first, last = runs[rows[0]]
    if rows[-1] - rows[0] < _LOWEST_NODE:
        return None
    # Ports interrupt the upright edges: where they are, most pixels of the colour lie above one another.
    heights = outline[rows[0] : rows[-1]].sum(axis=0)
    left = first - _CORNER + int(heights[first - _CORNER : first + 2].argmax())
    right = last - 2 + int(heights[last - 2 : last + _CORNER].argmax())
    return left, rows[0], right, rows[-1]


def _find_longest_run(line: np.ndarray) -> tuple[int, int]:
    if not line.any():
        return 0, 0
    turns = _find_turns(line)
    longest = int((turns[1::2] - turns[::2]).argmax())
    return int(turns[2 * longest]), int(turns[2 * longest + 1])


def _find_turns(line: np.ndarray) -> np.ndarray:
    """Return where runs begin and end, by turns."""
    return np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))


def _find_ports(pixels: np.ndarray, edge: int, box: Box) -> tuple[Place, ...]:
    """Return the ports on an upright edge of a node."""
    strip = pixels[box[1] : box[3], max(edge - _REACH, 0) : edge + _REACH]
    colours = tokens("dark")
    kinds = (colours.checkpoint, colours.vector, colours.metrics, colours.test_set)
    rows = np.logical_or.reduce([_like(strip, colour) for colour in kinds]).sum(axis=1) >= _PORT_WIDTH
    turns = _find_turns(rows)
    runs = [(int(first), int(last)) for first, last in zip(turns[::2], turns[1::2], strict=True) if last - first >= _PORT_HEIGHT]
    return tuple((edge, box[1] + (first + last) // 2) for first, last in runs)
