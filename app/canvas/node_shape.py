"""Where everything of a node lies: sizes and places from what it shows, in scene pixels, without Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.canvas.node_card import CardPort, CardSlider, NodeCard
from engine.operation import PortKind

TITLE_Y = 19
SUBTITLE_Y = 38
MARGIN = 14
ROW = 22
ROLE_ROW = 24
LINE = 15
PORT_RADIUS = 6
GRAB_RADIUS = 13
"""How far from its middle a port can still be taken."""
NARROWEST, WIDEST = 132, 240
GRID = 24
"""Widths and snapped positions are multiples of half or all of it."""

# Mean advance of Inter in pixels, over the labels of the templates: titles at 13 px semibold, text at 11 px.
_TITLE_ADVANCE = 7.4
_TEXT_ADVANCE = 6.0
_STATE_WIDTH = 54
_STRIPE_WIDTH = 22
_SLIDER_WIDTH = 66
_SENTENCE_LINES = 2
_SHORT_FACT = 13
"""A norm with its sign and digits, as “‖Δθ‖ ≈ 0.0597”: what the room beside the output is for, so that no node grows with its norm."""
_NORM_WIDTHS: Mapping[PortKind | None, float] = MappingProxyType({PortKind.VECTOR: 84, PortKind.CHECKPOINT: 93})
"""Of the longest norm that a card tells, in pixels of Inter at 11 px, by what has one: “‖τ‖ →≈9e+04”, “‖Δθ‖ →≈9e+04”."""
_LABEL_ADVANCE = 6.5
_LABEL_GAP = 8


@dataclass(frozen=True, slots=True)
class PortPlace:
    """Place one port in its node's own coordinates."""

    port: CardPort
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class SliderPlace:
    """Place the slider: its groove runs from x to x + length."""

    slider: CardSlider
    x: float
    y: float
    length: float

    @property
    def share(self) -> float:
        """Return how far along the handle is, 0 to 1."""
        span = self.slider.maximum - self.slider.minimum
        return (self.slider.value - self.slider.minimum) / span if span else 0.0


@dataclass(frozen=True, slots=True)
class NodeShape:
    """Hold the geometry of a node; its own top left corner is (0, 0)."""

    width: float
    height: float
    ports: tuple[PortPlace, ...]
    slider: SliderPlace | None = None
    fact_y: float | None = None
    """The middle of the line of facts at the bottom; None where none is kept free, or the fact stands beside the output."""
    sentence_y: float | None = None
    """The top of the sentence of an Analogy."""

    def find_port(self, name: str, *, is_output: bool) -> PortPlace | None:
        """Return the place of a port of one side."""
        return next((place for place in self.ports if place.port.name == name and place.port.is_output == is_output), None)

    def port_at(self, x: float, y: float) -> PortPlace | None:
        """Return the port that a press at this place takes: the nearest within reach."""
        near = [(math.hypot(place.x - x, place.y - y), index) for index, place in enumerate(self.ports)]
        distance, index = min(near, default=(math.inf, 0))
        return self.ports[index] if distance <= GRAB_RADIUS else None

    def is_slider_at(self, x: float, y: float) -> bool:
        """Tell whether a press at this place takes the slider."""
        place = self.slider
        return place is not None and place.x - 8 <= x <= place.x + place.length + 8 and abs(y - place.y) <= 9  # noqa: PLR2004  (a finger)

    def contains(self, x: float, y: float) -> bool:
        """Tell whether a place lies on the node's body."""
        return 0 <= x <= self.width and 0 <= y <= self.height


def shape_node(card: NodeCard) -> NodeShape:
    """Return where everything of a node lies."""
    width = _choose_width(card)
    inputs = [port for port in card.ports if not port.is_output]
    outputs = [port for port in card.ports if port.is_output]
    row = ROLE_ROW if any(port.role for port in inputs) else ROW
    first = 58 if card.subtitle else 43
    bottom = first + row * max(len(inputs), len(outputs) if inputs else 0) - row + 19 if inputs else first + 2
    middle = first + row * (len(inputs) - 1) / 2 if inputs else 30.0
    ports = (
        *(PortPlace(port, 0, first + row * index) for index, port in enumerate(inputs)),
        *(PortPlace(port, width, middle + ROW * (index - (len(outputs) - 1) / 2)) for index, port in enumerate(outputs)),
    )
    return _finish_shape(card, width, ports, bottom)


def is_fact_beside_output(card: NodeCard) -> bool:
    """Tell whether the fact is so short that it stands beside the only output, as a norm does."""
    return 0 < len(card.fact) <= _SHORT_FACT and _has_room_beside_output(card)


def find_fact_start(card: NodeCard) -> float:
    """Return where the room beside the output begins: right of the inputs' labels, which it never covers."""
    longest = max((len(port.label) + (2 if port.many else 0) for port in card.ports if not port.is_output), default=0)
    return MARGIN + longest * _LABEL_ADVANCE + (_LABEL_GAP if longest else 0)


def _has_room_beside_output(card: NodeCard) -> bool:
    return sum(port.is_output for port in card.ports) == 1 and not card.has_fact_line


def _finish_shape(card: NodeCard, width: float, ports: tuple[PortPlace, ...], bottom: float) -> NodeShape:
    slider, sentence_y, fact_y = None, None, None
    if card.slider is not None:
        slider = SliderPlace(card.slider, width - MARGIN - _SLIDER_WIDTH, bottom + 3, _SLIDER_WIDTH)
        bottom += ROW
    if card.sentence:
        sentence_y = bottom - 2
        bottom += LINE * _SENTENCE_LINES + 4
    if card.has_fact_line or (card.fact and not is_fact_beside_output(card)):
        fact_y = bottom + 2
        bottom += 18
    has_inputs = any(not place.port.is_output for place in ports)
    return NodeShape(width, bottom + (4 if has_inputs else 0), ports, slider, fact_y, sentence_y)


def _choose_width(card: NodeCard) -> float:
    if card.sentence:
        return WIDEST
    title = _STRIPE_WIDTH + MARGIN + len(card.title) * _TITLE_ADVANCE + _STATE_WIDTH
    subtitle = 0 if not card.subtitle else 2 * MARGIN + _STRIPE_WIDTH + len(card.subtitle) * _TEXT_ADVANCE
    labels = sum(max((len(port.label) for port in card.ports if port.is_output == side), default=0) for side in (False, True))
    fact = 2 * MARGIN + len(card.fact) * _TEXT_ADVANCE if card.fact else 0
    if card.kind in _NORM_WIDTHS and not card.subtitle and len(card.fact) <= _SHORT_FACT and _has_room_beside_output(card):
        fact = find_fact_start(card) + _NORM_WIDTHS[card.kind] + MARGIN
    wanted = max(title, subtitle, 4 * MARGIN + labels * _TEXT_ADVANCE, fact, 156 if card.slider else 0)
    half = GRID / 2
    return min(max(math.ceil(wanted / half) * half, NARROWEST), WIDEST)
