"""What headers reveal: misfits and what is done about them, tied weights, bases, sources that are one."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest
import torch

from engine.catalogue import catalogue
from engine.document.edits import set_label
from engine.operation import Linear
from engine.planning import resolve, structure, tied
from engine.planning.check import check_document
from engine.problems import Severity

GRAPH = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    edit = apply base=base vector=ta strength:0.5
    out = export_checkpoint checkpoint=edit folder:out
"""


def floats(rows, seed=0, **more):
    draw = torch.Generator().manual_seed(seed)
    return {
        "embed.weight": torch.randn(rows, 8, generator=draw),
        "layers.0.mlp.weight": torch.randn(8, 8, generator=draw),
        **more,
    }


def problems_of(verdict, severity=Severity.ERROR):
    return [problem for problem in verdict.problems if problem.severity is severity]


# --- names and shapes that do not match ---


def test_a_misfit_is_told_with_counts_examples_and_the_choice(bench):
    bench.save("base", floats(10, extra=torch.ones(3)))
    bench.save("a", floats(12, 1, new=torch.ones(2), newer=torch.ones(2)))
    (problem,) = problems_of(bench.check(GRAPH))
    assert problem.message == (
        "‘a’ and ‘base’ do not fit together: 1 tensor differs in shape (embed.weight 12 × 8 against 10 × 8); "
        "1 tensor is only in ‘base’ (extra); 2 tensors are only in ‘a’ (new, newer)."
    )
    assert "common_rows" in problem.hint
    assert (problem.node, problem.field) == ("ta", "misfit")


@pytest.mark.parametrize("where", ["node", "document"])
@pytest.mark.parametrize("rows", [7, 13])
def test_common_rows_edits_the_rows_both_have(bench, rows, where):
    base, tuned = floats(10), floats(rows, 1)
    bench.save("base", base)
    bench.save("a", tuned)
    graph = GRAPH.replace("base=base\n    edit", "base=base misfit:common_rows\n    edit") if where == "node" else GRAPH
    result = bench.run(graph, **({"misfit": "common_rows"} if where == "document" else {}))
    found, both = bench.load("out"), min(rows, 10)
    wanted = (base["embed.weight"][:both].double() + tuned["embed.weight"][:both].double()) / 2
    assert torch.allclose(found["embed.weight"][:both].double(), wanted, atol=1e-6)
    assert found["embed.weight"].shape == (10, 8)
    assert torch.equal(found["embed.weight"][both:], base["embed.weight"][both:])
    assert next((remark.kind, remark.tensors) for remark in result.remarks) == ("cropped", ("embed.weight",))


def test_common_rows_of_a_tensor_cut_into_pieces(bench):
    """The border between edited and kept rows lies inside a block, and the pieces are smaller than the tensor."""
    draw = torch.Generator().manual_seed(0)
    base, tuned = ({"embed.weight": torch.randn(rows, 1000, generator=draw).bfloat16()} for rows in (200, 101))
    bench.save("base", base)
    bench.save("a", tuned)
    bench.run(GRAPH, {"piece_entries": 65536}, misfit="common_rows")
    found = bench.load("out")["embed.weight"]
    wanted = (base["embed.weight"][:101].double() + tuned["embed.weight"].double()) / 2
    assert (found[:101].double() - wanted).abs().max() <= 2**-8 * wanted.abs().max()
    assert torch.equal(found[101:], base["embed.weight"][101:])
    whole = bench.read("out")
    bench.run(GRAPH, {"overwrite": True, "piece_entries": 1 << 20}, misfit="common_rows")
    assert bench.read("out") == whole


@pytest.mark.parametrize("rows", [7, 13])
def test_keep_base_leaves_tensors_of_another_shape_as_the_parents(bench, rows):
    base = floats(10, extra=torch.tensor([1.0, -0.0]))
    bench.save("base", base)
    bench.save("a", floats(rows, 1, new=torch.ones(2)))
    result = bench.run(GRAPH, misfit="keep_base")
    found = bench.load("out")
    assert sorted(found) == sorted(base)
    for name in ("embed.weight", "extra"):
        assert torch.equal(found[name].view(torch.int32), base[name].view(torch.int32))
    assert not torch.equal(found["layers.0.mlp.weight"], base["layers.0.mlp.weight"])
    assert {remark.kind: remark.tensors for remark in result.remarks} | {"note": ()} == {
        "kept": ("embed.weight", "extra"), "skipped": ("new",), "note": (),
    }  # fmt: skip


