"""A search whose Στ stays in memory finds what a search that streams it anew for every strength finds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from engine.execution.buffers import Buffers, LastingArrays
from engine.execution.pieces import Ground, PieceEvaluator
from engine.execution.resident import ResidentVector, StrengthFiller, VectorKeeper
from engine.execution.stream import Stream, StreamSettings, make_tasks
from engine.planning.coefficient import Symbol
from tests.engine.graph_lines import TEST_SETS, TWO_VECTORS

SOURCES = f"{TWO_VECTORS}{TEST_SETS}"
GRAPHS = {
    "linear": "s = strength_search base=base vectors=ta,tb targets=target controls=control tests=test start:0 stop:1 step:0.25",
    "kernel": "k = ties vectors=ta,tb density:0.4\n s = strength_search base=base vectors=k targets=target tests=test step:0.5",
    "some tensors": 'f = layer_filter vector=ta include:["*.dense.*"]\n s = strength_search base=base vectors=f targets=target step:0.5',
    "base is an edit": "e = apply base=base vector=tb strength:0.3\n s = strength_search base=e vectors=ta targets=target step:0.5",
    "after another": (
        "r = strength_search base=base vectors=tb targets=target step:0.5\n"
        "s = strength_search base=r.checkpoint vectors=ta targets=target step:0.5"
    ),
}
OUT = "out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out"


def plan_both(bench, lines):
    """Return the plan of a search with Στ in memory and that of one without, which the budget decides."""
    kept = bench.plan(f"{SOURCES}\n{lines}\n{OUT}", {"memory_bytes": 8 << 30})
    tight = max(item.peak_bytes for item in kept.passes) - 1
    anew = bench.plan(f"{SOURCES}\n{lines}\n{OUT}", {"memory_bytes": tight, "output": bench.folder / "anew"})
    return kept, anew


@pytest.mark.parametrize("lines", GRAPHS.values(), ids=GRAPHS)
def test_both_find_the_same_curve_choice_and_weights(bench, vision, lines):
    kept, anew = plan_both(bench, lines)
    assert "s" in kept.kept_searches
    assert anew.kept_searches < kept.kept_searches
    first, second = bench.run_plan(kept), bench.run_plan(replace(anew, passes=without_vectors(anew)))
    assert first.searches == second.searches
    assert bench.read_bytes("out") == bench.read_bytes("anew")


def without_vectors(plan):
    """Return the passes with no search keeping its vector: of two searches the tight budget may forbid only one."""
    return tuple(replace(item, keeps_vector=False) for item in plan.passes)


def test_what_a_search_with_its_vector_in_memory_has_made_is_measured_by_others_too(bench, vision):
    lines = f"{SOURCES}\n{GRAPHS['linear']}\nm = evaluate checkpoint=s.checkpoint test_set=test\n{OUT.replace('s.metrics', 's.metrics,m')}"
    plan = bench.plan(lines, {"memory_bytes": 8 << 30})
    assert "s" in plan.kept_searches
    result = bench.run_plan(plan)
    measured = [record.measurement for record in result.metrics if (record.checkpoint_node, record.test_set) == ("s", "test")]
    at_choice = [record.measurement for record in result.searches[0].tests if record.role == "edited"]
    assert measured == at_choice
    assert len(measured) == 1


def test_the_budget_decides_and_the_plan_tells_the_price(bench, vision):
    kept, anew = plan_both(bench, GRAPHS["linear"])
    vector = 4 * sum(value.numel() for value in vision.values())
    (search, *_), (other, *_) = kept.passes, anew.passes
    assert (search.keeps_vector, other.keeps_vector) == (True, False)
    assert search.peak_bytes == other.peak_bytes + vector
    assert search.bytes_read < other.bytes_read


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "anew"])
@pytest.mark.parametrize("name", GRAPHS)
def test_no_more_is_read_than_planned(bench, vision, name, kept):
    """Less where a strength of 1 leaves only the tuned model, or a figure is known already: the plan knows neither."""
    plan = plan_both(bench, GRAPHS[name])[0 if kept else 1]
    read = bench.run_plan(plan).conditions.bytes_read
    assert read == plan.bytes_read if name in ("linear", "kernel") else 0 < read <= plan.bytes_read


@pytest.fixture
def filled(bench, family):
    """Return a function that fills tensors with θ₀ + λΣτ, with Στ from memory, and the exact sums beside them."""
    lines = f"""{TWO_VECTORS}
        target = test_set source:target.npz split:validation
        s = strength_search base=base vectors=ta,tb targets=target step:0.25
        out = export_checkpoint checkpoint=s.checkpoint folder:out
    """
    (bench.folder / "target.npz").write_bytes(b"never opened: nothing is measured here")
    plan = bench.plan(lines)
    return FilledModel(plan, family)


class FilledModel:
    """Hold the tensors of a model, with a resident Στ."""

    def __init__(self, plan, family):
        from engine.checkpoints.positioned_io import FileSet

        self.plan, self.family = plan, family
        self.works = [work for work in plan.planner.checkpoint_work("s") if work.tensor != "steps"]
        self.files = FileSet(plan.inputs)
        self.ground = Ground(plan.planner, self.files, torch.device("cpu"), {}, False, {})
        self.vector = ResidentVector(plan.folding, "s")
        self.vector.prepare(self.works, torch.device("cpu"))
        self.stream(self.works, VectorKeeper(self.vector))
        self.tensors = {work.tensor: torch.full((work.entries,), torch.nan) for work in self.works}

    def stream(self, works, consumer):
        settings = StreamSettings(65536, 2, 0, lambda: False, lambda text: None, lambda: None)
        Stream(self.ground, settings, lambda work: (consumer,)).run(make_tasks(self.ground, works, 65536))

    def fill(self, strength):
        self.stream(self.vector.base_work(self.plan.planner, self.works), StrengthFiller(self.vector, Fraction(strength), self.tensors))

    def exact(self, name, strength):
        base, a, b = (self.family[model][name].double().view(-1) for model in ("base", "a", "b"))
        return base + strength * ((a - base) + (b - base))


def test_what_stays_in_memory_is_the_sum_of_the_vectors(filled):
    for name, value in filled.vector.tensors.items():
        exact = filled.exact(name, 1) - filled.exact(name, 0)
        assert value.dtype == torch.float32
        assert torch.allclose(value.double(), exact, rtol=0, atol=2e-7 * float(exact.abs().max()))


def test_every_filling_begins_at_the_base_and_never_at_the_last(filled):
    for strength in ("0.3", "-7", "0", "0.3"):
        filled.fill(strength)
        for name, value in filled.tensors.items():
            exact = filled.exact(name, float(Fraction(strength)))
            assert torch.allclose(value.double(), exact, rtol=0, atol=2e-7 * float(exact.abs().max()))


def test_at_strength_0_the_base_comes_out_bit_by_bit(filled):
    filled.fill("0")
    for name, value in filled.tensors.items():
        assert torch.equal(value, filled.family["base"][name].float().view(-1))


def test_for_a_strength_only_the_base_is_read(filled):
    works = filled.vector.base_work(filled.plan.planner, filled.works)
    assert {source for work in works for source in work.needs.sources} == {"base"}
    assert {source for work in filled.works for source in work.needs.sources} == {"base", "a", "b"}
    assert all(not work.needs.kernels and work.needs.rounds == 1 for work in works)


def test_base_and_direction_make_up_the_form(filled):
    symbol = Symbol("s", "strength")
    for work in filled.works:
        ((_, whole),) = filled.plan.folding.segments("s", work.tensor)
        ((_, base),) = filled.vector.base(work.tensor)
        ((_, direction),) = filled.vector.direction(work.tensor)
        assert not (base.symbols | direction.symbols)
        weights, at_one = dict(base.weights), dict(whole.substitute({symbol: Fraction(1)}).weights)
        for atom, weight in direction.weights:
            weights[atom] = weights[atom] + weight if atom in weights else weight
        assert {atom: weight for atom, weight in weights.items() if not weight.is_zero} == at_one


def test_a_piece_of_the_direction_is_evaluated_like_any_other(filled):
    work = filled.works[0]
    evaluator = PieceEvaluator(filled.ground, Buffers(65536, torch.device("cpu")), LastingArrays(65536, torch.device("cpu")))
    evaluator.begin(work, 0, work.entries, None)
    value = evaluator.value(filled.vector.direction(work.tensor))
    assert torch.equal(value, filled.vector.tensors[work.tensor])
