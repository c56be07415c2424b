"""An edit is told as multiples of vectors only where it is exactly that, in every tensor."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.document.model import NodeId
from engine.execution.multiples import find_multiples
from tests.engine.graph_lines import TWO_VECTORS

FILTERED = 'f = layer_filter vector=ta include:["@mlp"]'


@pytest.mark.parametrize(
    ("made", "vectors", "multiples"),
    [
        ("x = add vectors=ta,tb weights:[1,-2]", "ta,tb", [0.5, -1]),
        (f"{FILTERED}\n x = add vectors=f,tb", "f,tb", [0.5, 0.5]),
        (f"{FILTERED}\n x = add vectors=f,tb", "ta,tb", None),
        ("x = ties vectors=ta,tb", "ta,tb", None),
        ("x = ties vectors=ta,tb", "tb,x", [0, 0.5]),
        ("x = add vectors=ta,tb weights:[0,0]", "ta,tb", None),
    ],
    ids=["sum", "filtered", "not the same in all tensors", "not linear", "compared itself", "nothing edited"],
)
def test_multiples_are_exact_or_none(bench, family, made, vectors, multiples):
    plan = bench.plan(
        f"{TWO_VECTORS}\n {made}\n edit = apply base=base vector=x strength:0.5\n o = export_checkpoint checkpoint=edit folder:o"
    )
    found = find_multiples(plan.folding, NodeId("edit"), [NodeId(name) for name in vectors.split(",")], NodeId("base"), {})
    assert multiples is None if found is None else found == pytest.approx(multiples)


def test_while_a_strength_is_not_known_there_are_none_though_it_matters_in_some_tensors_only(bench, family):
    lines = f"""{TWO_VECTORS}
        {FILTERED}
        target = test_set source:target.npz split:validation
        found = strength_search base=base vectors=f targets=target start:0 stop:1 step:0.5
        edit = apply base=found.checkpoint vector=tb
    """
    folding = bench.planner(lines).folding
    (symbol,) = {symbol for tensor in family["base"] for _, form in folding.segments(NodeId("edit"), tensor) for symbol in form.symbols}
    vectors = [NodeId("tb"), NodeId("f")]
    assert find_multiples(folding, NodeId("edit"), vectors, NodeId("base"), {}) is None
    assert find_multiples(folding, NodeId("edit"), vectors, NodeId("base"), {symbol: Fraction(1, 2)}) == pytest.approx([1, 0.5])
