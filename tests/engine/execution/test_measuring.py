"""Evaluate and Strength search from end to end, against what transformers itself computes."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from engine.errors import SelectionError, StagingError
from engine.events import MetricMeasured
from engine.execution import run as execution_run
from engine.planning.check import check_document
from engine.planning.passes import MeasurePass, SearchPass, StreamPass
from engine.report.metrics_table import tabulate
from tests.engine.graph_lines import TEST_SETS, TWO_VECTORS

SOURCES = f"{TWO_VECTORS}{TEST_SETS}"
SEARCH = "s = strength_search base=base vectors={v} targets=target tests=test start:0 stop:1 step:0.25"
OUT = "out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out"


def predict(bench, tensors, name):
    """Return what a model says of a test set's pictures, with transformers alone, and what they are."""
    folder = bench.save("reference", tensors)
    shutil.copy(bench.folder / "base/config.json", folder)
    model = transformers.ViTForImageClassification.from_pretrained(folder)
    arrays = np.load(bench.folder / f"{name}.npz")
    pixels = (torch.from_numpy(arrays["images"]).float()[:, None] / 255 - 0.5) / 0.5
    with torch.inference_mode():
        return model.eval()(pixels).logits.argmax(-1).numpy(), arrays


def accuracy(bench, tensors, name):
    """Return the accuracy of a model on a test set, with transformers alone."""
    found, arrays = predict(bench, tensors, name)
    return float((found == arrays["labels"]).mean())


def mix(base, tuned, strength):
    return {name: value + strength * (tuned[name] - value) for name, value in base.items()}


def figures(records, checkpoint):
    return {record.measurement.metric: record for record in records if record.checkpoint == checkpoint}


def measured(bench):
    return [event for event in bench.events if isinstance(event, MetricMeasured) and event.measurement.metric == "accuracy"]


def test_an_evaluation_gives_what_transformers_gives_with_the_bases_row_beside_it(bench, vision):
    result = bench.run(f"""
        {SOURCES}
        edit = apply base=base vector=ta strength:0.5
        m = evaluate checkpoint=edit test_set=test references=a
        out = export_checkpoint checkpoint=edit metrics=m folder:out
    """)
    (output,) = result.outputs
    wanted = {"base": vision, "a": bench.load("a"), "edit": mix(vision, bench.load("a"), 0.5)}
    found = {name: figures(output.metrics, name)["accuracy"] for name in wanted}
    for name, tensors in wanted.items():
        assert found[name].measurement.value == pytest.approx(accuracy(bench, tensors, "test"), abs=1e-9)
        assert found[name].measurement.n == 60
    assert {name: record.role for name, record in found.items()} == {"base": "base", "a": "reference", "edit": "edited"}
    assert found["edit"].normalized == pytest.approx(found["edit"].measurement.value / found["a"].measurement.value)


def test_a_checkpoint_that_is_measured_twice_is_run_once(bench, vision):
    bench.run(f"""
        {SOURCES}
        edit = apply base=base vector=ta
        m = evaluate checkpoint=edit test_set=test
        again = checkpoint source:./base/model.safetensors
        n = evaluate checkpoint=again test_set=test
        k = evaluate checkpoint=base test_set=test
        out = export_checkpoint checkpoint=edit metrics=m,n,k folder:out
    """)
    assert sorted(event.checkpoint for event in measured(bench)) == ["again", "edit"]  # “again” is the base under another name


def test_a_search_is_followed_by_its_export(bench, vision):
    plan = bench.plan(f"{SOURCES}\n {SEARCH.format(v='ta')}\n {OUT}")
    assert [type(item.work) for item in plan.passes] == [SearchPass, StreamPass]
    result = bench.run_plan(plan)
    (search,) = result.searches
    tuned = bench.load("a")
    curve = {point.strength: point.targets[0].value for point in search.points}
    assert curve == {
        strength: pytest.approx(accuracy(bench, mix(vision, tuned, strength), "target")) for strength in (0, 0.25, 0.5, 0.75, 1)
    }
    best = max(value for strength, value in curve.items() if strength)
    assert curve[search.chosen] == best
    found, wanted = bench.load("out"), mix(vision, tuned, search.chosen)
    assert all(torch.allclose(found[name], wanted[name], atol=1e-6) for name in wanted)
    assert f"θ[base] + {search.chosen:g} · τ[a]" in result.outputs[0].formula or search.chosen == 1
    tests = figures(search.tests, "s")
    assert tests["accuracy"].measurement.value == pytest.approx(accuracy(bench, wanted, "test"))


def test_test_data_is_measured_once_at_the_choice(bench, vision):
    result = bench.run(f"{SOURCES}\n {SEARCH.format(v='ta,tb')}\n {OUT}")
    on_test = [event for event in measured(bench) if event.test_set == "test"]
    assert Counter(event.checkpoint for event in on_test) == {"base": 1, "s": 1}
    assert [event.strength for event in on_test if event.checkpoint == "s"] == [result.searches[0].chosen]
    on_target = [event for event in measured(bench) if event.test_set == "target"]
    assert len(on_target) == 5


def test_every_strength_is_measured_also_where_only_some_tensors_move(bench, vision):
    """The first tensor stays as it is, so its normal form knows nothing of the strength."""
    result = bench.run(f'{SOURCES}\n f = layer_filter vector=ta include:["*.dense.*"]\n {SEARCH.format(v="f")}\n {OUT}')
    assert "dense" not in next(iter(vision))
    assert len([event for event in measured(bench) if event.test_set == "target"]) == 5
    tuned = bench.load("a")
    moved = {name: tuned[name] if ".dense." in name else value for name, value in vision.items()}
    for point in result.searches[0].points:
        assert point.targets[0].value == pytest.approx(accuracy(bench, mix(vision, moved, point.strength), "target"))


