"""How a node is painted: its body, words, ports, control and state."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.canvas.node_card import NodeCard
from app.canvas.node_shape import (
    LINE,
    MARGIN,
    PORT_RADIUS,
    SUBTITLE_Y,
    TITLE_Y,
    NodeShape,
    PortPlace,
    find_fact_start,
    is_fact_beside_output,
)
from app.canvas.node_state import NodeState, StateKind
from app.canvas.state_marks import STATE_WIDTH, paint_progress, paint_state
from app.icons import draw_kind
from app.theme import Tokens, font, mix
from engine.operation import PortKind

_LINE_REACH = 16.0
_MUTED = 0.55

PAD = 12.0
"""Room around the body for ports, outline and shadow."""
# What makes the shapes look equally large: a triangle has half the area of its box, a square more than a circle.
_SHAPE_GAIN = {PortKind.VECTOR: 1.0, PortKind.METRICS: -0.5, PortKind.TEST_SET: -0.5}


@dataclass(frozen=True, slots=True)
class NodeLook:
    """Say how a node is drawn beside what it shows."""

    state: NodeState
    is_selected: bool
    has_text: bool
    """False when the view is so small that words could not be read."""


def paint_node(painter: QPainter, card: NodeCard, shape: NodeShape, look: NodeLook, colours: Tokens) -> None:
    """Paint a node with its corner at (0, 0)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_body(painter, card, shape, look, colours)
    painter.setOpacity(_MUTED if card.is_muted else 1.0)
    _paint_stripe(painter, card, shape, look, colours)
    if look.has_text:
        _paint_words(painter, card, shape, look, colours)
        _paint_slider(painter, shape, colours)
    if card.is_muted:
        _paint_passage(painter, card, shape, colours)
    painter.setOpacity(1.0)
    for place in shape.ports:
        paint_port(painter, place, colours, is_small=not look.has_text)
    paint_progress(painter, shape, look.state, colours)


def paint_port(painter: QPainter, place: PortPlace, colours: Tokens, *, is_small: bool = False) -> None:
    """Paint the shape of a port's kind; one that no declaration knows is a red ring."""
    kind, middle = place.port.kind, QPointF(place.x, place.y)
    colour = kind_colour(kind, colours)
    # The rim parts the port from the body and from the wire that ends in it.
    painter.setPen(QPen(colours.background, 1.5))
    painter.setBrush(colour)
    radius = PORT_RADIUS + 2 if is_small else PORT_RADIUS
    if kind is None:
        painter.setPen(QPen(colours.error, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, radius - 1, radius - 1)
        return
    draw_kind(painter, kind, middle, radius + _SHAPE_GAIN.get(kind, 0.0))


def kind_colour(kind: PortKind | None, colours: Tokens) -> QColor:
    """Return the colour of a kind; the error's for an unknown one."""
    return colours.kind(kind) if kind is not None else colours.error


def _paint_body(painter: QPainter, card: NodeCard, shape: NodeShape, look: NodeLook, colours: Tokens) -> None:
    body, radius = QRectF(0, 0, shape.width, shape.height), colours.node_radius
    painter.setPen(Qt.PenStyle.NoPen)
    shadow = QColor(0, 0, 0, 60 if colours.name == "dark" else 22)
    painter.setBrush(shadow)
    painter.drawRoundedRect(body.translated(0, 2), radius, radius)
    painter.setBrush(_fill(card, colours))
    painter.setPen(_outline(card, look, colours))
    painter.drawRoundedRect(body, radius, radius)


def _fill(card: NodeCard, colours: Tokens) -> QColor:
    if card.is_muted:
        return mix(colours.raised, colours.background, 0.4)
    return colours.raised if card.is_known else mix(colours.error, colours.raised, 0.12)


def _outline(card: NodeCard, look: NodeLook, colours: Tokens) -> QPen:
    if look.is_selected:
        return QPen(colours.accent, 2)
    if look.state.kind is StateKind.ERROR:
        return QPen(colours.error, 1.5)
    if look.state.kind is StateKind.WARNING:
        return QPen(colours.warning, 1.2)
    if not card.is_known:
        return QPen(colours.error, 1.2, Qt.PenStyle.DashLine)
    return QPen(colours.dim, 1.2, Qt.PenStyle.DashLine) if card.is_muted else QPen(colours.line, 1)


def _paint_stripe(painter: QPainter, card: NodeCard, shape: NodeShape, look: NodeLook, colours: Tokens) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(kind_colour(card.kind, colours))
    if look.has_text:
        painter.drawRoundedRect(QRectF(10, TITLE_Y - 8, 4, 16), 2, 2)
        return
    painter.drawRoundedRect(QRectF(10, 12, 10, shape.height - 24), 4, 4)
    # Instead of words two bars, so that the node still reads as one with a title.
    painter.setBrush(mix(colours.text, colours.raised, 0.55))
    painter.drawRoundedRect(QRectF(30, 13, min(len(card.title) * 6.5, shape.width - 60), 9), 4, 4)


def _paint_words(painter: QPainter, card: NodeCard, shape: NodeShape, look: NodeLook, colours: Tokens) -> None:
    state_width = STATE_WIDTH.get(look.state.kind, 0)
    _write(painter, "title", QRectF(22, TITLE_Y - 10, shape.width - 22 - MARGIN - state_width, 20), card.title, colours.text)
    if card.is_muted:
        _write(
            painter, "caption", QRectF(0, TITLE_Y - 10, shape.width - MARGIN, 20), _tr("muted"), colours.dim, Qt.AlignmentFlag.AlignRight
        )
    else:
        paint_state(painter, look.state, QPointF(shape.width - MARGIN, TITLE_Y), colours)
    if card.subtitle:
        _write(painter, "caption", QRectF(22, SUBTITLE_Y - 8, shape.width - 22 - MARGIN, 16), card.subtitle, colours.dim)
    for place in shape.ports:
        _paint_label(painter, place, shape, card, colours)
    _paint_facts(painter, card, shape, colours)


def _paint_label(painter: QPainter, place: PortPlace, shape: NodeShape, card: NodeCard, colours: Tokens) -> None:
    port, y = place.port, place.y - 9
    if port.is_output:
        _write(
            painter, "text", QRectF(shape.width / 2, y, shape.width / 2 - MARGIN, 18), port.label, colours.dim, Qt.AlignmentFlag.AlignRight
        )
        return
    left = float(MARGIN)
    if port.role:
        _write(painter, "title", QRectF(left, y, 16, 18), port.role, colours.text)
        left += 18
    label = port.label + (" …" if port.many else "")
    if port.role and not port.label and port.optional:
        label = _tr("the true one, if known")
    room = shape.width - left - MARGIN - (96 if card.formula and _is_beside_output(place, shape) else 0)
    _write(painter, "text", QRectF(left, y, room, 18), label, mix(colours.dim, colours.raised, 0.7) if port.optional else colours.dim)


def _is_beside_output(place: PortPlace, shape: NodeShape) -> bool:
    return any(other.port.is_output and abs(other.y - place.y) < _LINE_REACH for other in shape.ports)


def _paint_facts(painter: QPainter, card: NodeCard, shape: NodeShape, colours: Tokens) -> None:
    output = next((place for place in shape.ports if place.port.is_output), None)
    beside = card.fact if is_fact_beside_output(card) else card.formula
    if output is not None and beside:
        left = shape.width / 2 if beside == card.formula else find_fact_start(card)
        box = QRectF(left, output.y - 9, shape.width - MARGIN - left, 18)
        _write(painter, "text", box, beside, kind_colour(output.port.kind, colours), Qt.AlignmentFlag.AlignRight)
    if shape.sentence_y is not None:
        _paint_sentence(painter, card, shape, colours)
    if shape.fact_y is not None:
        _write(painter, "caption", QRectF(MARGIN, shape.fact_y - 8, shape.width - 2 * MARGIN, 16), card.fact, colours.dim)


def _paint_sentence(painter: QPainter, card: NodeCard, shape: NodeShape, colours: Tokens) -> None:
    painter.setFont(font("caption"))
    painter.setPen(colours.vector)
    box = QRectF(MARGIN, shape.sentence_y or 0, shape.width - 2 * MARGIN, 2 * LINE)
    painter.drawText(box, int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter), card.sentence)