@pytest.mark.parametrize("kernel", ["ties vectors=ta,tb", "ties vectors=ta,tb scope:model", "ties vectors=tb,ta scope:model"])
@pytest.mark.parametrize("misfit", ["keep_base", "common_rows"])
def test_kernels_over_vectors_of_different_models_keep_to_what_they_share(bench, kernel, misfit):
    bench.save("base", floats(10, extra=torch.ones(4)))
    bench.save("a", floats(10, 1, extra=torch.zeros(4)))
    bench.save("base2", floats(12, 2))
    bench.save("b", floats(12, 3))
    bench.run(
        f"""
        base = checkpoint source:base
        a = checkpoint source:a
        base2 = checkpoint source:base2
        b = checkpoint source:b
        ta = task_vector tuned=a base=base
        tb = task_vector tuned=b base=base2
        x = {kernel}
        edit = apply base=base vector=x
        out = export_checkpoint checkpoint=edit folder:out
        """,
        misfit=misfit,
    )
    found, base = bench.load("out"), bench.load("base")
    assert torch.equal(found["extra"], base["extra"])
    assert not torch.equal(found["layers.0.mlp.weight"], base["layers.0.mlp.weight"])


@pytest.mark.parametrize("order", [("p", "a", "b"), ("p", "b", "a")])
def test_rows_that_one_of_several_models_lacks_stay_the_parents(bench, order):
    """The smallest of them all says how far is edited, whatever the order of the wires."""
    for name, (rows, value) in {"p": (8, 1), "a": (4, 10), "b": (6, 100)}.items():
        bench.save(name, {"embed.weight": torch.full((rows, 4), float(value)), "w": torch.full((3, 3), float(value))})
    bench.run(
        f"""
        p = checkpoint source:p
        a = checkpoint source:a
        b = checkpoint source:b
        mean = average checkpoints={",".join(order)} misfit:common_rows
        out = export_checkpoint checkpoint=mean folder:out
        """
    )
    assert bench.load("out")["embed.weight"][:, 0].tolist() == [37] * 4 + [1] * 4
    assert bench.load("out")["w"][0, 0] == 37


@pytest.mark.parametrize("misfit", ["common_rows", "keep_base"])
def test_an_arc_measures_its_angle_over_shared_rows_alone(bench, misfit):
    """Rows of one side only may be as long as they like: what is made of the shared ones is the same."""
    draw = torch.Generator().manual_seed(3)
    first, second = (torch.randn(6, 4, generator=draw) for _ in range(2))
    arc = f"""
        a = checkpoint source:first
        b = checkpoint source:second
        mean = interpolate first=a second=b path:arc amount:0.3 misfit:{misfit}
        out = export_checkpoint checkpoint=mean folder:out
    """
    bench.save("first", {"embed.weight": first})
    bench.save("second", {"embed.weight": second})
    bench.run(arc)
    wanted = bench.load("out")["embed.weight"] if misfit == "common_rows" else first
    longer = torch.cat([first, torch.full((3, 4), 50.0)])
    bench.save("first", {"embed.weight": longer})
    bench.run(arc, {"overwrite": True})
    found = bench.load("out")["embed.weight"]
    assert torch.equal(found[:6], wanted)
    assert torch.equal(found[6:], longer[6:])


def test_weights_that_break_the_law_are_never_planned(bench, monkeypatch):
    """An operation whose coefficients are wrong is found before anything is written."""
    doubled = Linear(lambda counts, place: {"base": (Fraction(2),), "vector": (Fraction(1),)}, parent="base")
    known = dict(catalogue())
    wrong = dataclasses.replace(known["apply"], behave=lambda **_values: doubled)
    monkeypatch.setattr(structure, "catalogue", lambda: known | {"apply": wrong})
    bench.save("base", floats(10))
    bench.save("a", floats(10, 1))
    with pytest.raises(RuntimeError, match="sum to 2 instead of 1"):
        bench.check(GRAPH)


