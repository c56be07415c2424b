"""Strengths that the inner products alone suggest, as values of a node's parameter: good places to start from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.decimal_text import format_decimal
from app.live_view import FamilyView
from app.node_parameter import NodeParameter
from engine.document.json_values import JsonValue
from engine.document.model import NodeId
from engine.planning.coefficient import Symbol
from engine.similarity.geometry_presets import suggest_weights

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
    is_estimate: bool = False
    """Whether it follows from inner products that are estimated still."""

    @property
    def text(self) -> str:
        """Return the title with its figures."""
        numbers = self.value if isinstance(self.value, tuple) else (self.value,)
        told = [format_decimal(round(number, 2)) for number in numbers if isinstance(number, int | float)]
        sign = "≈ " if self.is_estimate else ""
        return f"{self.title} {sign}{told[0]}" if len(set(told)) == 1 else self.title


def has_presets(parameter: NodeParameter) -> bool:
    """Tell whether something can be suggested for a parameter."""
    return parameter.declared in _STRENGTHS | _WEIGHTS


def list_presets(views: Sequence[FamilyView], parameter: NodeParameter) -> tuple[Preset, ...]:
    """Return what is suggested for a parameter at the present numbers; nothing while nothing is known."""
    view = next((view for view in views if parameter.node in view.space.rows), None)
    if view is None:
        return ()
    if parameter.declared in _STRENGTHS:
        return tuple(_suggest_strength(view, parameter.node, Symbol(parameter.node, parameter.name)))
    if parameter.declared not in _WEIGHTS:
        return ()
    # An average makes its weights add up to 1: the mean and the norm match are the mean.
    found = _suggest_weights(view, parameter.node)
    return tuple(preset for preset in found if parameter.operation == "add" or preset.title == _META_GPT)


def _suggest_strength(view: FamilyView, node: NodeId, symbol: Symbol) -> Iterator[Preset]:
    found = view.space.suggest(view.values, node, symbol)
    if found is None or len(found.summands) < 2:  # noqa: PLR2004  (one vector has no mean to match)
        return
    count, anchored = len(found.summands), _is_from_base(view, node, symbol)
    are_tuned = max(found.summands) < len(view.space.family.family.vectors)
    is_estimate = view.error_geometry.is_estimated(view.space.evaluator.slope(view.values, symbol)[:, view.space.rows[node]])
    if found.mean is not None:
        models = anchored and are_tuned
        words = _tr("The mean of the {0} fine-tunes that the vector is made of.") if models else _tr("The mean of the {0} vectors in it.")
        yield Preset(_tr("mean"), _round(found.mean), words.format(count))
    yield Preset(_tr("norm match"), _round(found.norm_match), _word_match(are_tuned=are_tuned, is_partial=found.is_partial), is_estimate)
    if found.model_stock is not None and found.stock_ratio is not None and anchored:
        told = format_decimal(round(found.stock_ratio, 2))
        words = _tr("Model Stock, over the whole model: t {0} of the mean, from how alike the vectors are.")
        yield Preset(_tr("Model Stock"), _round(found.model_stock), words.format(f"{'≈' if is_estimate else '='} {told}"), is_estimate)


def _word_match(*, are_tuned: bool, is_partial: bool) -> str:
    """Say how long an edit is at the norm match; what is made of TIES and the like is no fine-tuning."""
    if is_partial and are_tuned:
        return _tr("As long an edit as one fine-tuning is in the layers that are taken of it: the mean of their lengths there.")
    if are_tuned:
        return _tr("As long an edit as one fine-tuning: the mean of their lengths.")
    if is_partial:
        return _tr("As long an edit as one of the vectors in it is in the layers that are taken of it: the mean of their lengths there.")
    return _tr("As long an edit as one of the vectors in it: the mean of their lengths.")


def _is_from_base(view: FamilyView, node: NodeId, symbol: Symbol) -> bool:
    """Tell whether nothing but θ₀ is left of a node's value when a number is 0: on another base the mean edit makes no mean of models."""
    rest = view.space.evaluator.evaluate({**view.values, symbol: 0.0})[:, view.space.rows[node]]
    return not rest.any()


def _suggest_weights(view: FamilyView, node: NodeId) -> Iterator[Preset]:
    rows = [view.space.rows[operand] for operand in view.space.family.nodes[view.space.rows[node]].operands if operand in view.space.rows]
    found, count = suggest_weights(view.figures.inner[np.ix_(rows, rows)]), len(rows)
    if found is None:
        return
    is_estimate = view.error_geometry.is_estimated(np.abs(view.figures.weights[:, rows]).sum(axis=1))
    yield Preset(_tr("mean"), (_round(found.mean),) * count, _tr("The mean of the {0} vectors.").format(count))
    yield Preset(
        _tr("norm match"), (_round(found.norm_match),) * count, _tr("As long a sum as one of the vectors: mean ‖τ‖ / ‖Σ τ‖."), is_estimate
    )
    if not all(_is_tuned(view, row) for row in rows):
        return
    shares = tuple(map(_round, found.meta_gpt))
    told = ("≈ " if is_estimate else "") + "  ".join(map(format_decimal, shares))
    yield Preset(_META_GPT, shares, _tr("Each by its share of the squared lengths, ‖τᵢ‖² / Σ ‖τₖ‖²: {0}.").format(told), is_estimate)


def _is_tuned(view: FamilyView, row: int) -> bool:
    """Tell whether a vector is all that one fine-tuning changed, as MetaGPT takes it: not a half of it, nor what takes it away."""
    weights = view.figures.weights[:, row]
    columns = np.flatnonzero(weights.any(axis=0))
    return len(columns) == 1 and columns[0] < len(view.space.family.family.vectors) and bool((weights[:, columns[0]] == 1).all())


def _round(number: float) -> float:
    return round(number, _DECIMALS)


def _tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)