def _paint_slider(painter: QPainter, shape: NodeShape, colours: Tokens) -> None:
    place = shape.slider
    if place is None:
        return
    value = place.slider.value
    words = f"{place.slider.sign} {value:.2f}" if round(value, 2) == value else f"{place.slider.sign} {value:.3g}"
    _write(painter, "title", QRectF(MARGIN, place.y - 9, place.x - MARGIN - 4, 18), words, colours.text)
    handle = QPointF(place.x + place.length * place.share, place.y)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(mix(colours.dim, colours.raised, 0.3))
    painter.drawRoundedRect(QRectF(place.x, place.y - 2, place.length, 4), 2, 2)
    painter.setBrush(colours.accent)
    painter.drawRoundedRect(QRectF(place.x, place.y - 2, place.length * place.share, 4), 2, 2)
    painter.setBrush(colours.text if colours.name == "dark" else colours.accent)
    painter.drawEllipse(handle, 5.5, 5.5)


def _paint_passage(painter: QPainter, card: NodeCard, shape: NodeShape, colours: Tokens) -> None:
    """Draw the way that a value takes past a muted node, where it passes one."""
    output = next((place for place in shape.ports if place.port.is_output), None)
    if output is None:
        return
    entry = next((place for place in shape.ports if not place.port.is_output and place.port.kind is output.port.kind), None)
    if entry is None:
        return
    painter.setPen(QPen(kind_colour(output.port.kind, colours), 2, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(entry.x, entry.y), QPointF(output.x, output.y))


def _write(
    painter: QPainter, role: str, box: QRectF, text: str, colour: QColor, side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft
) -> None:
    if not text:
        return
    chosen: QFont = _FONTS[role]()
    painter.setFont(chosen)
    painter.setPen(colour)
    fitted = QFontMetricsF(chosen).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, int(side | Qt.AlignmentFlag.AlignVCenter), fitted)


_FONTS = {"title": lambda: font("title"), "text": lambda: font("text"), "caption": lambda: font("caption")}


def _tr(text: str) -> str:
    return QCoreApplication.translate("node painter", text)