def test_vectors_that_do_not_fit_are_not_compared_in_silence(bench):
    bench.save("base", floats(10))
    bench.save("a", floats(10, 1))
    bench.save("base2", {"embed.weight": torch.ones(8, 10), "layers.0.mlp.weight": torch.ones(8, 8)})
    bench.save("b", {"embed.weight": torch.zeros(8, 10), "layers.0.mlp.weight": torch.zeros(8, 8)})
    lines = """
        base = checkpoint source:base
        a = checkpoint source:a
        base2 = checkpoint source:base2
        b = checkpoint source:b
        ta = task_vector tuned=a base=base
        tb = task_vector tuned=b base=base2
        s = similarity vectors=ta,tb
    """
    (problem,) = problems_of(bench.check(lines))
    assert problem.node == "s"
    assert "embed.weight 8 × 10 against 10 × 8" in problem.message
    (record,) = bench.run(lines, misfit="keep_base").similarities
    delta = bench.load("a")["layers.0.mlp.weight"] - bench.load("base")["layers.0.mlp.weight"]
    assert record.norms[1] == pytest.approx(8)
    assert record.cosine[0][1] * record.norms[0] * 8 == pytest.approx(-float(delta.sum()), rel=1e-5)


# --- tied weights ---


def test_a_head_stored_twice_is_the_embeddings_alias(bench):
    base, tuned = floats(10), floats(10, 1)
    bench.save("base", base)
    bench.save("a", {**tuned, "lm_head.weight": tuned["embed.weight"].clone()})
    result = bench.run(GRAPH)
    assert sorted(bench.load("out")) == sorted(base)
    assert ("skipped", ("lm_head.weight",)) in [(remark.kind, remark.tensors) for remark in result.remarks]


def test_a_model_that_is_exported_itself_keeps_the_head_it_stores(bench):
    """What one joining leaves out as an alias is another output's own tensor."""
    base, tuned = floats(10), floats(10, 1)
    bench.save("base", base)
    bench.save("a", {**tuned, "lm_head.weight": tuned["embed.weight"].clone()})
    bench.run(GRAPH + "own = export_checkpoint checkpoint=a folder:own")
    assert bench.read_bytes("own") == bench.read_bytes("a")
    assert "lm_head.weight" not in bench.load("out")


def test_a_head_untied_by_training_is_a_problem(bench):
    bench.save("base", floats(10))
    bench.save("a", floats(10, 1, **{"lm_head.weight": torch.ones(10, 8)}))
    (problem,) = problems_of(bench.check(GRAPH))
    assert problem.message == "‘a’ stores lm_head.weight, which its base ties to embed.weight, with other values."
    bench.run(GRAPH, misfit="keep_base")
    assert "lm_head.weight" not in bench.load("out")


def tied_model(bench):
    tuned = floats(10, 1)
    bench.save("base", floats(10))
    bench.save("a", {**tuned, "lm_head.weight": tuned["embed.weight"].clone()})


def test_a_head_that_can_not_be_read_yet_is_a_problem_and_no_failure(bench, monkeypatch):
    """A model of the Hub has its header here before its bytes are."""
    tied_model(bench)
    opened = resolve.open_checkpoint

    def open_without_bytes(source, folder):
        header = opened(source, folder)
        away = {stamp.path: stamp.path.with_name("away.safetensors") for stamp in header.files} if source == "a" else {}
        files = tuple(dataclasses.replace(stamp, path=away.get(stamp.path, stamp.path)) for stamp in header.files)
        specs = {name: dataclasses.replace(spec, path=away.get(spec.path, spec.path)) for name, spec in header.tensors.items()}
        return dataclasses.replace(header, files=files, tensors=specs)

    monkeypatch.setattr(resolve, "open_checkpoint", open_without_bytes)
    verdict = bench.check(GRAPH)
    assert verdict.plan is None
    (problem,) = problems_of(verdict)
    assert (problem.node, problem.field) == ("a", "source")
    assert "lm_head.weight" in problem.message
    assert "keep_base" in problem.hint
    assert bench.check(GRAPH, misfit="keep_base").plan is not None


def test_heads_are_compared_again_only_when_the_file_has_changed(bench, monkeypatch):
    tied_model(bench)
    opened = []

    class CountingFiles(tied.FileSet):
        def __init__(self, stamps):
            opened.append(stamps)
            super().__init__(stamps)

    monkeypatch.setattr(tied, "FileSet", CountingFiles)
    assert bench.check(GRAPH).plan is not None
    assert bench.check(GRAPH).plan is not None
    assert len(opened) == 1
    bench.save("a", floats(10, 1, **{"lm_head.weight": torch.ones(10, 8), "more": torch.ones(1)}))
    assert bench.check(GRAPH).plan is None
    assert len(opened) == 2


# --- filters ---


