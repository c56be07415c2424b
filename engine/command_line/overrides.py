"""`--set NODE.PARAMETER=VALUE`: other values in a document, checked against what the operation declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from engine.catalogue import catalogue
from engine.command_line.exit_status import UsageError
from engine.document.edits import set_parameter
from engine.document.json_text import parse_json
from engine.document.json_values import JsonValue
from engine.document.model import Document, Node, NodeId
from engine.errors import DocumentError
from engine.parameters import Parameter, ParameterError


def apply_overrides(document: Document, overrides: Sequence[str]) -> Document:
    """Return the document with other values, so that all that follows, the recipe included, knows only these.

    Raises:
        UsageError: an override names no parameter of the document, or a value that the parameter does not admit.
    """
    for override in overrides:
        document = _apply_one(document, override)
    return document


def _apply_one(document: Document, override: str) -> Document:
    place, equals, text = override.partition("=")
    name, dot, parameter_name = place.strip().partition(".")
    if not equals or not dot or not parameter_name:
        message = f"--set {override}: write NODE.PARAMETER=VALUE, for example edit.strength=0.4"
        raise UsageError(message)
    node_id = NodeId(name)
    if node_id not in document.nodes:
        message = f"--set {override}: the graph has no node “{name}”{_suggest(name, document.nodes)}"
        raise UsageError(message)
    parameter = _find_parameter(override, document.nodes[node_id], parameter_name)
    try:
        return set_parameter(document, node_id, parameter_name, _choose_value(parameter, text))
    except (ParameterError, DocumentError) as fault:
        message = f"--set {override}: {fault}"
        raise UsageError(message) from fault


def _find_parameter(override: str, node: Node, name: str) -> Parameter:
    operation = catalogue().get(node.operation)
    if operation is None:
        message = f"--set {override}: this version does not know the operation “{node.operation}”, so it can't check the value"
        raise UsageError(message)
    parameter = operation.parameter(name)
    if parameter is None:
        known = [declared.name for declared in operation.parameters]
        message = f"--set {override}: {operation.title} has no parameter “{name}”{_suggest(name, known)}"
        raise UsageError(message)
    return parameter


def _choose_value(parameter: Parameter, text: str) -> JsonValue:
    """Return the value as JSON where the parameter takes that, else as text: a folder may be called 2024."""
    try:
        value = parse_json(text)
    except DocumentError:
        value = text
    try:
        parameter.parse(value)
    except ParameterError:
        try:
            parameter.parse(text)
        except ParameterError:
            # What JSON makes of it is what the parameter's own sentence should be about.
            parameter.parse(value)
        return text
    return value


def _suggest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, 3)
    shown = ", ".join((close or names)[:8])
    return f"; did you mean {shown}?" if close else f"; it has {shown}" if shown else ""
