"""Strengths that the inner products alone suggest, as values of a node's parameter: good places to start from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.decimal_text import format_decimal
from app.live_view import FamilyView
from engine.document.json_values import JsonValue
from engine.document.model import NodeId
from engine.planning.coefficient import Symbol
from engine.similarity.geometry_presets import model_stock_ratio, weighted_products

_CONTEXT = "strength_presets"
_STRENGTHS = frozenset({("apply", "strength"), ("scale", "factor")})
_WEIGHTS = frozenset({("add", "weights"), ("average", "weights")})
_DECIMALS = 4
_META_GPT = "MetaGPT"


@dataclass(frozen=True)
class Preset:
    """Hold one suggestion."""

    title: str
    value: JsonValue
    """Of the parameter: a number, or one for each wire."""
    help: str

    @property
    def text(self) -> str:
        """Return the title with its figures."""
        numbers = self.value if isinstance(self.value, tuple) else (self.value,)
        told = [format_decimal(round(number, 2)) for number in numbers if isinstance(number, int | float)]
        return f"{self.title} {told[0]}" if len(set(told)) == 1 else self.title


def has_presets(operation: str, parameter: str) -> bool:
    """Tell whether something can be suggested for a parameter."""
    return (operation, parameter) in _STRENGTHS | _WEIGHTS


def list_presets(views: Sequence[FamilyView], node: NodeId, operation: str, parameter: str) -> tuple[Preset, ...]:
    """Return what is suggested for a parameter at the present numbers; nothing while nothing is known."""
    view = next((view for view in views if node in view.space.rows), None)
    if view is None:
        return ()
    if (operation, parameter) in _STRENGTHS:
        return tuple(_suggest_strength(view, node, Symbol(node, parameter)))
    if (operation, parameter) not in _WEIGHTS:
        return ()
    # An average makes its weights add up to 1: the mean and the norm match are the mean.
    return tuple(preset for preset in _suggest_weights(view, node) if operation == "add" or preset.title == _META_GPT)


def _suggest_strength(view: FamilyView, node: NodeId, symbol: Symbol) -> Iterator[Preset]:
    found = view.space.suggest(view.values, node, symbol)
    if found is None or len(found.summands) < 2:  # noqa: PLR2004  (of one vector every preset is 1)
        return
    count = len(found.summands)
    yield Preset(f"1/{count}", _round(found.mean), _tr("The mean of the {0} fine-tunes that the vector is made of.").format(count))
    yield Preset(_tr("norm match"), _round(found.norm_match), _tr("As long an edit as one fine-tuning: mean ‖τ‖ / ‖Σ τ‖."))
    stock = _find_model_stock(view, view.space.evaluator.slope(view.values, symbol)[:, view.space.rows[node]])
    if stock is not None:
        ratio, strength = stock
        text = _tr("Model Stock, over the whole model: t = {0} of the mean, from how alike the vectors are.").format(format_decimal(ratio))
        yield Preset(_tr("Model Stock"), _round(strength), text)


def _find_model_stock(view: FamilyView, direction: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return Model Stock's t and the strength that makes t·mean(τ) of a sum; None of a sum that weighs its vectors unequally."""
    columns = np.flatnonzero(direction.any(axis=0))
    weights = direction[:, columns]
    if not weights.size or np.ptp(weights) > 0:
        return None
    products = weighted_products(view.space.geometry, direction)[np.ix_(columns, columns)]
    ratio = model_stock_ratio(products)
    return (round(ratio, 2), ratio / (len(columns) * float(weights[0, 0]))) if np.isfinite(ratio) and ratio > 0 else None


def _suggest_weights(view: FamilyView, node: NodeId) -> Iterator[Preset]:
    rows = [view.space.rows[operand] for operand in view.space.family.nodes[view.space.rows[node]].operands if operand in view.space.rows]
    squares = np.diagonal(view.figures.inner)[rows]
    count, total = len(rows), float(view.figures.inner[np.ix_(rows, rows)].sum())
    if count < 2 or not (squares > 0).all() or not total > 0:  # noqa: PLR2004  (as above)
        return
    match = float(np.sqrt(squares).mean() / np.sqrt(total))
    yield Preset(f"1/{count}", (_round(1 / count),) * count, _tr("The mean of the {0} vectors.").format(count))
    yield Preset(_tr("norm match"), (_round(match),) * count, _tr("As long a sum as one of the vectors: mean ‖τ‖ / ‖Σ τ‖."))
    shares = tuple(_round(float(square)) for square in squares / squares.sum())
    told = "  ".join(map(format_decimal, shares))
    yield Preset(_META_GPT, shares, _tr("Each by its share of the squared lengths, ‖τᵢ‖² / Σ ‖τₖ‖²: {0}.").format(told))


def _round(number: float) -> float:
    return round(number, _DECIMALS)


def _tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)
