"""The formula of a node's value: its normal forms, and what their symbols stand for."""

from __future__ import annotations

from collections.abc import Mapping

from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Strengths
from engine.planning.form_text import arrange_terms, format_form, format_sentence
from engine.planning.legend import explain_symbols
from engine.planning.linear import Folding, Form

_SHOWN_EXAMPLES = 3


def write_formula(folding: Folding, node: NodeId, strengths: Strengths | None = None) -> str:
    """Return the normal form of a node's value, and under it what its symbols stand for; found strengths are filled in.

    Forms that hold in some tensors only come with how many and which.
    """
    groups: dict[Form, list[str]] = {}
    for form, tensors in group_forms(folding, node).items():
        shown = arrange_terms(form.substitute(strengths or {}), folding.resolved.expansion)
        groups.setdefault(shown, []).extend(tensors)
    symbol = "θ" if folding.resolved.values[node].kind is PortKind.CHECKPOINT else "τ"
    names = folding.resolved.title
    legend = explain_symbols(folding, groups)
    if len(groups) == 1:
        return "\n".join([f"{symbol} = {format_form(next(iter(groups)), names)}", *legend])
    lines: list[str] = []
    for form, tensors in sorted(groups.items(), key=lambda item: -len(item[1])):
        examples = ", ".join(tensors[:_SHOWN_EXAMPLES]) + (", …" if len(tensors) > _SHOWN_EXAMPLES else "")
        lines.append(f"{symbol} = {format_form(form, names)}   in {len(tensors)} tensor{'s' * (len(tensors) != 1)} ({examples})")
    return "\n".join([*lines, *legend])


def write_sentence(folding: Folding, form: Form) -> str:
    """Return a form of the graph in words, for people who don't read formulas."""
    return format_sentence(arrange_terms(form, folding.resolved.expansion), folding.resolved.title)


def group_forms(folding: Folding, node: NodeId) -> Mapping[Form, list[str]]:
    """Return the forms of a node's value, each with the tensors (or their leading parts) in which it holds."""
    groups: dict[Form, list[str]] = {}
    shapes = folding.resolved.values[node].shapes
    special = [name for name in shapes if folding.is_special(node, name)]
    if len(special) < len(shapes):
        varying = set(special)
        groups[folding.common_form(node)] = [name for name in shapes if name not in varying]
    for name in special:
        for _, form in folding.segments(node, name):
            groups.setdefault(form, []).append(name)
    return groups or {folding.common_form(node): []}
