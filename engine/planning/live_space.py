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
from engine.similarity.geometry import Figures, Geometry
from engine.similarity.geometry_map import MapAxes, MapPlaces, find_axes, place_points, place_slopes, strength_at, turn_like
from engine.similarity.geometry_presets import StrengthPresets, suggest_strengths
from engine.similarity.gram_table import GramTable


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
        """Return where all nodes and, last, θ₀ lie on the map; NaN for nodes that are not known."""
        points = np.concatenate([figures.weights, np.zeros_like(figures.weights[:, :1])], axis=1)
        known = np.append(figures.is_known, True)
        found = place_points(self.geometry, self.axes, points[:, known])
        places = np.full((len(known), found.places.shape[1]), np.nan)
        places[known] = found.places
        return replace(found, places=places)

    def place_apart(self, figures: Figures, corners: Sequence[NodeId], nodes: Sequence[NodeId]) -> MapPlaces:
        """Return where some nodes lie on a plane of their own, laid through others as they are at all numbers 1; three span it exactly."""
        fixed = np.nan_to_num(self.evaluator.evaluate(dict.fromkeys(self.family.symbols, 1.0)))
        axes = find_axes(self.geometry, fixed[:, [self.rows[node] for node in corners]])
        return place_points(self.geometry, axes, figures.weights[:, [self.rows[node] for node in nodes]])

    def slope(self, values: Mapping[Symbol, float], symbol: Symbol) -> Floats:
        """Return (nodes, 2): how far each node moves on the map per unit of a live number."""
        slopes = self.evaluator.slope(values, symbol)
        return place_slopes(self.geometry, self.axes, np.nan_to_num(slopes))

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
        """Return the plane through θ₀ and the checkpoints; edits count only where these lie on a line, and then as they are at 1."""
        weights = self.evaluator.evaluate(dict.fromkeys(self.family.symbols, 1.0))
        known = self.geometry.measure(weights).is_known
        # An adapter makes a model of its own, though no node may stand for that.
        read = [node.source is not None or node.column in range(len(self.family.family.vectors)) for node in self.family.nodes]
        sources = np.array(read, dtype=np.bool_)
        edits = np.array([node.kind is PortKind.CHECKPOINT for node in self.family.nodes], dtype=np.bool_) & ~sources
        origin = np.zeros_like(weights[:, :1])
        return find_axes(self.geometry, np.concatenate([origin, weights[:, sources & known]], axis=1), weights[:, edits & known])
