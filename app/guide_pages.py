"""The guide's pages as Markdown: written ones from resources/guide, and one for each operation from its declaration."""

from __future__ import annotations

from collections.abc import Iterator

from app.operation_order import ordered_operations
from app.parameter_words import option_title, parameter_title
from engine.catalogue import catalogue
from engine.errors import EngineError
from engine.operation import Operation
from engine.parameters import Integer, OneOf, Parameter, Real
from engine.resources import resource_path

INDEX = "index"


def read_page(name: str) -> str:
    """Return a page; the index for one that is not there."""
    operation = catalogue().get(name)
    if operation is not None:
        return _write_operation(operation)
    return (_read_text(name) if name != INDEX else "") or write_index()


def write_index() -> str:
    """Return the first page: how to begin, and every operation by group."""
    lines = [_read_text(INDEX), "", "## Operations"]
    group = ""
    for operation in ordered_operations():
        if operation.group.value != group:
            group = operation.group.value
            lines += ["", f"### {group}", ""]
        lines.append(f"- [{operation.title}]({operation.id}): {operation.sentence}")
    return "\n".join(lines)


def _write_operation(operation: Operation) -> str:
    lines = [f"# {operation.title}", "", operation.sentence, ""]
    if operation.formula:
        lines += [f"    {operation.formula}", ""]
    lines += [_read_text(operation.id), ""]
    if operation.inputs:
        lines += ["## What goes in", ""]
        for port in operation.inputs:
            more = ", any number" if port.many else ""
            more += ", may stay empty" if port.optional else ""
            lines.append(f"- **{port.name.replace('_', ' ')}** ({port.kind.value.replace('_', ' ')}{more}): {port.help}")
        lines.append("")
    if operation.outputs:
        lines += ["## What comes out", "", *(f"- {kind.value.replace('_', ' ')}" for kind in operation.outputs), ""]
    if operation.parameters:
        lines += ["## What can be set", "", *(_write_parameter(parameter) for parameter in operation.parameters), ""]
    lines += ["", f"[All pages]({INDEX})"]
    return "\n".join(lines)


def _write_parameter(parameter: Parameter) -> str:
    notes = ", ".join(_list_notes(parameter))
    return f"- **{parameter_title(parameter.name)}**: {parameter.help}" + (f" ({notes})" if notes else "")


def _list_notes(parameter: Parameter) -> Iterator[str]:
    match parameter:
        case Real():
            yield f"{parameter.minimum:g} … {parameter.maximum:g}, usually {parameter.default:g}"
        case Integer():
            yield f"usually {parameter.default} {parameter.unit}".strip()
        case OneOf():
            yield "one of: " + ", ".join(option_title(word) for word in parameter.options)
        case _:
            return


def _read_text(name: str) -> str:
    """Return a written page; empty when there is none."""
    try:
        return resource_path(f"guide/{name}.md").read_text(encoding="utf-8").strip()
    except EngineError:
        return ""
