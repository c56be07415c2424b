"""One node on the canvas: a single painted item, ports and words and control included."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.node_card import NodeCard
from app.canvas.node_painter import PAD, NodeLook, paint_node
from app.canvas.node_shape import NodeShape, shape_node
from app.canvas.node_state import READY, NodeState
from app.canvas.pixmap_store import PixmapStore
from app.theme import Tokens
from engine.document.model import NodeId, Position, Rect

TEXT_FROM_ZOOM = 0.5
"""Below this words are not drawn."""

_HERE = QTransform()


class NodeItem(QGraphicsRectItem):
    """Show one node; it holds nothing that the document does not say.

    Its rectangle is Qt's own, so that the scene asks for bounds without entering Python.
    """

    def __init__(self, node_id: NodeId, card: NodeCard, store: PixmapStore, colours: Tokens) -> None:
        """Show a card."""
        super().__init__()
        self.node_id = node_id
        self.card = card
        self.shape_: NodeShape = shape_node(card)
        self.state: NodeState = READY
        self._store = store
        self._colours = colours
        self._is_marked = False
        self._pixmap: QPixmap | None = None
        self._scale = 0.0
        self._fit_rect()

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height of the body."""
        return self.shape_.width, self.shape_.height

    @property
    def box(self) -> Rect:
        """Return what the body covers in the scene."""
        return self.x(), self.y(), self.shape_.width, self.shape_.height

    @property
    def is_marked(self) -> bool:
        """Tell whether the node is drawn as selected."""
        return self._is_marked

    def show_card(self, card: NodeCard) -> None:
        """Show something else."""
        if card != self.card:
            self.card = card
            self.shape_ = shape_node(card)
            self._fit_rect()
            self._repaint()

    def show_state(self, state: NodeState) -> None:
        """Show another state."""
        if state != self.state:
            self.state = state
            self._repaint()

    def mark(self, is_marked: bool) -> None:
        """Draw it as selected, or not."""
        if is_marked != self._is_marked:
            self._is_marked = is_marked
            self.setZValue(1.0 if is_marked else 0.0)
            self._repaint()

    def dress(self, colours: Tokens) -> None:
        """Take the colours of another theme."""
        self._colours = colours
        self._repaint()

    def port_position(self, port: str, *, is_output: bool) -> Position | None:
        """Return where a port is in the scene."""
        place = self.shape_.find_port(port, is_output=is_output)
        return (self.x() + place.x, self.y() + place.y) if place is not None else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Copy the node's picture, painting it first if it changed or the zoom did."""
        transform = painter.worldTransform()
        scale = transform.m11()
        if self._pixmap is None or scale != self._scale:
            self._pixmap = self._draw_pixmap(scale, painter.device().devicePixelRatioF())
            self._scale = scale
        corner = QPoint(round(transform.dx() - PAD * scale), round(transform.dy() - PAD * scale))
        painter.setWorldTransform(_HERE)
        painter.drawPixmap(corner, self._pixmap)

    def _draw_pixmap(self, scale: float, ratio: float) -> QPixmap:
        look = NodeLook(self.state, self._is_marked, has_text=scale >= TEXT_FROM_ZOOM)
        shown = self.card if look.has_text else _strip_words(self.card)
        key = (shown, look, scale, ratio, self._colours.name)
        size = QSizeF(self.rect().width(), self.rect().height())

        def paint(painter: QPainter) -> None:
            painter.translate(QPointF(PAD, PAD))
            paint_node(painter, self.card, self.shape_, look, self._colours)

        return self._store.draw(key, size, scale, ratio, paint)

    def _fit_rect(self) -> None:
        self.setRect(QRectF(-PAD, -PAD, self.shape_.width + 2 * PAD, self.shape_.height + 2 * PAD))

    def _repaint(self) -> None:
        self._pixmap = None
        self.update()


def _strip_words(card: NodeCard) -> tuple[object, ...]:
    """Return what a node without words still shows, so that nodes that look the same share a picture."""
    shape = shape_node(card)
    ports = tuple((place.x, place.y, place.port.kind) for place in shape.ports)
    return (shape.width, shape.height, ports, card.kind, card.is_muted, card.is_known, min(len(card.title), 20))
