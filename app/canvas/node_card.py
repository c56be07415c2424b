"""What a node shows, as words and ports without any geometry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath
from types import MappingProxyType

from app.analogy_roles import read_role, read_roles, say_analogy
from app.canvas.connection import find_operation, main_kind
from engine.document.model import Document, Node, NodeId
from engine.operation import Operation, PortKind
from engine.parameters import ParameterError, Real

_SLIDERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"scale": ("factor", "λ"), "apply": ("strength", "λ"), "interpolate": ("amount", "t")}
)
"""The one parameter that an operation lets be dragged on the node, and its sign."""
_SUBTITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "checkpoint": ("source",),
        "series": ("source",),
        "lora_adapter": ("source",),
        "test_set": ("source",),
        "measured_metrics": ("source",),
        "export_checkpoint": ("folder", "dtype"),
        "export_vector": ("folder", "dtype"),
    }
)
"""The parameters said under the title until more is known."""
_FACT_LINES = frozenset({"analogy", "evaluate", "strength_search"})
"""Operations whose facts have no room beside the output."""
_SHOWN_PARTS = 2
_STILL_TO_CHOOSE = MappingProxyType({"source": "no file chosen", "folder": "no folder chosen"})


@dataclass(frozen=True, slots=True)
class CardPort:
    """Show one port."""

    name: str
    kind: PortKind | None
    """None for a port that a wire names and no declaration knows."""
    is_output: bool
    label: str
    role: str = ""
    """The letter of an Analogy's role."""
    many: bool = False
    optional: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class CardSlider:
    """Show the parameter that can be dragged on the node."""

    parameter: str
    sign: str
    value: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class NodeCard:
    """Hold everything a node shows but its state."""

    title: str
    operation: str
    kind: PortKind | None
    """The kind whose colour and shape its stripe has; None for an unknown operation."""
    ports: tuple[CardPort, ...]
    subtitle: str = ""
    fact: str = ""
    formula: str = ""
    sentence: str = ""
    has_fact_line: bool = False
    """Whether a line is kept free for the fact, so that the node does not grow when it comes."""
    slider: CardSlider | None = None
    is_muted: bool = False
    is_known: bool = True
    help: str = ""

    def find_port(self, name: str, *, is_output: bool) -> CardPort | None:
        """Return a port of one side."""
        return next((port for port in self.ports if port.name == name and port.is_output == is_output), None)


def describe_node(document: Document, node_id: NodeId, fact: str = "") -> NodeCard:
    """Return what a node shows; the fact is what is known of its value, such as a norm or an accuracy."""
    node, operation = document.nodes[node_id], find_operation(document, node_id)
    if operation is None:
        title = node.label or node.operation
        return NodeCard(title, node.operation, None, _list_loose(document, node_id, None), f"unknown: {node.operation}",
                        is_muted=node.muted, is_known=False, help="This version does not know this operation.")  # fmt: skip
    has_subtitle = operation.id in _SUBTITLES
    return NodeCard(
        title=node.label or operation.title,
        operation=operation.id,
        kind=main_kind(operation),
        ports=(*_list_declared(document, node_id, operation), *_list_loose(document, node_id, operation)),
        subtitle=(fact or _subtitle(node, operation)) if has_subtitle else "",
        fact="" if has_subtitle else fact,
        formula="D̂ = C + (B − A)" if operation.id == "analogy" else "",
        sentence=say_analogy(read_roles(document, node_id)) if operation.id == "analogy" else "",
        has_fact_line=operation.id in _FACT_LINES,
        slider=_describe_slider(node, operation),
        is_muted=node.muted,
        help=operation.sentence,
    )


def slider_span(value: float, minimum: float, maximum: float) -> tuple[float, float]:
    """Return the ends of a slider: 0 … 1 as long as the value lies there, else as much of the range as it takes."""
    for low, high in ((0.0, 1.0), (-2.0, 2.0)):
        if low <= value <= high:
            return max(low, minimum), min(high, maximum)
    return minimum, maximum


