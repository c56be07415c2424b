"""The laws of operations.md that take several operations at once, held on real checkpoints from the graph to the bytes of the export.

What can be asked of any one operation is in `test_laws_of_all`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import NonFiniteError
from engine.operation import PortKind
from engine.planning.coefficient import Coefficient
from engine.planning.formula import group_forms
from tests.engine.graph_lines import THREE_VECTORS

OUT = "out = export_checkpoint checkpoint=edit folder:out"


def export(bench, lines, options=None, **document):
    """Run a graph on the family's checkpoints and return the bytes of each tensor written."""
    bench.run(f"{THREE_VECTORS}\n{lines}\n{OUT}", {"overwrite": True, **(options or {})}, **document)
    return bench.read_bytes("out")


# --- law 1: normal form ---


REALS = st.decimals(-3, 3, places=2, allow_nan=False).map(float)
SHARES = st.sampled_from([0, 0.1, 0.25, 0.7, 1])
POINTS = {
    "task_vector": "tuned={p} base={p}",
    "interpolate": "first={p} second={p} amount:{t}",
    "average": "checkpoints={p},{p},{p} weights:[{n},{n},1]",
}
VECTORS = {
    "negate": "vector={v}",
    "scale": "vector={v} factor:{r}",
    "add": "vectors={v},{v},{v}",
    "analogy": "a={v} b={v} c={v}",
    "apply": "base={p} vector={v} strength:{r}",
    "layer_filter": 'vector={v} include:["@mlp"]',
    "layer_curve": "vector={v} first:{r} last:{r}",
}


@st.composite
def linear_graphs(draw):
    """Return the lines of a random linear graph, and the names of its checkpoints and vectors."""
    lines = ["base = checkpoint source:base", *(f"{name} = checkpoint source:{name}" for name in "abc")]
    points, vectors = ["base", "a", "b", "c"], []
    for number in range(draw(st.integers(1, 8))):
        known = {**POINTS, **VECTORS} if vectors else POINTS
        operation = draw(st.sampled_from(sorted(known)))
        choices = {"p": st.sampled_from(points), "v": st.sampled_from(vectors or [""]), "r": REALS, "t": SHARES, "n": st.integers(0, 9)}
        words = re.sub(r"\{(\w)\}", lambda found: str(draw(choices[found[1]])), known[operation])  # noqa: B023
        muted = "!" if draw(st.integers(0, 9)) == 0 else ""
        lines.append(f"{muted}n{number} = {operation} {words}")
        (points if operation in ("interpolate", "average", "apply") else vectors).append(f"n{number}")
    return lines, points, vectors


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(graph=linear_graphs())
def test_checkpoints_sum_to_one_and_vectors_to_zero_exactly(bench, family, graph):
    lines, points, vectors = graph
    sinks = [f"w{n} = export_checkpoint checkpoint={node} folder:w{n}" for n, node in enumerate(points)]
    sinks += [f"v{n} = export_vector vector={node} folder:v{n}" for n, node in enumerate(vectors)]
    plan = bench.plan("\n".join([*lines, *sinks]))
    for node in (*points, *vectors):
        wanted = Fraction(plan.resolved.values[node].kind is PortKind.CHECKPOINT)
        for form in group_forms(plan.folding, node):
            assert form.checkpoint_sum() == Coefficient.of(wanted)
            assert all(isinstance(weight.number, Fraction) for _, weight in form.weights)


def reference(lines, models):
    """Return what a graph of the random kind means, in exact float64 arithmetic from the definitions (operations.md)."""
    values = {}
    for line in lines:
        name, _, rest = line.partition(" = ")
        operation, *words = rest.split()
        given = dict(word.split("=" if "=" in word else ":", 1) for word in words)
        values[name] = _apply(operation, given, values, models)
    return values


def _apply(operation, given, values, models):
    names = [name for name, tensor in models["base"].items() if tensor.is_floating_point()]

    def mix(*terms):
        return {name: sum(float(weight) * values[node][name] for weight, node in terms) for name in names}

    def average():
        weights = [float(weight) for weight in given["weights"].strip("[]").split(",")]
        return mix(*((weight / sum(weights), node) for weight, node in zip(weights, given["checkpoints"].split(","), strict=True)))

    def curve():
        first, last = float(given["first"]), float(given["last"])
        return {name: (first if ".0." in name else last if ".1." in name else 1.0) * values[given["vector"]][name] for name in names}

    meanings = {
        "checkpoint": lambda: {name: models[given["source"]][name].double() for name in names},
        "task_vector": lambda: mix((1, given["tuned"]), (-1, given["base"])),
        "negate": lambda: mix((-1, given["vector"])),
        "scale": lambda: mix((given["factor"], given["vector"])),
        "add": lambda: mix(*((1, node) for node in given["vectors"].split(","))),
        "analogy": lambda: mix((-1, given["a"]), (1, given["b"]), (1, given["c"])),
        "apply": lambda: mix((1, given["base"]), (given["strength"], given["vector"])),
        "interpolate": lambda: mix((1 - float(given["amount"]), given["first"]), (given["amount"], given["second"])),
        "average": average,
        "layer_filter": lambda: {name: tensor * ("mlp" in name) for name, tensor in values[given["vector"]].items()},
        "layer_curve": curve,
    }
    return meanings[operation]()


