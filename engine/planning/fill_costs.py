"""What it costs to fill a model whose strengths are yet to be found: a checkpoint that a strength of 0 leaves out is not read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.document.model import NodeId
from engine.planning.coefficient import ONE, Coefficient, Monomial, Strengths, Symbol
from engine.planning.costs import LARGEST_PIECE, read_bytes_by_source
from engine.planning.figure_counts import count_search_tries, count_tries_with
from engine.planning.linear import Atom, Form, Segments, strength_symbols
from engine.planning.structure import Step
from engine.planning.work import WorkPlanner

Products = frozenset[Monomial]
"""Products of strengths of which one must not be 0; the empty product, 1, never is."""


@dataclass(frozen=True)
class FillCost:
    """Hold what is read to fill a model with a checkpoint's value."""

    parts: tuple[tuple[Products, int], ...]
    """Bytes, each with what must not be 0 for them to be read."""

    def count_bytes(self, strengths: Strengths) -> int:
        """Return the bytes at some strengths; those that are not among them count as different from 0."""
        return sum(size for products, size in self.parts if any(all(strengths.get(symbol, 1) for symbol in item) for item in products))

    def count_try_bytes(self, step: Step) -> int:
        """Return the bytes that all tries of a search read at most, of which it is known who takes part in them."""
        places = {symbol: place for place, symbol in enumerate(strength_symbols(step))}
        return sum(size * _count_reading_tries(step, products, places) for products, size in self.parts)


def cost_fill(planner: WorkPlanner, node: NodeId) -> FillCost:
    """Return what filling a model with a checkpoint's value reads."""
    found: Counter[Products] = Counter()
    known: dict[tuple[Segments, tuple[NodeId, ...]], Mapping[NodeId, Products]] = {}
    for work in planner.checkpoint_work(node):
        key = planner.folding.segments(node, work.tensor), work.needs.sources
        if key not in known:
            known[key] = _find_products(planner, key[0], work.tensor)
        for source, size in read_bytes_by_source(planner, work, LARGEST_PIECE).items():
            found[known[key][source]] += size
    return FillCost(tuple(found.items()))


def _count_reading_tries(step: Step, products: Products, places: Mapping[Symbol, int]) -> int:
    """Return how many tries read what some products decide; strengths of other searches count as different from 0."""
    own = [frozenset(places[symbol] for symbol in item if symbol in places) for item in products]
    return count_search_tries(step) if not all(own) else count_tries_with(step, frozenset[int]().union(*own))


def _find_products(planner: WorkPlanner, segments: Segments, tensor: str) -> Mapping[NodeId, Products]:
    """Return per source, by identity, what must not be 0 for it to be read."""
    found: defaultdict[NodeId, set[Monomial]] = defaultdict(set)
    for _, form in segments:
        for atom, weight in _weigh_atoms(form):
            alone = Form(atom.kind, None, ((atom, ONE),))
            for source in planner.needs.find((alone,), tensor).sources:
                found[source].update(monomial for monomial, _ in weight.terms)
    return {source: frozenset(products) for source, products in found.items()}


def _weigh_atoms(form: Form) -> Iterator[tuple[Atom, Coefficient]]:
    """Give what has to be known to compute a form, with what decides whether it has to."""
    weights = dict(form.weights)
    for atom in form.atoms:
        # All others are measured from the anchor, whatever its own weight.
        yield atom, ONE if atom == form.anchor else weights[atom]