def slider_step(low: float, high: float) -> Fraction:
    """Return how finely a slider moves: a hundredth for a span of 1, a tenth for the widest."""
    length = high - low
    return Fraction(1, 100) if length <= 1 else Fraction(1, 20) if length <= 4 else Fraction(1, 10)  # noqa: PLR2004  (spans above)


def snap_value(share: float, low: float, high: float) -> float:
    """Return the decimal at a share of a slider's length."""
    step = slider_step(low, high)
    steps = round((low + min(max(share, 0.0), 1.0) * (high - low)) / step)
    return float(steps * step)


def _subtitle(node: Node, operation: Operation) -> str:
    shown = (_show_parameter(node, operation, name) for name in _SUBTITLES[operation.id])
    return " · ".join(words for words in shown if words)


def _show_parameter(node: Node, operation: Operation, name: str) -> str:
    declared = operation.parameter(name)
    value = node.parameters.get(name, declared.default if declared is not None else "")
    text = str(value).strip()
    if text == "same":
        return ""
    if not text:
        return _STILL_TO_CHOOSE.get(name, "")
    if name == "folder":
        return _shorten_folder(text)
    return PurePath(text).name if name == "source" and not text.startswith("hub:") else text


def _shorten_folder(text: str) -> str:
    """Return a folder as its user typed it; of a long path the end, which tells exports apart: the inspector tells the whole of it."""
    parts = PurePath(text).parts
    return text if len(parts) <= _SHOWN_PARTS else "/".join(("…", *parts[-_SHOWN_PARTS:]))


def _describe_slider(node: Node, operation: Operation) -> CardSlider | None:
    if operation.id not in _SLIDERS:
        return None
    name, sign = _SLIDERS[operation.id]
    declared = operation.parameter(name)
    if not isinstance(declared, Real):
        return None
    try:
        value = float(declared.parse(node.parameters.get(name, declared.default)))
    except ParameterError:
        return None
    return CardSlider(name, sign, value, *slider_span(value, declared.minimum, declared.maximum))


def _list_declared(document: Document, node_id: NodeId, operation: Operation) -> tuple[CardPort, ...]:
    is_analogy = operation.id == "analogy"
    inputs = tuple(
        CardPort(
            port.name,
            port.kind,
            is_output=False,
            label=read_role(document, node_id, port.name).short_name if is_analogy else port.name.replace("_", " "),
            role=port.name.upper() if is_analogy else "",
            many=port.many,
            optional=port.optional,
            help=port.help,
        )
        for port in operation.inputs
    )
    several = len(operation.outputs) > 1
    outputs = (CardPort(str(kind), kind, is_output=True, label=kind.replace("_", " ") if several else "") for kind in operation.outputs)
    return (*inputs, *outputs)


def _list_loose(document: Document, node_id: NodeId, operation: Operation | None) -> tuple[CardPort, ...]:
    """Return the ports that only wires name: they are shown, so that nothing of the file is out of sight."""
    declared_inputs = {port.name for port in operation.inputs} if operation is not None else set[str]()
    declared_outputs = {str(kind) for kind in operation.outputs} if operation is not None else set[str]()
    inputs = dict.fromkeys(wire.target.port for wire in document.wires_into(node_id) if wire.target.port not in declared_inputs)
    outputs = dict.fromkeys(wire.source.port for wire in document.wires_from(node_id) if wire.source.port not in declared_outputs)
    return (
        *(CardPort(name, _kind_of(name), is_output=False, label=name) for name in inputs),
        *(CardPort(name, _kind_of(name), is_output=True, label=name) for name in outputs),
    )


def _kind_of(name: str) -> PortKind | None:
    """Return the kind that an output of an unknown operation has by its name: outputs are named after their kind."""
    return PortKind(name) if name in set(PortKind) else None