# --- law 2: identity ---


@pytest.mark.parametrize(("strength", "same"), [(0, "base"), (1, "a")])
def test_strength_0_gives_the_base_and_1_the_tuned_model_byte_for_byte(bench, family, strength, same):
    assert export(bench, f"edit = apply base=base vector=ta strength:{strength}") == bench.read_bytes(same)


IDENTITIES = {
    "negating twice": ("n = negate vector=ta\n x = negate vector=n", "ta"),
    "scaling by 2 and by 0.5": ("n = scale vector=ta factor:2\n x = scale vector=n factor:0.5", "ta"),
    "an analogy of equals": ("x = analogy a=ta b=ta c=tb", "tb"),
    "adding its negative": ("n = negate vector=ta\n x = add vectors=ta,n,tb", "tb"),
    "a filter of everything": ('x = layer_filter vector=ta include:["*"]', "ta"),
    "a flat curve": ("x = layer_curve vector=ta first:1 last:1", "ta"),
}


@pytest.mark.parametrize(("lines", "same"), IDENTITIES.values(), ids=IDENTITIES)
def test_what_is_the_same_by_algebra_is_the_same_in_bytes(bench, family, lines, same):
    found = export(bench, f"{lines}\n edit = apply base=base vector=x strength:0.7")
    assert found == export(bench, f"edit = apply base=base vector={same} strength:0.7")


def test_scaling_is_linear_in_the_strength(bench, family):
    found = export(bench, "x = scale vector=ta factor:0.5\n edit = apply base=base vector=x strength:0.6")
    assert found == export(bench, "edit = apply base=base vector=ta strength:0.3")


def test_adding_commutes(bench, family):
    found = export(bench, "x = add vectors=ta,tb,tc\n edit = apply base=base vector=x")
    assert found == export(bench, "x = add vectors=tc,ta,tb\n edit = apply base=base vector=x")


def test_two_halves_are_the_average(bench, family):
    found = export(bench, "x = add vectors=ta,tb weights:[0.5,0.5]\n edit = apply base=base vector=x")
    average = export(bench, "edit = average checkpoints=a,b")
    wanted = {name: (family["a"][name].double() + family["b"][name].double()) / 2 for name in found if name != "steps"}
    for name, exact in wanted.items():
        step = torch.full_like(exact, 2.0**-8) * exact.abs().clamp(min=2.0**-126)
        for bytes_found in (found[name], average[name]):
            value = torch.frombuffer(bytearray(bytes_found), dtype=torch.bfloat16).view(exact.shape).double()
            assert bool(((value - exact).abs() <= step).all())


def test_integers_are_copied_from_the_structural_parent(bench, family):
    bench.save("a", {**family["a"], "steps": torch.tensor([9, 9, 9, 9, 9])})
    assert export(bench, "edit = apply base=base vector=ta strength:0.5")["steps"] == bench.read_bytes("base")["steps"]
    assert export(bench, "edit = average checkpoints=a,b")["steps"] == bench.read_bytes("a")["steps"]


def test_a_filtered_tensor_is_the_bases_byte_for_byte(bench, family):
    found = export(bench, 'x = layer_filter vector=ta include:["@mlp"]\n edit = apply base=base vector=x strength:0.5')
    base = bench.read_bytes("base")
    assert [name for name in found if found[name] != base[name]] == ["model.layers.0.mlp.up_proj.weight"]


# --- rounding ---

