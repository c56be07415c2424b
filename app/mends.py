"""What mends a problem, where a mend is known: edits of the document that one button does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import QCoreApplication

from app.canvas.connection import PortEnd, find_fitting, find_input, find_operation, name_node, port_kind
from app.canvas.suggestions import Conversion, add_joined, convert, join, offer_conversion
from app.parameter_words import option_title, parameter_title, path_kind
from app.widgets.path_field import PathKind
from engine.document.edits import disconnect, replace_wires, reset_parameter, reset_setting, set_parameter
from engine.document.json_values import JsonValue
from engine.document.model import SETTING_CHOICES, Document, NodeId, PortRef, Position, Wire
from engine.operation import PortKind
from engine.parameters import Parameter, ParameterError
from engine.problems import Problem

Edit = Callable[[Document], Document]
Permission = Literal["", "allow_outside"]
_TRIES = re.compile(r"takes ([\d,]+) tries, more than the budget")
_MOST_OFFERS = 3
"""More buttons than this under one problem would be a second palette."""


@dataclass(frozen=True)
class Mend:
    """Offer one way out of a problem: an edit, a path to ask for, or a permission for the next run."""

    title: str
    edit: Edit | None = None
    asks_path: PathKind | None = None
    """Ask the user for a path; it goes into the problem's node and field."""
    permission: Permission = ""
    """A run option that the user grants for this graph."""


def find_mends(document: Document, problem: Problem) -> tuple[Mend, ...]:
    """Return the known ways out of a problem, the best first."""
    node_id = NodeId(problem.node)
    if node_id not in document.nodes:
        return tuple(_mend_document(document, problem))[:_MOST_OFFERS]
    found = [
        *_mend_parameter(document, node_id, problem),
        *_mend_wires(document, node_id, problem.field),
        *_mend_splits(document, node_id, problem.field),
        *_mend_budget(document, node_id, problem),
    ]
    return tuple(found)[:_MOST_OFFERS]


def _mend_document(document: Document, problem: Problem) -> Iterator[Mend]:
    stray = tuple(wire for wire in document.wires if wire.source.node not in document.nodes or wire.target.node not in document.nodes)
    if problem.field in SETTING_CHOICES:
        yield Mend(_translate("Set it to “{0}”").format(SETTING_CHOICES[problem.field][0]), partial(_reset_setting, name=problem.field))
    elif stray and "hangs on" in problem.message:
        yield Mend(_translate("Remove wires that lead nowhere"), partial(_drop_wires, wires=stray))
    elif "writes and measures nothing" in problem.message:
        yield from _offer_exports(document)


def _offer_exports(document: Document) -> Iterator[Mend]:
    for kind, operation in ((PortKind.CHECKPOINT, "export_checkpoint"), (PortKind.VECTOR, "export_vector")):
        for node_id, node in document.nodes.items():
            known = find_operation(document, node_id)
            if known is None or kind not in known.outputs or document.wires_from(node_id) or not document.wires_into(node_id):
                continue
            x, y = node.position or (0.0, 0.0)
            end = PortEnd(PortRef(node_id, str(kind)), is_output=True)
            title = _translate("Export the result of ‘{0}’").format(name_node(document, node_id))
            yield Mend(title, partial(_add_joined, operation=operation, position=(x + 288, y), end=end))


def _mend_parameter(document: Document, node_id: NodeId, problem: Problem) -> Iterator[Mend]:
    node, operation, name = document.nodes[node_id], find_operation(document, node_id), problem.field
    if operation is None or not name:
        return
    parameter = operation.parameter(name)
    if parameter is None:
        if name in node.parameters and operation.input(name) is None:
            yield Mend(_translate("Remove “{0}”").format(name), partial(reset_parameter, node_id=node_id, name=name))
        return
    kind = path_kind(operation.id, name)
    if kind is not None:
        yield from _grant(problem)
        yield Mend(_translate("Choose a folder…") if kind == "new_folder" else _translate("Choose the file or folder…"), asks_path=kind)
    elif name == "misfit":
        words = [word for word in ("common_rows", "keep_base") if word in problem.hint] or ["keep_base"]
        for word in words:
            yield Mend(option_title(word).capitalize(), partial(set_parameter, node_id=node_id, name=name, value=word))
    elif name in node.parameters and not _is_sound(parameter, node.parameters[name]):
        title = _translate("Set {0} to {1}").format(parameter_title(name).lower(), parameter.default)
        yield Mend(title, partial(reset_parameter, node_id=node_id, name=name))