def test_what_hangs_on_a_failed_search_is_not_written_and_the_rest_is(bench, vision):
    lines = f"""
        {SOURCES}
        s = strength_search base=base vectors=ta targets=target controls=control rule:largest_within_share keep_share:1 start:-9 stop:-9
        {OUT}
        plain = apply base=base vector=tb
        rest = export_checkpoint checkpoint=plain folder:rest
    """
    found, arrays = predict(bench, vision, "control")  # the base is right about every picture, the edit is not
    np.savez(bench.folder / "control.npz", images=arrays["images"], labels=found)
    with pytest.raises(SelectionError, match="No λ in the grid keeps 100 % of the control accuracy"):
        bench.run(lines)
    assert not (bench.folder / "out").exists()
    assert bench.read_bytes("rest") == bench.read_bytes("b")
    assert not [path for path in bench.folder.iterdir() if path.name.startswith(".out")]


def test_a_random_control_is_told_apart(bench, vision):
    result = bench.run(f"""
        {SOURCES}
        r = random_vector like=ta
        f = layer_filter vector=r include:["@mlp"]
        rand = apply base=base vector=f
        m = evaluate checkpoint=rand test_set=test
        out = export_checkpoint checkpoint=rand metrics=m folder:out
    """)
    assert figures(result.outputs[0].metrics, "rand")["accuracy"].role == "random control"
    assert result.outputs[0].architecture == "ViTForImageClassification"


def test_measurements_come_before_the_last_pass(bench, vision):
    plan = bench.plan(f"""
        {SOURCES}
        edit = apply base=base vector=ta
        m = evaluate checkpoint=edit test_set=test
        out = export_checkpoint checkpoint=edit metrics=m folder:out
    """)
    assert [type(item.work) for item in plan.passes] == [MeasurePass, StreamPass]


SEARCHED = SOURCES + SEARCH.format(v="ta") + "\n" + OUT


def test_an_unfinished_run_on_other_test_data_is_another_run(bench, vision, keep_half):
    keep_half(SEARCHED)
    shutil.copy(bench.folder / "test.npz", bench.folder / "target.npz")
    result = bench.run(SEARCHED, {"staging": "resume"})
    assert any("unfinished run of another plan" in remark.text for remark in result.remarks)
    bench.run(SEARCHED, {"output": bench.folder / "whole"})
    assert bench.read_bytes("out") == bench.read_bytes("whole")


def test_a_resumed_run_that_chooses_another_strength_is_refused(bench, vision, monkeypatch, keep_half):
    keep_half(SEARCHED)
    search = execution_run.search_strength

    def choose_another(*given):
        found, record = search(*given)
        return {symbol: strength + 1 for symbol, strength in found.items()}, record

    monkeypatch.setattr(execution_run, "search_strength", choose_another)
    with pytest.raises(StagingError, match="--restart"):
        bench.run(SEARCHED, {"staging": "resume"})
    assert [path for path in bench.folder.iterdir() if path.name.startswith(".out.partial")]
    monkeypatch.undo()
    bench.run(SEARCHED, {"staging": "resume"})
    bench.run(SEARCHED, {"output": bench.folder / "whole"})
    assert bench.read_bytes("out") == bench.read_bytes("whole")


def test_nodes_of_the_same_name_keep_their_figures_apart(bench, vision):
    document = bench.document(f"""
        {SOURCES}
        half = apply base=base vector=ta strength:0.5
        whole = apply base=base vector=tb strength:1
        m1 = evaluate checkpoint=half test_set=test
        m2 = evaluate checkpoint=whole test_set=test
        m3 = evaluate checkpoint=half test_set=control
        out = export_checkpoint checkpoint=half metrics=m1,m2,m3 folder:out
    """)
    nameless = {name: replace(node, label="") for name, node in document.nodes.items()}
    document = replace(document, nodes=type(document.nodes)(nameless))
    result = bench.run_plan(check_document(document, bench.folder, bench.options()).plan)
    found = {
        (record.checkpoint_node, record.test_set_node): record
        for record in result.outputs[0].metrics
        if record.measurement.metric == "accuracy"
    }
    pairs = {(name, "test") for name in ("base", "half", "whole")} | {(name, "control") for name in ("base", "half")}
    assert set(found) == pairs
    wanted = accuracy(bench, mix(vision, bench.load("b"), 1), "test")
    assert found["whole", "test"].measurement.value == pytest.approx(wanted)
    assert found["half", "test"].control_ratio is None
    assert found["half", "control"].control_ratio is not None
    table = tabulate(result.outputs[0].metrics, result.test_sets)
    assert len(table.columns) == 3
    assert sum(not row.is_derived for row in table.rows) == 2 * len({record.measurement.metric for record in result.outputs[0].metrics})


def test_every_search_that_finds_nothing_is_told(bench, vision):
    found, arrays = predict(bench, vision, "control")
    np.savez(bench.folder / "control.npz", images=arrays["images"], labels=found)
    rule = "targets=target controls=control rule:largest_within_share keep_share:1 start:-9 stop:-9"
    with pytest.raises(SelectionError) as caught:
        bench.run(f"""
            {SOURCES}
            s1 = strength_search base=base vectors=ta {rule}
            s2 = strength_search base=base vectors=tb {rule}
            o1 = export_checkpoint checkpoint=s1 folder:o1
            o2 = export_checkpoint checkpoint=s2 folder:o2
        """)
    assert "“s1”: No λ" in str(caught.value)
    assert "“s2”: No λ" in str(caught.value)