DTYPES = {
    "float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16,
    "float8_e4m3": torch.float8_e4m3fn, "float8_e5m2": torch.float8_e5m2,
}  # fmt: skip


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_results_are_rounded_once_to_the_outputs_dtype(bench, dtype, precision):
    wide = bench.make_model(0, torch.float64)
    models = [{name: _cast(value, dtype) for name, value in (bench.move(wide, n) if n else wide).items()} for n in range(4)]
    for name, model in zip(("base", "a", "b", "c"), models, strict=True):
        bench.save(name, model)
    lines = f"{THREE_VECTORS}\n x = analogy a=ta b=tb c=tc\n edit = apply base=base vector=x strength:0.3\n {OUT}"
    bench.run(lines, precision=precision)
    found = bench.load("out")
    wrong = total = 0
    for name in (name for name, value in wide.items() if value.is_floating_point()):
        base, a, b, c = (model[name].double() for model in models)
        exact = base + 0.3 * ((c - base) + ((b - base) - (a - base)))
        if dtype in (torch.float32, torch.float64):
            bound = 2e-7 if dtype == torch.float32 else 1e-15
            assert (found[name].double() - exact).abs().max() <= bound * exact.abs().max()
        wrong += count_wrong(found[name], exact)
        total += exact.numel()
    if dtype not in (torch.float32, torch.float64):
        assert wrong <= (1e-4 if dtype.itemsize == 2 else 0.01) * total


def count_wrong(found, exact):
    """Return how many entries are not the float nearest to the exact value; where two are equally near, either is right."""
    away = (found.double() - exact).abs()
    bits = found.view({1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[found.dtype.itemsize])
    neighbours = [(bits + step).view(found.dtype).double() for step in (-1, 1)]
    nearest = torch.stack([(neighbour - exact).abs().nan_to_num(torch.inf) for neighbour in neighbours]).amin(0)
    return int((away > nearest * (1 + 1e-9)).sum())


def _cast(value, dtype):
    return value.to(dtype) if value.is_floating_point() else value


@pytest.mark.parametrize(
    ("dtype", "largest"), [(torch.float16, 60000.0), (torch.float8_e4m3fn, 448.0), (torch.float8_e5m2, 57344.0)], ids=str
)
def test_overflow_is_found_when_it_is_rounded(bench, dtype, largest):
    base = {"w": torch.ones(100), "v": torch.ones(7)}
    tuned = {"w": torch.ones(100), "v": torch.ones(7)}
    tuned["w"][42] = largest
    for name, model in (("base", base), ("a", tuned)):
        bench.save(name, {key: value.to(dtype) for key, value in model.items()})
    lines = """
        base = checkpoint source:base
        a = checkpoint source:a
        ta = task_vector tuned=a base=base
        edit = apply base=base vector=ta strength:{}
        out = export_checkpoint checkpoint=edit folder:out
    """
    bench.run(lines.format(1))
    with pytest.raises(NonFiniteError, match=r"“w”.*entry 42 does not fit into") as caught:
        bench.run(lines.format(2), {"output": bench.folder / "too-large"})
    assert caught.value.location.tensor == "w"
    assert not (bench.folder / "too-large").exists()


def test_the_largest_float16_is_no_overflow(bench):
    bench.save("base", {"w": torch.tensor([65503.0, 65519.0, -65519.0])})
    bench.run("base = checkpoint source:base\n out = export_checkpoint checkpoint=base folder:out dtype:float16")
    assert bench.load("out")["w"].tolist() == [65504.0, 65504.0, -65504.0]


# --- law 5: nothing depends on how the work is cut ---

CUTS = [{"piece_entries": piece, "workers": workers} for piece, workers in product((65536, 131072, 1 << 20), (1, 3))]
GRAPHS = {
    "linear": "x = analogy a=ta b=tb c=tc",
    "arc": "m = interpolate first=a second=b path:arc amount:0.3\n x = task_vector tuned=m base=base",
    "kernels on kernels": "d = dare vector=ta\n e = trim vector=d\n r = random_vector like=e\n x = ties vectors=e,r,tb",
    "model after tensor after model": "d = trim vector=ta scope:model\n e = dare vector=d rescale:norm\n x = ties vectors=e,tb scope:model",
}


@pytest.mark.parametrize("lines", GRAPHS.values(), ids=GRAPHS)
def test_bytes_and_figures_do_not_depend_on_pieces_and_workers(bench, family, lines):
    whole = (
        f"{THREE_VECTORS}\n {lines}\n edit = apply base=base vector=x strength:0.8\n {OUT}\n s = similarity vectors=x,ta,tb per_layer:true"
    )
    results = []
    for options in CUTS:
        result = bench.run(whole, {**options, "overwrite": True})
        results.append((bench.read("out"), repr(result.similarities)))
    assert all(result == results[0] for result in results[1:])


def test_two_random_nodes_differ_and_one_repeats_itself(bench, family):
    lines = "x = random_vector like=ta seed:1\n y = random_vector like=ta seed:1\n z = {}\n edit = apply base=base vector=z"
    first = export(bench, lines.format("negate vector=x"))
    assert export(bench, lines.format("negate vector=x")) == first
    assert export(bench, lines.format("negate vector=y")) != first
