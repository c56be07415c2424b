"""The weight space of one family as the window holds it: figures, map, arrows and suggestions at any setting of the live numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Symbol
from engine.planning.live_model import LiveFamily
from engine.planning.live_weights import Floats, WeightEvaluator
from engine.similarity.geometry import Figures, Flags, Geometry, Numbers
from engine.similarity.geometry_map import (
    MapAxes,
    MapPlaces,
    find_axes,
    find_distinct,
    find_near,
    place_points,
    place_slopes,
    strength_at,
    turn_like,
)
from engine.similarity.geometry_presets import StrengthPresets, suggest_strengths
from engine.similarity.gram_table import GramTable

_ORIGIN = -1
"""The row of θ₀ where it follows all nodes."""


class LiveSpace:
    """Hold a family and its table; made once per change of structure or of the table, asked at every move of a slider."""

    def __init__(self, family: LiveFamily, table: GramTable) -> None:
        """Arrange the table for the family's nodes and lay the map through its checkpoints."""
        self.family = family
        self.rows: Mapping[NodeId, int] = {node.node: row for row, node in enumerate(family.nodes)}
        """By node its place in the arrays of figures."""
        self.evaluator = WeightEvaluator(family)
        self.geometry = Geometry(table, family.columns, family.family.tensors, family.groups)
        self.axes = self._lay_map()

    def look(self, values: Mapping[Symbol, float]) -> Figures:
        """Return the figures of all nodes at some live numbers."""
        return self.geometry.measure(self.evaluator.evaluate(values))

    def place(self, figures: Figures) -> MapPlaces:
        """Return where all nodes and, last, θ₀ lie on the map; NaN for nodes that are not known.

        The share of variance is that of the distinct models among them: θ₀, and θ₀ plus each edit, at one place once.
        """
        known = np.append(figures.is_known, True)
        near = _find_near(figures, np.flatnonzero(known))
        found = place_points(self.geometry.whole_stack, self.axes, _add_origin(figures)[:, known], near)
        places = np.full((len(known), found.places.shape[1]), np.nan)
        places[known] = found.places
        return replace(found, places=places)

    def place_apart(self, figures: Figures, corners: Sequence[NodeId], nodes: Sequence[NodeId]) -> MapPlaces:
        """Return where some nodes lie on a plane of their own, laid through others as they are at all numbers 1; three span it exactly."""
        fixed = np.nan_to_num(self.evaluator.evaluate(dict.fromkeys(self.family.symbols, 1.0)))
        axes = find_axes(self.geometry.whole_stack, fixed[:, [self.rows[node] for node in corners]])
        rows = np.array([self.rows[node] for node in nodes])
        return place_points(self.geometry.whole_stack, axes, figures.weights[:, rows], _find_near(figures, rows))

    def slope(self, values: Mapping[Symbol, float], symbol: Symbol) -> Floats:
        """Return (nodes, 2): how far each node moves on the map per unit of a live number."""
        slopes = self.evaluator.slope(values, symbol)
        return place_slopes(self.geometry.whole_stack, self.axes, np.nan_to_num(slopes))

    def drag(self, values: Mapping[Symbol, float], node: NodeId, symbol: Symbol, target: Floats) -> float:
        """Return the live number that brings a node as near as its arrow allows to a (2,) place of the map."""
        row = self.rows[node]
        place = self.place(self.look(values)).places[row]
        return strength_at(values[symbol], place, self.slope(values, symbol)[row], target)

    def suggest(self, values: Mapping[Symbol, float], node: NodeId, symbol: Symbol) -> StrengthPresets | None:
        """Return good strengths to begin with, for the vector that a live number multiplies in a node; None where nothing is known."""
        return suggest_strengths(self.geometry, self.evaluator.slope(values, symbol)[:, self.rows[node]])

    def keep_still(self, figures: Figures, before: Mapping[NodeId, Floats]) -> None:
        """Turn the map so that the checkpoints lie as near as can be to where an earlier map had them."""
        places = self.place(figures).places
        now = {str(node.node): places[self.rows[node.node]] for node in self.family.nodes if node.source}
        self.axes = turn_like(self.axes, now, {str(node): place for node, place in before.items()})

    def _lay_map(self) -> MapAxes:
        """Return the plane through θ₀ and the checkpoints, each place once; edits, as they are at 1, count only where these are a line."""
        figures = self.look(dict.fromkeys(self.family.symbols, 1.0))
        # An adapter makes a model of its own, though no node may stand for that.
        read = [node.source is not None or node.column in range(len(self.family.family.vectors)) for node in self.family.nodes]
        sources = np.array(read, dtype=np.bool_)
        edits = np.array([node.kind is PortKind.CHECKPOINT for node in self.family.nodes], dtype=np.bool_) & ~sources
        fixed = np.append(_ORIGIN, np.flatnonzero(sources & figures.is_known))
        others = np.flatnonzero(edits & figures.is_known)
        return find_axes(self.geometry.whole_stack, *(_add_origin(figures)[:, _keep_distinct(figures, rows)] for rows in (fixed, others)))


def _add_origin(figures: Figures) -> Floats:
    """Return (groups, nodes + 1, columns): the weights of all nodes and, last, those of θ₀."""
    return np.concatenate([figures.weights, np.zeros_like(figures.weights[:, :1])], axis=1)


def _keep_distinct(figures: Figures, rows: Numbers) -> Numbers:
    """Return those of some rows of known nodes (_ORIGIN is θ₀'s) that are the first at their places."""
    return rows[find_distinct(_find_near(figures, rows))]


def _find_near(figures: Figures, rows: Numbers) -> Flags:
    """Return (rows, rows): which of them are at one place."""
    around = np.append(rows, _ORIGIN)
    return find_near(figures.distances[np.ix_(around, around)])[:-1, :-1]
