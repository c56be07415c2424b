"""How long it takes from a moved slider to every figure: 20 vectors × 400 tensors, with no tensor touched.

    python -m tests.benchmarks.live_geometry

Prints medians over many settings of λ: the weights of all nodes, the figures of the whole model, of every section and of every
tensor (norms and cosines of 25 nodes), the map and the presets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Coefficient, Symbol
from engine.planning.families import Family
from engine.planning.live_model import LiveFamily, LiveNode, LiveTerm
from engine.planning.live_weights import WeightEvaluator
from engine.similarity.geometry import Figures, Geometry, cosines_of, norms_of
from engine.similarity.geometry_map import MapAxes, find_axes, find_near, place_points
from engine.similarity.geometry_presets import suggest_strengths
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable
from tests.benchmarks.table import Line, format_lines

VECTORS = 20
LAYERS = 36
ROUNDS = 200
MOST_MILLISECONDS = 3.0
PARTS = (
    *(f"self_attn.{name}_proj.weight" for name in "qkvo"),
    *(f"mlp.{name}_proj.weight" for name in ("gate", "up", "down")),
    *("input_layernorm.weight", "post_attention_layernorm.weight", "self_attn.q_norm.weight", "self_attn.k_norm.weight"),
)
TENSORS = (
    "model.embed_tokens.weight",
    *(f"model.layers.{layer}.{part}" for layer in range(LAYERS) for part in PARTS),
    "model.norm.weight",
    "lm_head.weight",
    "visual.proj",
)
STRENGTH = Symbol(NodeId("edit"), "strength")


def make_table(seed: int = 0) -> GramTable:
    """Return a table of made-up vectors, as large as a real one."""
    draw = np.random.default_rng(seed)
    count = len(TENSORS)
    rows = draw.standard_normal((count, VECTORS + 1, 64))
    rows[:, 0] *= 100
    return GramTable(
        base="base",
        vectors=tuple(f"v{index}" for index in range(VECTORS)),
        tensors=TENSORS,
        left_out=(),
        entries=np.full(count, 1 << 20, dtype=np.int64),
        products=rows @ rows.transpose(0, 2, 1),
        both=np.full((count, VECTORS, VECTORS), 1 << 20, dtype=np.int64),
        signs=np.zeros((count, VECTORS, VECTORS), dtype=np.int64),
        magnitudes=np.zeros((count, VECTORS, MAGNITUDE_BINS), dtype=np.int64),
    )


def make_family(table: GramTable, *, by_layer: bool) -> LiveFamily:
    """Return 20 checkpoints and five edits of all of them; with `by_layer` one edit's weights differ from layer to layer."""
    columns = tuple(NodeId(vector) for vector in table.vectors)
    family = Family(NodeId("base"), columns, table.tensors, ())
    strength = Coefficient.unknown(STRENGTH)
    groups = [0 if not by_layer or ".layers." not in tensor else int(tensor.split(".")[2]) + 1 for tensor in table.tensors]

    def terms(edit: int) -> tuple[LiveTerm, ...]:
        many = range(max(groups) + 1) if edit == 0 else range(1)
        return tuple(LiveTerm(index, tuple(strength * Coefficient.of(index + edit + group) for group in many)) for index in range(VECTORS))

    nodes = [LiveNode(column, PortKind.CHECKPOINT, column, column=index) for index, column in enumerate(columns)]
    nodes += [LiveNode(NodeId(f"edit{edit}"), PortKind.CHECKPOINT, terms=terms(edit)) for edit in range(5)]
    return LiveFamily(family, (), tuple(nodes), tuple(groups))


def measure_figures(figures: Figures) -> None:
    """Ask for every figure of the whole model, of each section and layer and of each tensor."""
    _ = figures.norms, figures.cosines, figures.relative_norms, figures.shares, figures.interference_shares
    _ = figures.distances
    _ = norms_of(figures.section_inner), cosines_of(figures.section_inner)
    _ = norms_of(figures.layer_inner), cosines_of(figures.layer_inner)
    _ = norms_of(figures.tensor_inner), cosines_of(figures.tensor_inner)


def time_rounds(work: Callable[[float], object]) -> float:
    """Return the median milliseconds of some work at many strengths."""
    took: list[float] = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        work(number / ROUNDS)
        took.append(1000 * (time.perf_counter() - start))
    return median(took)


def place_all(geometry: Geometry, axes: MapAxes, evaluator: WeightEvaluator, strength: float) -> None:
    """Lay all nodes on the map and suggest strengths for the first edit."""
    weights = evaluator.evaluate({STRENGTH: strength})
    near = find_near(geometry.measure(weights).distances)[:-1, :-1]
    place_points(geometry.whole_stack, axes, weights, near)
    suggest_strengths(geometry, weights[:, VECTORS])


def measure_graph(table: GramTable, *, by_layer: bool) -> list[Line]:
    """Return the lines about one kind of graph."""
    family = make_family(table, by_layer=by_layer)
    title = f"{LAYERS + 1} sets of weights" if by_layer else "one set of weights"
    start = time.perf_counter()
    evaluator, geometry = WeightEvaluator(family), Geometry(table, family.columns, family.family.tensors, family.groups)
    ready = 1000 * (time.perf_counter() - start)
    fixed = evaluator.evaluate({})[:, :VECTORS]
    axes = find_axes(geometry.whole_stack, np.concatenate([fixed, np.zeros_like(fixed[:, :1])], axis=1))
    weigh = time_rounds(lambda strength: evaluator.evaluate({STRENGTH: strength}))
    figures = time_rounds(lambda strength: measure_figures(geometry.measure(evaluator.evaluate({STRENGTH: strength}))))
    places = time_rounds(lambda strength: place_all(geometry, axes, evaluator, strength))
    return [
        Line(f"{title}: arranged, once per structure", f"{ready:.1f} ms"),
        Line(f"{title}: weights of {VECTORS + 5} nodes", f"{weigh:.2f} ms"),
        Line(f"{title}: map and presets", f"{places:.2f} ms"),
        Line(
            f"{title}: all figures, {VECTORS} vectors × {len(TENSORS)} tensors",
            f"{figures:.2f} ms",
            target=f"≤ {MOST_MILLISECONDS:.0f} ms",
            is_met=figures <= MOST_MILLISECONDS,
        ),
    ]


def measure() -> list[Line]:
    """Return the lines of both kinds of graph."""
    table = make_table()
    return [*measure_graph(table, by_layer=False), *measure_graph(table, by_layer=True)]


if __name__ == "__main__":
    print(format_lines(measure()))
