"""One normal form as people read it: a formula and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Coefficient, Monomial, Symbol
from engine.planning.linear import Atom, Form
from engine.planning.series import Expansion

_DECIMALS = 6
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
Names = Callable[[NodeId], str]


def arrange_terms(form: Form, expansion: Expansion) -> Form:
    """Return a form to be read: what is of a series stands by its numbers. It is computed in the order of the nodes' names."""
    return replace(form, weights=tuple(expansion.arrange(form.weights, lambda term: term[0].node)))


def format_form(form: Form, names: Names) -> str:
    """Return anchor + c · (τ[a] + τ[b] − τ[c]), equal sizes of coefficients taken together; τ[x] is x minus the anchor."""
    if form.copied:
        return f"θ[{names(form.copied.node)}]"
    anchor = form.anchor
    start = f"θ[{names(anchor.node)}]" if anchor and form.kind is PortKind.CHECKPOINT else ""
    text = start
    for factor, signed in _group_terms(form):
        text += _format_group(factor, signed, names, form.anchor, is_first=not text)
    return text or "0"


def format_sentence(form: Form, names: Names) -> str:
    """Return the form in words, for people who don't read formulas."""
    if form.copied:
        return f"Exactly “{names(form.copied.node)}”, nothing added."
    groups = _group_terms(form)
    moved = ", and ".join(_say_group(factor, signed, names) for factor, signed in groups) or "nothing"
    if form.kind is PortKind.CHECKPOINT and form.anchor:
        return f"Take “{names(form.anchor.node)}” and add {moved}."
    if sum(len(signed) for _, signed in groups) == 1:
        return f"{moved[0].upper()}{moved[1:]}, and nothing else."
    return f"The sum of {moved}."


def format_coefficient(coefficient: Coefficient, names: Names) -> str:
    """Return a coefficient as a decimal where it has a short one, else as a fraction; unknowns by the name of who finds them."""
    text = ""
    for monomial, factor in coefficient.terms:
        product = _format_product(abs(factor), monomial, names)
        sign = "−" if factor < 0 else "+"
        text += f" {sign} {product}" if text else f"{sign.strip('+')}{product}"
    return f"({text})" if len(coefficient.terms) > 1 else text


def _format_product(factor: Fraction, monomial: Monomial, names: Names) -> str:
    symbols = "·".join(_format_symbol(symbol, names) for symbol in monomial)
    if not symbols:
        return format_fraction(factor)
    return symbols if factor == 1 else f"{format_fraction(factor)}·{symbols}"


def _format_symbol(symbol: Symbol, names: Names) -> str:
    """Return λ[search], or λ₂[search] where a search finds one for each vector."""
    _, _, index = symbol.name.partition(".")
    return f"λ{str(int(index) + 1).translate(_SUBSCRIPTS) if index else ''}[{names(symbol.node)}]"


def _group_terms(form: Form) -> list[tuple[Coefficient, list[tuple[Atom, bool]]]]:
    """Return the terms by the size of their coefficient: (size, [(atom, is subtracted)])."""
    groups: dict[Coefficient, list[tuple[Atom, bool]]] = {}
    for atom, weight in form.terms:
        minus = bool(weight.terms) and weight.terms[0][1] < 0
        groups.setdefault(-weight if minus else weight, []).append((atom, minus))
    for signed in groups.values():
        signed.sort(key=lambda item: item[1])
    return list(groups.items())


def _format_group(factor: Coefficient, signed: list[tuple[Atom, bool]], names: Names, anchor: Atom | None, *, is_first: bool) -> str:
    all_minus = all(minus for _, minus in signed)
    inner = ""
    for atom, minus in signed:
        sign = "−" if minus and not all_minus else "+"
        inner += (f" {sign} " if inner else ("−" if sign == "−" else "")) + _format_atom(atom, names, anchor)
    if len(signed) > 1 and (factor.number != 1 or all_minus):
        inner = f"({inner})"
    body = inner if factor.number == 1 else f"{format_coefficient(factor, names)} · {inner}"
    if is_first:
        return f"−{body}" if all_minus else body
    return f" − {body}" if all_minus else f" + {body}"


def _format_atom(atom: Atom, names: Names, anchor: Atom | None) -> str:
    if atom.kind is PortKind.VECTOR or anchor is None:
        return names(atom.node)
    return f"τ[{names(atom.node)}]"


def _say_group(factor: Coefficient, signed: list[tuple[Atom, bool]], names: Names) -> str:
    said = ", ".join(_say(atom, names, minus=minus, is_first=index == 0) for index, (atom, minus) in enumerate(signed))
    return said if factor.number == 1 else f"{format_coefficient(factor, names)} × ({said})"


def _say(atom: Atom, names: Names, *, minus: bool, is_first: bool) -> str:
    what = f"what “{names(atom.node)}” learned" if atom.kind is PortKind.CHECKPOINT else f"“{names(atom.node)}”"
    if minus:
        return f"minus {what}"
    return what if is_first else f"plus {what}"


def format_fraction(number: Fraction) -> str:
    """Return a decimal where there is a short one, else the fraction."""
    scaled = number * 10**_DECIMALS
    return f"{float(number):g}" if scaled.denominator == 1 else f"{number.numerator}/{number.denominator}"
