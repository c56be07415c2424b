"""What stands under a formula: where its task vectors begin, and how each atom that a kernel makes comes about."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from engine.document.model import NodeId
from engine.operation import Adapter, Kernel, PortKind
from engine.parameters import Parameter, Value
from engine.planning.form_text import Names, arrange_terms, format_form, format_fraction
from engine.planning.linear import Atom, Folding, Form
from engine.planning.structure import Operand, Step


def explain_symbols(folding: Folding, forms: Iterable[Form]) -> list[str]:
    """Return a line for each result of a kernel that the forms are made of, and one for each base that a τ[…] is measured from."""
    shown = list(forms)
    lines: list[str] = []
    done: set[NodeId] = set()
    waiting = [atom for form in shown for atom in form.atoms]
    while waiting:
        atom = waiting.pop(0)
        step = folding.resolved.graph.steps[atom.node]
        if atom.node in done or not isinstance(step.behaviour, Kernel | Adapter):
            continue
        done.add(atom.node)
        if isinstance(step.behaviour, Adapter):
            lines.append(_explain_adapter(folding, step))
            continue
        lines.append(_explain_kernel(folding, atom, step, step.behaviour))
        inner = [_read_form(folding, operand) for operand in step.operands if not _varies(folding, operand)]
        shown += inner
        waiting += [found for form in inner for found in form.atoms]
    return lines + _explain_vectors(shown, folding.resolved.title)


def _explain_vectors(forms: Iterable[Form], names: Names) -> list[str]:
    """Return what τ[…] means: once for each anchor that other checkpoints are measured from."""
    measured = [form.anchor for form in forms if form.anchor and not form.copied and _has_checkpoints(form)]
    return [f"τ[…] = θ[…] − θ[{names(anchor.node)}]" for anchor in dict.fromkeys(measured)]


def _has_checkpoints(form: Form) -> bool:
    return any(atom.kind is PortKind.CHECKPOINT for atom, _ in form.terms)


def _explain_kernel(folding: Folding, atom: Atom, step: Step, kernel: Kernel) -> str:
    names = folding.resolved.title
    symbol = f"θ[{names(atom.node)}]" if atom.kind is PortKind.CHECKPOINT else names(atom.node)
    operands = [f"{port}: {', '.join(_show_operand(folding, one) for one in many)}" for port, many in step.inputs.items() if many]
    settings = [
        f"{parameter.name} {_show_value(step.parameters[parameter.name])}"
        for parameter in step.operation.parameters
        if not _is_default(parameter, step.parameters[parameter.name])
    ]
    return f"{symbol} = {kernel.formula or step.operation.formula or step.operation.title}   ({'; '.join([*operands, *settings])})"


def _explain_adapter(folding: Folding, step: Step) -> str:
    source = folding.resolved.sources[step.id]
    products = sum(spec.product is not None for spec in source.header.tensors.values())
    whole = len(source.header.tensors) - products
    counts = [f"{products} {'matrix' if products == 1 else 'matrices'} adapted"]
    counts += [f"{whole} tensor{'s' * (whole != 1)} trained whole"] if whole else []
    return f"{folding.resolved.title(step.id)} = {step.operation.formula}   ({'; '.join([*source.settings, *counts])})"


def _show_operand(folding: Folding, operand: Operand) -> str:
    """Return an operand's form; the node's name where the form is not the same in all tensors."""
    names = folding.resolved.title
    return names(operand.node) if _varies(folding, operand) else format_form(_read_form(folding, operand), names)


def _read_form(folding: Folding, operand: Operand) -> Form:
    return arrange_terms(folding.common_form(operand.node), folding.resolved.expansion)


def _varies(folding: Folding, operand: Operand) -> bool:
    return any(folding.is_special(operand.node, tensor) for tensor in folding.resolved.values[operand.node].shapes)


def _is_default(parameter: Parameter, value: Value) -> bool:
    return parameter.parse(parameter.default) == value


def _show_value(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_show_value, value))}]"
    return format_fraction(value) if isinstance(value, Fraction) else str(value)