def _is_sound(parameter: Parameter, value: JsonValue) -> bool:
    try:
        parameter.parse(value)
    except ParameterError:
        return False
    return True


def _grant(problem: Problem) -> Iterator[Mend]:
    """Offer what the command line calls --allow-outside."""
    if "--allow-outside" in problem.hint:
        yield Mend(_translate("Write there all the same"), permission="allow_outside")


def _mend_wires(document: Document, node_id: NodeId, port: str) -> Iterator[Mend]:
    target = PortRef(node_id, port) if port else None
    declared = find_input(document, target) if target is not None else None
    if target is None or declared is None:
        return
    wires = document.wires_into(node_id, port)
    wrong = [wire for wire in wires if port_kind(document, PortEnd(wire.source, is_output=True)) is not declared.kind]
    for wire in wrong:
        yield from _offer_conversion(document, wire)
        yield Mend(_translate("Remove the wire from ‘{0}’").format(_name(document, wire.source)), partial(disconnect, wire=wire))
    if not wrong and len(wires) > 1 and not declared.many:
        yield from (
            Mend(_translate("Keep only ‘{0}’").format(_name(document, wire.source)), partial(_keep_only, wire=wire)) for wire in wires
        )
    if not wires:
        for end in sorted(find_fitting(document, PortEnd(target, is_output=False)), key=lambda end: end.ref):
            title = _translate("Connect ‘{0}’").format(_name(document, end.ref))
            yield Mend(title, partial(join, source=end.ref, target=target))


def _offer_conversion(document: Document, wire: Wire) -> Iterator[Mend]:
    conversion = offer_conversion(document, wire.source, wire.target)
    if conversion is not None:
        text = _translate("Insert an {0} node") if conversion.title[0] in "AEIOU" else _translate("Insert a {0} node")
        yield Mend(text.format(conversion.title), partial(_convert, wire=wire, conversion=conversion))


def _mend_splits(document: Document, node_id: NodeId, port: str) -> Iterator[Mend]:
    """Offer to mark test sets as what the port of a strength search takes."""
    operation = find_operation(document, node_id)
    wanted = {"targets": "validation", "controls": "validation", "tests": "test"}.get(port)
    if operation is None or operation.id != "strength_search" or wanted is None:
        return
    for wire in document.wires_into(node_id, port):
        source = document.nodes.get(wire.source.node)
        if source is not None and source.operation == "test_set" and source.parameters.get("split", "test") != wanted:
            title = _translate("Mark ‘{0}’ as {1} data").format(_name(document, wire.source), wanted)
            yield Mend(title, partial(set_parameter, node_id=wire.source.node, name="split", value=wanted))


def _mend_budget(document: Document, node_id: NodeId, problem: Problem) -> Iterator[Mend]:
    """Offer as many tries as a search takes."""
    wanted, operation = _TRIES.search(problem.message), find_operation(document, node_id)
    budget = operation.parameter("budget") if operation is not None else None
    if wanted is None or budget is None or not _is_sound(budget, tries := int(wanted[1].replace(",", ""))):
        return
    yield Mend(_translate("Set the budget to {0}").format(tries), partial(set_parameter, node_id=node_id, name="budget", value=tries))


def _name(document: Document, port: PortRef) -> str:
    """Return what tells the port's node from the others: its name, with its file or its id where another has the same name."""
    if port.node not in document.nodes:
        return port.node
    name = name_node(document, port.node)
    is_one_of_many = sum(name_node(document, other) == name for other in document.nodes) > 1
    source = document.nodes[port.node].source_name
    return f"{name}: {source if source not in ('', name) else port.node}" if is_one_of_many else name


def _convert(document: Document, wire: Wire, conversion: Conversion) -> Document:
    return convert(disconnect(document, wire), conversion, _between(document, wire))


def _between(document: Document, wire: Wire) -> Position:
    ends = [document.nodes[port.node].position or (0.0, 0.0) for port in (wire.source, wire.target)]
    return ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)


def _keep_only(document: Document, wire: Wire) -> Document:
    return replace_wires(document, tuple(other for other in document.wires if other.target != wire.target or other == wire))


def _drop_wires(document: Document, wires: tuple[Wire, ...]) -> Document:
    return replace_wires(document, tuple(wire for wire in document.wires if wire not in wires))


def _reset_setting(document: Document, name: str) -> Document:
    return reset_setting(document, name)


def _add_joined(document: Document, operation: str, position: Position, end: PortEnd) -> Document:
    return add_joined(document, operation, position, end)[0]


def _translate(text: str) -> str:
    return QCoreApplication.translate("mends", text)