def test_filter_entries_that_match_nothing_are_told_one_by_one(bench):
    for seed, name in enumerate(["base", "a"]):
        bench.save(name, floats(10, seed))
    chosen = 'x = layer_filter vector=ta include:["@embeddings","*.mpl.*"] exclude:["@norm","embed*"]'
    verdict = bench.check(GRAPH.replace("vector=ta", "vector=x") + chosen)
    assert verdict.plan is not None
    assert [(problem.node, problem.message) for problem in problems_of(verdict, Severity.WARNING)] == [
        ("x", "“*.mpl.*” in include matches none of the 2 tensors."),
        ("x", "“@norm” in exclude matches none of the 2 tensors."),
    ]


# --- bases ---

OTHER_BASE = """
    other = checkpoint source:other
    chat = apply base=other vector=ta
    chatout = export_checkpoint checkpoint=chat folder:chat
"""


def test_another_base_is_a_warning_in_plain_words(bench):
    for seed, name in enumerate(["base", "a", "other"]):
        bench.save(name, floats(10, seed))
    verdict = bench.check(GRAPH + OTHER_BASE)
    assert verdict.plan is not None
    (warning,) = verdict.problems
    assert warning.message == "The vector was measured from ‘base’ and is applied to ‘other’."
    assert warning.node == "chat"


def test_vectors_of_two_bases_in_one_sum_are_a_warning(bench):
    for seed, name in enumerate(["base", "a", "other"]):
        bench.save(name, floats(10, seed))
    verdict = bench.check(GRAPH + "other = checkpoint source:other\n to = task_vector tuned=a base=other\n s = add vectors=ta,to")
    assert [problem.message for problem in verdict.problems] == ["These vectors were measured from different bases: ‘base’, ‘other’."]


def test_the_same_files_behind_two_nodes_are_one_base_and_read_once(bench):
    for seed, name in enumerate(["base", "a"]):
        bench.save(name, floats(10, seed))
    again = GRAPH.replace("apply base=base", "apply base=again") + "\n again = checkpoint source:./a/../base/model.safetensors"
    plan = bench.plan(again)
    assert not plan.warnings
    result = bench.run_plan(plan)
    size = sum(value.numel() * 4 for value in floats(10).values())
    assert result.conditions.bytes_read == plan.bytes_read == 2 * size


def test_a_quantised_checkpoint_is_refused(bench):
    bench.save("base", floats(10))
    bench.save("a", {"w.qweight": torch.ones(8, 8, dtype=torch.int32), "w.scales": torch.ones(8)})
    (problem,) = problems_of(bench.check(GRAPH))
    assert problem.node == "a"
    assert "is quantised" in problem.message


# --- what nodes are called ---


def unnamed(bench, lines, *nodes):
    """Return what the nodes of a graph are called when some of them have no name."""
    document = bench.document(lines)
    for node in nodes:
        document = set_label(document, node, None)
    resolved = check_document(document, bench.folder).resolved
    return {node: resolved.title(node) for node in resolved.graph.steps}


def test_a_vector_without_a_name_is_called_after_the_checkpoint_it_is_made_of(bench):
    lines = f"{GRAPH}\n b = checkpoint source:b\n tb = task_vector tuned=b base=base\n sum = add vectors=ta,tb"
    found = unnamed(bench, lines, "ta", "tb", "a")
    assert (found["ta"], found["tb"], found["sum"]) == ("Task vector of a", "Task vector of b", "sum")
    assert unnamed(bench, lines, "tb", "sum")["ta"] == "ta", "who has a name keeps it"
    assert unnamed(bench, lines, "sum")["sum"] == "Add", "it is made of vectors"


def test_vectors_of_one_checkpoint_or_of_checkpoints_of_one_name_are_told_apart(bench):
    lines = f"{GRAPH}\n tb = task_vector tuned=a base=base"
    found = unnamed(bench, lines, "ta", "tb")
    assert (found["ta"], found["tb"]) == ("Task vector of a (ta)", "Task vector of a (tb)")
    lines = "base = checkpoint source:base\n a = interpolate first=base second=base\n b = interpolate first=base second=base"
    lines += "\n ta = task_vector tuned=a base=base\n tb = task_vector tuned=b base=base"
    found = unnamed(bench, lines, "a", "b", "ta", "tb")
    assert (found["ta"], found["tb"]) == ("Task vector of Interpolate (a)", "Task vector of Interpolate (b)")
