"""What stands on a card: figures are never cut, whatever they are and however the ports are called."""

import pytest
from PySide6.QtGui import QFontMetricsF

from app.canvas.node_card import describe_node
from app.canvas.node_shape import MARGIN, find_fact_start, is_fact_beside_output, shape_node
from app.decimal_text import shorten_figure
from app.theme import font
from engine.catalogue import catalogue
from engine.document.model import NodeId
from engine.operation import PortKind

SYMBOLS = {PortKind.VECTOR: "‖τ‖", PortKind.CHECKPOINT: "‖Δθ‖"}
NORMS = (462.4, 888.8, 0.0888, 0.00888, 8.88e-5, 88_888.0, 888_888.0, 8.88e8, 8.88e-12)
BESIDE = sorted(
    each.id
    for each in catalogue().values()
    if len(each.outputs) == 1 and each.outputs[0] in SYMBOLS and each.id not in {"analogy", "checkpoint", "lora_adapter", "series"}
)


@pytest.mark.parametrize("operation", BESIDE)
def test_a_figure_beside_the_output_is_never_cut_and_covers_no_label(make, operation, qapp):
    metrics = QFontMetricsF(font("text"))
    symbol = SYMBOLS[catalogue()[operation].outputs[0]]
    facts = [f"{symbol} ≈ {shorten_figure(norm, 6)}" for norm in NORMS] + [f"{symbol} →≈{shorten_figure(norm, 5)}" for norm in NORMS]
    document = make.graph({"a": make.node(operation)})
    for fact in facts:
        card = describe_node(document, NodeId("a"), fact)
        labels = [port.label + (" …" if port.many else "") for port in card.ports if not port.is_output]
        start, end = find_fact_start(card), shape_node(card).width - MARGIN
        assert is_fact_beside_output(card), fact
        assert metrics.horizontalAdvance(fact) <= end - start, fact
        assert all(MARGIN + metrics.horizontalAdvance(label) <= start for label in labels)
