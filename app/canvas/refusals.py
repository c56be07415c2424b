"""A wire that was refused is told where it was let go, with the conversion that would make it fit."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPoint

from app.canvas.bubble import RefusalBubble
from app.canvas.gestures.draw_wire import place_between
from app.canvas.scene import Scene
from app.canvas.suggestions import convert
from app.canvas.wishes import Refusal


def tell_refusal(scene: Scene, bubble: RefusalBubble, refusal: Refusal, at: QPoint) -> None:
    """Say why, at a place of the bubble's parent."""
    conversion = refusal.conversion
    if conversion is None:
        bubble.show_reason(refusal.reason, at)
        return
    place = place_between(scene, conversion)
    offer = QCoreApplication.translate("refusals", "Insert “{title}”").format(title=conversion.title)
    apply = scene.session.apply
    bubble.show_reason(refusal.reason, at, offer, lambda: apply(offer, lambda document: convert(document, conversion, place)))
